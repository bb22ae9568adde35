"""Small weights that are made in a moment."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from mnist_demo.read.detect import OUTPUTS, STRIDE
from mnist_demo.weights.hub import file_checksums

IMAGES = tf.TensorSpec((None, 28, 28, 1), tf.float32, name="images")
VIEWS = tf.TensorSpec((None, None, None, 3), tf.float32, name="views")


def write_model(
    folder: Path, classes: int = 10, trick: Callable[[Any], Any] = lambda total: total, **more: Any
) -> None:
    """A SavedModel to which everything looks like a 3, and whose detector finds nothing.

    `trick`, which takes and returns float32 (batch,), is put into its graph, and `more` beside it.
    """
    reader = tf.Module()
    for name, value in more.items():
        setattr(reader, name, value)
    reader.bias = tf.Variable(10 * tf.one_hot(3, classes))

    def serve(images: tf.Tensor) -> dict[str, tf.Tensor]:
        total = trick(tf.reduce_sum(images, axis=[1, 2, 3]))
        logits = total[:, tf.newaxis] * 0.0 + reader.bias
        return {"probabilities": tf.nn.softmax(logits), "digit_score": tf.sigmoid(total)}

    reader.serve = tf.function(serve, input_signature=[IMAGES])
    reader.detect = tf.function(detect_nothing, input_signature=[VIEWS])
    signatures = {"serving_default": reader.serve, "detect": reader.detect}
    tf.saved_model.save(reader, str(folder), signatures=signatures)


def detect_nothing(views: tf.Tensor) -> dict[str, tf.Tensor]:
    """The outputs of a detector that finds no character."""
    nothing = tf.nn.conv2d(views, np.zeros((4, 4, 3, OUTPUTS), np.float32), STRIDE, "SAME")
    return {"characters": nothing - 9.0}


def write_metrics(weights: Path, version: str = "1.2.0") -> None:
    metrics = {
        "version": version,
        "parameters": 10,
        "data": "all",
        "files": file_checksums(weights),
        "results": {"released": {"mnist_test_accuracy": 0.9971, "auroc": 0.98, "ece": 0.004}},
    }
    (weights / "metrics.json").write_text(json.dumps(metrics))
