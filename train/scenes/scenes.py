"""Kinds of pictures with digits, and pictures of each kind.

`KINDS` lists what people send. A third of the kinds is never trained on: they measure how the
finder does with what nobody thought of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.finder import CLASSES
from train.paint.photograph import smooth_noise
from train.paint.strokes import scribble
from train.scenes.around import LINES, MARKS, Box
from train.scenes.camera import Camera, random_camera, take
from train.scenes.hands import Hand, Hands, draw
from train.scenes.pages import colours, place_sheet, shade
from train.scenes.picture import DIGIT, OTHER, Array, Colour, Picture, box_path

Rng = np.random.Generator
# Of pictures with one digit, with several, and of photos, in which the digit may be small.
SHAPES = {"one": (128, 128), "several": (64, 256), "photo": (192, 256)}
OVERSAMPLING = 2
PAGES = ("canvas", "inset", "window", "note", "plot", "table")


@dataclass(frozen=True)
class Plan:
    """What is in a picture.

    Attributes:
        content: "digit", "number", "signs" (a number with signs), "lines" (several numbers),
            "letter", "scribble" or "nothing".
        surface: see `train.scenes.pages.colours`.
        hand: see `Hands.pick`.
        size: height of the digits, as a share of the sheet's shorter side.
        lines: names in `LINES`, printed under the digits.
        contrast: of these lines, in [0, 1].
        marks: names in `MARKS`, drawn beside or over the digits.
        texture: "smooth", "rough" (pencil, chalk) or "smeared" (a board that was wiped).
        ghosts: whether the segments of a display that are off can be seen.
        neighbours: whether parts of other digits show above and below, as on a meter's wheel.
        boxes: whether each digit of a number has a box.
        page: see `train.scenes.pages.place_sheet`; "" for none.
        camera: how the picture is taken.
    """

    content: str = "digit"
    surface: str = "white"
    hand: str = "any"
    size: float = 0.6
    lines: tuple[str, ...] = ()
    contrast: float = 1.0
    marks: tuple[str, ...] = ()
    texture: str = "smooth"
    ghosts: bool = False
    neighbours: bool = False
    boxes: bool = False
    page: str = ""
    camera: Camera = field(default_factory=Camera)


@dataclass(frozen=True)
class Kind:
    """A kind of pictures: its plan's values, and whether it is trained on."""

    plan: dict[str, Any]
    trained: bool = True


PHOTO = {"camera": "photo"}
KINDS: dict[str, Kind] = {
    "digit alone": Kind({}),
    "digit alone, light on dark": Kind({"surface": "dark"}),
    "frame at the edge": Kind({"lines": ("frame at the edge",)}),
    "frame inside": Kind({"lines": ("frame inside",), "size": (0.3, 0.6)}),
    "edge lines left from cutting": Kind({"lines": ("edge lines",)}, False),
    "comb field": Kind({"lines": ("comb",), "size": (0.4, 0.75)}, False),
    "printed cell, cut off by a little": Kind({"lines": ("cell",), "hand": "print"}),
    "underlined": Kind({"marks": ("underlined",)}),
    "underlined twice": Kind({"marks": ("underlined twice",)}),
    "underline that touches": Kind({"marks": ("touching underline",)}, False),
    "in a circle": Kind({"marks": ("circle",), "size": (0.3, 0.55)}),
    "in brackets": Kind({"marks": ("brackets",), "size": (0.3, 0.6)}, False),
    "with a tick": Kind({"marks": ("tick",), "size": (0.3, 0.65)}),
    "with a degree sign": Kind({"marks": ("degree",), "size": (0.3, 0.65)}, False),
    "with a splash": Kind({"marks": ("splash",), "size": (0.3, 0.65)}),
    "struck through": Kind({"marks": ("struck through",)}, False),
    "chalk": Kind({"surface": "board", "texture": "rough"}),
    "chalk, smeared": Kind({"surface": "board", "texture": "smeared"}, False),
    "seven segments": Kind({"hand": "display"}),
    "seven segments, LED": Kind({"hand": "display", "surface": "led", "ghosts": True}),
    "seven segments, LCD": Kind({"hand": "display", "surface": "lcd", "ghosts": True}, False),
    "ruled paper, faint": Kind({"surface": "paper", "lines": ("ruled",), "contrast": (0.1, 0.3)}),
    "ruled paper, dark": Kind({"surface": "paper", "lines": ("ruled",), "contrast": (0.4, 0.8)}),
    "squared paper": Kind({"surface": "paper", "lines": ("squared",), "contrast": (0.1, 0.6)}),
    "millimetre paper": Kind(
        {"surface": "paper", "lines": ("millimetre",), "contrast": (0.1, 0.5)}, False
    ),
    "squared paper, failing light": Kind(
        {
            "surface": "paper",
            "lines": ("squared",),
            "contrast": (0.1, 0.5),
            "camera": Camera(fall_off=0.3, noise=2),
        },
        False,
    ),
    "faint pencil": Kind({"surface": "pencil", "texture": "rough", **PHOTO}),
    "canvas with a border": Kind({"page": "canvas"}),
    "white canvas on a dark page": Kind({"page": "inset"}),
    "black canvas on a white page": Kind({"page": "inset", "surface": "dark"}, False),
    "plot with axes": Kind({"page": "plot", "size": (0.4, 0.8)}, False),
    "paint window": Kind({"page": "window", "size": (0.25, 0.7)}),
    "phone's note": Kind({"page": "note", "size": (0.2, 0.6)}, False),
    "words near by": Kind({"marks": ("words",), "size": (0.25, 0.55)}),
    "small in a photo": Kind({"surface": "paper", "size": (0.1, 0.2), **PHOTO}),
    "card on a table": Kind({"surface": "paper", "page": "table", "size": (0.3, 0.7), **PHOTO}),
    "whiteboard": Kind({"surface": "whiteboard", "size": (0.15, 0.6), **PHOTO}, False),
    "thermal paper": Kind({"surface": "thermal", "hand": "print", **PHOTO}, False),
    "meter's wheel": Kind(
        {"surface": "dark", "hand": "print", "neighbours": True, "size": (0.4, 0.6)}
    ),
    "number": Kind({"content": "number", "hand": "pen"}),
    "number, underlined": Kind({"content": "number", "hand": "pen", "marks": ("underlined",)}),
    "number on a ruled line": Kind(
        {"content": "number", "hand": "pen", "marks": ("touching underline",)}, False
    ),
    "number in boxes": Kind(
        {"content": "number", "hand": "pen", "boxes": True, "size": (0.3, 0.5)}
    ),
    "number on lined paper": Kind(
        {"content": "number", "hand": "pen", "lines": ("ruled",), "contrast": (0.15, 0.5)}
    ),
    "number, printed": Kind({"content": "number", "hand": "print"}, False),
    "number in failing light": Kind(
        {"content": "number", "hand": "pen", "camera": Camera(fall_off=0.4, noise=2)}, False
    ),
    "number with signs": Kind({"content": "signs", "hand": "any", "size": (0.35, 0.7)}),
    "numbers in two lines": Kind({"content": "lines", "hand": "pen", "size": (0.25, 0.38)}, False),
    "letter": Kind({"content": "letter"}),
    "empty sheet": Kind({"content": "nothing", "surface": "paper", **PHOTO}),
    "empty squared paper": Kind(
        {"content": "nothing", "surface": "paper", "lines": ("squared",), "contrast": (0.1, 0.6)}
    ),
    "words only": Kind({"content": "nothing", "marks": ("words",)}),
}
TRAINED = tuple(name for name, kind in KINDS.items() if kind.trained)
TRAINED_LINES = tuple(n for n in LINES if n not in ("edge lines", "comb", "millimetre"))
TRAINED_MARKS = tuple(
    n for n in MARKS if n not in ("brackets", "degree", "struck through", "touching underline")
)
TRAINED_PAGES = tuple(p for p in PAGES if p not in ("plot", "note"))


@dataclass(frozen=True)
class Scene:
    """A finished picture.

    Attributes:
        picture: uint8 (h, w, 3).
        classes: uint8 (h, w), an index of `CLASSES` for each pixel.
        text: the digits, and the signs between them, line by line; "" if there are none.
    """

    picture: NDArray[np.uint8]
    classes: NDArray[np.uint8]
    text: str


def plan_of(kind: Kind, rng: Rng) -> Plan:
    """A plan of this kind. What the kind leaves open is simple: ink on clean paper."""
    values = dict(kind.plan)
    for name, value in values.items():
        if name in ("size", "contrast"):
            values[name] = float(rng.uniform(*value))
    if values.get("camera") == "photo":
        values["camera"] = random_camera(rng, photo=True)
    elif "camera" not in values:
        values["camera"] = random_camera(rng, photo=False)
    values.setdefault("size", float(rng.uniform(0.35, 0.85)))
    return Plan(**values)


def random_plan(rng: Rng) -> Plan:
    """Any mixture of what the trained kinds have in them."""
    content = str(
        rng.choice(
            ["digit", "number", "signs", "lines", "letter", "scribble", "nothing"],
            p=[0.44, 0.18, 0.2, 0.0, 0.06, 0.04, 0.08],
        )
    )
    surface = str(
        rng.choice(
            ["white", "paper", "pencil", "board", "dark", "lcd", "led", "any"],
            p=[0.24, 0.32, 0.1, 0.08, 0.1, 0.0, 0.04, 0.12],
        )
    )
    few = [0.45, 0.4, 0.15]
    lines = rng.choice(TRAINED_LINES, rng.choice(3, p=few), replace=False).tolist()
    marks = rng.choice(TRAINED_MARKS, rng.choice(3, p=few), replace=False).tolist()
    large = content == "digit" and rng.random() < 0.65
    hand = "print" if content in ("number", "signs") and rng.random() < 0.2 else "any"
    return Plan(
        content=content,
        surface=surface,
        hand=hand,
        size=float(rng.uniform(0.35, 0.9) if large else rng.uniform(0.12, 0.55)),
        lines=tuple(lines),
        contrast=float(rng.uniform(0.05, 1.0)),
        marks=tuple(marks),
        texture="rough" if surface in ("pencil", "board") or rng.random() < 0.1 else "smooth",
        ghosts=bool(rng.random() < 0.3),
        neighbours=bool(rng.random() < 0.05),
        boxes=bool(rng.random() < 0.2),
        page=str(rng.choice(TRAINED_PAGES)) if rng.random() < 0.25 else "",
        camera=random_camera(rng, photo=bool(rng.random() < 0.6)),
    )


def paint_scene(plan: Plan, hands: Hands, rng: Rng, scale: int = 1) -> Scene:
    """Paint a picture as `plan` says, with digits by one of `hands`.

    It is `scale` times as high and wide as the pictures that the finder learns from, see `SHAPES`.
    """
    height, width = SHAPES["several" if plan.content in ("number", "signs", "lines") else "one"]
    shape = (scale * height, scale * width)
    large = (OVERSAMPLING * shape[0], OVERSAMPLING * shape[1])
    paper, ink = colours(plan.surface, rng)
    picture = Picture.blank(large, paper)
    sheet = place_sheet(picture, plan.page, paper, rng) if plan.page else picture
    if plan.surface not in ("white", "led", "lcd"):
        sheet.rgb *= 1 + 0.015 * smooth_noise(sheet.shape, 3, rng)[..., np.newaxis]
    if plan.texture == "smeared":
        _smear(sheet, ink, rng)
    hand = hands.pick(plan.hand, rng)
    text, written = _write(plan, hand, hands, sheet.shape, rng)
    box = _bounds(written, sheet.shape)
    grey = _mix(paper, shade(rng, 0, 0.6, 0.3) if sum(paper) > 1.5 else shade(rng, 0.6, 1.0, 0.2),
                plan.contrast)  # fmt: skip
    pen = hand.pen * plan.size * min(sheet.shape)
    for name in plan.lines:
        LINES[name](sheet, box, pen, grey, hands, rng)
    if plan.boxes:
        _boxes(sheet, written, grey, rng)
    if plan.ghosts and hand.kind == "display":
        for cover, corner, sign in written:
            if sign.isdigit():
                off = hand.unlit(int(sign), cover.shape[0])
                sheet.ink(off, _mix(paper, ink, rng.uniform(0.06, 0.3)), OTHER, corner)
    for cover, corner, sign in written:
        rough = cover
        if plan.texture != "smooth":
            rough = cover * np.clip(0.85 + 0.3 * smooth_noise(cover.shape, 2, rng), 0.15, 1)
        sheet.ink(rough.astype(np.float32), ink, _class_of(sign), corner)
    if plan.neighbours and plan.content == "digit":
        _neighbours(sheet, hand, box, plan.size, ink, rng)
    for name in plan.marks:
        colour = ink if rng.random() < 0.8 else _mix(paper, ink, rng.uniform(0.5, 1))
        MARKS[name](sheet, box, pen * rng.uniform(0.6, 1.3), colour, hands, rng)
    pixels, classes = take(picture, plan.camera, shape, rng)
    return Scene(pixels, classes, text)


# The ink, the corner (x, y) and the sign of everything written; "" for what is no digit.
Written = list[tuple[Array, tuple[int, int], str]]


def _class_of(sign: str) -> int:
    if not sign:
        return OTHER
    return DIGIT if sign.isdigit() else CLASSES.index(sign)


def _write(
    plan: Plan, hand: Hand, hands: Hands, shape: tuple[int, int], rng: Rng
) -> tuple[str, Written]:
    """What is written on a sheet of `shape`: the text, and what `Written` lists."""
    if plan.content == "nothing":
        return "", []
    height, width = shape
    size = plan.size * min(shape)
    if plan.content in ("letter", "scribble"):
        strokes = scribble(rng)
        if plan.content == "letter" and hands.letters:
            strokes = hands.letters[rng.integers(len(hands.letters))]
        longest = float(np.ptp(np.concatenate(strokes), axis=0).max())
        cover = draw([s * size / max(longest, 1e-6) for s in strokes], hand.pen * size)[0]
        lines = [[(cover, 0, 0, "")]]
        text = ""
    else:
        rows = int(rng.integers(2, 4)) if plan.content == "lines" else 1
        texts = [_text(plan.content, rng) for _ in range(rows)]
        text = "\n".join(texts)
        lines = [_line(one, hand, size, rng) for one in texts]
    widest = max(x + cover.shape[1] for line in lines for cover, x, _, _ in line)
    scale = min(1.0, 0.96 * width / max(widest, 1), 0.96 * height / (1.25 * size * len(lines)))
    if scale < 0.999:
        smaller = replace(plan, size=0.98 * scale * plan.size)
        return _write(smaller, hand, hands, shape, rng)
    total = 1.25 * size * len(lines) - 0.25 * size
    x0 = rng.uniform(0.0, max(1.0, width - widest))
    y0 = rng.uniform(0.0, max(1.0, height - total))
    if rng.random() < 0.5:  # people write in the middle
        x0 = (x0 + (width - widest) / 2) / 2
        y0 = (y0 + (height - total) / 2) / 2
    if rng.random() < 0.06:  # a little is cut off at an edge
        x0, y0 = rng.choice([-0.1 * size, x0, width - widest + 0.1 * size]), rng.choice(
            [-0.1 * size, y0, height - total + 0.1 * size])  # fmt: skip
    written = []
    for i, line in enumerate(lines):
        for cover, x, y, sign in line:
            corner = (round(x0 + x), round(y0 + y + 1.25 * i * size))
            written.append((cover, corner, sign))
    return text, written


def _line(text: str, hand: Hand, size: float, rng: Rng) -> list[tuple[Array, int, int, str]]:
    """The ink, x, y and sign of everything in a line."""
    x, line = 0.0, []
    gap = rng.uniform(0.08, 0.45)
    for sign in text:
        if sign == " ":
            x += 0.5 * size
            continue
        cover, top = hand.write(sign, size * np.exp(rng.normal(0, 0.04)), rng)
        y = top + round(rng.normal(0, 0.02) * size)
        line.append((cover, round(x), y, sign))
        x += cover.shape[1] + size * gap * rng.uniform(0.7, 1.3)
    return line


def _text(content: str, rng: Rng) -> str:
    """One digit, a number, or a number with signs; "¤" stands for a currency."""

    def digits(low: int, high: int) -> str:
        return "".join(map(str, rng.integers(10, size=rng.integers(low, high + 1))))

    if content == "digit":
        return digits(1, 1)
    if content in ("number", "lines"):
        return digits(2, 7 if content == "number" else 4)
    forms = (
        lambda: f"{digits(1, 3)}{rng.choice(['.', ','])}{digits(1, 2)}",
        lambda: f"¤{digits(1, 3)}" + (f".{digits(2, 2)}" if rng.random() < 0.6 else ""),
        lambda: f"{digits(1, 3)},{digits(2, 2)}¤",
        lambda: f"{digits(1, 3)}%",
        lambda: f"{digits(1, 2)}{rng.choice(['+', '-'])}{digits(1, 2)}",
        lambda: (
            f"{digits(2, 2)}/{digits(2, 2)}" + (f"/{digits(2, 2)}" if rng.random() < 0.6 else "")
        ),
        lambda: f"{digits(2, 2)}.{digits(2, 2)}.{digits(2, 2)}",
        lambda: f"{digits(1, 2)}:{digits(2, 2)}",
        lambda: f"+{digits(2, 2)} {digits(3, 3)} {digits(3, 3)}",
        lambda: f"{digits(3, 4)}-{digits(3, 4)}",
        lambda: f"-{digits(1, 3)}",
    )
    return forms[rng.integers(len(forms))]()


def _bounds(written: Written, shape: tuple[int, int]) -> Box:
    """The box around what is written; around the middle of an empty sheet."""
    if not written:
        return 0.3 * shape[1], 0.3 * shape[0], 0.7 * shape[1], 0.7 * shape[0]
    left = min(corner[0] for _, corner, _ in written)
    top = min(corner[1] for _, corner, _ in written)
    right = max(corner[0] + cover.shape[1] for cover, corner, _ in written)
    bottom = max(corner[1] + cover.shape[0] for cover, corner, _ in written)
    return left, top, right, bottom


def _mix(paper: Colour, ink: Sequence[float], share: float) -> Colour:
    red, green, blue = (p + share * (i - p) for p, i in zip(paper, ink, strict=True))
    return red, green, blue


def _boxes(sheet: Picture, written: Written, colour: Colour, rng: Rng) -> None:
    """A box around each digit, joined to the next one or apart."""
    if not written:
        return
    _, top, _, bottom = _bounds(written, sheet.shape)
    margin = 0.12 * (bottom - top) * rng.uniform(0.6, 2)
    edges = [(c[0], c[0] + cover.shape[1]) for cover, c, sign in written if sign.isdigit()]
    joined = rng.random() < 0.5
    paths = []
    for i, (left, right) in enumerate(edges):
        before = (edges[i - 1][1] + left) / 2 if i else left - margin
        after = (right + edges[i + 1][0]) / 2 if i + 1 < len(edges) else right + margin
        if not joined:
            before, after = max(before + 2, left - margin), min(after - 2, right + margin)
        paths.append(box_path(before, top - margin, after, bottom + margin))
    sheet.lines(paths, float(rng.uniform(1.2, 4)), colour)


def _neighbours(
    sheet: Picture, hand: Hand, box: Box, size: float, colour: Colour, rng: Rng
) -> None:
    """Parts of the digits above and below, cut off by the sheet's edge: other ink."""
    high = size * min(sheet.shape)
    for y in (-rng.uniform(0.55, 0.95) * high, sheet.shape[0] - rng.uniform(0.05, 0.45) * high):
        if not (y + high > box[1] - 0.05 * high and y < box[3] + 0.05 * high):
            cover, _ = hand.write(str(rng.integers(10)), high, rng)
            sheet.ink(cover, colour, OTHER, (round(box[0]), round(y)))


def _smear(sheet: Picture, ink: Colour, rng: Rng) -> None:
    """Clouds of chalk where a board was wiped."""
    cloud = smooth_noise(sheet.shape, max(4, min(sheet.shape) // 6), rng)
    cloud = cloud + smooth_noise(sheet.shape, max(2, min(sheet.shape) // 30), rng) * 0.4
    amount = np.clip(cloud * 0.12 + rng.uniform(0, 0.15), 0, 0.4)
    sheet.rgb += amount[..., np.newaxis] * (np.array(ink, np.float32) - sheet.rgb)
