"""Splits the ink of several numbers into lines of writing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_PARTS = 150  # connected parts of the ink of all lines, specks not counted
SPECK = 0.06  # longer side of a speck, as a share of the highest connected part's height
# Heights as shares of the highest connected part's; lower parts go with the part next to them.
MIN_HEIGHT = 0.45
SAME_LINE = 0.35  # of the lower one's height: how far two parts of one line overlap at least
MIN_SPACE = 0.15  # of the higher one's height: white between two lines that may be one digit wide
WIDER_THAN_A_DIGIT = 1.3  # of the line's height
AS_HIGH = 0.7  # of the line's height: height of a digit at least

Array = NDArray[np.float32]
Boxes = NDArray[np.int64]  # (n, 4): left, top, right, bottom of each connected part


def split_lines(ink: Array) -> list[tuple[tuple[int, int], Array]]:
    """Split ink into lines of writing, from top to bottom.

    Connected parts that stand at about the same height are in one line, and so are lines that
    climb, as each part stands beside the next. Two lines are about equally high. Where little or
    no white is between them, both must be wider than a digit or have several parts that are as high
    as the line. So the parts of a broken digit stay together. Specks are left out: a camera's noise
    leaves hundreds.

    Args:
        ink: float32 (h, w) in [0, 1], cut to the ink.

    Returns:
        For each line the corner (x, y) of its ink, and the ink, float32 (h, w), cut to it.

    Raises:
        ValueError: the ink has more than `MAX_PARTS` connected parts.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats((ink > 0.05).view(np.uint8))
    sides = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    kept = sides.max(axis=1) >= SPECK * sides[:, 1].max()
    boxes = stats[1:, :4][kept].astype(np.int64)
    if len(boxes) > MAX_PARTS:
        raise ValueError(f"the ink is in {len(boxes)} pieces, too many for numbers")
    boxes[:, 2:] += boxes[:, :2]
    line = _join(boxes, _lines_of(boxes))
    line_of = np.full(len(stats), -1)  # of each label; of paper and specks none
    line_of[1:][kept] = line
    lines = []
    for k in _from_the_top(boxes, line):
        x0, y0, x1, y1 = _hull(boxes[line == k])
        own = line_of[labels[y0:y1, x0:x1]] == k
        lines.append(((x0, y0), np.where(own, ink[y0:y1, x0:x1], np.float32(0))))
    return lines


def _lines_of(boxes: Boxes) -> NDArray[np.int64]:
    """Which parts stand beside each other: (n,), one number for each line."""
    height = boxes[:, 3] - boxes[:, 1]
    high = np.flatnonzero(height >= MIN_HEIGHT * height.max())
    _, top, _, bottom = boxes[high].T
    overlap = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    beside = overlap >= SAME_LINE * np.minimum.outer(height[high], height[high])
    line = high.copy()
    while True:
        joined = np.where(beside, line, len(boxes)).min(axis=1)
        if (joined == line).all():
            break
        line = joined
    left, top, right, bottom = boxes.T
    across = np.maximum.outer(left, left[high]) - np.minimum.outer(right, right[high])
    down = np.maximum.outer(top, top[high]) - np.minimum.outer(bottom, bottom[high])
    nearest = np.hypot(np.maximum(across, 0), np.maximum(down, 0)).argmin(axis=1)
    nearest[high] = np.arange(len(high))
    return np.asarray(line[nearest])


def _join(boxes: Boxes, line: NDArray[np.int64]) -> NDArray[np.int64]:
    """`line` without the splits of what is one line."""
    order = _from_the_top(boxes, line)
    at = 1
    while at < len(order):
        upper, lower = boxes[line == order[at - 1]], boxes[line == order[at]]
        if _are_two(upper, lower):
            at += 1
        else:
            line = np.where(line == order.pop(at), order[at - 1], line)
            at = max(1, at - 1)
    return line


def _from_the_top(boxes: Boxes, line: NDArray[np.int64]) -> list[int]:
    """The numbers of the lines, the highest line first."""
    return sorted(set(line.tolist()), key=lambda k: _hull(boxes[line == k])[1])


def _are_two(upper: Boxes, lower: Boxes) -> bool:
    """Whether two groups of parts are two lines of writing, and not parts of one."""
    first, second = _hull(upper), _hull(lower)
    low, high = sorted((first[3] - first[1], second[3] - second[1]))
    if low < MIN_HEIGHT * high:
        return False
    if second[1] - first[3] >= MIN_SPACE * high:
        return True
    below = min(first[2], second[2]) > max(first[0], second[0])  # and not a line that climbs
    return below and _is_several(upper) and _is_several(lower)


def _is_several(line: Boxes) -> bool:
    """Whether parts are more than one digit."""
    x0, y0, x1, y1 = _hull(line)
    heights = line[:, 3] - line[:, 1]
    return x1 - x0 > WIDER_THAN_A_DIGIT * (y1 - y0) or (heights >= AS_HIGH * (y1 - y0)).sum() > 1


def _hull(boxes: Boxes) -> tuple[int, int, int, int]:
    """The box around all boxes."""
    x0, y0 = boxes[:, :2].min(axis=0).tolist()
    x1, y1 = boxes[:, 2:].max(axis=0).tolist()
    return x0, y0, x1, y1
