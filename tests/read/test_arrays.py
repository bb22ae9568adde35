"""What Python programs have in their hands is read, or refused in words that say what to do."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits

from mnist_demo import preprocess
from mnist_demo.read.decode.images import decode
from tests.helpers.images import seven

GRAY = seven()  # uint8 (280, 280), black on white
EXPECTED = np.asarray(preprocess(GRAY))
RGB = np.dstack([GRAY] * 3)
RGBA = np.dstack([RGB, np.full_like(GRAY, 255)])
INK = np.dstack([np.zeros_like(RGB), 255 - GRAY])  # on transparent paper


def tensor(make: Callable[[], np.ndarray]) -> Any:
    """A tensor of another package: all that is known of it is that it makes an array."""
    return SimpleNamespace(__array__=lambda *_, **__: make())


def on_the_gpu() -> np.ndarray:
    raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.\nAt")


INTEGERS: list[Any] = [np.int16, np.int32, np.int64, np.uint16, np.uint32, np.uint64, ">u2", ">i4"]
FLOATS: list[Any] = [np.float32, np.float64, np.longdouble, ">f4"]

SAME: dict[str, Any] = {
    **{f"0 to 255 as {np.dtype(kind).str}": GRAY.astype(kind) for kind in INTEGERS + FLOATS},
    **{f"0 to 1 as {np.dtype(kind).str}": GRAY.astype(kind) / kind(255) for kind in FLOATS[:3]},
    **{f"16 bits as {name}": GRAY.astype(name) * 257 for name in ("u2", "i4", "i8", "f4")},
    "0 to 255 as float16": GRAY.astype(np.float16),
    "0 to 255 as bfloat16": GRAY.astype(ml_dtypes.bfloat16),
    "fractions of 0 to 255": np.clip(GRAY + 0.25, 0, 255),
    "rounded past 1": GRAY / np.float32(255) * np.float32(1.0000002) - np.float32(1e-8),
    "nested lists": GRAY.tolist(),
    "nested tuples of floats": tuple(map(tuple, (GRAY / 255).tolist())),
    "a list of rows": list(GRAY),
    "(h, w, 1)": GRAY[:, :, None],
    "(1, h, w)": GRAY[None],
    "(1, h, w, 1)": GRAY[None, :, :, None],
    "(1, 1, h, w)": GRAY[None, None] / 255,
    "(h, w, 3)": RGB,
    "(h, w, 4)": RGBA,
    "white on black": 255 - GRAY,
    "(1, h, w, 3)": RGB[None],
    "(1, h, w, 4)": RGBA[None],
    "(3, h, w)": np.moveaxis(RGB, 2, 0),
    "(1, 3, h, w)": np.moveaxis(RGB, 2, 0)[None].astype(np.float32) / 255,
    "(1, 4, h, w)": np.moveaxis(RGBA, 2, 0)[None],
    "a matrix": np.asmatrix(GRAY),
    "a memoryview of pixels": GRAY.data,
    "a tensor of another package": tensor(lambda: GRAY / 255),
    "the array interface": SimpleNamespace(__array_interface__=GRAY.__array_interface__),
    "a tensor of TensorFlow": tf.constant(GRAY[None, :, :, None] / 255),
    "bfloat16 of TensorFlow": tf.cast(tf.constant(GRAY), tf.bfloat16),
    "in a Sketchpad value": {"composite": GRAY.astype(int)},
    "ink in a Sketchpad value": {"composite": INK, "background": None, "layers": []},
}


@pytest.mark.parametrize("form", SAME)
def test_the_same_picture_in_every_form(form: str) -> None:
    assert np.abs(np.asarray(preprocess(SAME[form])) - EXPECTED).max() < 0.02


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, np.uint16, np.float32])
def test_masks_of_zeros_and_ones(kind: type) -> None:
    mask = GRAY < 128
    expected = np.asarray(preprocess(mask))
    assert np.abs(expected - EXPECTED).mean() < 6e-3
    np.testing.assert_array_equal(preprocess(mask.astype(kind)), expected)


def test_scikit_learn_s_digits_of_8_by_8() -> None:
    for image in load_digits().images[:20]:
        expected = np.round(image / 16 * 255).astype(np.uint8)
        for kind in (np.float64, np.float32, np.uint8, np.int64):
            pixels = decode(image.astype(kind)).pixels
            assert pixels is not None and np.array_equal(pixels, expected)


def test_pixels_of_8_bits_are_not_copied() -> None:
    for array in (GRAY, RGB, RGBA, GRAY[None]):
        pixels = decode(array).pixels
        assert pixels is not None and np.shares_memory(pixels, array)


def test_dark_pixels_stay_dark() -> None:
    """Only 8x8 pixels may be of 0 to 16."""
    for kind in (np.uint8, np.int64, np.float32):
        assert preprocess((GRAY // 17).astype(kind)) is None


REFUSED: dict[str, tuple[Any, str]] = {
    "negative integers": (GRAY.astype(int) - 300, "values from -300 to -45; give 0 to 255"),
    "10 bits": (GRAY.astype(np.uint16) * 4, "nor 0 to 65535; divide by what is white"),
    "more than 16 bits": (GRAY.astype(int) * 9999, "nor 0 to 65535; divide by what is white"),
    "0 to 2": (GRAY / 127.5, "neither 0 to 1 nor 0 to 255; divide by what is white"),
    "-1 to 1": (GRAY / 127.5 - 1, r"shift -1 to 1 into 0 to 1: array / 2 \+ 0.5"),
    "standardised": ((GRAY / 255 - 0.1307) / 0.3081, r"undo the normalisation"),
    "0 to 1e6": (GRAY * 1e4, "divide by what is white"),
    "NaN": (np.where(GRAY > 0, GRAY / 255, np.nan), "not finite"),
    "infinite bfloat16": (np.full((9, 9), np.inf, ml_dtypes.bfloat16), "not finite"),
    "alpha of 0 to 1": (RGBA / [1, 1, 1, 255], "an alpha of 0 to 1, but colours up to 255"),
    "complex": (GRAY.astype(np.complex64), "complex64 is no image; give uint8"),
    "objects": (GRAY[:9, :9].astype(object), "object is no image; give uint8"),
    "texts": (GRAY[:9, :9].astype(str), "is no image; give uint8"),
    "dates": (GRAY.astype("m8[s]"), "is no image; give uint8"),
    "records": (np.zeros((9, 9), [("r", "u1")]), "is no image; give uint8"),
    "raw bytes": (np.zeros((9, 9), "V4"), "is no image; give uint8"),
    "flat": (np.zeros(784), r"reshape it to \(28, 28\)"),
    "a row of scikit-learn's table": (np.zeros((1, 64)), r"reshape it to \(8, 8\)"),
    "a number": (np.float32(7), "shape"),
    "several images": (np.zeros((5, 28, 28)), "5 images; give one.*`classify_many`"),
    "four images": (np.zeros((4, 28, 28)), "4 images; give one.*`classify_many`"),
    "several in colour": (np.zeros((2, 28, 28, 3)), "2 images; give one.*`classify_many`"),
    "several with their channels first": (np.zeros((2, 3, 28, 28)), "2 images"),
    "five axes": (np.zeros((1, 1, 1, 28, 28)), "is no image"),
    "two channels": (np.zeros((28, 28, 2)), "is no image"),
    "a list of images": ([GRAY, GRAY], "2 images; give one.*`classify_many`"),
    "a list of paths": (["a.png", "b.png"], "list of str as one image; `classify_many`"),
    "an empty list": ([], "an empty list as one image"),
    "rows of different lengths": ([[0, 255], [0]], "list cannot be turned into an array"),
    "a tensor on the GPU": (tensor(on_the_gpu), r"Use Tensor\.cpu\(\) first\.$"),
    "too many pixels": (np.broadcast_to(np.float64(0), (6000, 6000)), "more than 24,000,000"),
    "a set": ({1, 2}, "cannot read set; give an image file"),
    "a whole number": (7, "cannot read int"),
    "a list of numbers": ([1, 2], "cannot read list"),
    "not a Sketchpad value": ({"image": None}, "composite"),
    "no rows": (np.zeros((0, 4)), "no pixels"),
    "infinite": (np.full((4, 4), -np.inf), "finite"),
    "only 300": (np.full((4, 4), 300.0), "300"),
    "only -0.5": (np.full((4, 4), -0.5), "-0.5"),
    "too many bytes": (np.zeros((6000, 6000), np.uint8), "24,000,000"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_clear_is_refused_in_words(case: str) -> None:
    image, text = REFUSED[case]
    with pytest.raises(ValueError, match=text) as refusal:
        preprocess(image)
    assert len(str(refusal.value)) < 350
