"""Paints digits that are hard to read: fat markers, tiny drawings, broken hairlines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from train.paint.strokes import Brush, Strokes, network_pixels, paint, vary

KINDS = ("fat", "fat raw", "tiny", "broken")


def extreme_input(strokes: Strokes, kind: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Paint one drawing in an extreme way, and preprocess it.

    Args:
        strokes: each float32 (points, 2).
        kind: one of `KINDS`.
            "fat": a marker so wide that counters nearly close.
            "fat raw": the same, but scaled as MNIST is, without thinning the strokes.
            "tiny": 14 to 40 pixels high or wide.
            "broken": a hairline with gaps.
        rng: chooses the brush, the place and the gaps.

    Returns:
        uint8 (28, 28), white on black; all zero without ink.
    """
    strokes = vary(strokes, rng)
    if kind in ("fat", "fat raw"):
        size = float(np.exp(rng.uniform(np.log(20), np.log(180))))
        brush = Brush(float(rng.uniform(0.10, 0.19)) * size, size)
    elif kind == "tiny":
        size = float(rng.uniform(14, 40))
        brush = Brush(float(rng.uniform(0.5, 0.12 * size)), size)
    else:
        strokes = break_strokes(strokes, rng)
        brush = Brush(float(rng.uniform(0.5, 1.2)), float(rng.uniform(60, 250)))
    return network_pixels(paint(strokes, brush, rng), raw=kind == "fat raw")


def break_strokes(strokes: Strokes, rng: np.random.Generator) -> Strokes:
    """The strokes with one to three gaps, each 1.5% to 5% of the drawing's length."""
    parts = list(strokes)
    total = sum(_length(stroke) for stroke in strokes)
    for _ in range(int(rng.integers(1, 4))):
        longest = max(range(len(parts)), key=lambda i: _length(parts[i]))
        stroke = parts[longest]
        along = np.concatenate([[0.0], np.hypot(*np.diff(stroke, axis=0).T).cumsum()])
        gap = rng.uniform(0.015, 0.05) * total
        start = rng.uniform(0.1, 0.9) * along[-1] - gap / 2
        kept = [stroke[along < start], stroke[along > start + gap]]
        parts[longest : longest + 1] = [part for part in kept if len(part) > 1] or [stroke]
    return parts


def _length(stroke: NDArray[np.float32]) -> float:
    return float(np.hypot(*np.diff(stroke, axis=0).T).sum())


def each_kind(strokes: Strokes, seed: int) -> NDArray[np.uint8]:
    """A drawing in each of `KINDS`: uint8 (kinds, 28, 28)."""
    rng = np.random.default_rng(seed)
    return np.stack([extreme_input(strokes, kind, rng) for kind in KINDS])
