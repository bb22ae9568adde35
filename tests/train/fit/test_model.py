"""The network for digits."""

import numpy as np

from train.fit.model import build


def test_the_network_is_small() -> None:
    assert build().count_params() <= 400_000


def test_it_takes_images_and_returns_both_logits() -> None:
    digits, is_digit = build(16)(np.zeros((2, 28, 28, 1), np.float32))
    assert digits.shape == (2, 10) and is_digit.shape == (2, 1)
    assert digits.dtype == is_digit.dtype == "float32"
