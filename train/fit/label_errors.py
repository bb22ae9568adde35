"""Find drawings that carry a wrong label, with networks that never saw their writers.

The method is confident learning (Northcutt, Jiang and Chuang, "Confident Learning: Estimating
Uncertainty in Dataset Labels", 2021), cross-fitted over two halves of the training writers. A
drawing is left out of training if the network that was trained on the other half reads another
digit, with at least the confidence that it has on average for drawings of that digit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from train.arguments import add_cache, add_data_dir
from train.data.writers import read_digits, select_split
from train.fit.examples import PAINTINGS, Source, load
from train.fit.fit import TrainingConfig, fit, predict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser)
    add_cache(parser)
    parser.add_argument("--out", type=Path, default=Path("runs/mislabelled.json"))


def run(args: argparse.Namespace) -> None:
    sources, _ = load("all", args.data_dir, args.cache)
    mnist, pens, others, scribbles = (source.examples for source in sources[:4])
    drawings = select_split(read_digits(args.data_dir), "train")
    # The half of the training writers that each is in, by a hash of the name.
    names = [f"half {drawing.writer}".encode() for drawing in drawings]
    fold = np.array([hashlib.sha256(name).digest()[0] % 2 for name in names])
    probabilities = np.zeros((len(drawings), 10))
    for held_out in (0, 1):
        known = np.repeat(fold != held_out, PAINTINGS)
        learn = [
            Source("mnist", mnist, 0.5),
            Source("pens", pens[known], 1.0),
            Source("letters and symbols", others, 0.3),
            Source("scribbles and pairs", scribbles, 0.5),
        ]
        config = TrainingConfig(epochs=4, width=48, seed=held_out)
        model = fit(learn, {"other half": pens[~known]}, config, args.cache / f"clean-{held_out}")
        logits, _ = predict(partial(model, training=False), pens.images[~known])
        # All paintings of a drawing together give one answer.
        mean_probabilities = softmax(logits, axis=1).reshape(-1, PAINTINGS, 10).mean(axis=1)
        probabilities[fold == held_out] = mean_probabilities
    labels = pens.labels[::PAINTINGS]
    wrong = find_label_issues(probabilities, labels)
    report = {"drawings": wrong.tolist(), "of": len(labels), "rule": __doc__}
    args.out.write_text(json.dumps(report) + "\n")
    by_source = {s: sum(drawings[i].source == s for i in wrong) for s in ("unipen-1a", "pendigits")}
    print(f"{len(wrong)} of {len(labels)} drawings look mislabelled: {by_source}; {args.out}")


def find_label_issues(probabilities: NDArray[Any], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The indices of wrong labels, int64, in rising order.

    Args:
        probabilities: (n, 10), by a network that was not trained on these writers.
        labels: int64 (n,), 0 to 9.
    """
    confidence = [probabilities[labels == digit, digit].mean() for digit in range(10)]
    read = probabilities.argmax(axis=1)
    confident = probabilities.max(axis=1) >= np.array(confidence)[read]
    return np.flatnonzero((read != labels) & confident)
