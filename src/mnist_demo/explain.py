"""Which strokes spoke for an answer: the network asked again with a part of the ink erased."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnist_demo.classifier import Classifier

PATCH = 5  # pixels on either side of the square that is erased at a time

Array = NDArray[np.float32]


def heat_map(classifier: Classifier, model_input: Array, digit: int) -> Array:
    """How much each pixel of ink spoke for `digit`: float32 (28, 28), 0 on paper, in [-1, 1].

    A pixel's value is the mean change of the log-odds of `digit` over the erased squares that
    cover it, in units of the largest change: positive where the ink speaks for the digit.
    Occlusion, as in Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks",
    ECCV 2014, section 4.2.

    Args:
        model_input: float32 (28, 28) in [0, 1], as `Prediction` has it.
        digit: 0 to 9.
    """
    corners = [
        (y, x)
        for y in range(0, 28 - PATCH + 1, 2)
        for x in range(0, 28 - PATCH + 1, 2)
        if model_input[y : y + PATCH, x : x + PATCH].max() > 0
    ]
    erased = np.repeat(model_input[np.newaxis], len(corners) + 1, axis=0)
    for image, (y, x) in zip(erased[1:], corners, strict=True):
        image[y : y + PATCH, x : x + PATCH] = 0
    predictions = classifier.classify_inputs(list(erased))
    share = np.array([p.probabilities[digit] for p in predictions], np.float64).clip(1e-6, 1 - 1e-6)
    log_odds = np.log(share / (1 - share))
    total, count = np.zeros((28, 28)), np.zeros((28, 28))
    for change, (y, x) in zip(log_odds[0] - log_odds[1:], corners, strict=True):
        total[y : y + PATCH, x : x + PATCH] += change
        count[y : y + PATCH, x : x + PATCH] += 1
    heat = total / np.maximum(count, 1) * (model_input > 0)
    return (heat / max(float(np.abs(heat).max()), 1e-6)).astype(np.float32)
