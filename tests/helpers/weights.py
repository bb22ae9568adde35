"""Small weights that are made in a moment."""

from __future__ import annotations

import json
from pathlib import Path

import tensorflow as tf

from mnist_demo.weights.hub import file_checksums


def write_model(folder: Path, digit: int = 3, classes: int = 10) -> None:
    """A SavedModel with the classifier's signature to which everything looks like `digit`."""

    class Reader(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = tf.Variable(10 * tf.one_hot(digit, classes))

        @tf.function(input_signature=[tf.TensorSpec((None, 28, 28, 1), tf.float32, name="images")])
        def serve(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
            total = tf.reduce_sum(images, axis=[1, 2, 3])
            logits = total[:, tf.newaxis] * 0.0 + self.bias
            return {"probabilities": tf.nn.softmax(logits), "digit_score": tf.sigmoid(total)}

    reader = Reader()
    tf.saved_model.save(reader, str(folder), signatures={"serving_default": reader.serve})


def write_metrics(weights: Path, version: str = "1.2.0") -> None:
    metrics = {
        "version": version,
        "parameters": 10,
        "data": "all",
        "files": file_checksums(weights),
        "results": {"released": {"mnist_test_accuracy": 0.9971, "auroc": 0.98, "ece": 0.004}},
    }
    (weights / "metrics.json").write_text(json.dumps(metrics))
