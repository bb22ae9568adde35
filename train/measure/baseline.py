"""The baseline: Keras's plain convnet for MNIST."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers

from train.fit.examples import Examples


def plain_convnet(training: Examples, file: Path, epochs: int = 5) -> keras.Model:
    """The network of Keras's example "Simple MNIST convnet" (https://keras.io/examples), trained.

    Training takes minutes, so the network is kept in `file`. It takes float32 images
    (batch, 28, 28, 1) in [0, 1] and returns probabilities (batch, 10).
    """
    if file.exists():
        return keras.saving.load_model(file)
    keras.utils.set_random_seed(0)
    model = untrained_convnet()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    images = training.images[..., np.newaxis].astype(np.float32) / 255
    model.fit(images, training.labels, batch_size=128, epochs=epochs, verbose=2)
    file.parent.mkdir(parents=True, exist_ok=True)
    model.save(file)
    return model


def untrained_convnet() -> keras.Model:
    """The same network with random weights."""
    return keras.Sequential(
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
