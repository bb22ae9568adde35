"""What the network for drawings says to the digits that the detector found in a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.decode.arrays import Pixels
from mnist_demo.read.detect import Detection
from mnist_demo.read.prediction import Prediction
from mnist_demo.read.preprocess import to_model_input

# Around a digit's box, as a share of its longer side. With 0.06 and with 0.12, as many validation
# pictures are read right.
MARGIN = 0.1


def with_second_opinion(
    lines: Sequence[Sequence[Detection]],
    picture: Pixels,
    classify: Callable[[Sequence[NDArray[np.float32] | None]], Sequence[Prediction]],
) -> list[list[Detection]]:
    """The lines, after the network for drawings has read the ink of each digit, too.

    The mean of both networks' probabilities counts. That network's count as much as the ink looks
    like a digit to it.

    Args:
        lines: what `find_lines` returned.
        picture: in which they are, uint8 (h, w, 3).
        classify: `Network.classify`.
    """
    digits = [d for line in lines for d in line if d.sign.isdigit()]
    opinions = iter(classify([_ink(d, picture) for d in digits]))
    return [[_mean(d, next(opinions)) if d.sign.isdigit() else d for d in line] for line in lines]


def _mean(detection: Detection, opinion: Prediction) -> Detection:
    shares = detection.probabilities.copy()
    total, weight = shares[:10].sum(), opinion.digit_score
    shares[:10] = (shares[:10] + weight * total * opinion.probabilities) / (1 + weight)
    return replace(detection, probabilities=shares)


def _ink(detection: Detection, picture: Pixels) -> NDArray[np.float32] | None:
    """The ink in a character's box and around it, as `to_model_input` returns it."""
    left, top, right, bottom = detection.box
    margin = MARGIN * max(right - left, bottom - top)
    x, y = max(0, int(left - margin)), max(0, int(top - margin))
    part = picture[y : int(bottom + margin) + 1, x : int(right + margin) + 1]
    return to_model_input(np.ascontiguousarray(part)) if part.size else None
