"""What the detections in a picture say: one digit, or lines of numbers with their signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_demo.read.detect import SIGNS, Detection
from mnist_demo.read.prediction import DIGIT_THRESHOLD, Prediction

Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels; the last two are exclusive
# Size of a digit, as a share of the largest one's, from which it is one of several. With 0.5, the
# halves of the next digits on a meter's wheel are.
SIMILAR = 0.6


@dataclass(frozen=True)
class Line:
    """One line of digits, from left to right.

    Attributes:
        digits: a prediction for each digit.
        boxes: the place of each digit in the image's pixels.
        text: the digits and the signs between them, which are those of `CHARACTERS`.
    """

    digits: list[Prediction]
    boxes: list[Box]
    text: str

    @property
    def number(self) -> str:
        """The digits alone."""
        return "".join(str(prediction.digit) for prediction in self.digits)


@dataclass(frozen=True)
class Number:
    """What was read in a picture.

    Attributes:
        lines: from top to bottom; empty if there is no digit.
    """

    lines: list[Line]

    @property
    def digits(self) -> list[Prediction]:
        """The predictions of all lines."""
        return [digit for line in self.lines for digit in line.digits]

    @property
    def boxes(self) -> list[Box]:
        """The places of all digits."""
        return [box for line in self.lines for box in line.boxes]

    @property
    def number(self) -> str:
        """The digits; those of several lines are separated by line ends."""
        return "\n".join(line.number for line in self.lines)

    @property
    def text(self) -> str:
        """The digits and the signs between them; several lines are separated by line ends."""
        return "\n".join(line.text for line in self.lines)


def number_of(lines: Sequence[Sequence[Detection]], scale: float = 1.0) -> Number:
    """The number in a picture.

    Args:
        lines: what `find_lines` returned.
        scale: how many of the image's pixels one of the picture's stands for.
    """
    found = []
    for line in lines:
        digits = [d for d in line if is_digit(d)]
        if digits:
            text = "".join(d.sign for d in line if is_digit(d) or d.sign in SIGNS)
            boxes = [_in_image(d, scale) for d in digits]
            found.append(Line([_prediction(d) for d in digits], boxes, text))
    return Number(found)


def digit_of(lines: Sequence[Sequence[Detection]]) -> Prediction:
    """The one digit in a picture, whose lines `find_lines` returned.

    If there are several of similar size, it is the largest, and the reason says so. If there is
    but one character, the prediction says which digit it is most like, with a low score if it is
    none: so does that of a drawing.
    """
    found = [d for line in lines for d in line]
    if len(found) == 1:
        return _prediction(found[0])
    digits = sorted((d for d in found if is_digit(d)), key=lambda d: -d.size)
    if not digits:
        return Prediction(np.zeros(10, np.float32), 0.0, None, "no digit")
    first = _prediction(digits[0])
    if len(digits) > 1 and digits[1].size > SIMILAR * digits[0].size:
        return Prediction(first.probabilities, 0.0, None, "several digits")
    return first


def is_digit(detection: Detection) -> bool:
    """Whether it is more probable than not that a digit is there."""
    return detection.sign.isdigit() and detection.digit_score >= DIGIT_THRESHOLD


def _prediction(detection: Detection) -> Prediction:
    shares = detection.probabilities[:10]
    return Prediction(shares / shares.sum(), detection.digit_score, None)


def _in_image(detection: Detection, scale: float) -> Box:
    """The box in whole pixels of the image, none of which is cut."""
    left, top, right, bottom = (scale * side for side in detection.box)
    left, top = max(0, int(left)), max(0, int(top))
    return left, top, max(left + 1, int(np.ceil(right))), max(top + 1, int(np.ceil(bottom)))
