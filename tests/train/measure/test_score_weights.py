"""Fitting the number reader's score weights: sums over paths equal those over listed paths."""

from __future__ import annotations

import numpy as np

from train.measure.score_weights import build_lattice, fit_weights, log_partition

SEGMENTS = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (0, 2)]
DIGITS = ["1", "7", "2", "7", "7", "8"]
PATHS = [[0, 2, 4], [1, 4], [0, 3], [5]]


def test_log_partition_and_gradient_are_those_of_all_paths() -> None:
    features = np.random.default_rng(0).normal(size=(len(SEGMENTS), 3))
    weights = np.array([0.5, -1.0, 2.0])
    made = build_lattice(SEGMENTS, DIGITS, "17", features)
    right = [path for path in PATHS if "".join(DIGITS[k] for k in path) == "17"]
    assert right == [[0, 3]]
    for arcs, last, paths in (
        (made.arcs, made.arcs_end, PATHS),
        (made.correct, made.correct_end, right),
    ):
        path_features = np.array([features[path].sum(axis=0) for path in paths])
        shares = np.exp(path_features @ weights)
        value, gradient = log_partition(arcs, last, features @ weights, features)
        np.testing.assert_allclose(value, np.log(shares.sum()))
        np.testing.assert_allclose(gradient, shares @ path_features / shares.sum())


def test_a_number_that_cannot_be_read_right_has_no_correct_path() -> None:
    features = np.zeros((len(SEGMENTS), 1))
    assert build_lattice(SEGMENTS, DIGITS, "99", features).correct == []
    assert build_lattice(SEGMENTS, DIGITS, "1", features).correct == []


def test_the_fit_prefers_what_correct_paths_have() -> None:
    features = np.array([[float(k == 3), float(k == 5)] for k in range(len(SEGMENTS))])
    made = [build_lattice(SEGMENTS, DIGITS, "17", features) for _ in range(20)]
    good, bad = fit_weights(made, np.zeros(2))
    assert good > 1
    assert bad < 0
    scores = {tuple(path): (features[path] @ (good, bad)).sum() for path in PATHS}
    assert max(scores, key=lambda path: scores[path]) == (0, 3)
