"""The detector: where the middles of characters are, which these are, and their boxes.

It is anchor-free, in the manner of FCOS (Tian et al., "FCOS: fully convolutional one-stage object
detection", 2019) and CenterNet (Zhou et al., "Objects as points", 2019), on a small feature pyramid
(Lin et al., "Feature pyramid networks for object detection", 2017).
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from mnist_demo.read.detect import OUTPUTS


def build_detector(width: float = 1.0) -> keras.Model:
    """A network with random weights.

    It takes float32 (n, h, w, 3) in [0, 1], whose sides are multiples of 32, and returns what a
    `mnist_demo.read.detect.Detector` does, float32 (n, h / 4, w / 4, OUTPUTS).
    """
    c2, c4, c8, c16, c32, head = (max(8, round(width * c)) for c in (16, 32, 64, 80, 80, 48))
    image = layers.Input((None, None, 3))
    x4 = _residual(_conv(_conv(image, c2, 5, 2), c4, 3, 2), c4)
    x8 = _residual(_conv(x4, c8, 3, 2), c8, 2)
    x16 = _residual(_residual(_conv(x8, c16, 3, 2), c16, 2), c16, dilation=2)
    x32 = _residual(_conv(x16, c32, 3, 2), c32, 2)
    y16 = _residual(_joined(x16, x32, c16), c16)
    y8 = _residual(_joined(x8, y16, c8), c8)
    y4 = _joined(_conv(x4, head, 1, relu=False), y8, head)
    y4 = _conv(_conv(y4, head), head, 1)
    bias = np.zeros(OUTPUTS, np.float32)
    bias[0] = -4.0  # characters are rare
    bias[-4:] = 1.0  # e * 4 = 11 pixels from the middle to each side
    output = layers.Conv2D(
        OUTPUTS,
        1,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        bias_initializer=keras.initializers.Constant(bias),
        name="output",
    )(y4)
    return keras.Model(image, output, name="detector")


def _conv(
    x: Any, filters: int, size: int = 3, stride: int = 1, relu: bool = True, dilation: int = 1
) -> Any:
    x = layers.Conv2D(
        filters, size, stride, "same", dilation_rate=dilation, use_bias=False,
        kernel_initializer="he_normal",
    )(x)  # fmt: skip
    x = layers.BatchNormalization(momentum=0.98)(x)
    return layers.ReLU()(x) if relu else x


def _residual(x: Any, filters: int, depth: int = 1, dilation: int = 1) -> Any:
    y = x
    for i in range(depth):
        y = _conv(y, filters, relu=i + 1 < depth, dilation=dilation)
    return layers.ReLU()(layers.Add()([x, y]))


def _joined(fine: Any, coarse: Any, filters: int) -> Any:
    """Features with those of half the resolution added to them."""
    up = layers.UpSampling2D()(_conv(coarse, filters, 1, relu=False))
    return layers.ReLU()(layers.Add()([fine, up]))
