"""Numbers of several digits: read from drawings side by side, and composed for measuring."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnist_demo import Classifier
from mnist_demo.read.lines import Number
from tests.helpers.images import row
from tests.helpers.sketchpad import one_of_each
from train.data.compose_numbers import GAPS, LENGTHS, compose_numbers
from train.measure.evaluate_numbers import table
from train.paint.own_drawings import load

Ink = NDArray[np.uint8]


def parts(canvas: Ink) -> int:
    return cv2.connectedComponents((canvas < 230).astype(np.uint8))[0] - 1


APART = [
    ["one", "two", "three"],
    ["four", "five", "six", "seven"],
    ["eight", "nine", "zero", "one", "five"],
    ["seven", "three"],
]
BROKEN = [["three", "five-roof-apart", "two"], ["four", "zero-unclosed"], ["five-roof-apart"]]
TOUCHING = [["two", "three"], ["five", "zero"], ["eight", "six", "four"]]


@pytest.mark.parametrize("names", APART + BROKEN + TOUCHING, ids="-".join)
def test_reads_digits_side_by_side(classifier: Classifier, names: list[str]) -> None:
    canvas = row(names, -8 if names in TOUCHING else 40)
    assert names not in TOUCHING or parts(canvas) == 1
    number = classifier.read_number(canvas)
    text = "".join(str(load(name)["label"]) for name in names)
    assert number.number == text
    assert number.text == text or names not in APART
    for prediction in number.digits:
        assert prediction.top(3)[0][0] == prediction.digit
        assert len(prediction.top(3)) == 3


def test_light_ink_on_dark_paper(classifier: Classifier) -> None:
    assert classifier.read_number(255 - row(["four", "two"], 40)).text == "42"


def test_tells_where_each_digit_is(classifier: Classifier) -> None:
    canvas = row(["four", "two", "seven"], 30)
    number = classifier.read_number(canvas)
    assert number.text == "427"
    mask = canvas < 255
    assert number.boxes[0][0] == pytest.approx(40, abs=12)
    assert number.boxes[-1][2] == pytest.approx(np.flatnonzero(mask.any(axis=0))[-1] + 1, abs=12)
    for (_, _, right, _), (left, _, _, _) in pairwise(number.boxes):
        assert left - right == pytest.approx(30, abs=24)
    for left, top, right, bottom in number.boxes:
        inside = mask[top:bottom, left:right]
        assert inside.any(axis=1).mean() > 0.85
        assert inside.any(axis=0).mean() > 0.85


def test_boxes_of_a_halved_image_are_in_its_own_pixels(
    classifier: Classifier, tmp_path: Path
) -> None:
    canvas = row(["seven"], 40)
    paper = Image.new("L", (2600, 2500), "white")
    paper.paste(Image.fromarray(canvas), (2000, 1900))
    paper.save(tmp_path / "seven.png")
    left, top, right, bottom = classifier.read_number(canvas).boxes[0]
    for image in (paper, tmp_path / "seven.png"):
        number = classifier.read_number(image)
        assert number.text == "7"
        moved = (2000 + left, 1900 + top, 2000 + right, 1900 + bottom)
        assert number.boxes[0] == pytest.approx(moved, abs=20), "of 290 pixels"


def test_blank_paper_has_no_digits(classifier: Classifier) -> None:
    for blank in (None, {"composite": None}, np.full((300, 800), 255, np.uint8)):
        assert classifier.read_number(blank) == Number([])


@pytest.mark.parametrize("shape", [(1, 1), (1, 60), (60, 1), (3, 2000), (400, 400)])
def test_a_dot_a_line_and_a_blot_are_no_trouble(
    classifier: Classifier, shape: tuple[int, int]
) -> None:
    canvas = np.pad(np.zeros(shape, np.uint8), 40, constant_values=255)
    for left, top, right, bottom in classifier.read_number(canvas).boxes:  # if it is a digit
        assert 0 <= left < right <= canvas.shape[1] and 0 <= top < bottom <= canvas.shape[0]


def test_composed_numbers_are_what_they_are_called() -> None:
    numbers = compose_numbers(one_of_each(), 6, seed=0)
    assert len(numbers) == 6 * len(LENGTHS) * len(GAPS)
    more_parts = 0
    for number in numbers:
        assert len(number.text) == len(number.digits)
        light = np.median(number.canvas) < 128
        dark = 255 - number.canvas if light else number.canvas
        alone = sum(parts(digit) for digit in number.digits)
        if number.gap in ("apart", "near"):
            assert parts(dark) == alone
        elif number.gap in ("touching", "overlapping"):
            assert parts(dark) < alone
        more_parts += (number.gap == "broken") and alone > len(number.digits)
    assert more_parts > 10  # a stroke interrupted where it crosses another leaves no gap
    for number in numbers:
        paper = np.zeros(number.canvas.shape, np.uint8)
        for digit, (left, top) in zip(number.digits, number.corners, strict=True):
            ink = 255 - digit[10:-10, 10:-10]
            room = paper[top : top + ink.shape[0], left : left + ink.shape[1]]
            np.maximum(room, ink, out=room)
        light = np.median(number.canvas) < 128
        np.testing.assert_array_equal(paper, number.canvas if light else 255 - number.canvas)
    again = compose_numbers(one_of_each(), 6, seed=0)
    assert all((a.canvas == b.canvas).all() for a, b in zip(numbers, again, strict=True))


def test_the_table_has_a_row_for_each_length() -> None:
    right = np.zeros((len(LENGTHS), len(GAPS), 4))
    right[0, 0] = 1
    lines = table(right, np.ones_like(right)).splitlines()
    assert lines[2].startswith("| 2 | 100.0% | 0.0% | 0.0% | 0.0% | 0.0% | 20.0% | 100.0% |")
    assert lines[-1].startswith("| all | 25.0% |")
