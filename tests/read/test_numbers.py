"""Numbers of several digits: read from drawings side by side, and composed for measuring."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnist_demo import Classifier
from mnist_demo.read.lines import Number
from mnist_demo.read.numbers import SCORE_WEIGHTS, score_weights, split_ink
from mnist_demo.weights import Weights
from tests.helpers.images import row
from tests.helpers.sketchpad import one_of_each
from train.data.compose_numbers import GAPS, LENGTHS, compose_numbers
from train.measure.evaluate_numbers import table
from train.measure.metrics import add_metric
from train.paint.own_drawings import load

Ink = NDArray[np.uint8]


@pytest.mark.parametrize(
    ("stored", "used"),
    [
        ([1, 2, 3, 4, 5, 6, 7.5], [1, 2, 3, 4, 5, 6, 7.5]),
        (None, SCORE_WEIGHTS.tolist()),
        ([1, 2, 3], SCORE_WEIGHTS.tolist()),
        ([1, 2, 3, 4, 5, 6, float("nan")], SCORE_WEIGHTS.tolist()),
        (["a"] * 7, SCORE_WEIGHTS.tolist()),
    ],
)
def test_a_network_brings_its_own_score_weights(
    weights: Path, stored: object, used: list[float]
) -> None:
    add_metric(weights, "number_score_weights", stored)
    assert score_weights(Weights(weights, f"of {stored}", "a folder")).tolist() == used


def parts(canvas: Ink) -> int:
    return cv2.connectedComponents((canvas < 230).astype(np.uint8))[0] - 1


ROWS = [
    ["one", "two", "three"],
    ["four", "five", "six", "seven"],
    ["eight", "nine", "zero", "one", "five"],
    ["seven", "three"],
]


@pytest.mark.parametrize("names", ROWS, ids="-".join)
def test_reads_digits_apart(classifier: Classifier, names: list[str]) -> None:
    number = classifier.read_number(row(names, 40))
    assert number.text == "".join(str(load(name)["label"]) for name in names)
    for prediction in number.digits:
        assert prediction.top(3)[0][0] == prediction.digit
        assert len(prediction.top(3)) == 3


@pytest.mark.parametrize(
    "names", [["two", "three"], ["five", "zero"], ["eight", "six", "four"]], ids="-".join
)
def test_reads_touching_digits(classifier: Classifier, names: list[str]) -> None:
    canvas = row(names, -8)
    assert parts(canvas) == 1
    text = "".join(str(load(name)["label"]) for name in names)
    assert classifier.read_number(canvas).number == text


@pytest.mark.parametrize(
    "names",
    [["three", "five-roof-apart", "two"], ["four", "zero-unclosed"], ["five-roof-apart"]],
    ids="-".join,
)
def test_broken_digits_stay_one(classifier: Classifier, names: list[str]) -> None:
    text = "".join(str(load(name)["label"]) for name in names)
    assert classifier.read_number(row(names, 40)).number == text


def test_light_ink_on_dark_paper(classifier: Classifier) -> None:
    assert classifier.read_number(255 - row(["four", "two"], 40)).text == "42"


def test_tells_where_each_digit_is(classifier: Classifier) -> None:
    canvas = row(["four", "two", "seven"], 30)
    number = classifier.read_number(canvas)
    assert number.text == "427"
    mask = canvas < 255
    assert number.boxes[0][0] == pytest.approx(40, abs=2)
    assert number.boxes[-1][2] == pytest.approx(np.flatnonzero(mask.any(axis=0))[-1] + 1, abs=2)
    for (_, _, right, _), (left, _, _, _) in pairwise(number.boxes):
        assert left - right == pytest.approx(30, abs=4)
    for left, top, right, bottom in number.boxes:
        inside = mask[top:bottom, left:right]
        assert inside.any(axis=1).mean() > 0.95
        assert inside.any(axis=0).mean() > 0.95


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
        assert number.boxes[0] == pytest.approx(moved, abs=6)


def test_blank_paper_has_no_digits(classifier: Classifier) -> None:
    for blank in (None, {"composite": None}, np.full((300, 800), 255, np.uint8)):
        assert classifier.read_number(blank) == Number([])


def test_ink_in_too_many_pieces_is_refused(classifier: Classifier) -> None:
    canvas = np.full((300, 800), 255, np.uint8)
    canvas[10::30, 10::30] = 0
    dots = cv2.erode(canvas, np.ones((5, 5), np.uint8))
    for image in (dots, {"composite": dots}):
        with pytest.raises(ValueError, match="pieces, too many for"):
            classifier.read_number(image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 60), (60, 1), (3, 2000), (400, 400)])
def test_a_dot_a_line_and_a_blot_are_no_trouble(
    classifier: Classifier, shape: tuple[int, int]
) -> None:
    canvas = np.pad(np.zeros(shape, np.uint8), 40, constant_values=255)
    assert len(classifier.read_number({"composite": canvas}).digits) >= 1
    for left, top, right, bottom in classifier.read_number(canvas).boxes:  # if it is a digit
        assert 0 <= left < right <= canvas.shape[1] and 0 <= top < bottom <= canvas.shape[0]


def test_the_pieces_hold_all_the_ink_once() -> None:
    ink = (255 - row(["two", "three"], -8)).astype(np.float32) / np.float32(255)
    pieces = split_ink(ink)
    assert ((pieces.labels > 0) == (ink > 0.05)).all()
    assert set(np.unique(pieces.labels)) == set(range(len(pieces.boxes) + 1))
    assert len(pieces.cuts) == len(pieces.spaces) == len(pieces.boxes) - 1
    assert len(pieces.boxes) > 1
    assert (pieces.cuts > 0).any()


def test_a_digit_that_could_be_cut_otherwise_is_not_sure(classifier: Classifier) -> None:
    apart = classifier.read_number({"composite": row(["four", "one"], 60)})
    assert [digit.digit for digit in apart.digits] == [4, 1]
    assert min(digit.confidence for digit in apart.digits) > 0.95
    # A 1 that leans on a 0 and touches it might be a 6 or a part of it.
    close = classifier.read_number({"composite": row(["one", "zero"], -6)})
    assert min(digit.confidence for digit in close.digits) < 0.95


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


def test_the_figures_join_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="evaluate"):
        add_metric(tmp_path, "numbers", {})
    (tmp_path / "metrics.json").write_text('{"version": "1.2.3", "numbers": 1}')
    add_metric(tmp_path, "numbers", {"read_right": 0.5})
    written = json.loads((tmp_path / "metrics.json").read_text())
    assert written == {"version": "1.2.3", "numbers": {"read_right": 0.5}}
