"""Fit the weights that score the segments of numbers; prints SCORE_WEIGHTS for read/numbers.py.

A conditional random field over the paths through the pieces (Lafferty, McCallum and Pereira, 2001):
the fit makes those paths probable that read the right digits. It uses numbers by validation
writers, other ones than `numbers` measures with the same --seed.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from tqdm import tqdm

from mnist_demo import Classifier
from mnist_demo.read.numbers import SCORE_WEIGHTS, candidate_segments, find_pieces, segment_features
from train.data.compose_numbers import Composed, compose_many, upright
from train.fit.examples import of_split, read_digits

WEAK = 1.0  # pull of each price towards 0: only what many numbers ask for is followed
Floats = NDArray[np.float64]
Arc = tuple[int, int, int]  # from, to, and which run


@dataclass(frozen=True)
class Lattice:
    """The paths through one number: nodes 0 to `last`, arcs in the order of where they start.

    Attributes:
        features: (runs, k), each run's `segment_features`.
        every: all arcs.
        right: those of the paths that read the right digits.
    """

    features: Floats
    every: list[Arc]
    every_last: int
    right: list[Arc]
    right_last: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    default = os.environ.get("MNIST_DEMO_DATA")
    parser.add_argument("--data-dir", type=Path, default=Path(default) if default else Path("data"))
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--count", type=int, default=60, help="numbers of each length and gap")
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> None:
    classifier = Classifier.load(args.weights)
    drawings = upright(of_split(read_digits(args.data_dir), "validation"))
    numbers = compose_many(drawings, args.count, args.seed + 1)
    lattices = [lattice_of(classifier, number) for number in tqdm(numbers, desc="numbers")]
    prices = fit([lattice for lattice in lattices if lattice.right])
    print("SCORE_WEIGHTS = np.array([" + ", ".join(f"{price:.2f}" for price in prices) + "])")


def lattice_of(classifier: Classifier, number: Composed) -> Lattice:
    found = find_pieces(number.canvas)
    assert found is not None  # a number has ink
    pieces = found[0]
    runs, inputs = candidate_segments(pieces)
    predictions = classifier.classify_inputs(inputs)
    digits = [str(prediction.digit) for prediction in predictions]
    return lattice(runs, digits, number.text, segment_features(pieces, runs, predictions))


def lattice(
    runs: Sequence[tuple[int, int]], digits: Sequence[str], text: str, features: Floats
) -> Lattice:
    """The paths through `runs`, read as `digits`, and those among them that read `text`."""
    order = sorted(range(len(runs)), key=lambda k: runs[k])
    every = [(runs[k][0], runs[k][1] + 1, k) for k in order]
    count = max(end for _, end, _ in every)
    # A node for each piece and each number of digits read before it.
    width = len(text) + 1
    right = [
        (start * width + m, end * width + m + 1, k)
        for start, end, k in every
        for m, digit in enumerate(text)
        if digits[k] == digit
    ]
    last = count * width + len(text)
    return Lattice(features, every, count, reaching(right, last), last)


def reaching(arcs: Sequence[Arc], last: int) -> list[Arc]:
    """Those of `arcs`, in the order of their starts, that lie on a path from node 0 to `last`."""
    begun = {0}
    for start, end, _ in arcs:
        if start in begun:
            begun.add(end)
    ended = {last}
    for start, end, _ in reversed(arcs):
        if end in ended:
            ended.add(start)
    return [arc for arc in arcs if arc[0] in begun and arc[1] in ended]


def fit(lattices: Sequence[Lattice], start: Floats = SCORE_WEIGHTS) -> Floats:
    """The prices that make the right paths most probable, on average over `lattices`."""

    def loss(prices: Floats) -> tuple[float, Floats]:
        value, slope = WEAK / 2 * float(prices @ prices), WEAK * prices
        for one in lattices:
            scores = one.features @ prices
            every, expected = log_sum(one.every, one.every_last, scores, one.features)
            right, wanted = log_sum(one.right, one.right_last, scores, one.features)
            value += every - right
            slope = slope + expected - wanted
        return value, slope

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x, np.float64)


def log_sum(
    arcs: Sequence[Arc], last: int, scores: Floats, features: Floats
) -> tuple[float, Floats]:
    """The logarithm of the sum of exp(scores) over all paths from node 0 to `last`, and its slope.

    The slope is the mean of the paths' features, each weighted by its share of the sum.
    """
    coming: dict[int, list[tuple[int, int]]] = {}
    for start, end, k in arcs:
        coming.setdefault(end, []).append((start, k))
    sums = {0: 0.0}
    means = {0: np.zeros(features.shape[1])}
    for end in sorted(coming):
        starts, ks = map(list, zip(*coming[end], strict=True))
        each = np.array([sums[start] for start in starts]) + scores[ks]
        highest = each.max()
        shares = np.exp(each - highest)
        total = shares.sum()
        sums[end] = float(highest + np.log(total))
        before = np.array([means[start] for start in starts])
        means[end] = (shares / total) @ (before + features[ks])
    return sums[last], means[last]
