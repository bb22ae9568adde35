"""One drawing as each reader that `evaluate` compares gets it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mnist_demo import preprocess
from train.measure.baseline import normalise_canvas, resize_canvas
from train.paint.strokes import Brush, Strokes, paint

Array = NDArray[Any]


def prepare_inputs(strokes: Strokes, brush: Brush, seed: int) -> Array:
    """One drawing, painted and then prepared in three ways: uint8 (3, 28, 28).

    The ways are `preprocess`, `resize_canvas` and `normalise_canvas`. All are white on black.
    """
    canvas = paint(strokes, brush, np.random.default_rng(seed))
    dark = 255 - canvas if brush.light else canvas
    ours = preprocess(canvas)
    prepared = [np.zeros((28, 28), np.float32) if ours is None else ours, resize_canvas(dark)]
    return np.round(np.stack([*prepared, normalise_canvas(canvas)]) * 255).astype(np.uint8)


def _prepare_inputs(work: tuple[Strokes, Brush, int]) -> Array:
    return prepare_inputs(*work)


def prepare_all_inputs(drawings: Sequence[Strokes], brushes: Sequence[Brush], label: str) -> Array:
    """`prepare_inputs` of many drawings on all cores: float32 (n, 3, 28, 28) in [0, 1]."""
    cv2.setNumThreads(1)
    work = [
        (strokes, brush, i)
        for i, (strokes, brush) in enumerate(zip(drawings, brushes, strict=True))
    ]
    with ProcessPoolExecutor() as pool:
        done = list(
            tqdm(pool.map(_prepare_inputs, work, chunksize=128), total=len(work), desc=label)
        )
    return np.stack(done).astype(np.float32) / 255
