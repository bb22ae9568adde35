"""Reads several digits drawn side by side.

The ink is cut into more pieces than there are digits, the network reads every run of neighbouring
pieces that could be one digit, and the best way from the left end to the right is found by dynamic
programming: "heuristic over-segmentation" of LeCun and others, "Gradient-Based Learning Applied to
Document Recognition", 1998, section V. The cuts are the cheapest ways from top to bottom through
the ink, after Breuel, "Segmentation of Handprinted Letter Strings Using a Dynamic Programming
Algorithm", ICDAR 2001.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.classifier import Classifier, Prediction
from mnist_demo.preprocess import even_strokes, locate_ink, normalise, read_pixels, stroke_width

HEIGHT, WIDTH = 160, 2400  # pixels into which the ink is scaled
MAX_PIECES = 80
LONGEST = 16  # pieces of one digit
WIDEST = 1.8  # a digit's width, in digit heights
FARTHEST = 0.4  # white between the pieces of a digit, in digit heights

Array = NDArray[np.float32]
Mask = NDArray[np.uint8]
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Number:
    """What was read, from left to right.

    Attributes:
        digits: a prediction for each digit; empty when the image is blank.
        boxes: where each digit is, (left, top, right, bottom) in the image's pixels, the last two
            exclusive.
    """

    digits: list[Prediction]
    boxes: list[Box]

    @property
    def text(self) -> str:
        """The digits as a string, "" when blank."""
        return "".join(str(prediction.digit) for prediction in self.digits)


@dataclass(frozen=True)
class Pieces:
    """An image's pieces of ink, numbered from 1 in the order of their middles.

    Attributes:
        ink: float32 (h, w) in [0, 1].
        labels: int32 (h, w), the number of the piece each pixel is in, 0 for paper.
        boxes: int (n, 4), left, top, right and bottom of each.
        height: of a digit, in pixels.
        cuts: float (n - 1,), for each place between two pieces in order, how much ink would be cut
            there, in stroke widths.
        spaces: float (n - 1,), how much white is there in digit heights; negative for an overlap.
    """

    ink: Array
    labels: NDArray[np.int32]
    boxes: NDArray[np.int64]
    height: float
    cuts: NDArray[np.float64]
    spaces: NDArray[np.float64]

    def bounds(self, i: int, j: int) -> Box:
        """The box around the pieces from the i-th to the j-th, counted from 0."""
        boxes = self.boxes[i : j + 1]
        left, top = boxes[:, :2].min(axis=0).tolist()
        right, bottom = boxes[:, 2:].max(axis=0).tolist()
        return left, top, right, bottom


def read_number(classifier: Classifier, image: Any) -> Number:
    """Read the digits in `image`, anything that `preprocess` accepts, from left to right.

    Raises:
        ValueError: `preprocess` would raise it, or the ink has more pieces than a number has.
    """
    pixels = read_pixels(image)
    found = None if pixels is None else locate_ink(pixels)
    if found is None:
        return Number([], [])
    ink, (x, y) = found
    pieces = split(scaled(ink))
    runs, inputs = candidates(pieces)
    predictions = classifier.classify_inputs(inputs)
    best = best_runs(runs, measures(pieces, runs, predictions) @ PRICES, len(pieces.boxes))
    scale = ink.shape[1] / pieces.ink.shape[1], ink.shape[0] / pieces.ink.shape[0]
    boxes = []
    for k in best:
        left, top, right, bottom = pieces.bounds(*runs[k])
        boxes.append(
            (
                x + int(left * scale[0]),
                y + int(top * scale[1]),
                x + int(np.ceil(right * scale[0])),
                y + int(np.ceil(bottom * scale[1])),
            )
        )
    return Number([predictions[k] for k in best], boxes)


def scaled(ink: Array) -> Array:
    height, width = ink.shape
    scale = min(HEIGHT / height, WIDTH / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if scale >= 1:
        return np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_LINEAR), np.float32)
    small = np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.float32)
    return small / small.max()  # a hairline must not fade


# Of the ways through the ink. In digit heights: how narrow an ink is left whole, and the least
# distance between two ways. In stroke widths: how much ink a way may cut, and how far from its edge
# ink is no stroke any more but where two meet; there a pixel costs CHEAP. SIDEWAYS is what a pixel
# to the side costs, in pixels of ink.
NARROW, MARGIN, DEAREST, DEEP, CHEAP, SIDEWAYS = 0.4, 0.08, 4.0, 0.75, 0.3, 0.05


def split(ink: Array) -> Pieces:
    """Cut `ink`, float32 (h, w), into pieces: more than there are digits, if in doubt."""
    mask = (ink > 0.4).astype(np.uint8)
    width = max(1.0, stroke_width(mask))
    height = max(_digit_height(mask), 4 * width)  # a dash is no digit
    count, parts, stats, _ = cv2.connectedComponentsWithStats((ink > 0.05).astype(np.uint8))
    if count - 1 > MAX_PIECES // 2:
        raise ValueError(f"the ink is in {count - 1} pieces, too many for a number")
    labels = np.zeros(ink.shape, np.int32)
    total = 0
    for part in range(1, count):
        x, y, w, h, _ = stats[part]
        at = (slice(y, y + h), slice(x, x + w))
        rest = parts[at] == part
        own = rest & (mask[at] > 0)
        most = (MAX_PIECES - count) * w // int(stats[1:, cv2.CC_STAT_WIDTH].sum())
        for way in seams(own.astype(np.uint8), width, height, most):
            left = rest & (np.arange(w) < way[:, np.newaxis])
            if min((left & own).sum(), (rest & ~left & own).sum()) >= max(4, 0.5 * width**2):
                total += 1
                labels[at][left] = total
                rest &= ~left
        total += 1
        labels[at][rest] = total
    boxes = np.zeros((total, 4), np.int64)
    for k in range(total):
        x, y, w, h = cv2.boundingRect((labels == k + 1).view(np.uint8))
        boxes[k] = x, y, x + w, y + h
    order = np.argsort(boxes[:, 0] + boxes[:, 2], kind="stable")
    rank = np.zeros(total + 1, np.int32)
    rank[order + 1] = np.arange(1, total + 1)
    labels, boxes = rank[labels], boxes[order]
    ends = np.maximum.accumulate(boxes[:, 2])[:-1]
    starts = np.minimum.accumulate(boxes[::-1, 0])[::-1][1:]
    cuts = _cut_ink(np.where(mask > 0, labels, 0), total) / width
    return Pieces(ink, labels, boxes, height, cuts, (starts - ends) / height)


def _digit_height(mask: Mask) -> float:
    """Of the highest ink between two white columns, in pixels."""
    edges = np.flatnonzero(np.diff(np.pad(mask.any(axis=0).astype(np.int8), 1)))
    heights = [
        cv2.boundingRect(np.ascontiguousarray(mask[:, left:right]))[3]
        for left, right in zip(edges[::2], edges[1::2], strict=True)
    ]
    return float(max(heights, default=mask.shape[0]))


def _cut_ink(inked: NDArray[np.int32], total: int) -> NDArray[np.float64]:
    """How many pixels of ink touch across each place between two of the `total` pieces."""
    filled = np.where(inked > 0, inked, total + 1).astype(np.float32)
    lowest = cv2.erode(filled, np.ones((3, 3), np.uint8)).astype(np.int32)  # of the neighbours
    touching = lowest < inked
    cuts = np.zeros(total - 1)
    for low, high in zip(lowest[touching], inked[touching], strict=True):
        cuts[low - 1 : high - 1] += 1
    return cuts


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
    middle = rows // 2
    through = down[middle] + up[middle] - price[middle]
    margin = max(1, round(MARGIN * height))
    chosen: list[int] = []
    for x in np.argsort(through + 1e-3 * np.abs(np.arange(columns) - columns / 2), kind="stable"):
        if through[x] > DEAREST * width or len(chosen) == most:
            break
        lowest = through[x] <= through[max(0, x - 2) : x + 3].min() + 1e-3
        inside = margin <= x < columns - margin
        if lowest and inside and all(abs(x - other) >= margin for other in chosen):
            chosen.append(int(x))
    return [_trace(down, up, x) for x in sorted(chosen)]


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


def _trace(down: Array, up: Array, x: int) -> NDArray[np.int64]:
    """The columns of the cheapest way through column `x` of the middle row."""
    rows, columns = down.shape
    middle = rows // 2
    way = np.full(rows, x)
    for total, order in ((down, range(middle - 1, -1, -1)), (up, range(middle + 1, rows))):
        at = x
        for y in order:
            low, high = max(0, at - 1), min(columns, at + 2)
            near = total[y, low:high] + SIDEWAYS * np.abs(np.arange(low, high) - at)
            at = low + int(near.argmin())
            way[y] = at
    return way


def candidates(pieces: Pieces) -> tuple[list[tuple[int, int]], list[Array]]:
    """The runs of pieces, first and last, that could be a digit, and what the network would see."""
    runs, inputs = [], []
    for i in range(len(pieces.boxes)):
        for j in range(i, min(i + LONGEST, len(pieces.boxes))):
            left, top, right, bottom = pieces.bounds(i, j)
            too_wide = right - left > WIDEST * pieces.height
            if j > i and (too_wide or pieces.spaces[j - 1] > FARTHEST):
                break
            labels = pieces.labels[top:bottom, left:right]
            part = pieces.ink[top:bottom, left:right]
            part = np.where((labels > i) & (labels <= j + 1), part, np.float32(0))
            runs.append((i, j))
            inputs.append(normalise(even_strokes(part / part.max())))
    return runs, inputs


# What `measures` are worth: fitted on numbers of validation writers as a conditional random field
# in which every way that reads the right digits is right; the last then lowered by trial on them.
PRICES = np.array([2.2, 0.48, -1.65, -2.4, -1.2])


def measures(
    pieces: Pieces, runs: Sequence[tuple[int, int]], predictions: Sequence[Prediction]
) -> NDArray[np.float64]:
    """What speaks for or against each run's being one digit, (runs, 5).

    The columns: log-probability of its best guess; log-odds of its digit_score; 1 for being one
    more digit; how far it stays below 0.8 of a digit's height; 1 where its left end cuts ink.
    """
    rows = []
    for (i, j), prediction in zip(runs, predictions, strict=True):
        _, top, _, bottom = pieces.bounds(i, j)
        score = min(max(prediction.digit_score, 1e-4), 1 - 1e-3)
        rows.append(
            (
                np.log(prediction.confidence),
                np.log(score / (1 - score)),
                1,
                max(0, 0.8 - (bottom - top) / pieces.height),
                i > 0 and pieces.cuts[i - 1] > 0,
            )
        )
    return np.array(rows, np.float64)


def best_runs(runs: Sequence[tuple[int, int]], worth: NDArray[np.float64], count: int) -> list[int]:
    """Which of `runs` cover all `count` pieces, each once, and are together worth the most."""
    best: list[tuple[float, list[int]]] = [(0.0, []), *((-np.inf, []) for _ in range(count))]
    for k in sorted(range(len(runs)), key=lambda k: runs[k][0]):
        first, last = runs[k]
        total = best[first][0] + float(worth[k])
        if total > best[last + 1][0]:
            best[last + 1] = total, [*best[first][1], k]
    return best[count][1]
