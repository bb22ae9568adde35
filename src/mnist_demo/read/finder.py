"""Finds the ink of the digits in any picture.

A small network, the finder, says for each pixel whether it shows paper, the ink of a digit, or
other ink. It looks at the picture at a size of about 128x128 pixels, and where the digits in it are
small, once more at the part around them. Whatever else a picture shows, only the digits' ink goes
on. Where nothing else is there, the picture goes on as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.arrays import Pixels
from mnist_demo.read.preprocess import find_ink, locate_ink, paper_below

# What a pixel may show; "¤" stands for any currency's sign.
CLASSES = ("paper", "digit", "other", ".", ",", ":", "-", "/", "+", "%", "¤")
PAPER, DIGIT, OTHER = range(3)
AREA, STEP = 128 * 128, 16  # pixels that the finder sees, and what its sides are multiples of
MAX_SIDE = 512  # of what the finder sees
INK_SIDE = 320  # longest side, in pixels, of the part in which one digit's ink is measured
SMALL = 0.4  # digits that are smaller than this share of the picture are looked at again
NEARLY_ALL = 0.85  # share of connected ink that is a digit's
MAX_STRAY = 0.03  # share of the ink that may be no digit's where a picture goes on as it is
MIN_PIXELS = 8  # longer side of a digit; smaller ones cannot be read
MIN_CONTRAST = 12.0  # in [0, 255]; fainter ink is too faint to be read

Array = NDArray[np.float32]
Box = tuple[int, int, int, int]  # left, top, right, bottom; the last two are exclusive
Find = Callable[[Pixels], Array]
Located = tuple[Array, tuple[int, int]]  # what `locate_ink` returns


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
        box = self.in_picture(x0, y0, x1 - x0, y1 - y0)
        return View(box, self.shares[y0:y1, x0:x1], self.classes[y0:y1, x0:x1])

    def in_picture(self, x: float, y: float, width: float, height: float) -> Box:
        """A box of the view, given by its corner and size, in pixels of the picture."""
        across, down = self.scale
        left, top = self.box[:2]
        return (
            round(left + x * across),
            round(top + y * down),
            round(left + (x + width) * across),
            round(top + (y + height) * down),
        )


@dataclass(frozen=True)
class Finding:
    """The digit that was found in a picture.

    Attributes:
        view: what the finder saw in the whole picture.
        box: of the digit, in pixels of the picture; None if there is none, or if the picture goes
            on as it is.
        ink: float32 (h, w) in [0, 1], the digit's ink, cut to it; None if there is none.
        reason: why there is no ink: "no digit", "too faint" or "too small"; else "".
    """

    view: View
    box: Box | None
    ink: Array | None
    reason: str = ""


def find_digit(find: Find, pixels: Pixels) -> Finding:
    """Find the digit in a picture, or digits that stand close together.

    Args:
        find: the network, see `Classifier.find`.
        pixels: uint8 (h, w), (h, w, 3) or (h, w, 4), as `read_pixels` returns them.
    """
    colour = rgb(pixels)
    view = whole = look(find, colour)
    found = main_digit(view)
    located = locate_ink(pixels)
    ink = inked(located, pixels.shape, view)
    if located and (is_clean(view, ink) or (found is None and is_drawing(view, ink))):
        return Finding(whole, None, located[0])
    if found is not None and _share(view, found) < SMALL:
        view = look(find, colour, around(view, found, 0.7, pixels.shape))
        found = main_digit(view)
    if found is None:
        return Finding(whole, None, None, "no digit")
    x0, y0, x1, y1 = found
    box = view.in_picture(x0, y0, x1 - x0, y1 - y0)
    if max(box[2] - box[0], box[3] - box[1]) < MIN_PIXELS:
        return Finding(whole, box, None, "too small")
    measured = measure_ink(view.cut(around(view, found, 0.15, pixels.shape)), colour)
    clean = None if measured is None else find_ink(255 - np.round(255 * measured).astype(np.uint8))
    return Finding(whole, box, clean, "too faint" if clean is None else "")


def _share(view: View, box: Box) -> float:
    """The longer side of `box`, as a share of the view's shorter side."""
    return max(box[2] - box[0], box[3] - box[1]) / min(view.shares.shape[:2])


def look(find: Find, pixels: Pixels, box: Box | None = None) -> View:
    """Let the finder look at a picture, or at a part of it.

    Args:
        find: the network, see `Classifier.find`.
        pixels: uint8 (h, w, 3).
        box: the part; all if None.
    """
    height, width = pixels.shape[:2]
    left, top, right, bottom = box or (0, 0, width, height)
    part = pixels[top:bottom, left:right]
    rows, columns = finder_size(bottom - top, right - left)
    shares = find(resize(part, (columns, rows)))
    return View((left, top, right, bottom), shares, classes_of(shares))


def classes_of(shares: Array) -> NDArray[np.uint8]:
    """The class of each pixel: the most probable one.

    Where nearly all of some connected ink is a digit's, all of it is: the finder is less sure at
    the ends of strokes.

    Args:
        shares: float32 (h, w, classes) in [0, 1].

    Returns:
        uint8 (h, w), indices of `CLASSES`.
    """
    classes = shares.argmax(axis=2).astype(np.uint8)
    ink = (classes == DIGIT) | (classes == OTHER)
    count, labels = cv2.connectedComponents(ink.view(np.uint8))
    digits = np.bincount(labels.ravel(), (classes == DIGIT).ravel(), count)
    mostly_digit = digits > NEARLY_ALL * np.bincount(labels.ravel(), minlength=count)
    classes[ink & mostly_digit[labels]] = DIGIT
    return classes


def finder_size(height: int, width: int) -> tuple[int, int]:
    """The height and width at which the finder sees a picture: about `AREA` pixels together."""
    scale = (AREA / (height * width)) ** 0.5
    sides = (round(side * scale / STEP) * STEP for side in (height, width))
    rows, columns = (min(MAX_SIDE, max(2 * STEP, side)) for side in sides)
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


def inked(located: Located | None, picture: tuple[int, ...], view: View) -> NDArray[np.bool_]:
    """Where `locate_ink` sees ink, in pixels of a view of the whole picture: bool (h, w).

    Args:
        located: what `locate_ink` returned.
        picture: the picture's height and width.
        view: of all of it.
    """
    rows, columns = view.classes.shape
    if located is None:
        return np.zeros((rows, columns), np.bool_)
    ink, (x, y) = located
    whole = np.zeros(picture[:2], np.uint8)
    whole[y : y + ink.shape[0], x : x + ink.shape[1]] = 255 * (ink > 0.4)
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA) > 127)


def is_clean(view: View, ink: NDArray[np.bool_]) -> bool:
    """Whether a picture shows digits' ink on even paper and nothing else.

    `view` is of the whole picture, and `ink` is what `inked` returned for it.
    """
    digit = (view.classes == DIGIT).astype(np.uint8)
    near = cv2.dilate(digit, np.ones((5, 5), np.uint8)) > 0
    other = (view.classes != DIGIT) & (view.classes != PAPER)
    stray = (ink | other) & ~near
    return bool(ink.any() and digit.any() and stray.sum() <= MAX_STRAY * digit.sum())


def is_drawing(view: View, ink: NDArray[np.bool_]) -> bool:
    """Whether a picture shows ink of any kind on even paper, away from the picture's edge.

    `view` is of the whole picture, and `ink` is what `inked` returned for it.
    """
    edge = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    near = cv2.dilate((view.classes != PAPER).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return bool(ink.any() and not edge.any() and (ink & ~near).sum() <= 0.2 * ink.sum())


def main_digit(view: View) -> Box | None:
    """The box of the largest digit in a view, or of digits that stand close together.

    Returns:
        The box in pixels of the view; None if the view shows no digit.
    """
    digit = (view.classes == DIGIT).astype(np.uint8)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(digit)
    if count == 1:
        return None
    rows, columns = digit.shape
    sure = np.bincount(labels.ravel(), view.shares[:, :, DIGIT].ravel(), count)
    off_middle = ((centres / (columns, rows) - 0.5) ** 2).sum(axis=1)
    weight = sure * np.exp(-2 * off_middle)
    weight[0] = 0
    left, top, wide, high, _ = stats.T
    chosen, before = np.arange(count) == int(weight.argmax()), 0
    while chosen.sum() > before:
        before = int(chosen.sum())
        x0, y0 = int(left[chosen].min()), int(top[chosen].min())
        x1, y1 = int((left + wide)[chosen].max()), int((top + high)[chosen].max())
        reach = 0.2 * max(x1 - x0, y1 - y0)
        beside = (left < x1 + reach) & (left + wide > x0 - reach)
        chosen |= beside & (top < y1 + reach) & (top + high > y0 - reach) & (weight > 0)
    if stats[chosen, cv2.CC_STAT_AREA].sum() < 6:
        return None
    return x0, y0, x1, y1


def around(view: View, box: Box, margin: float, picture: tuple[int, ...]) -> Box:
    """`box` of a view with a margin on all sides, in pixels of the picture.

    Args:
        view: in whose pixels the box is.
        box: left, top, right, bottom.
        margin: as a share of the longer side of the box.
        picture: its height and width, beyond which the box does not reach.
    """
    x0, y0, x1, y1 = box
    pad = margin * max(x1 - x0, y1 - y0)
    left, top, right, bottom = view.in_picture(
        x0 - pad, y0 - pad, x1 - x0 + 2 * pad, y1 - y0 + 2 * pad
    )
    return max(0, left), max(0, top), min(picture[1], right), min(picture[0], bottom)


def measure_ink(view: View, pixels: Pixels, side: int = INK_SIDE) -> Array | None:
    """How much ink of digits each pixel has, in the part of a picture that a view shows.

    The ink is what differs from the paper around it, where the finder sees a digit. The paper's
    colour is the mean of what the finder takes for paper near by, so that light may fall off.

    Args:
        view: of the part.
        pixels: the picture, uint8 (h, w, 3).
        side: longest side of the result in pixels, if the part is not smaller.

    Returns:
        float32 (h, w) in [0, 1]; None if the ink is too faint.
    """
    left, top, right, bottom = view.box
    part = pixels[top:bottom, left:right]
    scale = side / max(part.shape[:2])
    if scale < 1:
        size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
        part = resize(part, size)
    size = (part.shape[1], part.shape[0])
    paper = cv2.resize(view.shares[:, :, PAPER], size, interpolation=cv2.INTER_LINEAR)
    weight = np.maximum(cv2.erode(paper, np.ones((3, 3), np.uint8)) ** 4, 1e-6)[..., np.newaxis]
    reach = 0.08 * max(size)
    colour = part.astype(np.float32)
    total = cv2.GaussianBlur(weight, (0, 0), reach)[..., np.newaxis]
    ground = cv2.GaussianBlur(colour * weight, (0, 0), reach) / total
    contrast = np.abs(colour - ground).max(axis=2)

    digit = (view.classes == DIGIT).astype(np.float32)
    # Ink of something else keeps its place, but the edge of a digit's stroke may look like paper.
    near = cv2.dilate(digit, np.ones((3, 3), np.uint8)) * (digit + (view.classes == PAPER))
    mask = np.clip(2 * cv2.resize(near, size, interpolation=cv2.INTER_LINEAR) - 0.3, 0, 1)
    inside = cv2.resize(digit, size, interpolation=cv2.INTER_LINEAR) > 0.6
    if not inside.any():
        return None
    usual = float(np.median(contrast[inside]))
    if usual < MIN_CONTRAST:
        return None
    return np.asarray(np.clip((contrast / usual - 0.25) / 0.5, 0, 1) * mask, np.float32)
