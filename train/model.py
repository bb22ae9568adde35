"""The network: a small convnet with two heads, which digit it is and whether it is one."""

from typing import Any

import keras
from keras import layers


def build(width: int = 64, dropout: float = 0.3, synchronized: bool = False) -> keras.Model:
    """The untrained network.

    Input float32 (batch, 28, 28, 1) in [0, 1]; outputs two float32 logits: `digits` (batch, 10)
    and `is_digit` (batch, 1). The first convolution halves the side at once: most of a convnet's
    time on MNIST goes into its first full-size layers. With `synchronized`, batch normalisation
    sees the batches of all workers as one.
    """

    def convolve(x: keras.KerasTensor, filters: int, size: int = 3, stride: int = 1) -> Any:
        x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(x)
        normalise = layers.BatchNormalization(momentum=0.95, synchronized=synchronized)
        return layers.ReLU()(normalise(x))

    images = x = layers.Input((28, 28, 1), name="images")
    x = convolve(x, width // 2, size=5, stride=2)
    x = convolve(x, width)
    x = layers.add([x, convolve(x, width)])
    x = convolve(x, 2 * width, stride=2)
    x = layers.add([x, convolve(x, 2 * width)])
    places = layers.Dropout(dropout)(layers.Flatten()(convolve(x, width, size=1)))
    digits = layers.Dense(10, name="digits")(places)
    pooled = layers.concatenate(
        [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
    )
    is_digit = layers.Dense(64, activation="relu")(layers.Dropout(dropout)(pooled))
    is_digit = layers.Dense(1, name="is_digit")(is_digit)
    return keras.Model(images, [digits, is_digit], name="digits")
