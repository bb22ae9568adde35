"""The network: a small convnet with two heads, which digit it is and whether it is one."""

from typing import Any

import keras
from keras import layers


def build(width: int = 64, dropout: float = 0.3, synchronized: bool = False) -> keras.Model:
    """The untrained network.

    Input float32 (batch, 28, 28, 1) in [0, 1]; outputs two float32 logits: `digits` (batch, 10)
    and `is_digit` (batch, 1). Most of a convnet's time on MNIST goes into its first, full-size
    layers: here only a few filters look at the full size, beside larger ones at every second pixel.
    With `synchronized`, batch normalisation sees the batches of all workers as one.
    """

    def convolve(x: Any, name: str, filters: int, size: int = 3, stride: int = 1) -> Any:
        convolution = layers.Conv2D(
            filters, size, strides=stride, padding="same", use_bias=False, name=name
        )
        normalise = layers.BatchNormalization(
            momentum=0.95, synchronized=synchronized, name=f"{name}_normalise"
        )
        return layers.ReLU()(normalise(convolution(x)))

    images = layers.Input((28, 28, 1), name="images")
    fine = convolve(images, "fine", width // 4)
    coarse = convolve(images, "coarse", width // 2, size=5, stride=2)
    x = layers.add([coarse, convolve(fine, "fine_halved", width // 2, stride=2)])
    x = convolve(x, "middle", width)
    x = layers.add([x, convolve(x, "middle_1", width)])
    x = layers.add([x, convolve(x, "middle_2", width)])
    x = convolve(x, "small", 2 * width, stride=2)
    x = layers.add([x, convolve(x, "small_1", 2 * width)])
    places = convolve(x, "places", width, size=1)
    places = layers.Dropout(dropout)(layers.Flatten()(places))
    digits = layers.Dense(10, name="digits")(places)
    pooled = layers.concatenate(
        [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
    )
    is_digit = layers.Dense(64, activation="relu", name="hidden")(layers.Dropout(dropout)(pooled))
    is_digit = layers.Dense(1, name="is_digit")(is_digit)
    return keras.Model(images, [digits, is_digit], name="digits")
