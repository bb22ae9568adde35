"""Kinds of pictures with digits that people send.

A third of the kinds is never trained on: they measure how the detector does with what nobody
thought of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from train.scenes.camera import Camera, random_camera
from train.scenes.lines import LINES
from train.scenes.marks import MARKS

Rng = np.random.Generator
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
    "with stray strokes": Kind({"marks": ("stray strokes",), "size": (0.3, 0.65)}),
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
    "long lines through it": Kind({"marks": ("long lines",)}),
}
TRAINED = tuple(name for name, kind in KINDS.items() if kind.trained)
# Trained kinds of which most is misread.
HARD = (
    *("in a circle", "with stray strokes", "long lines through it", "with a tick", "letter"),
    *("underlined twice", "squared paper", "words near by", "words only", "small in a photo"),
    *("card on a table", "number in boxes", "number with signs", "number on lined paper"),
    *("number, underlined", "seven segments, LED", "meter's wheel", "faint pencil"),
    "empty sheet",
)
TRAINED_LINES = tuple(n for n in LINES if n not in ("edge lines", "comb", "millimetre"))
TRAINED_MARKS = tuple(
    n for n in MARKS if n not in ("brackets", "degree", "struck through", "touching underline")
)
TRAINED_PAGES = tuple(p for p in PAGES if p not in ("plot", "note"))


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
            p=[0.2, 0.2, 0.34, 0.0, 0.12, 0.04, 0.1],
        )
    )
    surface = str(
        rng.choice(
            ["white", "paper", "pencil", "board", "dark", "lcd", "led", "any"],
            p=[0.24, 0.32, 0.1, 0.08, 0.1, 0.0, 0.04, 0.12],
        )
    )
    few = [0.55, 0.35, 0.1]
    lines = rng.choice(TRAINED_LINES, rng.choice(3, p=few), replace=False).tolist()
    marks = rng.choice(TRAINED_MARKS, rng.choice(3, p=few), replace=False).tolist()
    large = content == "digit" and rng.random() < 0.65
    hand = "print" if content in ("number", "signs") and rng.random() < 0.2 else "any"
    if surface == "led" and rng.random() < 0.7:
        hand = "display"
    return Plan(
        content=content,
        surface=surface,
        hand=hand,
        size=float(rng.uniform(0.35, 0.9) if large else rng.uniform(0.12, 0.55)),
        lines=tuple(lines),
        contrast=float(rng.uniform(0.05, 1.0)),
        marks=tuple(marks),
        texture="rough" if surface in ("pencil", "board") or rng.random() < 0.1 else "smooth",
        ghosts=bool(rng.random() < 0.5),
        neighbours=bool(rng.random() < 0.05),
        boxes=bool(rng.random() < 0.35),
        page=str(rng.choice(TRAINED_PAGES)) if rng.random() < 0.25 else "",
        camera=random_camera(rng, photo=bool(rng.random() < 0.45)),
    )


def random_trained_plan(rng: Rng) -> Plan:
    """One of the trained kinds, something in brackets, a digit alone, or any mixture of these.

    Digits alone are shown in all sizes.
    """
    chance = rng.random()
    if chance < 0.45:
        return plan_of(KINDS[str(rng.choice(TRAINED if chance < 0.15 else HARD))], rng)
    if chance < 0.5:
        size = float(rng.uniform(0.2, 0.65))
        content = "digit" if rng.random() < 0.7 else "number"
        camera = random_camera(rng, photo=bool(rng.random() < 0.4))
        marks = ("written brackets",)
        return Plan(content, str(rng.choice(["white", "paper", "dark", "any"])), "any", size,
                    marks=marks, camera=camera)  # fmt: skip
    if chance < 0.59:
        surface = str(rng.choice(["white", "dark", "any"], p=[0.7, 0.15, 0.15]))
        return Plan(surface=surface, size=float(rng.uniform(0.12, 0.95)))
    return random_plan(rng)
