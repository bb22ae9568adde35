"""The network: a small convnet with two heads, which digit it is and whether it is one."""

from __future__ import annotations

from math import prod
from typing import Any

import keras
from keras import layers


def build(width: int = 64, dropout: float = 0.3, synchronized: bool = False) -> keras.Model:
    """The untrained network.

    Input float32 (batch, 28, 28, 1) in [0, 1]; outputs two float32 logits: `digits` (batch, 10)
    and `is_digit` (batch, 1). With `synchronized`, batch normalisation sees the batches of all
    workers as one.

    A filter costs a multiplication for every place that it looks at, so the network is narrow where
    there are many places and wide where there are few: width / 8 filters at 28x28, and from
    14x14 to 7x7 to 4x4 twice as many each time. The first layers look at the full size and, with a
    larger window, at every second pixel: without the former, digits are read worse. At each of the
    smaller sizes a residual layer follows. Depthwise and 1x1 layers multiply less than these 3x3
    layers but take longer on a CPU. docs/architectures.md compares them all.
    """

    def layer(x: Any, name: str, filters: int, size: int = 3, stride: int = 1) -> Any:
        return convolve(x, name, filters, size, stride, synchronized)

    images = layers.Input((28, 28, 1), name="images")
    fine = layer(images, "fine", width // 8)
    coarse = layer(images, "coarse", width // 2, size=5, stride=2)
    x = layers.add([coarse, layer(fine, "fine_halved", width // 2, stride=2)])
    x = layers.add([x, layer(x, "middle", width // 2)])
    x = layer(x, "small", width, stride=2)
    x = layers.add([x, layer(x, "small_1", width)])
    x = layer(x, "tiny", 2 * width, stride=2)
    x = layers.add([x, layer(x, "tiny_1", 2 * width)])
    return heads(images, x, width, dropout, synchronized)


def convolve(
    x: Any, name: str, filters: int, size: int = 3, stride: int = 1, synchronized: bool = False
) -> Any:
    """Convolution, batch normalisation, ReLU: float32 (batch, h, w, c) to (batch, h / stride,
    w / stride, filters), rounded up."""
    convolution = layers.Conv2D(
        filters, size, strides=stride, padding="same", use_bias=False, name=name
    )
    return layers.ReLU()(normalise(convolution(x), name, synchronized))


def normalise(x: Any, name: str, synchronized: bool = False) -> Any:
    """Batch normalisation of the layer `name`."""
    return layers.BatchNormalization(
        momentum=0.95, synchronized=synchronized, name=f"{name}_normalise"
    )(x)


def heads(
    images: Any, x: Any, places: int, dropout: float, synchronized: bool = False
) -> keras.Model:
    """The network from `images` to `digits` and `is_digit`, by features `x` (batch, h, w, c).

    Which digit it is depends on where its strokes are: `places` filters of every place are told
    apart. Whether it is one depends on what there is anywhere: its features are pooled.
    """
    here = convolve(x, "places", places, size=1, synchronized=synchronized)
    here = layers.Dropout(dropout)(layers.Flatten()(here))
    digits = layers.Dense(10, name="digits")(here)
    pooled = layers.concatenate(
        [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
    )
    is_digit = layers.Dense(64, activation="relu", name="hidden")(layers.Dropout(dropout)(pooled))
    is_digit = layers.Dense(1, name="is_digit")(is_digit)
    return keras.Model(images, [digits, is_digit], name="digits")


def count_multiplications(model: keras.Model) -> int:
    """How many multiplications of convolutions and dense layers one image costs `model`.

    Those of batch normalisation are not counted, as it can be folded into the convolutions.
    Padding is counted as if it were multiplied. Layers inside of layers are not seen.
    """
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.SeparableConv2D):
            places = prod(layer.output.shape[1:3])
            total += places * (
                prod(layer.depthwise_kernel.shape) + prod(layer.pointwise_kernel.shape)
            )
        elif isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D):
            # Every place of the output uses every weight of the kernel once.
            total += prod(layer.output.shape[1:3]) * prod(layer.kernel.shape)
        elif isinstance(layer, layers.Dense):
            total += prod(layer.kernel.shape)
    return total
