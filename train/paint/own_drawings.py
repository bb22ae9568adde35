"""Digits drawn by ourselves, kept as strokes: one file of `drawings/` for each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from train.paint.strokes import Strokes

DRAWINGS = Path(__file__).with_name("drawings")

OwnDrawing = dict[str, Any]


def load(name: str) -> OwnDrawing:
    """The drawing in drawings/NAME.json.

    `label` is the digit, `strokes` a list of strokes, each a list of [x, y] in pixels of a square
    whose side is `canvas`, `radius` the brush's in the same pixels.
    """
    drawing: OwnDrawing = json.loads((DRAWINGS / f"{name}.json").read_text())
    return drawing


def strokes_of(drawing: OwnDrawing) -> Strokes:
    """Its strokes as `train.paint.strokes` takes them, each float32 (points, 2)."""
    return [np.array(stroke, np.float32) for stroke in drawing["strokes"]]
