"""Numbers of 2 to 5 digits, composed from one writer's strokes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from train.data.drawing import Drawing
from train.paint.displays import cut
from train.paint.strokes import Brush, Strokes, draw, random_brush

LENGTHS = (2, 3, 4, 5)
GAPS = ("apart", "near", "touching", "overlapping", "broken")
Ink = NDArray[np.uint8]


@dataclass(frozen=True)
class ComposedNumber:
    """A number that was composed of digits.

    Attributes:
        canvas: uint8 (height, width), dark on light or light on dark.
        text: its digits, from left to right.
        gap: one of `GAPS`.
        digits: each digit alone, uint8 (h, w), dark on white with a margin of 10 pixels.
        corners: column and row of the canvas at which each digit's ink has its corner.
    """

    canvas: Ink
    text: str
    gap: str
    digits: list[Ink]
    corners: list[tuple[int, int]]


def select_upright(drawings: Sequence[Drawing]) -> list[Drawing]:
    """The drawings that are at most 1.5 times as wide as high. Others may lie on their side."""
    return [d for d in drawings if np.ptp(np.concatenate(d.strokes), axis=0) @ (1, -1.5) <= 0]


def compose_numbers(drawings: Sequence[Drawing], count: int, seed: int) -> list[ComposedNumber]:
    """Compose `count` numbers of each of `LENGTHS` and `GAPS`, in this order.

    The digits of a number are by one writer, chosen at random.
    """
    writers: dict[str, list[Drawing]] = {}
    for drawing in drawings:
        writers.setdefault(drawing.writer, []).append(drawing)
    names = sorted(writers)
    rng = np.random.default_rng(seed)
    return [
        compose_number(writers[names[rng.integers(len(names))]], length, gap, rng)
        for length in LENGTHS
        for gap in GAPS
        for _ in range(count)
    ]


def compose_number(
    drawings: Sequence[Drawing], length: int, gap: str, rng: np.random.Generator
) -> ComposedNumber:
    """A number of `length` digits out of one writer's `drawings`, in one brush, dark or light.

    The digits keep the sizes they were written in, stand on a line that may climb or fall, and
    follow each other
        "apart": with white between them, 0.15 to 0.6 of a digit's height wide;
        "near": at 0.02 to 0.12 of the height, measured row by row, so that one may reach over
            the next;
        "touching": one pair's strokes run into each other by up to half of their width;
        "overlapping": by half of it to all of it. The other pairs of the two are near or apart;
        "broken": near or apart, and one of the digits is in parts, see `break_digit`.
    """
    usual = float(np.median([extent(drawing)[1] for drawing in drawings]))
    brush = random_brush(rng)
    scale = brush.size / usual
    slope = rng.normal(0, 0.03)
    touching = rng.integers(1, length)  # the digit that touches the one before it
    chosen = [drawings[i] for i in rng.integers(len(drawings), size=length)]
    drawn = []
    for drawing in chosen:
        relative = extent(drawing)[1] / usual
        # Tablets of one writer may have different units: an unusual size is brought to the usual.
        size = scale if 0.4 < relative < 2.5 else scale / relative
        drawn.append([(stroke * size).astype(np.float32) for stroke in drawing.strokes])
    if gap == "broken":
        at = rng.integers(length)
        drawn[at] = break_digit(drawn[at], brush, rng)
    inks = [_ink(strokes, brush.radius) for strokes in drawn]
    tallest, widest = np.max([ink.shape for ink in inks], axis=0)
    row = np.zeros((4 * tallest, length * (widest + tallest)), np.uint8)
    middle = 0
    corners = []
    for i, ink in enumerate(inks):
        height, width = ink.shape
        foot = round(len(row) * 0.6 + (slope * i + rng.normal(0, 0.05)) * brush.size)
        strip = row[foot - height : foot]
        kind = gap
        if gap == "broken" or (gap in ("touching", "overlapping") and i != touching):
            kind = "near" if rng.random() < 0.5 else "apart"
        if i == 0:
            left = 0
        elif kind == "apart":
            left = right_edge(row) + max(2, round(rng.uniform(0.15, 0.6) * brush.size))
        elif kind == "near":
            clear = max(2, round(rng.uniform(0.02, 0.12) * brush.size))
            spread = np.asarray(cv2.dilate(strip, np.ones((5, 1))), np.uint8)
            left = max(contact_column(spread, ink) + clear, middle)
        else:
            overlap = brush.radius * (rng.random() + (gap == "overlapping"))
            left = contact_column(strip, ink) - max(2, round(overlap))
        left = max(left, 0)
        middle = left + width // 2
        corners.append((left, foot - height))
        room = strip[:, left : left + width]
        np.maximum(room, ink, out=room)
    x, y, width, height = cv2.boundingRect(row)
    before, above, after, below = (int(margin) for margin in rng.integers(5, 100, 4))
    canvas = np.pad(row[y : y + height, x : x + width], ((above, below), (before, after)))
    text = "".join(drawing.label for drawing in chosen)
    digits = [255 - np.pad(ink, 10) for ink in inks]
    moved = [(column - x + before, line - y + above) for column, line in corners]
    return ComposedNumber(canvas if brush.light else 255 - canvas, text, gap, digits, moved)


def extent(drawing: Drawing) -> tuple[float, float]:
    """Width and height of the strokes; the height is at least 0.3 of the width, and above 0."""
    points = np.concatenate(drawing.strokes)
    width, height = np.ptp(points, axis=0)
    return float(width), max(float(height), 0.3 * float(width), 1e-6)


def break_digit(strokes: Strokes, brush: Brush, rng: np.random.Generator) -> Strokes:
    """The digit in two parts, with a gap of 0.03 to 0.12 of its height between them.

    Either its shortest stroke is moved away from the others, or one of its strokes is interrupted.
    A digit of one stroke is always interrupted.
    """
    white = rng.uniform(0.03, 0.12) * brush.size
    lengths = [float(np.hypot(*np.diff(stroke, axis=0).T).sum()) for stroke in strokes]
    if len(strokes) > 1 and rng.random() < 0.5:
        short = int(np.argmin(lengths))
        others = np.concatenate(strokes[:short] + strokes[short + 1 :])
        direction = strokes[short].mean(axis=0) - others.mean(axis=0)
        move = (direction / max(float(np.hypot(*direction)), 1e-6) * white).astype(np.float32)
        return [stroke + move * (i == short) for i, stroke in enumerate(strokes)]
    long = int(np.argmax(lengths))
    steps = np.hypot(*np.diff(strokes[long], axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    gap = white + 2 * brush.radius
    start = rng.uniform(0.1, 0.9) * along[-1] - gap / 2
    before, after = strokes[long][along < start], strokes[long][along > start + gap]
    parts = [part for part in (before, after) if len(part)]
    return strokes[:long] + (parts or [strokes[long]]) + strokes[long + 1 :]


def _ink(strokes: Strokes, radius: float) -> Ink:
    """`strokes`, in pixels, painted white on black and cut to the ink: uint8 (h, w)."""
    points = np.concatenate(strokes)
    corner = points.min(axis=0)
    pad = radius + 2
    side = int(np.ptp(points, axis=0).max() + 2 * pad) + 1
    return cut(255 - draw([(s - corner + pad).astype(np.float32) for s in strokes], radius, side))


def right_edge(row: Ink) -> int:
    """The first column to the right of all ink."""
    return int(np.flatnonzero(row.any(axis=0))[-1]) + 1


def contact_column(strip: Ink, ink: Ink) -> int:
    """Where `ink` (h, n) touches the ink of `strip` (h, w) when it is pushed in from the right.

    Returns the column of the strip at which the left edge of `ink` then is; the first free column
    if no row has ink in both.
    """
    shared = strip.any(axis=1) & ink.any(axis=1)
    if not shared.any():
        return right_edge(strip) if strip.any() else 0
    ends = strip.shape[1] - np.argmax(strip[shared, ::-1] > 0, axis=1)
    return int((ends - np.argmax(ink[shared] > 0, axis=1)).max())
