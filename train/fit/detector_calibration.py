"""How sure a trained detector may be: fitted on views of validation scenes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from mnist_demo.read.detect import Detector, are_same, peaks
from train.fit.export import fit_temperature
from train.scenes.views import Labelled


def calibrate(detector: Detector, views: list[Labelled]) -> dict[str, float]:
    """Fit how the detector's logits become probabilities.

    The logit that a character is there is scaled and shifted (Platt, "Probabilistic outputs for
    support vector machines", 1999), and those of the classes are divided by a temperature.

    Args:
        detector: not calibrated.
        views: pictures uint8 (h, w, 3), and labels as `train.scenes.views.labels` makes them.

    Returns:
        "score_scale", "score_offset" and "temperature".
    """
    scores: list[float] = []
    found: list[bool] = []
    logits: list[NDArray[Any]] = []
    labels: list[int] = []
    for view, boxes in views:
        for detection in peaks(detector(view)):
            same = [box for box in boxes if box[5] and are_same(tuple(box[1:5]), detection.box)]
            if any(box[5] < 0 for box in same):
                continue  # anything is right there
            scores.append(float(np.log(detection.score / (1 - detection.score))))
            found.append(bool(same))
            if same:
                logits.append(np.log(detection.probabilities))
                labels.append(int(same[0][0]))
    scale, offset = fit_logistic(np.array(scores), np.array(found))
    temperature = fit_temperature([(np.stack(logits), np.array(labels))])
    return {"score_scale": scale, "score_offset": offset, "temperature": temperature}


def fit_logistic(logits: NDArray[Any], found: NDArray[np.bool_]) -> tuple[float, float]:
    """The scale and the offset of logits, float (n,), with the least cross-entropy."""

    def cross_entropy(values: NDArray[Any]) -> float:
        right = expit((values[0] * logits + values[1]) * np.where(found, 1, -1))
        return float(-np.log(right.clip(1e-12)).mean())

    scale, offset = minimize(cross_entropy, (1.0, 0.0), method="Nelder-Mead").x
    return float(scale), float(offset)
