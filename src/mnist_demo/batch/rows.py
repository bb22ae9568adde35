"""Turns images and predictions into the rows of the output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from mnist_demo.batch.inputs import Input
from mnist_demo.read.best_digit import Prepared
from mnist_demo.read.classifier import Classifier, Prediction

SCHEMA = pa.schema(
    {
        "path": pa.string(),
        "digit": pa.int8(),  # null if there is none
        "confidence": pa.float32(),
        "probabilities": pa.list_(pa.float32(), 10),
        "digit_score": pa.float32(),
        "is_digit": pa.bool_(),
        "reason": pa.string(),  # why there is no digit; empty if there is one or the image is blank
        "error": pa.string(),  # null if the image was read; else all but path is null
    }
)

Row = dict[str, Any]


def prepare(inputs: Sequence[Input], classifier: Classifier) -> list[Prepared | str]:
    """Make each image ready for the network; the text of an error for what cannot be read."""
    results: list[Prepared | str] = []
    for item in inputs:
        try:
            results.append(item.error or classifier.prepare(item.source))
        except Exception as error:  # one file out of a million must not end the run
            results.append(str(error) or type(error).__name__)
    return results


def read_rows(
    names: Sequence[str], prepared: Sequence[Prepared | str], classifier: Classifier
) -> Iterator[Row]:
    """Let the network read prepared images.

    Args:
        names: of the images.
        prepared: what `prepare` returned for them.
        classifier: reads them.

    Returns:
        A row of `SCHEMA` for each image, in the same order.
    """
    good = [image for image in prepared if not isinstance(image, str)]
    predictions = iter(classifier.classify_prepared(good))
    for name, image in zip(names, prepared, strict=True):
        if isinstance(image, str):
            yield {"path": name, "error": image}
        else:
            yield prediction_row(name, next(predictions))


def prediction_row(name: str, prediction: Prediction) -> Row:
    """The row of `SCHEMA` for an image that was read."""
    return {
        "path": name,
        "digit": prediction.digit,
        "confidence": prediction.confidence,
        "probabilities": prediction.probabilities,
        "digit_score": prediction.digit_score,
        "is_digit": prediction.is_digit,
        "reason": prediction.reason,
        "error": None,
    }
