"""What a network costs is counted right, and the one that is trained is cheap."""

import keras
import numpy as np
import pytest
from keras import layers

from train.fit.architectures import ARCHITECTURES
from train.fit.model import build, count_multiplications


@pytest.mark.parametrize(
    ("layer", "multiplications"),
    [
        # places of the output x filters x kernel x channels of the input
        (layers.Conv2D(8, 3, padding="same"), 36 * 8 * 9 * 2),
        (layers.Conv2D(8, 3), 16 * 8 * 9 * 2),
        (layers.Conv2D(8, 5, strides=2, padding="same"), 9 * 8 * 25 * 2),
        (layers.Conv2D(8, 3, padding="same", groups=2), 36 * 8 * 9 * 1),
        (layers.DepthwiseConv2D(3, strides=2, padding="same"), 9 * 9 * 2),
        (layers.DepthwiseConv2D(3, padding="same", depth_multiplier=3), 36 * 9 * 6),
        (layers.SeparableConv2D(8, 3, padding="same"), 36 * (9 * 2 + 2 * 8)),
        (layers.Flatten(), 0),
        (layers.BatchNormalization(), 0),
    ],
)
def test_multiplications_of_one_layer(layer: keras.Layer, multiplications: int) -> None:
    images = layers.Input((6, 6, 2))
    assert count_multiplications(keras.Model(images, layer(images))) == multiplications


def test_multiplications_of_layers_add_up() -> None:
    images = layers.Input((6, 6, 2))
    x = layers.add([layers.Conv2D(4, 1)(images), layers.Conv2D(4, 3, padding="same")(images)])
    model = keras.Model(images, layers.Dense(10)(layers.Flatten()(x)))
    assert count_multiplications(model) == 36 * 4 * 2 + 36 * 4 * 9 * 2 + 36 * 4 * 10


def test_the_network_is_small_and_cheap() -> None:
    model = build()
    assert count_multiplications(model) <= 10_000_000
    assert model.count_params() <= 400_000


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_network_takes_images_and_returns_both_logits(name: str) -> None:
    digits, is_digit = ARCHITECTURES[name](0.2)(np.zeros((2, 28, 28, 1), np.float32))
    assert digits.shape == (2, 10) and is_digit.shape == (2, 1)
    assert digits.dtype == is_digit.dtype == "float32"
