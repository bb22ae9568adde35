"""Drawings of our own, one file a case, that must be read right."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_demo import Classifier
from train.paint.own_drawings import DRAWINGS, strokes_of
from train.paint.strokes import CANVAS, draw

FILES = sorted(DRAWINGS.glob("*.json"))


def load(file: Path) -> tuple[dict[str, Any], np.ndarray]:
    """What the file says, and the drawing on a canvas: uint8 (280, 280)."""
    case = json.loads(file.read_text())
    scale = CANVAS / case["canvas"]
    strokes = [stroke * scale for stroke in strokes_of(case)]
    canvas = draw(strokes, case["radius"] * scale)
    return case, 255 - canvas if case.get("light") else canvas


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_is_read_right(file: Path, classifier: Classifier) -> None:
    case, canvas = load(file)
    prediction = classifier.classify(canvas)
    assert prediction.digit == case["label"], f"top three: {prediction.top(3)}"
    if case["label"] is not None:
        assert prediction.is_digit, f"called not a digit, score {prediction.digit_score:.3f}"


def test_all_digits_are_among_the_cases() -> None:
    labels = [json.loads(file.read_text())["label"] for file in FILES]
    assert {*range(10), None} == set(labels)
