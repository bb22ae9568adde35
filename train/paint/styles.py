"""Ways of writing the digits in different countries, drawn by ourselves as strokes.

`styles/zero.json` to `styles/nine.json` have the control points of each style in a unit box, x to
the right and y down, one stroke a line. A curve runs smoothly through the points; a third number
marks a point as a corner. A style is in one split with all of its variations: "test" styles are
never trained on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train.paint.strokes import Strokes, paint_inputs, paint_on_all_cores, rotation

FOLDER = Path(__file__).with_name("styles")
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
STEPS = 12  # points of the curve for each control point


@dataclass(frozen=True)
class Style:
    """One way to write a digit.

    Attributes:
        name: unique, in words.
        digit: 0 to 9.
        split: "train", "validation" or "test".
        about: where or how it is written.
        strokes: each float64 (points, 2), control points in a unit box.
        corners: bool (points,) for each stroke, whether the curve has a corner there.
    """

    name: str
    digit: int
    split: str
    about: str
    strokes: list[NDArray[np.float64]]
    corners: list[NDArray[np.bool_]]


def read_styles(split: str) -> list[Style]:
    """The styles of one split, in the order of the digits."""
    return [
        Style(
            name=style["name"],
            digit=digit,
            split=split,
            about=style["about"],
            strokes=[np.array([point[:2] for point in stroke]) for stroke in style["strokes"]],
            corners=[np.array([len(point) > 2 for point in stroke]) for stroke in style["strokes"]],
        )
        for digit, word in enumerate(DIGITS)
        for style in json.loads((FOLDER / f"{word}.json").read_text(encoding="utf-8"))
        if style["split"] == split
    ]


def write(style: Style, rng: np.random.Generator) -> Strokes:
    """The digit as one person would write it once: float32 (points, 2) for each stroke.

    These vary: the control points (by 1.8% of the height), the proportions of the halves, the
    width, slant and rotation, how round the corners are, how far a stroke runs past its end or
    stops before it, and where separate strokes begin. A slow tremor is added. So a loop or two
    strokes may or may not close.
    """
    sharp = rng.random() < 0.6
    halves = rng.normal(0, 0.06, 2)
    change = rotation(rng.normal(0, np.radians(4))) @ np.array(
        [[np.exp(rng.normal(0, 0.14)), rng.normal(0, 0.1)], [0, 1]]
    )
    written = []
    for points, corners in zip(style.strokes, style.corners, strict=True):
        moved = points + rng.normal(0, 0.018, points.shape)
        if len(style.strokes) > 1:
            moved = moved + rng.normal(0, 0.02, 2)
        moved = moved + halves * np.sin(np.pi * np.clip(moved, 0, 1))[:, ::-1] * 0.5
        curve = through(moved, corners & (sharp or bool(rng.random() < 0.3)))
        curve = with_ends(curve, rng)
        curve = curve + tremor(len(curve), rng)
        written.append((curve @ change.T).astype(np.float32))
    return written


def through(points: NDArray[np.float64], corners: NDArray[np.bool_]) -> NDArray[np.float64]:
    """A Catmull-Rom spline through `points` (n, 2), which breaks at `corners` (n,).

    It is centripetal, so that it has no loops of its own: Yuksel, Schaefer and Keyser,
    "Parameterization and applications of Catmull-Rom curves", 2011.
    """
    breaks = [0, *(np.flatnonzero(corners[1:-1]) + 1), len(points) - 1]
    parts = []
    for begin, end in pairwise(breaks):
        part = points[begin : end + 1]
        framed = np.vstack([2 * part[0] - part[1], part, 2 * part[-1] - part[-2]])
        for i in range(1, len(framed) - 2):
            parts.append(_segment(framed[i - 1 : i + 3]))
    return np.vstack([*parts, points[-1:]])


def _segment(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """The curve from p[1] to p[2], without its end: (STEPS, 2)."""
    gaps = np.maximum(np.linalg.norm(np.diff(p, axis=0), axis=1) ** 0.5, 1e-6)
    t0, t1, t2, t3 = np.concatenate([[0], gaps.cumsum()])
    t = np.linspace(t1, t2, STEPS, endpoint=False)[:, np.newaxis]
    a1 = (t1 - t) / (t1 - t0) * p[0] + (t - t0) / (t1 - t0) * p[1]
    a2 = (t2 - t) / (t2 - t1) * p[1] + (t - t1) / (t2 - t1) * p[2]
    a3 = (t3 - t) / (t3 - t2) * p[2] + (t - t2) / (t3 - t2) * p[3]
    b1 = (t2 - t) / (t2 - t0) * a1 + (t - t0) / (t2 - t0) * a2
    b2 = (t3 - t) / (t3 - t1) * a2 + (t - t1) / (t3 - t1) * a3
    return np.asarray((t2 - t) / (t2 - t1) * b1 + (t - t1) / (t2 - t1) * b2)


def with_ends(curve: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """The curve, which may run up to 5% of the height past its ends, or stop as much before."""
    for _ in range(2):
        curve = curve[::-1]
        length = rng.normal(0, 0.02)
        if length > 0:
            way = curve[-1] - curve[-min(5, len(curve))]
            way /= max(float(np.hypot(*way)), 1e-6)
            curve = np.vstack([curve, curve[-1] + min(length, 0.05) * way])
        elif len(curve) > 8:
            along = np.hypot(*np.diff(curve[::-1], axis=0).T).cumsum()
            curve = curve[: len(curve) - int(np.searchsorted(along, min(-length, 0.05)))]
    return curve


def tremor(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A slow random movement of the hand: (count, 2), a deviation of about 0.6% of the height."""
    knots = max(2, count // 10)
    walk = rng.normal(0, 0.006, (knots + 1, 2))
    at = np.linspace(0, knots, count)
    return np.stack([np.interp(at, np.arange(knots + 1), walk[:, k]) for k in (0, 1)], axis=1)


def paint_styles(split: str, count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """`count` writings of every style of one split, painted and preprocessed on all cores.

    Returns:
        Images uint8 (n, 28, 28) and labels int64 (n,), style by style as in `read_styles(split)`.
    """
    styles = read_styles(split)
    paint_one = partial(_paint_style, count=count)
    images = paint_on_all_cores(paint_one, styles, seed, f"{split} styles").reshape(-1, 28, 28)
    return images, np.repeat(np.array([style.digit for style in styles], np.int64), count)


def _paint_style(style: Style, count: int, seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    seeds = rng.integers(1 << 31, size=count)
    return np.concatenate([paint_inputs(write(style, rng), 1, int(one)) for one in seeds])
