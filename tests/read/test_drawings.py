"""Drawings of our own, one file a case, that must be read right."""

import pytest

from mnist_demo import Classifier
from train.paint.own_drawings import DRAWINGS, load, strokes_of
from train.paint.strokes import CANVAS, draw

NAMES = sorted(file.stem for file in DRAWINGS.glob("*.json"))
assert {*range(10), None} == {load(name)["label"] for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_is_read_right(name: str, classifier: Classifier) -> None:
    case = load(name)
    scale = CANVAS / case["canvas"]
    canvas = draw([stroke * scale for stroke in strokes_of(case)], case["radius"] * scale)
    prediction = classifier.classify(255 - canvas if case.get("light") else canvas)
    assert prediction.digit == case["label"], f"top three: {prediction.top(3)}"
    if case["label"] is not None:
        assert prediction.is_digit, f"called not a digit, score {prediction.digit_score:.3f}"
