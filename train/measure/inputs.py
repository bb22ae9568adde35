"""One drawing as each reader that `evaluate` compares gets it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from train.paint.strokes import Brush, Strokes, network_pixels, paint, paint_on_all_cores

Array = NDArray[Any]


def prepare_inputs(painting: tuple[Strokes, Brush], seed: int) -> Array:
    """One drawing, painted and then prepared in three ways: uint8 (3, 28, 28), white on black.

    The ways are `preprocess`; the whole canvas, resized; and the digit scaled and centred as in
    MNIST, without changing the width of its strokes.
    """
    strokes, brush = painting
    canvas = paint(strokes, brush, np.random.default_rng(seed))
    light = canvas if brush.light else 255 - canvas
    resized = cv2.resize(light, (28, 28), interpolation=cv2.INTER_AREA)
    return np.stack([network_pixels(canvas), resized, network_pixels(canvas, raw=True)])


def prepare_all_inputs(drawings: Sequence[Strokes], brushes: Sequence[Brush], label: str) -> Array:
    """`prepare_inputs` of many drawings on all cores: float32 (n, 3, 28, 28) in [0, 1]."""
    paintings = list(zip(drawings, brushes, strict=True))
    return paint_on_all_cores(prepare_inputs, paintings, 0, label, 128).astype(np.float32) / 255
