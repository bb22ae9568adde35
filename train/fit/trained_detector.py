"""A detector that `train.fit.detector` has trained, or that of a folder of weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_demo.read.detect import CHARACTERS, Detector

VIEWS = tf.TensorSpec((None, None, None, 3), tf.float32, name="views")
# From float32 (n, h, w, 3) in [0, 1] to float32 (n, h / 4, w / 4, OUTPUTS).
Graph = Callable[[tf.Tensor], tf.Tensor]


def load_detector(path: Path) -> Graph:
    """The detector in a file of `train.fit.detector`, or in a folder of weights.

    A calibration.json beside the file is applied.
    """
    if not path.is_file():
        saved = tf.saved_model.load(str(path / "model"))
        return lambda views: saved.signatures["detect"](views=views)["characters"]
    model = keras.saving.load_model(path, compile=False)

    def detector(views: tf.Tensor) -> tf.Tensor:
        return model(views, training=False)

    file = path.with_name("calibration.json")
    return calibrated(detector, json.loads(file.read_text())) if file.exists() else detector


def calibrated(detector: Graph, calibration: dict[str, float]) -> Graph:
    """The detector with its logits scaled as `train.fit.detector.calibrate` found."""

    def detect(views: tf.Tensor) -> tf.Tensor:
        score, classes, sides = tf.split(detector(views), [1, len(CHARACTERS), 4], axis=-1)
        score = calibration["score_scale"] * score + calibration["score_offset"]
        return tf.concat([score, classes / calibration["temperature"], sides], axis=-1)

    return detect


def on_views(detector: Graph) -> Detector:
    """A function of one view that runs `detector`."""
    call = tf.function(detector, input_signature=[VIEWS])

    def detect(view: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(call(tf.constant(view[np.newaxis].astype(np.float32) / 255))[0])

    return detect


def detector_settings(path: Path) -> dict[str, Any]:
    """How a detector, see `load_detector`, was trained and calibrated."""
    if not path.is_file():
        settings: dict[str, Any] = json.loads((path / "training.json").read_text())["detector"]
        return settings
    files = (path.with_name(f"{name}.json") for name in ("config", "calibration"))
    config, calibration = (json.loads(file.read_text()) for file in files)
    return config | {"calibration": calibration}
