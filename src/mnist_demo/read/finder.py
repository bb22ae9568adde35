"""What the finder sees in a picture.

The finder is a small network that says for each pixel whether it shows paper, the ink of a digit,
or other ink. It sees any picture at a size of about 128x128 pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.arrays import Pixels
from mnist_demo.read.preprocess import paper_below

# What a pixel may show; "¤" stands for any currency's sign.
CLASSES = ("paper", "digit", "other", ".", ",", ":", "-", "/", "+", "%", "¤")
PAPER, DIGIT, OTHER = range(3)
AREA, STEP = 128 * 128, 16  # pixels that the finder sees, and what its sides are multiples of
SHORT_SIDE, MAX_LONG = 64, 8  # shorter side of a line of writing, and its longer one at most
NEARLY_ALL = 0.85  # share of connected ink that is a digit's
LARGE = "/+%¤"  # signs that do not fit below the roof of a 7 or beside the stem of a 9
LIKELIER = 3.0  # times as probable as a digit that such a sign is, or it is one
SURELY = 0.8  # probability from which ink surely is a digit's
A_DIGIT_S = 0.2  # share of ink of a digit's shape in a number that is a digit's at least
TALL = 0.7  # height of such ink, as a share of its width
EDGE, ALONG = 0.15, 0.75  # how far a box's sides reach inwards, and how much of its length they are
SLIVER = 0.25  # height of a flat piece of other ink, as a share of the highest digit's

Array = NDArray[np.float32]
Box = tuple[int, int, int, int]  # left, top, right, bottom; the last two are exclusive
Find = Callable[[Pixels], Array]


@dataclass(frozen=True)
class View:
    """What the finder saw in a part of a picture.

    Attributes:
        box: the part, in pixels of the picture.
        shares: float32 (h, w, classes) in [0, 1], the probability of each of `CLASSES`.
        classes: uint8 (h, w), the class of each pixel, see `classes_of`.
    """

    box: Box
    shares: Array
    classes: NDArray[np.uint8]

    @property
    def scale(self) -> tuple[float, float]:
        """How many of the picture's pixels one pixel of the view stands for, across and down."""
        left, top, right, bottom = self.box
        return (right - left) / self.shares.shape[1], (bottom - top) / self.shares.shape[0]

    def cut(self, box: Box) -> View:
        """The part of this view in `box`, which is given in pixels of the picture."""
        across, down = self.scale
        left, top = self.box[:2]
        x0, x1 = max(0, int((box[0] - left) / across)), int(np.ceil((box[2] - left) / across))
        y0, y1 = max(0, int((box[1] - top) / down)), int(np.ceil((box[3] - top) / down))
        y1, x1 = np.minimum((y1, x1), self.shares.shape[:2]).tolist()
        box = self.in_picture(x0, y0, x1, y1)
        return View(box, self.shares[y0:y1, x0:x1], self.classes[y0:y1, x0:x1])

    def sureness(self, box: Box) -> float:
        """The mean probability of digit of the pixels that are a digit's, in [0, 1].

        `box` is given in pixels of the picture; 0 if it shows no digit.
        """
        part = self.cut(box)
        digit = part.classes == DIGIT
        return float(part.shares[:, :, DIGIT][digit].mean()) if digit.any() else 0.0

    def in_picture(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """A box of the view, given by two corners, in pixels of the picture."""
        across, down = self.scale
        left, top = self.box[:2]
        return (
            round(left + x0 * across),
            round(top + y0 * down),
            round(left + x1 * across),
            round(top + y1 * down),
        )


def look(find: Find, pixels: Pixels, box: Box | None = None, area: int = AREA) -> View:
    """Let the finder look at a picture, or at a part of it.

    Args:
        find: the network, see `Classifier.find`.
        pixels: uint8 (h, w, 3).
        box: the part; all if None.
        area: about how many pixels the finder sees.
    """
    height, width = pixels.shape[:2]
    left, top, right, bottom = box or (0, 0, width, height)
    part = pixels[top:bottom, left:right]
    rows, columns = finder_size(bottom - top, right - left, area)
    shares = find(resize(part, (columns, rows)))
    return View((left, top, right, bottom), shares, classes_of(shares))


def classes_of(shares: Array) -> NDArray[np.uint8]:
    """The class of each pixel: the most probable one.

    The finder calls more a sign than is one, as its training weighs signs more than digits: a
    slanted 1 looks like a slash. Where nearly all of some connected ink is a digit's, all of it is:
    the finder is less sure at the ends of strokes.

    Args:
        shares: float32 (h, w, classes) in [0, 1].

    Returns:
        uint8 (h, w), indices of `CLASSES`.
    """
    classes = shares.argmax(axis=2).astype(np.uint8)
    maybe_digit = LIKELIER * shares[:, :, DIGIT] > shares.max(axis=2)
    large = [CLASSES.index(sign) for sign in LARGE]
    classes[maybe_digit & np.isin(classes, large)] = DIGIT
    ink = (classes == DIGIT) | (classes == OTHER)
    count, labels = cv2.connectedComponents(ink.view(np.uint8))
    digits = np.bincount(labels.ravel(), (classes == DIGIT).ravel(), count)
    mostly_digit = digits > NEARLY_ALL * np.bincount(labels.ravel(), minlength=count)
    classes[ink & mostly_digit[labels]] = DIGIT
    return classes


def by_majority(classes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The classes of a view, where connected ink that is mostly other ink is so as a whole."""
    ink = (classes != PAPER).view(np.uint8)
    count, labels = cv2.connectedComponents(ink)
    of_digits = np.bincount(labels.ravel(), (classes == DIGIT).ravel(), count)
    mostly_other = of_digits < 0.5 * np.bincount(labels.ravel(), minlength=count)
    return np.where((classes == DIGIT) & mostly_other[labels], np.uint8(OTHER), classes)


def surely_digit(view: View) -> NDArray[np.uint8]:
    """The classes of a view, where ink that is a digit's with a low probability is other ink."""
    unsure = (view.classes == DIGIT) & (view.shares[:, :, DIGIT] < SURELY)
    return np.where(unsure, np.uint8(OTHER), view.classes)


def slivers(classes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where flat pieces of digits, bool (h, w), continue other ink: parts of an underline."""
    digit = (classes == DIGIT).view(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(digit, connectivity=4)
    other = cv2.dilate((classes == OTHER).view(np.uint8), np.ones((3, 3), np.uint8))
    touches = np.bincount(labels.ravel(), other.ravel(), count) > 0
    high, wide = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    flat = (high < SLIVER * high[1:].max(initial=0)) & (wide > high)
    flat[0] = False
    return np.asarray((flat & touches)[labels])


def whole_digits(classes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The classes of a view, where connected ink of a digit's shape is a digit's as a whole.

    The finder takes some of the strokes in a number for lines or signs. What it takes at least a
    part of for a digit, and what is not wide like a line of the paper, is a digit; but not a box
    that a digit touches.

    Args:
        classes: uint8 (h, w), indices of `CLASSES`.

    Returns:
        uint8 (h, w).
    """
    ink = (classes != PAPER).view(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink)
    of_digits = np.bincount(labels.ravel(), (classes == DIGIT).ravel(), count)
    whole = of_digits >= A_DIGIT_S * stats[:, cv2.CC_STAT_AREA]
    whole &= stats[:, cv2.CC_STAT_HEIGHT] > TALL * stats[:, cv2.CC_STAT_WIDTH]
    whole[0] = False  # paper
    for k in np.flatnonzero(whole):
        x, y, wide, high = stats[k, :4]
        at = (slice(y, y + high), slice(x, x + wide))
        whole[k] = not _is_box((labels[at] == k) & (classes[at] != DIGIT))
    return np.where(whole[labels], np.uint8(DIGIT), classes)


def _is_box(other: NDArray[np.bool_]) -> bool:
    """Whether ink, bool (h, w), lies along all four sides of the part that it is in."""
    rows, columns = (max(1, round(EDGE * side)) for side in other.shape)
    beside = other[:, :columns].any(axis=1), other[:, -columns:].any(axis=1)
    sides = (other[:rows].any(axis=0), other[-rows:].any(axis=0), *beside)
    return min(side.mean() for side in sides) > ALONG


def finder_size(height: int, width: int, area: int = AREA) -> tuple[int, int]:
    """The height and width at which the finder sees a picture: about `area` pixels together.

    It sees more of a long line of writing, which would be too small otherwise.
    """
    long = min(MAX_LONG, max(height, width) / min(height, width))
    area = max(area, round(SHORT_SIDE**2 * long))
    scale = (area / (height * width)) ** 0.5
    sides = (round(side * scale / STEP) * STEP for side in (height, width))
    rows, columns = (min(area // (2 * STEP), max(2 * STEP, side)) for side in sides)
    return rows, columns


def resize(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """`pixels`, uint8 (h, w, 3), at another `size`, width and height."""
    height, width = pixels.shape[:2]
    part = min(height // (2 * size[1]), width // (2 * size[0]))
    if part > 1:  # much faster by a whole number
        pixels = pixels[: height // part * part, : width // part * part]
        whole = (width // part, height // part)
        pixels = np.asarray(cv2.resize(pixels, whole, interpolation=cv2.INTER_AREA), np.uint8)
    shrinks = pixels.shape[1] >= size[0] and pixels.shape[0] >= size[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8)


def rgb(pixels: Pixels) -> Pixels:
    """Gray, RGB or RGBA `pixels` as RGB: uint8 (h, w, 3). RGBA is laid on paper."""
    if pixels.ndim == 2:
        return np.dstack([pixels] * 3)
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[:, :, 3:].astype(np.uint16)
    paper = np.uint16(paper_below(pixels))
    return ((pixels[:, :, :3] * alpha + paper * (255 - alpha)) // 255).astype(np.uint8)


def with_margin(box: Box, margin: float, picture: tuple[int, ...]) -> Box:
    """A box with a margin on all sides, in pixels of a picture.

    Args:
        box: left, top, right, bottom.
        margin: as a share of the longer side of the box.
        picture: its height and width, beyond which the box does not reach.
    """
    pad = round(margin * max(box[2] - box[0], box[3] - box[1]))
    left, top = min(max(0, box[0] - pad), picture[1] - 1), min(max(0, box[1] - pad), picture[0] - 1)
    right, bottom = min(picture[1], box[2] + pad), min(picture[0], box[3] + pad)
    return left, top, max(left + 1, right), max(top + 1, bottom)


def shared_area(first: Box, second: Box) -> int:
    """The area that two boxes have in common, in pixels."""
    wide = min(first[2], second[2]) - max(first[0], second[0])
    high = min(first[3], second[3]) - max(first[1], second[1])
    return max(0, wide) * max(0, high)
