"""Turns images and predictions into the rows of the output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from mnist_demo.batch.inputs import Input
from mnist_demo.read.classifier import Classifier, Prediction
from mnist_demo.read.images import Array
from mnist_demo.read.preprocess import preprocess

SCHEMA = pa.schema(
    {
        "path": pa.string(),
        "digit": pa.int8(),  # null if the image is blank
        "confidence": pa.float32(),
        "probabilities": pa.list_(pa.float32(), 10),
        "digit_score": pa.float32(),
        "is_digit": pa.bool_(),
        "error": pa.string(),  # null if the image was read; else all but path is null
    }
)

Row = dict[str, Any]


def prepare(inputs: Sequence[Input]) -> list[Array | str | None]:
    """Preprocess each image.

    Returns:
        For each input, float32 (28, 28) in [0, 1]; None if it is blank; or the text of an error.
    """
    results: list[Array | str | None] = []
    for item in inputs:
        try:
            results.append(item.error or preprocess(item.source))
        except Exception as error:  # one file out of a million must not end the run
            results.append(str(error) or type(error).__name__)
    return results


def read_rows(
    names: Sequence[str], prepared: Sequence[Array | str | None], classifier: Classifier
) -> Iterator[Row]:
    """Let the network read preprocessed images.

    Args:
        names: of the images.
        prepared: what `prepare` returned for them.

    Returns:
        A row of `SCHEMA` for each image, in the same order.
    """
    images = [None if isinstance(image, str) else image for image in prepared]
    predictions = classifier.classify_inputs(images)
    for name, image, prediction in zip(names, prepared, predictions, strict=True):
        if isinstance(image, str):
            yield {"path": name, "error": image}
        else:
            yield prediction_row(name, prediction)


def prediction_row(name: str, prediction: Prediction) -> Row:
    """The row of `SCHEMA` for an image that was read."""
    return {
        "path": name,
        "digit": prediction.digit,
        "confidence": prediction.confidence,
        "probabilities": prediction.probabilities,
        "digit_score": prediction.digit_score,
        "is_digit": prediction.is_digit,
        "error": None,
    }
