"""The ways to cut a number into digits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mnist_demo.read.lattice import agreement, best_segmentation, segment_shares

SEGMENTS = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (0, 2)]
SCORES = np.array([-1.0, -1.5, -1.0, -3.0, -1.0, -2.8])
DIGITS = [1, 7, 2, 3, 3, 5]


def paths(count: int) -> list[list[int]]:
    """Every way to cover the pieces once, found by trying all sets of segments."""
    found = []
    for size in range(1, count + 1):
        for chosen in itertools.combinations(range(len(SEGMENTS)), size):
            covered = [p for k in chosen for p in range(SEGMENTS[k][0], SEGMENTS[k][1] + 1)]
            if sorted(covered) == list(range(count)):
                found.append(sorted(chosen, key=lambda k: SEGMENTS[k]))
    return found


def test_the_best_segmentation_has_the_highest_total_score() -> None:
    assert best_segmentation(SEGMENTS, SCORES, 3) == [1, 4]
    assert best_segmentation(SEGMENTS, SCORES + np.array([0, 0, 0, 0, 0, 2]), 3) == [5]
    best = max(paths(3), key=lambda path: SCORES[path].sum())
    assert best_segmentation(SEGMENTS, SCORES, 3) == best


def test_the_share_of_a_segment_is_that_of_the_ways_that_use_it() -> None:
    ways = paths(3)
    assert len(ways) == 4
    weights = np.array([np.exp(SCORES[way].sum()) for way in ways])
    expected = [
        weights[[k in way for way in ways]].sum() / weights.sum() for k in range(len(SEGMENTS))
    ]
    shares = segment_shares(SEGMENTS, SCORES, 3)
    np.testing.assert_allclose(shares, expected)
    for piece in range(3):  # every way covers it once
        covering = [k for k, (first, last) in enumerate(SEGMENTS) if first <= piece <= last]
        assert shares[covering].sum() == pytest.approx(1)


def test_ways_that_read_the_same_digit_agree() -> None:
    shares = segment_shares(SEGMENTS, SCORES, 3)
    assert agreement(SEGMENTS, shares, DIGITS, 1, 0) == pytest.approx(shares[1])
    assert agreement(SEGMENTS, shares, DIGITS, 4, 2) == pytest.approx(shares[4] + shares[3])
    assert agreement(SEGMENTS, shares, [3] * 6, 4, 2) == pytest.approx(1)
