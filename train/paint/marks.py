"""Digits with what people put around them: underlines, ticks, circles, brackets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.paint.strokes import Strokes, network_pixels, paint, random_brush, vary

# A digit beside one of the first two marks is still the whole digit, and is to be read. Inside one
# of the others it is half as large as alone, and is to be refused rather than guessed.
MARKS = ("underline", "speck", "circle", "brackets", "frame")
READABLE = ("underline", "speck")


def mark(strokes: Strokes, kind: str, rng: np.random.Generator) -> Strokes:
    """The strokes, and those of a mark in the same pen.

    Args:
        strokes: each float32 (points, 2), x to the right and y down.
        kind: one of `MARKS`. "underline" is one line or two; "speck" is a dot, a ring as of a
            degree sign or a tick, at a quarter of the digit's height, on one of its sides.
        rng: chooses place, proportions and slant.
    """
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    height = max(float(high[1] - low[1]), 0.3 * float(high[0] - low[0]), 1e-6)
    unit = [(stroke - (low + high) / 2) / height for stroke in strokes]
    half = (high - low) / height / 2  # of the digit's box, whose middle is now at 0
    added: list[NDArray[Any]]
    if kind == "underline":
        added = _underline(half, rng)
    elif kind == "speck":
        added = [_speck(half, rng)]
    elif kind == "brackets":
        added = _brackets(half, rng)
    else:
        added = [_around(half, kind, rng)]
    return unit + [line.astype(np.float32) for line in added]


def _underline(half: NDArray[np.float32], rng: np.random.Generator) -> list[NDArray[Any]]:
    """One line or two, level or climbing, below a digit of the size 2 * `half`."""
    left, right = -half[0] - rng.uniform(0, 0.4), half[0] + rng.uniform(0, 0.4)
    y, climb = half[1] + rng.uniform(0.06, 0.3), rng.normal(0, 0.05)
    x = np.linspace(left, right, 12)
    lines = []
    for _ in range(1 if rng.random() < 0.7 else 2):
        bent = y + climb * x + rng.normal(0, 0.012) * np.cos(np.linspace(0, 4, 12))
        lines.append(np.stack([x, bent], axis=1))
        y += rng.uniform(0.1, 0.2)
    return lines


def _speck(half: NDArray[np.float32], rng: np.random.Generator) -> NDArray[Any]:
    """A dot, a small ring or a tick on one side of the digit."""
    size = rng.uniform(0.04, 0.12)
    angle = rng.uniform(0, 2 * np.pi)
    reach = half + size + rng.uniform(0.08, 0.25)
    direction = np.array([np.cos(angle), np.sin(angle)])
    at = direction * (reach / np.maximum(np.abs(direction), 1e-6)).min()
    shape = rng.integers(3)
    if shape == 0:
        return at[np.newaxis] + np.zeros((1, 2))
    if shape == 1:
        t = np.linspace(0, 2 * np.pi, 14)
        return at + size * np.stack([np.cos(t), np.sin(t)], axis=1)
    return at + 1.5 * size * np.array([[-0.7, -0.1], [-0.2, 0.5], [0.8, -0.7]])


def _brackets(half: NDArray[np.float32], rng: np.random.Generator) -> list[NDArray[Any]]:
    """An arc or three sides of a box on the left and on the right."""
    y = np.linspace(-1, 1, 13) * (half[1] + rng.uniform(0, 0.2))
    gap, depth = rng.uniform(0.08, 0.35), rng.uniform(0.06, 0.2)
    bow = np.cos(np.linspace(-1, 1, 13) * np.pi / 2)
    if rng.random() < 0.3:
        bow = np.array([0.0] + [1.0] * 11 + [0.0])
    x = half[0] + gap + depth * bow
    return [np.stack([side * x, y], axis=1) for side in (-1, 1)]


def _around(half: NDArray[np.float32], kind: str, rng: np.random.Generator) -> NDArray[Any]:
    """A circle, drawn by hand and not quite closed, or a box."""
    radii = np.sqrt(2) * half + rng.uniform(0.05, 0.3)
    radii = np.maximum(radii, 0.6 * radii.max())  # a narrow one around a 1 would look like a 0
    if kind == "frame":
        wide, high = half + rng.uniform(0.1, 0.5, 2)
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
        return corners * (wide, high)
    if rng.random() < 0.6:
        radii = np.full(2, radii.max())
    start, round_ = rng.uniform(0, 2 * np.pi), rng.uniform(0.92, 1.1) * 2 * np.pi
    t = np.linspace(start, start + round_, 40)
    drift = 1 + np.linspace(0, rng.normal(0, 0.06), 40)
    return np.stack([radii[0] * np.cos(t), radii[1] * np.sin(t)], axis=1) * drift[:, np.newaxis]


def each_mark(strokes: Strokes, seed: int) -> NDArray[np.uint8]:
    """A drawing with each of `MARKS`: uint8 (marks, 28, 28)."""
    rng = np.random.default_rng(seed)
    inputs = []
    for kind in MARKS:
        brush = random_brush(rng)
        # A wider one would run into the digit.
        brush = replace(brush, radius=min(brush.radius, 0.04 * brush.size))
        canvas = paint(vary(mark(strokes, kind, rng), rng), brush, rng)
        inputs.append(network_pixels(canvas))
    return np.stack(inputs)
