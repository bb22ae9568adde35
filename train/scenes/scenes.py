"""Paints pictures with digits as a plan says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.detect import CHARACTERS
from train.paint.photograph import smooth_noise
from train.paint.strokes import scribble
from train.scenes.camera import boxes_of, take
from train.scenes.hands import Hand, Hands, draw
from train.scenes.kinds import Plan
from train.scenes.lines import LINES, Box
from train.scenes.marks import MARKS
from train.scenes.pages import colours, place_sheet, shade
from train.scenes.picture import Array, Colour, Picture, box_path

Rng = np.random.Generator
SHAPES = {"one": (128, 128), "several": (64, 256)}  # of pictures with one digit, and with several
OVERSAMPLING = 2


@dataclass(frozen=True)
class Scene:
    """A finished picture.

    Attributes:
        picture: uint8 (h, w, 3).
        text: the digits, and the signs between them, line by line; "" if there are none.
        boxes: of every character, see `train.scenes.camera.boxes_of`.
    """

    picture: NDArray[np.uint8]
    text: str
    boxes: NDArray[np.float32]


def paint_scene(plan: Plan, hands: Hands, rng: Rng, scale: int = 1) -> Scene:
    """Paint a picture as `plan` says, with digits by one of `hands`.

    It is `scale` times as high and wide as `SHAPES` says.
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
    grey = mix(paper, shade(rng, 0, 0.6, 0.3) if sum(paper) > 1.5 else shade(rng, 0.6, 1.0, 0.2),
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
                sheet.ink(off, mix(paper, ink, rng.uniform(0.06, 0.3)), corner)
    for cover, corner, sign in written:
        rough = cover
        if plan.texture != "smooth":
            rough = cover * np.clip(0.85 + 0.3 * smooth_noise(cover.shape, 2, rng), 0.15, 1)
        sheet.ink(rough.astype(np.float32), ink, corner)
        sheet.record(sign if sign in CHARACTERS else CHARACTERS[-1], cover, corner)
    if plan.neighbours and plan.content == "digit":
        _neighbours(sheet, hand, box, plan.size, ink, rng)
    for name in plan.marks:
        colour = ink if rng.random() < 0.8 else mix(paper, ink, rng.uniform(0.5, 1))
        MARKS[name](sheet, box, pen * rng.uniform(0.6, 1.3), colour, hands, rng)
    pixels = take(picture, plan.camera, shape, rng)
    return Scene(pixels, text, boxes_of(picture, plan.camera, pixels))


# The ink, the corner (x, y) and the sign of everything written; "" for what is no digit.
Written = list[tuple[Array, tuple[int, int], str]]


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
    """One digit, a number, or a number with signs."""

    def digits(low: int, high: int) -> str:
        return "".join(map(str, rng.integers(10, size=rng.integers(low, high + 1))))

    if content == "digit":
        return digits(1, 1)
    if content in ("number", "lines"):
        return digits(2, 7 if content == "number" else 4)
    forms = (
        lambda: f"{digits(1, 3)}{rng.choice(['.', ','])}{digits(1, 2)}",
        lambda: f"${digits(1, 3)}" + (f".{digits(2, 2)}" if rng.random() < 0.6 else ""),
        lambda: f"{digits(1, 3)},{digits(2, 2)}$",
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


def mix(paper: Colour, ink: Sequence[float], share: float) -> Colour:
    """A colour between two: `share` of the way from `paper` to `ink`."""
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
            digit = str(rng.integers(10))
            cover, _ = hand.write(digit, high, rng)
            sheet.ink(cover, colour, (round(box[0]), round(y)))
            sheet.record(digit, cover, (round(box[0]), round(y)))


def _smear(sheet: Picture, ink: Colour, rng: Rng) -> None:
    """Clouds of chalk where a board was wiped."""
    cloud = smooth_noise(sheet.shape, max(4, min(sheet.shape) // 6), rng)
    cloud = cloud + smooth_noise(sheet.shape, max(2, min(sheet.shape) // 30), rng) * 0.4
    amount = np.clip(cloud * 0.12 + rng.uniform(0, 0.15), 0, 0.4)
    sheet.rgb += amount[..., np.newaxis] * (np.array(ink, np.float32) - sheet.rgb)
