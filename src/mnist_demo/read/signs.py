"""Signs between the digits of a number, as the finder sees them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.finder import CLASSES, DIGIT, LARGE, OTHER, Box, View, shared_area
from mnist_demo.read.prediction import Prediction

MIN_SIGN = 3  # pixels of the finder; fewer are noise

Array = NDArray[np.float32]


def find_signs(view: View) -> list[tuple[str, Box]]:
    """The signs in a view, each with its box in pixels of the picture."""
    classes = view.classes
    sign = (classes > OTHER).astype(np.uint8)
    # Its parts, such as the dots of a colon, lie close together.
    joined = cv2.morphologyEx(sign, cv2.MORPH_CLOSE, np.ones((5, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.asarray(joined, np.uint8))
    signs = []
    for k in range(1, count):
        own = (labels == k) & (sign > 0)
        if own.sum() < MIN_SIGN:
            continue
        total = view.shares[own].sum(axis=0)
        kind = CLASSES[OTHER + 1 + int(total[OTHER + 1 :].argmax())]
        x, y, width, height = (int(v) for v in stats[k, :4])
        signs.append((kind, view.in_picture(x, y, x + width, y + height)))
    return signs


def without_signs(ink: Array, classes: NDArray[np.uint8]) -> tuple[tuple[int, int], Array]:
    """Ink without the connected parts of which the finder takes more for signs than for other ink.

    Args:
        ink: float32 (h, w) in [0, 1].
        classes: uint8, of any size: what the finder sees there, indices of `CLASSES`.

    Returns:
        The corner (x, y) of what is left, and that, cut to it. If nothing is left, all of it.
    """
    seen = cv2.resize(classes, ink.shape[::-1], interpolation=cv2.INTER_NEAREST)
    count, labels = cv2.connectedComponents((ink > 0.05).view(np.uint8))
    of_signs = np.bincount(labels.ravel(), (seen > OTHER).ravel(), count)
    of_others = np.bincount(labels.ravel(), ((seen == DIGIT) | (seen == OTHER)).ravel(), count)
    kept = of_signs <= of_others
    kept[0] = False  # paper
    if not kept.any():
        return (0, 0), ink
    left = np.where(kept[labels], ink, np.float32(0))
    x, y, wide, high = cv2.boundingRect(kept[labels].view(np.uint8))
    return (x, y), left[y : y + high, x : x + wide]


def text_of(
    digits: Sequence[Prediction], boxes: Sequence[Box], signs: Sequence[tuple[str, Box]]
) -> str:
    """The digits of a line and the signs that stand among them, from left to right.

    A large sign in the place of a digit is a stroke of it, as the "/" that a slanted 1 looks like.
    """
    top, bottom = min(box[1] for box in boxes), max(box[3] for box in boxes)
    reach = 0.3 * (bottom - top)
    items = [(box[0] + box[2], str(digit.digit)) for digit, box in zip(digits, boxes, strict=True)]
    for sign, (x0, y0, x1, y1) in signs:
        is_part = sign in LARGE and any(_covers(box, (x0, y0, x1, y1)) for box in boxes)
        if not is_part and top - reach < (y0 + y1) / 2 < bottom + reach:
            items.append((x0 + x1, sign))
    return "".join(sign for _, sign in sorted(items))


def _covers(digit: Box, sign: Box) -> bool:
    """Whether most of a sign's box lies in a digit's."""
    return 2 * shared_area(digit, sign) > (sign[2] - sign[0]) * (sign[3] - sign[1])
