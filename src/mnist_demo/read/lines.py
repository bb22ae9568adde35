"""Reads the numbers in any picture, line by line, with the signs between their digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_demo.read.arrays import Pixels
from mnist_demo.read.digit_ink import CLOSER, inked, is_clean, is_drawing
from mnist_demo.read.files import open_if_file
from mnist_demo.read.finder import (
    DIGIT,
    OTHER,
    PAPER,
    Box,
    Find,
    View,
    look,
    rgb,
    shared_area,
    slivers,
    whole_digits,
    with_margin,
)
from mnist_demo.read.images import is_halved, read_pixels
from mnist_demo.read.measure_ink import measure_ink
from mnist_demo.read.numbers import read_line
from mnist_demo.read.prediction import Prediction
from mnist_demo.read.preprocess import crop_ink
from mnist_demo.read.signs import find_signs, text_of, without_signs
from mnist_demo.read.split_lines import split_lines

if TYPE_CHECKING:
    from mnist_demo.read.classifier import Classifier

INK_SIDE = 1600  # longest side, in pixels, of the ink of all lines
MARGIN = 0.1  # around ink, as a share of its longer side
SMALL = 0.6  # lines that fill less than this share of the picture are looked at again
BESIDE = 0.3  # of their longer side around them then, where more digits may stand
INNER = 0.2  # height of ink inside of other ink, as a share of all ink's; less is a speck
ALMOST = 0.25  # share of the ink that may be neither a digit's nor a sign's
SAME_PLACE = 0.5  # of the larger box: how much two boxes of one digit have in common at least
BOX = 0.1  # least ink, in [0, 1], of a box around digits
SMALLEST = 3  # pixels of the finder that are no noise

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Line:
    """One line of digits, from left to right.

    Attributes:
        digits: a prediction for each digit.
        boxes: the place of each digit, (left, top, right, bottom) in the image's pixels. Right and
            bottom are exclusive.
        text: the digits and the signs between them: . , : - / + % and "¤" for any currency.
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


@dataclass(frozen=True)
class _Ink:
    """The ink of all digits in a picture, and the signs among them.

    Attributes:
        ink: float32 (h, w) in [0, 1], cut to it.
        corner: (x, y) of its upper left corner in the picture.
        scale: how many of the picture's pixels one of its pixels stands for, across and down.
        signs: each sign and its box in pixels of the picture.
    """

    ink: Array
    corner: tuple[float, float]
    scale: tuple[float, float] = (1.0, 1.0)
    signs: Sequence[tuple[str, Box]] = ()

    def part_around(self, picture: tuple[int, ...]) -> Box:
        """The part of a picture, given by its height and width, with this ink and a margin."""
        height, width = self.ink.shape
        return with_margin(self.in_picture((0, 0, width, height)), MARGIN, picture)

    def in_picture(self, box: Box) -> Box:
        """A box of the ink in pixels of the picture."""
        (x, y), (across, down) = self.corner, self.scale
        corner = (int(x + box[0] * across), int(y + box[1] * down))
        return (*corner, int(np.ceil(x + box[2] * across)), int(np.ceil(y + box[3] * down)))


def read_number(classifier: Classifier, image: Any) -> Number:
    """Read the digits in any picture, in any form that `preprocess` accepts.

    Of any picture, only the ink goes on in which the finder sees digits. Ink on even paper is also
    read as it is, but for the signs in it, and the clearer of the two readings is taken. If both
    are clear, it is the finder's, unless almost all ink is the digits'. Digits that only one of
    them has are doubted.

    Raises:
        ValueError: `preprocess` would raise it, or the ink has too many pieces for a number.
    """
    image = open_if_file(image)
    pixel = 2 if isinstance(image, Image.Image) and is_halved(image) else 1
    pixels = read_pixels(image)
    if pixels is None:
        return Number([])
    located = crop_ink(pixels)
    all_ink = None if located is None else _Ink(*located)
    if not classifier.looks_at(image, pixels):
        return _read_lines(classifier, all_ink, pixel)
    colour = rgb(pixels)
    view = look(classifier.find, colour, area=CLOSER)
    if all_ink is None or not is_drawing(view, inked(located, pixels.shape, view)):
        return _read_lines(classifier, _find_ink(classifier.find, colour, view), pixel)
    # Nothing but ink on even paper: the finder sees more of it from near.
    view = look(classifier.find, colour, all_ink.part_around(pixels.shape), CLOSER)
    ink = inked(located, pixels.shape, view)
    readings: list[Number] = []
    too_many: ValueError | None = None  # pieces
    if not is_enclosed(all_ink.ink):
        try:
            readings.append(_read_lines(classifier, _without_signs(all_ink, view), pixel))
        except ValueError as error:
            too_many = error
        # All ink is the digits', and can be read.
        if readings and is_clean(view, ink) and all(d.is_clear for d in readings[0].digits):
            return readings[0]
    found = _find_ink(classifier.find, colour, view)
    if found is None:
        return readings[0] if readings else _read_lines(classifier, all_ink, pixel)
    try:
        number = _read_lines(classifier, found, pixel)
        readings.insert(len(readings) if _is_almost_all(view, ink) else 0, number)
    except ValueError as error:
        too_many = error
    number, *others = sorted(readings, key=_unclear) or [Number([])]
    if too_many and 2 * _unclear(number) >= len(number.digits):
        raise too_many
    return compared(number, others[0]) if others else number


def _is_almost_all(view: View, ink: NDArray[np.bool_]) -> bool:
    """Whether almost all ink of a picture, see `inked`, is that of digits or signs."""
    classes = whole_digits(view.classes)
    found = (classes != PAPER) & (classes != OTHER)
    near = cv2.dilate(found.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return bool((ink & ~near).sum() <= ALMOST * ink.sum())


def compared(number: Number, other: Number) -> Number:
    """A number whose digits are half as sure where another reading does not have them."""
    lines = []
    for line in number.lines:
        digits = [
            digit if _has(other, digit.digit, box) else digit.mix_with_uniform(0.5)
            for digit, box in zip(line.digits, line.boxes, strict=True)
        ]
        lines.append(replace(line, digits=digits))
    return Number(lines)


def _has(number: Number, digit: int | None, box: Box) -> bool:
    """Whether a number has a digit in about this place."""
    for theirs, place in zip(number.digits, number.boxes, strict=True):
        larger = max((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (place, box))
        if theirs.digit == digit and shared_area(place, box) >= SAME_PLACE * larger:
            return True
    return False


def _unclear(number: Number) -> int:
    """How many digits are not clear."""
    return sum(not digit.is_clear for digit in number.digits)


def _read_lines(classifier: Classifier, found: _Ink | None, pixel: int) -> Number:
    """Read ink line by line. `pixel` is 2 if the image was halved, else 1."""
    if found is None:
        return Number([])
    lines = []
    for (left, top), part in split_lines(found.ink):
        digits, own = read_line(classifier, part)
        boxes = [
            found.in_picture((x0 + left, y0 + top, x1 + left, y1 + top)) for x0, y0, x1, y1 in own
        ]
        text = text_of(digits, boxes, found.signs)
        boxes = [(pixel * x0, pixel * y0, pixel * x1, pixel * y1) for x0, y0, x1, y1 in boxes]
        lines.append(Line(digits, boxes, text))
    return Number(lines)


def _without_signs(all_ink: _Ink, view: View) -> _Ink:
    """All ink of a picture but its signs. `view` is of the part around it."""
    x, y = (int(v) for v in all_ink.corner)
    height, width = all_ink.ink.shape
    seen = view.cut((x, y, x + width, y + height)).classes
    (left, top), ink = without_signs(all_ink.ink, seen)
    return _Ink(ink, (x + left, y + top), signs=find_signs(view))


def _find_ink(find: Find, colour: Pixels, view: View) -> _Ink | None:
    """The ink of all digits in a picture, uint8 (h, w, 3), in the part that `view` shows."""
    box = _digits_box(view)
    if box is None:
        return None
    rows, columns = view.classes.shape
    if (box[2] - box[0]) * (box[3] - box[1]) < SMALL * rows * columns:
        part = with_margin(view.in_picture(*box), BESIDE, colour.shape)
        closer = look(find, colour, part, CLOSER)
        again = _digits_box(closer)
        if again is not None:
            view, box = closer, again
    classes = whole_digits(view.classes)
    view = replace(view, classes=np.where(slivers(classes), np.uint8(OTHER), classes))
    view = view.cut(with_margin(view.in_picture(*box), 0.1, colour.shape))
    measured = measure_ink(view, colour, INK_SIDE)
    if measured is None:
        return None
    clean = crop_ink(255 - np.round(255 * measured).astype(np.uint8))
    if clean is None:
        return None
    ink, (x, y) = clean
    across = (view.box[2] - view.box[0]) / measured.shape[1]
    down = (view.box[3] - view.box[1]) / measured.shape[0]
    corner = (view.box[0] + x * across, view.box[1] + y * down)
    return _Ink(ink, corner, (across, down), find_signs(view))


def _digits_box(view: View) -> Box | None:
    """The box around all digits in a view, in its pixels; None if there are none."""
    digit = (view.classes == DIGIT).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(digit)
    # Small parts far from the others are noise, or a digit that does not belong to the number.
    area = stats[:, cv2.CC_STAT_AREA]
    kept = area >= max(SMALLEST, 0.1 * float(area[1:].max(initial=0)))
    kept[0] = False
    if not kept.any():
        return None
    x, y, width, height = cv2.boundingRect(kept[labels].view(np.uint8))
    return x, y, x + width, y + height


def is_enclosed(ink: Array) -> bool:
    """Whether some of the ink, float32 (h, w) in [0, 1], lies inside of other ink, as a digit does
    in its box."""
    mask = (ink > BOX).astype(np.uint8)
    contours, tree = cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    for contour, (_, _, _, parent) in zip(contours, tree[0] if contours else (), strict=True):
        is_hole = parent >= 0 and tree[0][parent][3] < 0
        if parent >= 0 and not is_hole and cv2.boundingRect(contour)[3] > INNER * ink.shape[0]:
            return True
    return False
