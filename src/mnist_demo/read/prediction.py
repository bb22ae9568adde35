"""What was read in one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
    """The networks' answer for one image, or for one digit of a number.

    Attributes:
        probabilities: float32 (10,), of the digits 0 to 9; their sum is 1. All are 0 if there is
            no digit.
        digit_score: in [0, 1], how much the image looks like a digit at all; 0 if there is none,
            or if there are several.
        model_input: float32 (28, 28) in [0, 1], the input of the network that reads one digit's
            ink; None if there is no digit, or if the detector read it.
        reason: "no digit" or "several digits"; "" if there is one, or if the image is blank.
    """

    probabilities: Array
    digit_score: float
    model_input: Array | None
    reason: str = ""

    @property
    def digit(self) -> int | None:
        """The most probable digit; None if there is none."""
        return int(self.probabilities.argmax()) if self.probabilities.any() else None

    @property
    def confidence(self) -> float:
        """The probability of `digit`, in [0, 1]; 0 if there is none."""
        return float(self.probabilities.max())

    @property
    def is_digit(self) -> bool:
        """Whether the image looks like a digit at all; False if there is none, or several."""
        return self.digit_score >= DIGIT_THRESHOLD

    @property
    def is_clear(self) -> bool:
        """Whether the image looks like a digit and its `confidence` leaves no doubt which."""
        return self.is_digit and self.confidence >= CONFIDENCE_THRESHOLD

    def top(self, k: int = 3) -> list[tuple[int, float]]:
        """The `k` most probable digits with their probabilities; empty if there are none."""
        if self.digit is None:
            return []
        order = np.argsort(-self.probabilities, kind="stable")[:k]
        return [(int(digit), float(self.probabilities[digit])) for digit in order]

    def as_json(self) -> dict[str, Any]:
        """What every endpoint answers to programs, but for the field `weights`."""
        return {
            "digit": self.digit,
            "confidence": self.confidence,
            "top": [{"digit": digit, "probability": share} for digit, share in self.top()],
            "probabilities": self.probabilities.tolist(),
            "digit_score": self.digit_score,
            "is_digit": self.is_digit,
            "reason": self.reason,
        }


BLANK = Prediction(np.zeros(10, np.float32), 0.0, None)
