"""Pen strokes painted as the Sketchpad paints them, then preprocessed as the demo does."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mnist_demo.read.preprocess import find_ink, normalize, preprocess

CANVAS = 280  # pixels; the brush's radius counts in the same pixels
Strokes = list[NDArray[np.float32]]  # each (points, 2): x to the right, y down


@dataclass(frozen=True)
class Brush:
    """How one drawing gets onto the canvas.

    Attributes:
        radius: of the brush, in canvas pixels.
        size: longest side of the strokes' bounding box, in canvas pixels, brush not counted.
        light: whether the ink is light on dark paper.
    """

    radius: float
    size: float
    light: bool = False


def paint(strokes: Strokes, brush: Brush, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Paint with round caps and joins at a random place: uint8 (CANVAS, CANVAS), paper 255.

    The drawing keeps its proportions; what does not fit on the canvas at its edge is cut off, as
    on the page.
    """
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = brush.size / max(float((high - low).max()), 1e-6)
    extent = (high - low) * scale
    room = np.maximum(CANVAS - extent - 2 * brush.radius, 0)
    corner = brush.radius + rng.random(2) * room
    canvas = draw([(stroke - low) * scale + corner for stroke in strokes], brush.radius)
    return np.asarray(255 - canvas if brush.light else canvas, dtype=np.uint8)


def draw(strokes: Strokes, radius: float, side: int = CANVAS) -> NDArray[np.uint8]:
    """Dark strokes whose points are canvas pixels: uint8 (side, side), paper 255."""
    canvas = np.full((side, side), 255, np.uint8)
    # OpenCV's smooth lines of even thickness t come out 1.4 pixels wider than t.
    thickness = max(1, 2 * round(radius - 0.7))
    for stroke in strokes:
        fixed = np.round(stroke * 16).astype(np.int32).reshape(-1, 1, 2)  # 4 fractional bits
        if np.ptp(fixed, axis=0).max() == 0:
            centre = (int(fixed[0, 0, 0]), int(fixed[0, 0, 1]))
            cv2.circle(canvas, centre, max(8, round(16 * radius)), (0,), -1, cv2.LINE_AA, 4)
        else:
            cv2.polylines(canvas, [fixed], False, (0,), thickness, cv2.LINE_AA, 4)
    return canvas


def random_brush(rng: np.random.Generator) -> Brush:
    """From a hairline to a fat marker, from small to as large as the canvas."""
    size = float(rng.uniform(40, 255))
    fattest = min(22.0, 0.16 * size)
    radius = float(np.exp(rng.uniform(np.log(0.5), np.log(fattest))))
    return Brush(radius, min(size, CANVAS - 2 * radius), bool(rng.random() < 0.1))


def rotation(angle: float) -> NDArray[np.float64]:
    """The (2, 2) matrix with which `points @ matrix.T` turns by `angle` in radians, clockwise."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def vary(strokes: Strokes, rng: np.random.Generator) -> Strokes:
    """Slant, rotate and stretch as people do; sample unevenly; sometimes break a stroke.

    Rotation has a standard deviation of 6 degrees, slant (a shear along x) of 0.12, the ratio of
    width to height of 10%.
    """
    turn = rotation(rng.normal(0, np.radians(6)))
    shear = rng.normal(0, 0.12)
    stretch = np.exp(rng.normal(0, 0.1))
    change = turn @ np.array([[stretch, shear], [0, 1]])
    varied: Strokes = []
    for stroke in strokes:
        path = (stroke @ change.T).astype(np.float32)
        if len(path) > 8 and rng.random() < 0.3:
            keep = rng.random(len(path)) > rng.uniform(0, 0.5)
            keep[[0, -1]] = True
            path = path[keep]
        if len(path) > 12 and rng.random() < 0.05:
            gap = max(1, len(path) // 50)
            cut = int(rng.integers(2, len(path) - gap - 2))
            varied += [path[:cut], path[cut + gap :]]
        else:
            varied.append(path)
    return varied


def paint_inputs(strokes: Strokes, count: int, seed: int) -> NDArray[np.uint8]:
    """`count` variations of one drawing, each with a brush of its own: uint8 (count, 28, 28)."""
    rng = np.random.default_rng(seed)
    canvases = (paint(vary(strokes, rng), random_brush(rng), rng) for _ in range(count))
    return np.stack([network_pixels(canvas) for canvas in canvases])


def network_pixels(canvas: NDArray[np.uint8], raw: bool = False) -> NDArray[np.uint8]:
    """The network's input from a canvas: uint8 (28, 28), all zero if it is blank.

    With `raw`, the strokes keep their width, as MNIST's do.
    """
    if raw:
        ink = find_ink(canvas)
        model_input = None if ink is None else normalize(ink)
    else:
        model_input = preprocess(canvas)
    empty = np.zeros((28, 28), np.float32)
    return np.round(255 * (empty if model_input is None else model_input)).astype(np.uint8)


def paint_on_all_cores(
    paint_one: Callable[..., NDArray[np.uint8]],
    subjects: Sequence[Any],
    seed: int,
    label: str,
    chunksize: int = 1,
) -> NDArray[np.uint8]:
    """`paint_one(subject, seed=...)` of every subject, each with its own seed, in one array."""
    cv2.setNumThreads(1)
    tasks = [partial(paint_one, seed=seed * 1_000_003 + i) for i in range(len(subjects))]
    with ProcessPoolExecutor() as pool:
        work = pool.map(operator.call, tasks, subjects, chunksize=chunksize)
        return np.stack(list(tqdm(work, total=len(subjects), desc=label, unit="drawing")))


def paint_many(drawings: Sequence[Strokes], count: int, seed: int, label: str) -> NDArray[np.uint8]:
    """`paint_inputs` of every drawing on all cores: uint8 (drawings, count, 28, 28)."""
    return paint_on_all_cores(partial(paint_inputs, count=count), drawings, seed, label, 256)


def scribble(rng: np.random.Generator) -> Strokes:
    """A drawing that is no digit: a scribble, a dot, a blot, rays or a filled canvas."""
    kind = rng.integers(5)
    if kind == 0:  # a pen that wanders
        steps = rng.normal(0, 1, (int(rng.integers(60, 300)), 2)).cumsum(axis=0)
        smooth = np.stack([np.convolve(steps[:, k], np.ones(9) / 9, "valid") for k in (0, 1)], 1)
        return [smooth.astype(np.float32)]
    if kind == 1:  # a dot, small or large
        return [np.zeros((1, 2), np.float32)]
    if kind == 2:  # hatching: to and fro until the paper is full
        turns = int(rng.integers(8, 40))
        x = np.tile([0.0, 1.0], turns)[:turns] + rng.normal(0, 0.08, turns)
        y = np.linspace(0, rng.uniform(0.5, 1.2), turns) + rng.normal(0, 0.02, turns)
        path = np.stack([x, y], axis=1) if rng.random() < 0.5 else np.stack([y, x], axis=1)
        return [path.astype(np.float32)]
    if kind == 3:  # straight lines across each other
        count = int(rng.integers(3, 9))
        return list(rng.random((count, 2, 2)).astype(np.float32))
    rounds = rng.uniform(2.5, 8)  # one over the other
    t = np.linspace(0, rounds * 2 * np.pi, int(rounds * 30))
    distance = 1 + rng.normal(0, 0.25, len(t)).cumsum() * 0.15
    path = np.stack([np.cos(t) * distance, np.sin(t) * distance * rng.uniform(0.5, 1)], axis=1)
    return [path.astype(np.float32)]


def side_by_side(left: Strokes, right: Strokes, rng: np.random.Generator) -> Strokes:
    """Two digits of about one height, `right` to the right of `left`, with a gap between them."""

    def unit_height(strokes: Strokes) -> Strokes:
        points = np.concatenate(strokes)
        low, high = points.min(axis=0), points.max(axis=0)
        height = max(float(high[1] - low[1]), 0.3 * float(high[0] - low[0]), 1e-6)
        return [(stroke - low) / height for stroke in strokes]

    first, second = unit_height(left), unit_height(right)
    offset = np.concatenate(first)[:, 0].max() + rng.uniform(0.15, 0.6)
    move = np.array([offset, rng.uniform(-0.15, 0.15)], np.float32)
    return first + [
        (stroke * rng.uniform(0.85, 1.15) + move).astype(np.float32) for stroke in second
    ]
