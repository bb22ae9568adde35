"""Turns images and predictions into the rows of the output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from mnist_demo.batch.inputs import Input
from mnist_demo.read.classifier import Classifier
from mnist_demo.read.prediction import Prediction

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
ANSWER = SCHEMA.names[1:-1]  # attributes of a Prediction

Row = dict[str, Any]


def read_rows(inputs: Sequence[Input], classifier: Classifier) -> list[Row]:
    """Read some images together: a row of `SCHEMA` for each of them, in the same order."""
    rows: list[Row] = [{"path": item.name, "error": item.error or None} for item in inputs]
    good = [i for i, item in enumerate(inputs) if not item.error]
    sources = [inputs[i].source for i in good]
    predictions: list[Prediction | Exception]
    try:
        predictions = [*classifier.classify_each(sources)]
    except Exception as error:  # one file out of a million must not end the run
        if len(inputs) > 1:
            return [row for item in inputs for row in read_rows([item], classifier)]
        predictions = [error]
    for i, prediction in zip(good, predictions, strict=True):
        if isinstance(prediction, Exception):
            rows[i]["error"] = str(prediction) or type(prediction).__name__
        else:
            rows[i] |= {name: getattr(prediction, name) for name in ANSWER}
    return rows
