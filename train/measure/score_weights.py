"""Fit the weights that score the segments of numbers, for read/numbers.py.

A conditional random field over the paths through the pieces (Lafferty, McCallum and Pereira, 2001):
the fit makes those paths probable that read the correct digits. It uses numbers by validation
writers, other ones than `numbers` measures with the same --seed. With --store, it writes them to
metrics.json beside the network that they were fitted for.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from tqdm import tqdm

from mnist_demo import Classifier
from mnist_demo.read.numbers import SCORE_WEIGHTS, candidate_segments, find_pieces, segment_features
from train.arguments import add_data_dir, add_weights
from train.data.compose_numbers import ComposedNumber, compose_numbers, select_upright
from train.fit.examples import read_digits, select_split
from train.measure.metrics import add_metric

REGULARISATION = 1.0  # pull of each weight towards 0: only what many numbers ask for is followed
Floats = NDArray[np.float64]
Arc = tuple[int, int, int]  # from, to, and the number of the segment


@dataclass(frozen=True)
class Lattice:
    """The paths through one number, from node 0 to a last node.

    Attributes:
        features: float64 (segments, k), the `segment_features` of each segment.
        arcs: all arcs, in the order of where they start.
        arcs_end: the last node of all paths.
        correct: the arcs of the paths that read the right digits.
        correct_end: the last node of these paths, which have nodes of their own.
    """

    features: Floats
    arcs: list[Arc]
    arcs_end: int
    correct: list[Arc]
    correct_end: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser, "data")
    add_weights(parser)
    parser.add_argument("--count", type=int, default=60, help="numbers of each length and gap")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store", action="store_true", help="write them to metrics.json")


def run(args: argparse.Namespace) -> None:
    classifier = Classifier.load(args.weights)
    drawings = select_upright(select_split(read_digits(args.data_dir), "validation"))
    numbers = compose_numbers(drawings, args.count, args.seed + 1)
    lattices = [number_lattice(classifier, number) for number in tqdm(numbers, desc="numbers")]
    weights = fit_weights([lattice for lattice in lattices if lattice.correct])
    rounded = [round(float(weight), 2) for weight in weights]
    print(f"weights of a segment's features: {rounded}")
    if args.store:
        add_metric(args.weights, "number_score_weights", rounded)


def number_lattice(classifier: Classifier, number: ComposedNumber) -> Lattice:
    """The lattice of a composed number, as the classifier reads its segments."""
    found = find_pieces(number.canvas)
    assert found is not None  # a number has ink
    pieces = found[0]
    segments, inputs = candidate_segments(pieces)
    predictions = classifier.classify_inputs(inputs)
    digits = [str(prediction.digit) for prediction in predictions]
    return build_lattice(
        segments, digits, number.text, segment_features(pieces, segments, predictions)
    )


def build_lattice(
    segments: Sequence[tuple[int, int]], digits: Sequence[str], text: str, features: Floats
) -> Lattice:
    """The paths through `segments`, read as `digits`, and those among them that read `text`."""
    order = sorted(range(len(segments)), key=lambda k: segments[k])
    arcs = [(segments[k][0], segments[k][1] + 1, k) for k in order]
    count = max(end for _, end, _ in arcs)
    # A node for each piece and each number of digits read before it.
    width = len(text) + 1
    correct = [
        (start * width + m, end * width + m + 1, k)
        for start, end, k in arcs
        for m, digit in enumerate(text)
        if digits[k] == digit
    ]
    last = count * width + len(text)
    return Lattice(features, arcs, count, arcs_on_paths(correct, last), last)


def arcs_on_paths(arcs: Sequence[Arc], last: int) -> list[Arc]:
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


def fit_weights(lattices: Sequence[Lattice], start: Floats = SCORE_WEIGHTS) -> Floats:
    """The weights that make the correct paths most probable, on average over `lattices`."""

    def loss(weights: Floats) -> tuple[float, Floats]:
        value, slope = REGULARISATION / 2 * float(weights @ weights), REGULARISATION * weights
        for one in lattices:
            scores = one.features @ weights
            arcs, expected = log_partition(one.arcs, one.arcs_end, scores, one.features)
            correct, wanted = log_partition(one.correct, one.correct_end, scores, one.features)
            value += arcs - correct
            slope = slope + expected - wanted
        return value, slope

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x, np.float64)


def log_partition(
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
