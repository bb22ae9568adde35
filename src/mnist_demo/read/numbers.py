"""Reads a line of digits.

The ink is cut into more pieces than there are digits. The network reads every segment, a run of
neighbouring pieces that could be one digit. Dynamic programming finds the segments that together
cover all pieces best. This is "heuristic over-segmentation" (LeCun and others, "Gradient-Based
Learning Applied to Document Recognition", 1998, section V). A digit is as sure as the other ways to
cut the ink agree with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.images import read_pixels
from mnist_demo.read.lattice import agreement, best_segmentation, segment_shares
from mnist_demo.read.prediction import Prediction
from mnist_demo.read.preprocess import crop_ink, normalize, normalize_stroke_width, stroke_width
from mnist_demo.read.segmentation import cut_paths
from mnist_demo.weights import Weights, read_metrics

if TYPE_CHECKING:
    from mnist_demo.read.classifier import Classifier

INK_HEIGHT, INK_WIDTH = 160, 2400  # pixels; the ink is scaled to fit into them
MAX_PIECES = 80  # of all ink
MAX_SEGMENT_PIECES = 16  # pieces of one digit
MAX_SEGMENT_WIDTH = 1.8  # of one digit, in digit heights
MAX_INNER_GAP = 0.4  # white between two pieces of one digit, in digit heights

Array = NDArray[np.float32]
Mask = NDArray[np.uint8]
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Pieces:
    """The pieces of an image's ink, numbered from 1 from left to right.

    The connected parts of the ink are ordered by their middles, and so are the pieces of each part.

    Attributes:
        ink: float32 (h, w) in [0, 1].
        labels: int32 (h, w), the number of each pixel's piece; 0 for paper.
        boxes: int64 (n, 4): left, top, right and bottom of each piece.
        height: of a digit, in pixels.
        cuts: float64 (n - 1,): the ink that is cut between two neighbours, in stroke widths.
        spaces: float64 (n - 1,): the white between two neighbours, in digit heights; negative if
            they overlap.
    """

    ink: Array
    labels: NDArray[np.int32]
    boxes: NDArray[np.int64]
    height: float
    cuts: NDArray[np.float64]
    spaces: NDArray[np.float64]

    def bounds(self, i: int, j: int) -> Box:
        """The box around the pieces from the i-th to the j-th, both included, counted from 0."""
        boxes = self.boxes[i : j + 1]
        left, top = boxes[:, :2].min(axis=0).tolist()
        right, bottom = boxes[:, 2:].max(axis=0).tolist()
        return left, top, right, bottom


def read_line(classifier: Classifier, ink: Array) -> tuple[list[Prediction], list[Box]]:
    """Read the digits of one line from left to right.

    Args:
        classifier: reads the segments.
        ink: float32 (h, w) in [0, 1], cut to the ink.

    Returns:
        A prediction for each digit, less sure if other ways to cut the ink would read something
        else; and its place, (left, top, right, bottom) in pixels of `ink`.

    Raises:
        ValueError: the ink has too many pieces for a number.
    """
    pieces, (across, down) = _pieces_of(ink)
    segments, inputs = candidate_segments(pieces)
    predictions = classifier.classify_inputs(inputs)
    scores = segment_features(pieces, segments, predictions) @ score_weights(classifier.weights)
    best = best_segmentation(segments, scores, len(pieces.boxes))
    shares = segment_shares(segments, scores, len(pieces.boxes))
    read = [prediction.digit for prediction in predictions]
    amounts = np.bincount(pieces.labels.ravel(), minlength=len(pieces.boxes) + 1)[1:]
    digits, boxes = [], []
    for k in best:
        first, last = segments[k]
        largest = first + int(amounts[first : last + 1].argmax())
        share = agreement(segments, shares, read, k, largest)
        digits.append(predictions[k].mix_with_uniform(share))
        left, top, right, bottom = pieces.bounds(*segments[k])
        corner = (int(left * across), int(top * down))
        boxes.append((*corner, int(np.ceil(right * across)), int(np.ceil(bottom * down))))
    return digits, boxes


def find_pieces(image: Any) -> tuple[Pieces, tuple[int, int], tuple[float, float]] | None:
    """The pieces of the ink in a clean `image` of one line; None if it is blank.

    Returns:
        The pieces; the corner (x, y) of their ink in the pixels of `read_pixels`; and how many of
        those pixels, across and down, one pixel of the pieces stands for.
    """
    pixels = read_pixels(image)
    found = None if pixels is None else crop_ink(pixels)
    if found is None:
        return None
    ink, corner = found
    pieces, scale = _pieces_of(ink)
    return pieces, corner, scale


def _pieces_of(ink: Array) -> tuple[Pieces, tuple[float, float]]:
    """The pieces of `ink`, and how many of its pixels one of theirs stands for."""
    pieces = split_ink(scale_ink(ink))
    (height, width), (rows, columns) = ink.shape, pieces.ink.shape
    return pieces, (width / columns, height / rows)


def scale_ink(ink: Array) -> Array:
    """`ink`, float32 (h, w) in [0, 1], scaled to fit into `INK_HEIGHT` and `INK_WIDTH`."""
    height, width = ink.shape
    scale = min(INK_HEIGHT / height, INK_WIDTH / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if scale >= 1:
        return np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_LINEAR), np.float32)
    small = np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.float32)
    return small / small.max()  # a hairline must not fade


def split_ink(ink: Array) -> Pieces:
    """Cut `ink` into pieces, in doubt into more pieces than there are digits.

    Args:
        ink: float32 (h, w) in [0, 1], as `scale_ink` returns it.

    Raises:
        ValueError: the ink has too many connected parts.
    """
    mask = (ink > 0.4).astype(np.uint8)
    width = max(1.0, stroke_width(mask))
    height = max(_digit_height(mask), 4 * width)  # a dash is no digit
    count, parts, stats, _ = cv2.connectedComponentsWithStats((ink > 0.05).astype(np.uint8))
    if count - 1 > MAX_PIECES // 2:
        raise ValueError(f"the ink is in {count - 1} pieces, too many for a number")
    labels = np.zeros(ink.shape, np.int32)
    total = 0
    owners: list[int] = []  # the connected part that each piece is cut from
    for part in range(1, count):
        x, y, w, h, _ = stats[part]
        at = (slice(y, y + h), slice(x, x + w))
        rest = parts[at] == part
        own = rest & (mask[at] > 0)
        most = (MAX_PIECES - count) * w // int(stats[1:, cv2.CC_STAT_WIDTH].sum())
        for path in cut_paths(own.astype(np.uint8), width, height, most):
            left = rest & (np.arange(w) < path[:, np.newaxis])
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
    # Order by the parts' middles first: a stroke that reaches over the next digit must not come
    # between the pieces of that digit.
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
    """The height in pixels of the highest ink between two white columns."""
    edges = np.flatnonzero(np.diff(np.pad(mask.any(axis=0).astype(np.int8), 1)))
    heights = [
        cv2.boundingRect(np.ascontiguousarray(mask[:, left:right]))[3]
        for left, right in zip(edges[::2], edges[1::2], strict=True)
    ]
    return float(max(heights, default=mask.shape[0]))


def _cut_ink(inked: NDArray[np.int32], total: int) -> NDArray[np.float64]:
    """How many pixels of ink touch between each two neighbours of the `total` pieces."""
    filled = np.where(inked > 0, inked, total + 1).astype(np.float32)
    lowest = cv2.erode(filled, np.ones((3, 3), np.uint8)).astype(np.int32)  # of the neighbours
    touching = lowest < inked
    cuts = np.zeros(total - 1)
    for low, high in zip(lowest[touching], inked[touching], strict=True):
        cuts[low - 1 : high - 1] += 1
    return cuts


def candidate_segments(pieces: Pieces) -> tuple[list[tuple[int, int]], list[Array]]:
    """The segments that could be one digit, and the network's input for each.

    Returns:
        (first, last) for each segment, numbers of pieces counted from 0; and float32 (28, 28) in
        [0, 1] for each.
    """
    segments, inputs = [], []
    for i in range(len(pieces.boxes)):
        for j in range(i, min(i + MAX_SEGMENT_PIECES, len(pieces.boxes))):
            left, top, right, bottom = pieces.bounds(i, j)
            too_wide = right - left > MAX_SEGMENT_WIDTH * pieces.height
            if j > i and (too_wide or pieces.spaces[j - 1] > MAX_INNER_GAP):
                break
            labels = pieces.labels[top:bottom, left:right]
            part = pieces.ink[top:bottom, left:right]
            part = np.where((labels > i) & (labels <= j + 1), part, np.float32(0))
            segments.append((i, j))
            inputs.append(normalize(normalize_stroke_width(part / part.max())))
    return segments, inputs


# The weights of `segment_features` in a segment's score, where none are stored beside the network.
# `python -m train prices` fitted them for version 1.3.0. The fifth was then raised from -1.8, by
# trial on numbers of validation writers.
SCORE_WEIGHTS = np.array([1.69, 0.46, -1.88, -3.4, -1.2, -0.49, -1.56])


@lru_cache(maxsize=8)
def score_weights(weights: Weights) -> NDArray[np.float64]:
    """float64 (7,): those that metrics.json stores for this network, else `SCORE_WEIGHTS`."""
    try:
        stored = np.array(read_metrics(weights.path)["number_score_weights"], np.float64)
    except (KeyError, TypeError, ValueError):
        return SCORE_WEIGHTS
    usable = stored.shape == SCORE_WEIGHTS.shape and np.isfinite(stored).all()
    return stored if usable else SCORE_WEIGHTS


def segment_features(
    pieces: Pieces, segments: Sequence[tuple[int, int]], predictions: Sequence[Prediction]
) -> NDArray[np.float64]:
    """What tells whether each segment is one digit: float64 (segments, 7).

    The columns: the log-probability of the best guess; the log-odds of the digit_score; 1, as every
    segment adds a digit; how far the segment stays below 0.8 of a digit's height; 1 if its left end
    cuts ink; how far it overlaps the segment before it; and how much wider it is than 0.9 of a
    digit's height.
    """
    rows = []
    for (i, j), prediction in zip(segments, predictions, strict=True):
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
