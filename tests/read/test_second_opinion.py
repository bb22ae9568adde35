"""Both networks read each digit of a picture."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from mnist_demo.read.detect import CHARACTERS, Detection
from mnist_demo.read.prediction import Prediction
from mnist_demo.read.preprocess import preprocess
from mnist_demo.read.second_opinion import with_second_opinion
from tests.helpers.images import seven

SHARES = np.zeros(len(CHARACTERS), np.float32)
SHARES[[1, 7, -1]] = 0.5, 0.3, 0.2  # mostly a 1, perhaps a 7, or a letter
LETTER = np.eye(len(CHARACTERS), dtype=np.float32)[-1]


@pytest.mark.parametrize(("score", "expected"), [(1.0, [0.25, 0.55]), (0.0, [0.5, 0.3])])
def test_the_mean_counts_as_far_as_there_is_a_digit(score: float, expected: list[float]) -> None:
    picture = np.dstack([seven()] * 3)
    x, y, wide, high = cv2.boundingRect((seven() < 128).astype(np.uint8))
    box = (float(x), float(y), float(x + wide), float(y + high))
    lines = [[Detection(box, 0.9, SHARES), Detection((0, 0, 9, 9), 0.8, LETTER)]]
    asked: list[np.ndarray | None] = []

    def classify(inputs: Sequence[np.ndarray | None]) -> list[Prediction]:
        asked.extend(inputs)
        return [Prediction(np.eye(10, dtype=np.float32)[7], score, None) for _ in inputs]

    ((digit, letter),) = with_second_opinion(lines, picture, classify)
    (ink,) = asked  # not of the letter
    assert np.abs(np.asarray(ink) - np.asarray(preprocess(picture))).max() < 0.1
    np.testing.assert_allclose(digit.probabilities[[1, 7, -1]], [*expected, 0.2], atol=1e-6)
    assert digit.probabilities.sum() == pytest.approx(1)
    assert (digit.box, digit.score) == (box, 0.9) and letter is lines[0][1]


def test_a_box_beyond_the_picture_has_no_ink() -> None:
    outside = Detection((40.0, 40.0, 60.0, 60.0), 0.9, SHARES)
    blank = np.full((28, 28, 3), 255, np.uint8)

    def classify(inputs: Sequence[np.ndarray | None]) -> list[Prediction]:
        assert list(inputs) == [None]
        return [Prediction(np.zeros(10, np.float32), 0.0, None)]

    ((same,),) = with_second_opinion([[outside]], blank, classify)
    np.testing.assert_array_equal(same.probabilities, SHARES)
