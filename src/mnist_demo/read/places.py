"""Where in a view the digits may be."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from mnist_demo.read.finder import DIGIT, PAPER, Box, View

SMALL = 0.4  # digits that are smaller than this share of the picture are looked at again
MOST_PLACES = 3  # in a picture that are looked at, if the likeliest one shows no clear digit
AT_EDGE = 0.2  # weight of what touches the picture's edge, as a finger or a shadow does
REACH = 0.3  # gap between parts of one digit, as a share of its longer side
MIN_INK = 6  # pixels of ink in a view; less is no digit
MAYBE = 0.1  # probability of digit from which small ink may be a digit's


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


def small_places(view: View) -> list[Box]:
    """The boxes of small ink that may be a digit, if the finder looks at it from near.

    From afar, it takes small digits for writing of any kind.
    """
    maybe = np.where(view.shares[:, :, DIGIT] > MAYBE, np.uint8(DIGIT), np.uint8(PAPER))
    return [box for box in digit_boxes(replace(view, classes=maybe)) if is_small(view, box)]


def is_small(view: View, place: Box) -> bool:
    """Whether a box, in pixels of a view, is small enough to be looked at from near."""
    longer = max(place[2] - place[0], place[3] - place[1])
    return longer < SMALL * min(view.classes.shape)
