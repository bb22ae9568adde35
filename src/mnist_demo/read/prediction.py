"""What the classifier says about one image."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

# `digit_score` is calibrated so that 0.5% of validation digits fall below this threshold.
DIGIT_THRESHOLD = 0.5
# Below this confidence a digit is in doubt: 0.9% of the validation paintings are, and 43% of these
# are read wrong. browser/digit-answer.js has the same number.
CONFIDENCE_THRESHOLD = 0.8

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Prediction:
    """The network's answer for one image.

    Attributes:
        probabilities: float32 (10,), of the digits 0 to 9; their sum is 1. All are 0 if there is
            no digit.
        digit_score: in [0, 1], how much the image looks like a digit at all; 0 if there is none.
        model_input: float32 (28, 28) in [0, 1], the network's input; None if there is no digit.
        reason: why there is none: "no digit", "too faint" or "too small"; "" if there is one, or if
            the image is blank.
    """

    probabilities: Array
    digit_score: float
    model_input: Array | None
    reason: str = ""

    @property
    def digit(self) -> int | None:
        """The most probable digit; None if there is none."""
        return None if self.model_input is None else int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """The probability of `digit`, in [0, 1]; 0 if there is none."""
        return float(self.probabilities.max())

    @property
    def is_digit(self) -> bool:
        """Whether the image looks like a digit at all; False if there is none."""
        return self.digit_score >= DIGIT_THRESHOLD

    @property
    def is_clear(self) -> bool:
        """Whether the image looks like a digit and its `confidence` leaves no doubt which."""
        return self.is_digit and self.confidence >= CONFIDENCE_THRESHOLD

    def mix_with_uniform(self, share: float) -> Prediction:
        """This prediction, weighted with `share` in [0, 1], and the uniform one with the rest."""
        probabilities = share * self.probabilities + (1 - share) / 10
        return replace(self, probabilities=probabilities.astype(np.float32))

    def top(self, k: int = 3) -> list[tuple[int, float]]:
        """The `k` most probable digits with their probabilities; empty if there are none."""
        if self.model_input is None:
            return []
        order = np.argsort(-self.probabilities, kind="stable")[:k]
        return [(int(digit), float(self.probabilities[digit])) for digit in order]


BLANK = Prediction(np.zeros(10, np.float32), 0.0, None)
