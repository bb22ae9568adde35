"""The baselines: Keras's plain convnet for MNIST, and two simpler ways to prepare a canvas."""

from __future__ import annotations

from pathlib import Path

import cv2
import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from mnist_demo.read.preprocess import find_ink, normalize
from train.fit.examples import Examples


def plain_convnet(training: Examples, file: Path, epochs: int = 5) -> keras.Model:
    """The network of Keras's example "Simple MNIST convnet" (https://keras.io/examples), trained.

    Training takes minutes, so the network is kept in `file`. It takes float32 images
    (batch, 28, 28, 1) in [0, 1] and returns probabilities (batch, 10).
    """
    if file.exists():
        return keras.saving.load_model(file)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    images = training.images[..., np.newaxis].astype(np.float32) / 255
    model.fit(images, training.labels, batch_size=128, epochs=epochs, verbose=2)
    file.parent.mkdir(parents=True, exist_ok=True)
    model.save(file)
    return model


def resize_canvas(canvas: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The whole canvas, resized: float32 (28, 28) in [0, 1], white on black.

    `canvas` is uint8 (h, w), with dark ink on paper of 255.
    """
    small = cv2.resize(255 - canvas, (28, 28), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / np.float32(255)


def normalise_canvas(canvas: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The digit scaled and centred as in MNIST, without changing the width of its strokes.

    `canvas` is uint8 (h, w). Returns float32 (28, 28) in [0, 1], white on black; all zero if the
    canvas has no ink.
    """
    ink = find_ink(canvas)
    return np.zeros((28, 28), np.float32) if ink is None else normalize(ink)
