"""Reads several digits drawn side by side.

The ink is cut into more pieces than there are digits, the network reads every run of neighbouring
pieces that could be one digit, and the best way from the left end to the right is found by dynamic
programming: "heuristic over-segmentation" of LeCun and others, "Gradient-Based Learning Applied to
Document Recognition", 1998, section V.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_demo.read.classifier import Classifier, Prediction
from mnist_demo.read.images import is_halved, open_image, read_pixels
from mnist_demo.read.preprocess import even_strokes, locate_ink, normalise, stroke_width
from mnist_demo.read.segmentation import seams

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
    """An image's pieces of ink, numbered from 1 in the order of the middles of the parts they are
    cut from, and within each of their own.

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
    if isinstance(image, str | os.PathLike):
        image = open_image(image)
    pixel = 2 if isinstance(image, Image.Image) and is_halved(image) else 1
    found = cut_out(image)
    if found is None:
        return Number([], [])
    pieces, (x, y), scale = found
    runs, inputs = candidates(pieces)
    predictions = classifier.classify_inputs(inputs)
    best = best_runs(runs, measures(pieces, runs, predictions) @ PRICES, len(pieces.boxes))
    boxes = []
    for k in best:
        left, top, right, bottom = pieces.bounds(*runs[k])
        boxes.append(
            (
                pixel * (x + int(left * scale[0])),
                pixel * (y + int(top * scale[1])),
                pixel * (x + int(np.ceil(right * scale[0]))),
                pixel * (y + int(np.ceil(bottom * scale[1]))),
            )
        )
    return Number([predictions[k] for k in best], boxes)


def cut_out(image: Any) -> tuple[Pieces, tuple[int, int], tuple[float, float]] | None:
    """The pieces of the ink in `image`, the ink's corner (x, y) in what `read_pixels` makes of it,
    and how many pixels there, across and down, one of the pieces' stands for; None when it is
    blank."""
    pixels = read_pixels(image)
    found = None if pixels is None else locate_ink(pixels)
    if found is None:
        return None
    ink, corner = found
    pieces = split(scaled(ink))
    (height, width), (rows, columns) = ink.shape, pieces.ink.shape
    return pieces, corner, (width / columns, height / rows)


def scaled(ink: Array) -> Array:
    height, width = ink.shape
    scale = min(HEIGHT / height, WIDTH / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if scale >= 1:
        return np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_LINEAR), np.float32)
    small = np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.float32)
    return small / small.max()  # a hairline must not fade


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
    owners: list[int] = []  # of each piece, the connected part that it is cut from
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
        owners += [part] * (total - len(owners))
    boxes = np.zeros((total, 4), np.int64)
    for k in range(total):
        x, y, w, h = cv2.boundingRect((labels == k + 1).view(np.uint8))
        boxes[k] = x, y, x + w, y + h
    # By the parts' middles first: a roof that reaches over the next digit must not part its pieces.
    middles = (2 * stats[:, cv2.CC_STAT_LEFT] + stats[:, cv2.CC_STAT_WIDTH])[owners]
    order = np.lexsort((boxes[:, 0] + boxes[:, 2], np.array(owners), middles))
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


# What `measures` are worth: fitted by `python -m train prices`; the fifth then raised from -1.8 by
# trial on numbers of validation writers.
PRICES = np.array([1.69, 0.46, -1.88, -3.4, -1.2, -0.49, -1.56])


def measures(
    pieces: Pieces, runs: Sequence[tuple[int, int]], predictions: Sequence[Prediction]
) -> NDArray[np.float64]:
    """What speaks for or against each run's being one digit, (runs, 7).

    The columns: log-probability of its best guess; log-odds of its digit_score; 1 for being one
    more digit; how far it stays below 0.8 of a digit's height; 1 where its left end cuts ink; how
    far it reaches over the run before, and how much wider than 0.9 of a digit's height it is.
    """
    rows = []
    for (i, j), prediction in zip(runs, predictions, strict=True):
        left, top, right, bottom = pieces.bounds(i, j)
        score = min(max(prediction.digit_score, 1e-4), 1 - 1e-3)
        cut, white = (pieces.cuts[i - 1], pieces.spaces[i - 1]) if i else (0, 0)
        rows.append(
            (
                np.log(prediction.confidence),
                np.log(score / (1 - score)),
                1,
                max(0, 0.8 - (bottom - top) / pieces.height),
                cut > 0,
                np.clip(-white, 0, 0.5),
                max(0, (right - left) / pieces.height - 0.9),
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
