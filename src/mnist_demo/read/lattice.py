"""The ways to cut a number into digits: the best one, and how likely each segment is.

Every way is a path through the pieces, and its probability falls with its score, as in a
conditional random field (Lafferty, McCallum and Pereira, "Conditional Random Fields", ICML 2001).
`python -m train prices` fits the scores so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Segments = Sequence[tuple[int, int]]  # first and last piece of each, counted from 0


def best_segmentation(segments: Segments, scores: Floats, count: int) -> list[int]:
    """The segments that cover every piece once and have the highest total score.

    Args:
        segments: the first and the last piece of each, counted from 0.
        scores: float64 (segments,).
        count: the number of pieces.

    Returns:
        The indices of these segments, from left to right.
    """
    best: list[tuple[float, list[int]]] = [(0.0, []), *((-np.inf, []) for _ in range(count))]
    for k in sorted(range(len(segments)), key=lambda k: segments[k][0]):
        first, last = segments[k]
        total = best[first][0] + float(scores[k])
        if total > best[last + 1][0]:
            best[last + 1] = total, [*best[first][1], k]
    return best[count][1]


def segment_shares(segments: Segments, scores: Floats, count: int) -> Floats:
    """The probability of each segment, float64 (segments,) in [0, 1]: the share of all ways to
    cover every piece once that use it, by the forward-backward algorithm.

    Takes what `best_segmentation` takes.
    """
    before, after = np.full(count + 1, -np.inf), np.full(count + 1, -np.inf)
    before[0] = after[count] = 0
    order = sorted(range(len(segments)), key=lambda k: segments[k][0])
    for k in order:
        first, last = segments[k]
        before[last + 1] = np.logaddexp(before[last + 1], before[first] + scores[k])
    for k in reversed(order):
        first, last = segments[k]
        after[first] = np.logaddexp(after[first], scores[k] + after[last + 1])
    starts, ends = np.array(segments).T
    return np.asarray(np.exp(before[starts] + scores + after[ends + 1] - before[count]))


def agreement(
    segments: Segments, shares: Floats, digits: Sequence[int | None], k: int, at: int
) -> float:
    """The probability, in [0, 1], that the digit to which a piece belongs is that of a segment.

    Args:
        segments: as for `best_segmentation`.
        shares: what `segment_shares` returned.
        digits: how each segment is read.
        k: the segment.
        at: the piece, one of the segment's.
    """
    covering = (j for j, (first, last) in enumerate(segments) if first <= at <= last)
    return float(min(1, sum(shares[j] for j in covering if digits[j] == digits[k])))
