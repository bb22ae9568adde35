"""Segmentation of ink by cut paths: the cheapest paths from top to bottom.

After Breuel, "Segmentation of Handprinted Letter Strings Using a Dynamic Programming Algorithm",
ICDAR 2001.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Mask = NDArray[np.uint8]

MIN_WIDTH = 0.4  # digit heights; narrower ink is not cut
MIN_DISTANCE = 0.08  # digit heights between two paths
MAX_COST = 4.0  # stroke widths of ink that a path may cut
# Ink that lies deeper than this, in stroke widths, is where two strokes meet. There a pixel costs
# less than the 1 that it costs elsewhere.
JUNCTION_DEPTH, JUNCTION_COST = 0.65, 0.1
SIDEWAYS_COST = 0.05  # of a step to the side
# Shares of the ink's height. The cheapest path is sought through every column at each of these
# levels: where digits lean, the cheapest through the middle does not run between them.
LEVELS = (0.5, 0.15, 0.85)


def cut_paths(mask: Mask, width: float, height: float, max_paths: int) -> list[NDArray[np.int64]]:
    """The cheapest paths from top to bottom through `mask`, from left to right.

    Args:
        mask: uint8 (h, w), 1 where there is ink.
        width: of a stroke, in pixels.
        height: of a digit, in pixels.
        max_paths: how many paths are returned at most.

    Returns:
        int64 (h,) for each path: its column in every row.
    """
    rows, columns = mask.shape
    if columns < MIN_WIDTH * height:
        return []
    depth = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    cost = np.where(depth > JUNCTION_DEPTH * width, JUNCTION_COST, 1).astype(np.float32) * mask
    down, up = _path_costs(mask, cost), _path_costs(mask[::-1], cost[::-1])[::-1]
    margin = max(1, round(MIN_DISTANCE * height))
    centred = 1e-3 * np.abs(np.arange(columns) - columns / 2)
    paths: list[NDArray[np.int64]] = []
    for y in (int(rows * level) for level in LEVELS):
        through = down[y] + up[y] - cost[y]
        for x in np.argsort(through + centred, kind="stable"):
            if through[x] > MAX_COST * width or len(paths) == max_paths:
                break
            lowest = through[x] <= through[max(0, x - 2) : x + 3].min() + 1e-3
            inside = margin <= x < columns - margin
            if lowest and inside and all(abs(x - path[y]) >= margin for path in paths):
                paths.append(_trace(down, up, y, int(x)))
    return sorted(paths, key=lambda path: float(path.mean()))


def _path_costs(mask: Mask, cost: Array) -> Array:
    """The cost of the cheapest path from the top to each pixel: float32 (h, w)."""
    total = cost.copy()
    for y in range(1, len(mask)):
        above = total[y - 1]
        best = above.copy()
        # A path may not slip through where the ink is joined by the corners of two pixels.
        joined = mask[y, :-1] & mask[y - 1, 1:]
        best[1:] = np.minimum(best[1:], above[:-1] + np.float32(SIDEWAYS_COST) + joined)
        joined = mask[y, 1:] & mask[y - 1, :-1]
        best[:-1] = np.minimum(best[:-1], above[1:] + np.float32(SIDEWAYS_COST) + joined)
        total[y] += best
    return total


def _trace(down: Array, up: Array, row: int, x: int) -> NDArray[np.int64]:
    """The columns of the cheapest path through column `x` of `row`."""
    rows, columns = down.shape
    path = np.full(rows, x)
    for total, order in ((down, range(row - 1, -1, -1)), (up, range(row + 1, rows))):
        at = x
        for y in order:
            low, high = max(0, at - 1), min(columns, at + 2)
            near = total[y, low:high] + SIDEWAYS_COST * np.abs(np.arange(low, high) - at)
            at = low + int(near.argmin())
            path[y] = at
    return path
