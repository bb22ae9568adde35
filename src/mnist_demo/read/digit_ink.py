"""Finds the ink of the digits in any picture.

The finder looks at the whole picture, and where the digits in it are small, once more at the part
around them. Whatever else a picture shows, only the digits' ink goes on. Where nothing else is
there, the picture goes on as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.arrays import Pixels
from mnist_demo.read.finder import (
    AREA,
    DIGIT,
    PAPER,
    Array,
    Box,
    Find,
    View,
    by_majority,
    look,
    rgb,
    surely_digit,
    whole_digits,
    with_margin,
)
from mnist_demo.read.measure_ink import measure_ink
from mnist_demo.read.places import MOST_PLACES, digit_boxes, is_small, small_places
from mnist_demo.read.preprocess import find_ink

MARGIN = 0.7  # around a digit at which the finder looks again, as a share of its longer side
CLOSER = 192 * 192  # pixels that it then sees
AGAIN = 0.35  # margin around a digit at the last look, see `look_again`
PHOTO_SIDE, PHOTO_AREAS = 480, (256 * 256, AREA)  # of a larger picture it sees more pixels
MAX_STRAY = 0.03  # share of the ink that may be no digit's where a picture goes on as it is
LEAST_PIECE = 0.25  # size of a piece of a drawing, as a share of the drawing's
NEAR_SURE = 0.9  # mean probability of ink, seen from near, that is only looked at last
LEAST_SURE = 0.7  # mean probability of the ink of a digit in a large picture
MIN_PIXELS = 8  # longer side of a digit; smaller ones cannot be read

Located = tuple[Array, tuple[int, int]]  # what `crop_ink` returns


@dataclass(frozen=True)
class Finding:
    """What may be the digit in a picture.

    Attributes:
        view: what the finder saw in the whole picture; None if it was not asked.
        box: of the digit, in pixels of the picture; None if there is none, or if the picture goes
            on as it is.
        ink: float32 (h, w) in [0, 1], the digit's ink, cut to it; None if there is none.
        reason: why there is no ink: "no digit", "too faint" or "too small"; else "".
        whole: float32 (h, w) in [0, 1], all ink of the picture, if it lies on even paper and is
            only partly the digit's; else None. Such ink may also be a digit with an unusual stroke:
            who can read it must decide.
        connected: whether all of that ink hangs together.
        sureness: in [0, 1], the mean probability of digit of the ink in a large picture, which has
            room for many lines and shadows that look a little like a digit; 1 in a small one.
        share: in [0, 1], this probability in a picture of any size.
        partial: whether ink was left out that is a digit's with a low probability.
    """

    view: View | None
    box: Box | None
    ink: Array | None
    reason: str = ""
    whole: Array | None = None
    connected: bool = False
    sureness: float = 1.0
    share: float = 1.0
    partial: bool = False


def find_digits(find: Find, pixels: Pixels, located: Located | None) -> Iterator[Finding]:
    """Find what may be the digit in a picture, the likeliest place first.

    Digits that stand close together are found as one. There is always one finding. Each is made
    when it is asked for.

    Args:
        find: the network, see `Classifier.find`.
        pixels: uint8 (h, w), (h, w, 3) or (h, w, 4), as `read_pixels` returns them.
        located: what `crop_ink` returned for them.
    """
    colour = rgb(pixels)
    areas = areas_to_see(pixels.shape)
    view = look(find, colour, area=areas[0])
    places = digit_boxes(view)
    ink = inked(located, pixels.shape, view)
    drawing = located is not None and is_drawing(view, ink)
    if located and (is_clean(view, ink) or (not places and drawing)):
        yield Finding(view, None, located[0])
        for place in places[:1]:
            yield from (one for one in _from_near(find, colour, view, place) if one.partial)
        return
    whole = located[0] if located and drawing else None
    connected = is_connected(ink)
    seen = [(view, places)]
    for rank in range(MOST_PLACES):  # the likeliest place of each view, then the others
        for i, area in enumerate(areas):
            if i == len(seen):
                another = look(find, colour, area=area)
                seen.append((another, digit_boxes(another)))
            if rank < len(seen[i][1]):
                first, *others = _from_near(find, colour, seen[i][0], seen[i][1][rank])
                yield replace(first, whole=whole, connected=connected)
                yield from others
                whole = None
    for view, places in seen:
        for place in places[:1]:
            if is_small(view, place):
                yield _finding(view, view, view.in_picture(*place), colour)
    if located and drawing and not connected:
        yield from pieces(view, *located)
    if not any(places for _, places in seen):
        for place in small_places(seen[0][0]):
            found = _from_near(find, colour, seen[0][0], place)
            yield from (one for one in found if one.share >= NEAR_SURE)
        yield Finding(view, None, None, "no digit")


def look_again(find: Find, pixels: Pixels, box: Box) -> Finding:
    """Look once more at a digit that was found, from another distance.

    Args:
        find: the network, see `Classifier.find`.
        pixels: uint8 (h, w), (h, w, 3) or (h, w, 4), as `read_pixels` returns them.
        box: of the digit, in pixels of the picture.
    """
    colour = rgb(pixels)
    view = look(find, colour, with_margin(box, AGAIN, colour.shape))
    for place in digit_boxes(view, 1):
        return _finding(view, view, view.in_picture(*place), colour)
    return Finding(view, box, None, "no digit")


def _from_near(find: Find, colour: Pixels, view: View, place: Box) -> list[Finding]:
    """What is found at a place in a view, in one way or in several; the likelier first.

    If the place is small, the finder looks at it again. If it takes the smaller part of some
    connected ink for a digit's, as a part of a circle, then also without that; if it takes a part
    of what has a digit's shape, then with all of it. Last comes what it surely takes for a digit's.
    """
    near = view
    if is_small(view, place):
        part = with_margin(view.in_picture(*place), MARGIN, colour.shape)
        near = look(find, colour, part, CLOSER)
        boxes = digit_boxes(near, 1)
        if not boxes:
            return [Finding(view, view.in_picture(*place), None, "no digit")]
        place = boxes[0]
    box = near.in_picture(*place)

    def seen_as(classes: NDArray[np.uint8], part: Box) -> list[Finding]:
        another = replace(near, classes=classes)
        inside = another.cut(part)
        if np.array_equal(inside.classes, near.cut(part).classes):
            return []
        boxes = digit_boxes(inside, 1)
        return [_finding(view, another, inside.in_picture(*box), colour) for box in boxes]

    found = [_finding(view, near, box, colour)]
    found += seen_as(by_majority(near.classes), box)
    found += seen_as(whole_digits(near.classes), with_margin(box, 0.5, colour.shape))
    if is_large(colour.shape):  # there is always a bit of a line that looks like a 1
        return found
    surely = seen_as(surely_digit(near), box)
    return found + [replace(one, partial=True) for one in surely if one.share >= NEAR_SURE]


def _finding(whole: View, view: View, box: Box, colour: Pixels) -> Finding:
    """The digit in a box, in pixels of the picture. `whole` is the view of all of the picture."""
    if max(box[2] - box[0], box[3] - box[1]) < MIN_PIXELS:
        return Finding(whole, box, None, "too small")
    share = view.sureness(box)
    sureness = share if is_large(colour.shape) else 1.0
    if sureness < LEAST_SURE:
        return Finding(whole, box, None, "no digit")
    ink = measure_ink(view.cut(with_margin(box, 0.15, colour.shape)), colour)
    clean = None if ink is None else find_ink(255 - np.round(255 * ink).astype(np.uint8))
    reason = "too faint" if clean is None else ""
    return Finding(whole, box, clean, reason, sureness=sureness, share=share)


def pieces(view: View, ink: Array, corner: tuple[int, int]) -> Iterator[Finding]:
    """The connected pieces of a drawing that are mostly a digit's ink, the largest first.

    Args:
        view: of the whole picture.
        ink, corner: what `crop_ink` returned.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats((ink > 0.05).view(np.uint8))
    height, width = ink.shape
    box = (*corner, corner[0] + width, corner[1] + height)
    digit = (view.cut(box).classes == DIGIT).astype(np.uint8)
    inside = cv2.resize(digit, (width, height), interpolation=cv2.INTER_NEAREST)
    share = np.bincount(labels.ravel(), inside.ravel(), count) / stats[:, cv2.CC_STAT_AREA]
    size = np.max(stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]], axis=1)
    chosen = (share > 0.5) & (size > LEAST_PIECE * max(ink.shape))
    chosen[0] = False
    for k in sorted(np.flatnonzero(chosen), key=lambda k: -share[k] * size[k])[:MOST_PLACES]:
        x, y, w, h = (int(v) for v in stats[k, :4])
        at = (corner[0] + x, corner[1] + y)
        own = np.where(labels == k, ink, 0)[y : y + h, x : x + w]
        yield Finding(view, (*at, at[0] + w, at[1] + h), own)


def areas_to_see(picture: tuple[int, ...]) -> tuple[int, ...]:
    """About how many pixels of a whole picture the finder sees, one look after the other.

    It sees more of a large one first, in which the digit may be small.
    """
    return PHOTO_AREAS if is_large(picture) else (AREA,)


def is_large(picture: tuple[int, ...]) -> bool:
    """Whether a picture, given by its height and width, has room for much besides a digit."""
    return max(picture[:2]) >= PHOTO_SIDE


def inked(located: Located | None, picture: tuple[int, ...], view: View) -> NDArray[np.bool_]:
    """Where `crop_ink` sees ink, in pixels of a view: bool (h, w).

    Args:
        located: what `crop_ink` returned.
        picture: the picture's height and width.
        view: of all of it, or of a part.
    """
    rows, columns = view.classes.shape
    if located is None:
        return np.zeros((rows, columns), np.bool_)
    ink, (x, y) = located
    whole = np.zeros(picture[:2], np.uint8)
    whole[y : y + ink.shape[0], x : x + ink.shape[1]] = 255 * (ink > 0.4)
    left, top, right, bottom = view.box
    part = whole[top:bottom, left:right]
    return np.asarray(cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA) > 40)


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


def is_connected(ink: NDArray[np.bool_]) -> bool:
    """Whether all of the ink hangs together, gaps of a pixel not counted."""
    joined = cv2.dilate(ink.view(np.uint8), np.ones((3, 3), np.uint8))
    return cv2.connectedComponents(joined)[0] == 2
