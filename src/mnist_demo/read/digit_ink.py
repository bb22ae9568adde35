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
    whole_digits,
    with_margin,
)
from mnist_demo.read.measure_ink import measure_ink
from mnist_demo.read.preprocess import find_ink

MARGIN = 0.7  # around a digit at which the finder looks again, as a share of its longer side
CLOSER = 192 * 192  # pixels that it then sees
AGAIN = 0.35  # margin around a digit at the last look, see `look_again`
PHOTO_SIDE, PHOTO_AREAS = 480, (256 * 256, AREA)  # of a larger picture it sees more pixels
SMALL = 0.4  # digits that are smaller than this share of the picture are looked at again
MAX_STRAY = 0.03  # share of the ink that may be no digit's where a picture goes on as it is
MOST_PLACES = 3  # in a picture that are looked at, if the likeliest one shows no clear digit
AT_EDGE = 0.2  # weight of what touches the picture's edge, as a finger or a shadow does
REACH = 0.3  # gap between parts of one digit, as a share of its longer side
LEAST_PIECE = 0.25  # size of a piece of a drawing, as a share of the drawing's
MAYBE = 0.1  # probability of digit from which small ink may be a digit's
NEAR_SURE = 0.9  # mean probability of the ink of such a digit, seen from near
LEAST_SURE = 0.7  # mean probability of the ink of a digit in a large picture
MIN_INK = 6  # pixels of ink in a view; less is no digit
MIN_PIXELS = 8  # longer side of a digit; smaller ones cannot be read

Located = tuple[Array, tuple[int, int]]  # what `locate_ink` returns


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
    """

    view: View | None
    box: Box | None
    ink: Array | None
    reason: str = ""
    whole: Array | None = None
    connected: bool = False
    sureness: float = 1.0
    share: float = 1.0


def find_digits(find: Find, pixels: Pixels, located: Located | None) -> Iterator[Finding]:
    """Find what may be the digit in a picture, the likeliest place first.

    Digits that stand close together are found as one. There is always one finding. Each is made
    when it is asked for.

    Args:
        find: the network, see `Classifier.find`.
        pixels: uint8 (h, w), (h, w, 3) or (h, w, 4), as `read_pixels` returns them.
        located: what `locate_ink` returned for them.
    """
    colour = rgb(pixels)
    areas = areas_to_see(pixels.shape)
    view = look(find, colour, area=areas[0])
    places = digit_boxes(view)
    ink = inked(located, pixels.shape, view)
    drawing = located is not None and is_drawing(view, ink)
    if located and (is_clean(view, ink) or (not places and drawing)):
        yield Finding(view, None, located[0])
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
            if _is_small(view, place):
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


def _is_small(view: View, place: Box) -> bool:
    longer = max(place[2] - place[0], place[3] - place[1])
    return longer < SMALL * min(view.classes.shape)


def _from_near(find: Find, colour: Pixels, view: View, place: Box) -> list[Finding]:
    """What is found at a place in a view, in one or two ways; the likelier first.

    If the place is small, the finder looks at it again. If it takes the smaller part of some
    connected ink for a digit's, as a part of a circle, then without that.
    """
    near = view
    if _is_small(view, place):
        part = with_margin(view.in_picture(*place), MARGIN, colour.shape)
        near = look(find, colour, part, CLOSER)
        boxes = digit_boxes(near, 1)
        if not boxes:
            return [Finding(view, view.in_picture(*place), None, "no digit")]
        place = boxes[0]
    box = near.in_picture(*place)
    found = [_finding(view, near, box, colour)]
    around = with_margin(box, 0.5, colour.shape)
    for classes, part in ((by_majority(near.classes), box), (whole_digits(near.classes), around)):
        another = replace(near, classes=classes)
        inside = another.cut(part)
        if (inside.classes != near.cut(part).classes).any():
            for place in digit_boxes(inside, 1):
                found.append(_finding(view, another, inside.in_picture(*place), colour))
    return found


def _finding(whole: View, view: View, box: Box, colour: Pixels) -> Finding:
    """The digit in a box, in pixels of the picture. `whole` is the view of all of the picture."""
    if max(box[2] - box[0], box[3] - box[1]) < MIN_PIXELS:
        return Finding(whole, box, None, "too small")
    share = view.sureness(box)
    sureness = share if len(areas_to_see(colour.shape)) > 1 else 1.0
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
        ink, corner: what `locate_ink` returned.
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
    return PHOTO_AREAS if max(picture[:2]) >= PHOTO_SIDE else (AREA,)


def inked(located: Located | None, picture: tuple[int, ...], view: View) -> NDArray[np.bool_]:
    """Where `locate_ink` sees ink, in pixels of a view: bool (h, w).

    Args:
        located: what `locate_ink` returned.
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


def small_places(view: View) -> list[Box]:
    """The boxes of small ink that may be a digit, if the finder looks at it from near.

    From afar, it takes small digits for writing of any kind.
    """
    maybe = np.where(view.shares[:, :, DIGIT] > MAYBE, np.uint8(DIGIT), np.uint8(PAPER))
    return [box for box in digit_boxes(replace(view, classes=maybe)) if _is_small(view, box)]


def digit_boxes(view: View, most: int = MOST_PLACES) -> list[Box]:
    """The boxes of what may be the main digit in a view, or digits that stand close together.

    Large ink in the middle comes first, and what touches the edge comes last.

    Returns:
        At most `most` boxes in pixels of the view.
    """
    digit = (view.classes == DIGIT).astype(np.uint8)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(digit)
    rows, columns = digit.shape
    sure = np.bincount(labels.ravel(), view.shares[:, :, DIGIT].ravel(), count)
    off_middle = ((centres / (columns, rows) - 0.5) ** 2).sum(axis=1)
    weight = sure * np.exp(-2 * off_middle)
    weight[0] = 0
    left, top, wide, high, area = stats.T
    at_edge = (left == 0) | (top == 0) | (left + wide == columns) | (top + high == rows)
    weight[at_edge] *= AT_EDGE
    boxes: list[Box] = []
    while weight.any() and len(boxes) < most:
        first = int(weight.argmax())
        joins = (weight > 0) & (at_edge[first] | ~at_edge)
        chosen, before = np.arange(count) == first, 0
        while chosen.sum() > before:
            before = int(chosen.sum())
            x0, y0 = int(left[chosen].min()), int(top[chosen].min())
            x1, y1 = int((left + wide)[chosen].max()), int((top + high)[chosen].max())
            reach = REACH * max(x1 - x0, y1 - y0)
            beside = (left < x1 + reach) & (left + wide > x0 - reach)
            chosen |= joins & beside & (top < y1 + reach) & (top + high > y0 - reach)
        weight[chosen] = 0
        if area[chosen].sum() >= MIN_INK:
            boxes.append((x0, y0, x1, y1))
    return boxes
