"""Fitting the prices of the number reader: sums over ways, against ways written out."""

from __future__ import annotations

import numpy as np

from train.measure.costs import fit, lattice, log_sum

RUNS = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (0, 2)]
DIGITS = ["1", "7", "2", "7", "7", "8"]
WAYS = [[0, 2, 4], [1, 4], [0, 3], [5]]


def test_sums_and_slopes_are_those_over_all_ways() -> None:
    features = np.random.default_rng(0).normal(size=(len(RUNS), 3))
    prices = np.array([0.5, -1.0, 2.0])
    made = lattice(RUNS, DIGITS, "17", features)
    right = [way for way in WAYS if "".join(DIGITS[k] for k in way) == "17"]
    assert right == [[0, 3]]
    for arcs, last, ways in (
        (made.every, made.every_last, WAYS),
        (made.right, made.right_last, right),
    ):
        of_ways = np.array([features[way].sum(axis=0) for way in ways])
        shares = np.exp(of_ways @ prices)
        value, slope = log_sum(arcs, last, features @ prices, features)
        np.testing.assert_allclose(value, np.log(shares.sum()))
        np.testing.assert_allclose(slope, shares @ of_ways / shares.sum())


def test_a_number_that_cannot_be_read_right_has_no_right_way() -> None:
    features = np.zeros((len(RUNS), 1))
    assert lattice(RUNS, DIGITS, "99", features).right == []
    assert lattice(RUNS, DIGITS, "1", features).right == []


def test_the_fit_prefers_what_right_ways_have() -> None:
    features = np.array([[float(k == 3), float(k == 5)] for k in range(len(RUNS))])
    made = [lattice(RUNS, DIGITS, "17", features) for _ in range(20)]
    good, bad = fit(made, np.zeros(2))
    assert good > 1
    assert bad < 0
    scores = {tuple(way): (features[way] @ (good, bad)).sum() for way in WAYS}
    assert max(scores, key=lambda way: scores[way]) == (0, 3)
