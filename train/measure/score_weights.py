"""Fit the weights with which the number reader scores segments (read/numbers.py).

The model is a conditional random field over the paths through the pieces (Lafferty, McCallum and
Pereira, "Conditional Random Fields", ICML 2001). The fit makes the paths probable that read the
correct digits. It uses numbers by validation writers, and not those that `evaluate-numbers`
composes with the same --seed. With --store, the weights are written to metrics.json, beside the
network that they were fitted for.
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
from train.data.writers import read_digits, select_split
from train.measure.metrics import add_metric

REGULARISATION = 1.0  # L2: half of this times the sum of the squared weights
Floats = NDArray[np.float64]
Arc = tuple[int, int, int]  # from, to, and the number of the segment


@dataclass(frozen=True)
class Lattice:
    """The paths through one number, from node 0 to a last node.

    Attributes:
        features: float64 (segments, k), the `segment_features` of each segment.
        arcs: the arcs of all paths, sorted by their starts. Their nodes are places between pieces.
        arcs_end: the last node of all paths.
        correct: the arcs of the paths that read the right digits. Their nodes are pairs of a place
            and the number of digits that are read before it, as one integer.
        correct_end: the last node of these paths.
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
    """The lattice of a composed number whose segments `classifier` reads."""
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
    """All paths through the segments of a number, and those that read `text`.

    Args:
        segments: the first and the last piece of each segment.
        digits: how each segment is read, "0" to "9".
        text: the digits of the number.
        features: float64 (segments, k).
    """
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
    """The arcs that lie on a path from node 0 to `last`. `arcs` are sorted by their starts."""
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
    """The weights, float64 (k,), that make the correct paths most probable.

    The regularised likelihood is maximised by L-BFGS, from the weights `start`.
    """

    def loss(weights: Floats) -> tuple[float, Floats]:
        value, gradient = REGULARISATION / 2 * float(weights @ weights), REGULARISATION * weights
        for lattice in lattices:
            scores = lattice.features @ weights
            arcs, expected = log_partition(lattice.arcs, lattice.arcs_end, scores, lattice.features)
            correct, wanted = log_partition(
                lattice.correct, lattice.correct_end, scores, lattice.features
            )
            value += arcs - correct
            gradient = gradient + expected - wanted
        return value, gradient

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x, np.float64)


def log_partition(
    arcs: Sequence[Arc], last: int, scores: Floats, features: Floats
) -> tuple[float, Floats]:
    """The log partition function, and the expected features, by the forward algorithm.

    Args:
        arcs: the arcs of the paths from node 0 to `last`.
        last: the last node.
        scores: float64 (segments,).
        features: float64 (segments, k).

    Returns:
        The logarithm of the sum of exp(score) over all paths. Then its gradient with respect to
        the weights, float64 (k,): the mean of the paths' features, weighted by their shares of
        the sum.
    """
    incoming: dict[int, list[tuple[int, int]]] = {}
    for start, end, k in arcs:
        incoming.setdefault(end, []).append((start, k))
    sums = {0: 0.0}
    means = {0: np.zeros(features.shape[1])}
    for end in sorted(incoming):
        starts, ks = map(list, zip(*incoming[end], strict=True))
        arc_scores = np.array([sums[start] for start in starts]) + scores[ks]
        highest = arc_scores.max()
        shares = np.exp(arc_scores - highest)
        total = shares.sum()
        sums[end] = float(highest + np.log(total))
        before = np.array([means[start] for start in starts])
        means[end] = (shares / total) @ (before + features[ks])
    return sums[last], means[last]
