"""Cuts through ink: the cheapest ways from top to bottom.

After Breuel, "Segmentation of Handprinted Letter Strings Using a Dynamic Programming Algorithm",
ICDAR 2001.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Mask = NDArray[np.uint8]

# Of the ways through the ink. In digit heights: how narrow an ink is left whole, and the least
# distance between two ways. In stroke widths: how much ink a way may cut, and how far from its edge
# ink is no stroke any more but where two meet; there a pixel costs CHEAP. SIDEWAYS is what a pixel
# to the side costs, in pixels of ink.
NARROW, MARGIN, DEAREST, DEEP, CHEAP, SIDEWAYS = 0.4, 0.08, 4.0, 0.65, 0.1, 0.05
# Of the ink's height: through each of its columns here the cheapest way is looked at. Where digits
# lean, the cheapest through the middle is not that between them.
LEVELS = (0.5, 0.15, 0.85)


def seams(mask: Mask, width: float, height: float, most: int) -> list[NDArray[np.int64]]:
    """Ways from top to bottom through `mask`, from left to right, each the columns it goes by (h,).

    `width` of a stroke and `height` of a digit are in pixels; the cheapest ways, at `most`.
    """
    rows, columns = mask.shape
    if columns < NARROW * height:
        return []
    depth = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    price = np.where(depth > DEEP * width, CHEAP, 1).astype(np.float32) * mask
    down, up = _cheapest(mask, price), _cheapest(mask[::-1], price[::-1])[::-1]
    margin = max(1, round(MARGIN * height))
    centred = 1e-3 * np.abs(np.arange(columns) - columns / 2)
    ways: list[NDArray[np.int64]] = []
    for y in (int(rows * level) for level in LEVELS):
        through = down[y] + up[y] - price[y]
        for x in np.argsort(through + centred, kind="stable"):
            if through[x] > DEAREST * width or len(ways) == most:
                break
            lowest = through[x] <= through[max(0, x - 2) : x + 3].min() + 1e-3
            inside = margin <= x < columns - margin
            if lowest and inside and all(abs(x - way[y]) >= margin for way in ways):
                ways.append(_trace(down, up, y, int(x)))
    return sorted(ways, key=lambda way: float(way.mean()))


def _cheapest(mask: Mask, price: Array) -> Array:
    """What the cheapest way from the top to each pixel costs, (h, w)."""
    total = price.copy()
    for y in range(1, len(mask)):
        above = total[y - 1]
        best = above.copy()
        # A way may not slip through where the ink is joined by the corners of two pixels.
        joined = mask[y, :-1] & mask[y - 1, 1:]
        best[1:] = np.minimum(best[1:], above[:-1] + np.float32(SIDEWAYS) + joined)
        joined = mask[y, 1:] & mask[y - 1, :-1]
        best[:-1] = np.minimum(best[:-1], above[1:] + np.float32(SIDEWAYS) + joined)
        total[y] += best
    return total


def _trace(down: Array, up: Array, row: int, x: int) -> NDArray[np.int64]:
    """The columns of the cheapest way through column `x` of `row`."""
    rows, columns = down.shape
    way = np.full(rows, x)
    for total, order in ((down, range(row - 1, -1, -1)), (up, range(row + 1, rows))):
        at = x
        for y in order:
            low, high = max(0, at - 1), min(columns, at + 2)
            near = total[y, low:high] + SIDEWAYS * np.abs(np.arange(low, high) - at)
            at = low + int(near.argmin())
            way[y] = at
    return way
