"""Compose numbers of 2 to 5 digits from one writer's strokes and count how many are read right.

With --split test, it reads the held-out writers and adds to metrics.json. Run that once for each
release. Choose between readers with --split validation.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mnist_demo import Classifier
from train.arguments import add_measurement
from train.data.compose_numbers import GAPS, LENGTHS, compose_numbers, select_upright
from train.data.writers import read_digits, select_split
from train.measure.metrics import add_metric


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_measurement(parser)
    parser.add_argument("--count", type=int, default=100, help="numbers of each length and gap")


def run(args: argparse.Namespace) -> None:
    classifier = Classifier.load(args.weights)
    drawings = select_upright(select_split(read_digits(args.data_dir), args.split))
    right = np.zeros((len(LENGTHS), len(GAPS), args.count))
    alone = np.zeros_like(right)
    numbers = compose_numbers(drawings, args.count, args.seed)
    for i, number in enumerate(tqdm(numbers, desc="numbers", total=right.size)):
        place = np.unravel_index(i, right.shape)
        right[place] = classifier.read_number(number.canvas).number == number.text
        read = classifier.classify_many(number.digits)
        alone[place] = [prediction.digit for prediction in read] == [int(d) for d in number.text]
    print(table(right, alone))
    if args.split == "test":
        results = {
            "numbers": right.size,
            "writers": len({drawing.writer for drawing in drawings}),
            "read_right": float(right.mean()),
            "by_length": dict(
                zip(map(str, LENGTHS), right.mean(axis=(1, 2)).tolist(), strict=True)
            ),
            "by_gap": dict(zip(GAPS, right.mean(axis=(0, 2)).tolist(), strict=True)),
            # The share that a reader would reach if it were told where each digit is.
            "oracle_accuracy": float(alone.mean()),
        }
        add_metric(args.weights, "numbers", results)


def table(right: NDArray[np.float64], alone: NDArray[np.float64]) -> str:
    """A Markdown table of the shares read right, by length (rows) and gap (columns).

    Args:
        right: (lengths, gaps, count), 1 where a number is read right and 0 elsewhere.
        alone: the same for numbers whose digits are given one by one.
    """
    rows = ["| digits | " + " | ".join(GAPS) + " | all | digits given one by one |"]
    rows.append("|---" * (len(GAPS) + 3) + "|")
    means = [*right.mean(axis=2), right.mean(axis=(0, 2))]
    ceilings = [*alone.mean(axis=(1, 2)), alone.mean()]
    for name, shares, ceiling in zip([*LENGTHS, "all"], means, ceilings, strict=True):
        cells = [f"{share:.1%}" for share in [*shares, shares.mean(), ceiling]]
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)
