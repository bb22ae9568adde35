"""What detections say: one digit, several, or lines of digits and signs."""

import numpy as np
import pytest

from mnist_demo.read.detect import CHARACTERS, Detection
from mnist_demo.read.lines import Number, digit_of, number_of


def detection(
    sign: str, x: float, high: float = 40, score: float = 0.9, sure: float = 0.79
) -> Detection:
    """A character half as wide as high, whose probability is `sure`; the others share the rest."""
    probabilities = np.full(len(CHARACTERS), (1 - sure) / (len(CHARACTERS) - 1), np.float32)
    probabilities[CHARACTERS.index(sign)] = sure
    return Detection((x, 10, x + high / 2, 10 + high), score, probabilities)


def test_a_line_has_its_digits_and_the_signs_between_them() -> None:
    line = [detection(sign, 30 * i) for i, sign in enumerate("3+4x=7")]
    words = [detection("x", 30), detection(".", 60)]
    number = number_of([line, words, [detection("5", 1.5)]], scale=2)
    assert number.text == "3+4=7\n5" and number.number == "347\n5"
    assert [len(part.digits) for part in number.lines] == [3, 1], "a line of words is none"
    assert number.lines[1].boxes == [(3, 20, 43, 100)]
    assert number.boxes[0] == (0, 20, 40, 100)


def test_a_digit_is_as_probable_as_among_the_ten() -> None:
    (digit,) = number_of([[detection("8", 0)]]).digits
    assert digit.digit == 8 and digit.model_input is None and digit.reason == ""
    assert digit.probabilities.sum() == pytest.approx(1)
    assert digit.confidence == pytest.approx(0.79 / 0.88)
    assert digit.digit_score == pytest.approx(0.9 * 0.88), "and else it may be no digit"


def test_boxes_do_not_begin_outside_of_the_picture() -> None:
    number = number_of([[detection("1", -4.5)]])
    assert number.boxes == [(0, 10, 16, 50)]


def test_no_digit_one_or_several() -> None:
    for lines in ([], [[detection("x", 0), detection("+", 30)]]):
        nothing = digit_of(lines)
        assert nothing.digit is None and not nothing.is_digit and nothing.reason == "no digit"
        assert number_of(lines) == Number([])
    alone = digit_of([[detection("x", 0), detection("6", 30)]])
    assert alone.digit == 6 and alone.is_digit and alone.reason == ""
    several = digit_of([[detection("6", 0), detection("2", 30, high=50)], [detection("1", 0)]])
    assert several.digit == 2 and not several.is_digit and several.reason == "several digits"


def test_small_digits_beside_a_large_one_are_the_numbers_of_an_axis() -> None:
    axis = [detection(sign, 20 * i, high=9) for i, sign in enumerate("0123")]
    assert digit_of([[detection("4", 30, high=60)], axis]).digit == 4
    wheel = digit_of([[detection("9", 0, high=60)], [detection("0", 0, high=34)]])
    assert wheel.digit == 9 and wheel.is_digit, "half of the next digit is to be seen"


def test_unlikely_digits_are_none() -> None:
    unlikely = [detection("6", 0, score=0.45), detection("6", 30, score=0.45)]
    assert digit_of([unlikely]).reason == "no digit"


def test_of_one_character_that_is_no_digit_the_likeliest_digit_is_said() -> None:
    """The network for drawings says it of a letter, too."""
    for letter in (detection("6", 0, score=0.45), detection("x", 0)):
        guess = digit_of([[letter]])
        assert guess.digit is not None and guess.probabilities.sum() == pytest.approx(1)
        assert guess.digit_score == pytest.approx(letter.digit_score)
        assert not guess.is_digit and guess.reason == ""
    assert digit_of([[detection("6", 0, score=0.45)]]).digit == 6
