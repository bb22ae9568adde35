"""The answer that programs get, which is the same from every endpoint."""

from __future__ import annotations

from typing import Any

from mnist_demo.read.prediction import Prediction


def as_json(prediction: Prediction) -> dict[str, Any]:
    """`prediction` as what `/classify` answers, but for the field `weights`."""
    return {
        "digit": prediction.digit,
        "confidence": prediction.confidence,
        "top": [
            {"digit": digit, "probability": probability} for digit, probability in prediction.top(3)
        ],
        "probabilities": prediction.probabilities.tolist(),
        "digit_score": prediction.digit_score,
        "is_digit": prediction.is_digit,
        "reason": prediction.reason,
    }
