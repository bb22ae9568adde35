"""The network: a small convnet with two heads, which digit it is and whether it is one."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
from keras import layers


def build(width: int = 64, dropout: float = 0.3, synchronized: bool = False) -> keras.Model:
    """The untrained network.

    Input float32 (batch, 28, 28, 1) in [0, 1]; outputs two float32 logits: `digits` (batch, 10)
    and `is_digit` (batch, 1). With `synchronized`, batch normalisation sees the batches of all
    workers as one.

    A filter costs its multiplications at every place, so the network is narrow where there are many
    places and wide where there are few: width / 8 filters at 28x28, then about width / 2 at 14x14,
    width at 7x7 and twice the width at 4x4. Two stems look at the image: a few small filters at the
    full size, and larger ones at every second pixel. Then follows a residual block at each of the
    smaller sizes (He and others, "Deep Residual Learning for Image Recognition", 2015).
    Depthwise and 1x1 layers would multiply less than these 3x3 layers, but take longer on a CPU.
    docs/architectures.md compares this network with others.
    """
    layer = partial(convolve, synchronized=synchronized)

    def block(x: Any, name: str, filters: int, stride: int = 1) -> Any:
        y = layer(x, f"{name}_1", filters, stride=stride)
        y = layer(y, f"{name}_2", filters, relu=False)
        if stride > 1:
            x = layers.MaxPooling2D(stride, padding="same")(x)
            x = layer(x, f"{name}_shortcut", filters, size=1, relu=False)
        return layers.ReLU()(layers.add([x, y]))

    images = layers.Input((28, 28, 1), name="images")
    middle = width * 7 // 16
    fine = layer(layer(images, "fine", width // 8), "fine_halved", middle, stride=2)
    x = layers.add([fine, layer(images, "coarse", middle, size=5, stride=2)])
    x = block(x, "middle", middle)
    x = block(x, "small", width, stride=2)
    x = block(x, "tiny", 2 * width, stride=2)
    # Which digit it is depends on where its strokes are: `width` filters of every place are told
    # apart. Whether it is one depends on what there is anywhere: its features are pooled.
    here = layer(x, "places", width, size=1)
    here = layers.Dropout(dropout)(layers.Flatten()(here))
    digits = layers.Dense(10, name="digits")(here)
    pooled = layers.concatenate(
        [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
    )
    is_digit = layers.Dense(64, activation="relu", name="hidden")(layers.Dropout(dropout)(pooled))
    is_digit = layers.Dense(1, name="is_digit")(is_digit)
    return keras.Model(images, [digits, is_digit], name="digits")


def convolve(
    x: Any,
    name: str,
    filters: int,
    size: int = 3,
    stride: int = 1,
    synchronized: bool = False,
    relu: bool = True,
) -> Any:
    """Convolution, batch normalisation and, unless `relu` is false, ReLU.

    Takes float32 (batch, h, w, channels) and returns (batch, h / stride, w / stride, filters),
    h and w rounded up.
    """
    convolution = layers.Conv2D(
        filters, size, strides=stride, padding="same", use_bias=False, name=name
    )
    y = layers.BatchNormalization(
        momentum=0.95, synchronized=synchronized, name=f"{name}_normalise"
    )(convolution(x))
    return layers.ReLU()(y) if relu else y
