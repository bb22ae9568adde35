"""The networks that `compare-architectures` compares: each reads what `train.model.build` reads.

All have the two heads of `train.model.heads` and differ in what comes before. Convolutions are
followed by batch normalisation, which can be folded into them, and all nonlinearities are ReLU.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from train.fit.model import build, convolve, heads, normalise


def reference(dropout: float = 0.3, width: int = 64) -> keras.Model:
    """The network of versions 1.0 to 1.3: two stems, three wide layers at 14x14, two at 7x7."""
    images = layers.Input((28, 28, 1), name="images")
    x = _two_stems(images, width // 4, width // 2)
    x = convolve(x, "middle", width)
    x = _residual(x, "middle_1")
    x = _residual(x, "middle_2")
    x = convolve(x, "small", 2 * width, stride=2)
    x = _residual(x, "small_1")
    return heads(images, x, width, dropout)


def narrow(dropout: float = 0.3) -> keras.Model:
    """The reference at half its width."""
    return reference(dropout, width=32)


def early(dropout: float = 0.3, wide: int = 96, blocks: int = 1) -> keras.Model:
    """Strides first: nothing at full size, one layer at 14x14, most of the work at 7x7."""
    images = layers.Input((28, 28, 1), name="images")
    x = convolve(images, "stem", 32, size=5, stride=2)
    x = _residual(x, "middle_1")
    x = convolve(x, "small", wide, stride=2)
    for i in range(blocks):
        x = _residual(x, f"small_{i + 1}")
    return heads(images, x, 48, dropout)


def deep(dropout: float = 0.3) -> keras.Model:
    """As `early`, with three narrower layers at 7x7."""
    return early(dropout, wide=64, blocks=3)


def two_stems(dropout: float = 0.3) -> keras.Model:
    """As `early`, with the reference's look at the full size beside the stem."""
    images = layers.Input((28, 28, 1), name="images")
    x = _two_stems(images, 8, 32)
    x = _residual(x, "middle_1")
    x = convolve(x, "small", 80, stride=2)
    x = _residual(x, "small_1")
    return heads(images, x, 48, dropout)


def late(dropout: float = 0.3) -> keras.Model:
    """Most parameters at 4x4, where each costs sixteen multiplications."""
    images = layers.Input((28, 28, 1), name="images")
    x = convolve(images, "stem", 32, size=5, stride=2)
    x = convolve(x, "small", 80, stride=2)
    x = _residual(x, "small_1")
    x = convolve(x, "tiny", 128, stride=2)
    x = _residual(x, "tiny_1")
    return heads(images, x, 64, dropout)


def pyramid(dropout: float = 0.3) -> keras.Model:
    """As `two_stems`, with two wide layers at 4x4 as `late` has: the one that `fit` trains."""
    return build(dropout=dropout)


def resnet(dropout: float = 0.3) -> keras.Model:
    """Blocks of two layers (He and others, "Deep Residual Learning", 2015) at 14x14, 7x7, 4x4."""
    images = layers.Input((28, 28, 1), name="images")
    x = convolve(images, "stem", 24, size=5, stride=2)
    x = _block(x, "middle", 24)
    x = _block(x, "small", 64, stride=2)
    x = _block(x, "tiny", 96, stride=2)
    return heads(images, x, 64, dropout)


def resnet_two_stems(dropout: float = 0.3) -> keras.Model:
    """As `resnet`, with the reference's look at the full size and wider."""
    images = layers.Input((28, 28, 1), name="images")
    x = _two_stems(images, 8, 28)
    x = _block(x, "middle", 28)
    x = _block(x, "small", 64, stride=2)
    x = _block(x, "tiny", 128, stride=2)
    return heads(images, x, 64, dropout)


def bottleneck(dropout: float = 0.3) -> keras.Model:
    """As `early`; each 3x3 layer works on fewer filters, between two 1x1 layers (He and others)."""
    images = layers.Input((28, 28, 1), name="images")
    x = convolve(images, "stem", 32, size=5, stride=2)
    for stage, filters, inner, blocks in (("middle", 48, 24, 1), ("small", 128, 40, 3)):
        x = convolve(x, stage, filters, size=2 * _stride(stage) - 1, stride=_stride(stage))
        for i in range(blocks):
            y = convolve(x, f"{stage}_{i}_in", inner, size=1)
            y = convolve(y, f"{stage}_{i}", inner)
            x = layers.add([x, convolve(y, f"{stage}_{i}_out", filters, size=1)])
    return heads(images, x, 48, dropout)


def separable(dropout: float = 0.3) -> keras.Model:
    """Depthwise 3x3 layers, each before a 1x1 layer (Howard and others, "MobileNets", 2017)."""
    images = layers.Input((28, 28, 1), name="images")
    x = convolve(images, "stem", 32, size=5, stride=2)
    for stage, filters, blocks in (("middle", 64, 2), ("small", 160, 3)):
        x = convolve(_depthwise(x, stage, _stride(stage)), stage, filters, size=1)
        for i in range(blocks):
            y = convolve(_depthwise(x, f"{stage}_{i}"), f"{stage}_{i}", filters, size=1)
            x = layers.add([x, y])
    return heads(images, x, 48, dropout)


def inverted(dropout: float = 0.3) -> keras.Model:
    """Depthwise layers on three times the filters (Sandler and others, "MobileNetV2", 2018)."""
    images = layers.Input((28, 28, 1), name="images")
    x = convolve(images, "stem", 32, size=5, stride=2)
    for stage, filters, blocks in (("middle", 32, 1), ("small", 72, 3)):
        for i in range(blocks):
            first = stage == "small" and i == 0
            y = convolve(x, f"{stage}_{i}_in", 3 * x.shape[-1], size=1)
            y = _depthwise(y, f"{stage}_{i}", 2 if first else 1)
            y = normalise(
                layers.Conv2D(filters, 1, use_bias=False, name=f"{stage}_{i}_out")(y),
                f"{stage}_{i}_out",
            )
            x = y if first else layers.add([x, y])
    return heads(images, x, 48, dropout)


ARCHITECTURES = {
    "reference": reference,
    "narrow": narrow,
    "early": early,
    "deep": deep,
    "two stems": two_stems,
    "late": late,
    "pyramid": pyramid,
    "resnet": resnet,
    "resnet, two stems": resnet_two_stems,
    "bottleneck": bottleneck,
    "separable": separable,
    "inverted": inverted,
}


def _stride(stage: str) -> int:
    return 2 if stage == "small" else 1


def _two_stems(images: Any, fine: int, filters: int) -> Any:
    x = convolve(convolve(images, "fine", fine), "fine_halved", filters, stride=2)
    return layers.add([convolve(images, "coarse", filters, size=5, stride=2), x])


def _residual(x: Any, name: str) -> Any:
    return layers.add([x, convolve(x, name, x.shape[-1])])


def _block(x: Any, name: str, filters: int, stride: int = 1) -> Any:
    y = convolve(x, f"{name}_1", filters, stride=stride)
    y = normalise(
        layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_2")(y), f"{name}_2"
    )
    if stride > 1:
        x = layers.AveragePooling2D(stride, padding="same")(x)
        x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_shortcut")(x)
        x = normalise(x, f"{name}_shortcut")
    return layers.ReLU()(layers.add([x, y]))


def _depthwise(x: Any, name: str, stride: int = 1) -> Any:
    convolution = layers.DepthwiseConv2D(
        3, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise"
    )
    return layers.ReLU()(normalise(convolution(x), f"{name}_depthwise"))
