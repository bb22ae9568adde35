"""Turns arrays into pixels: whatever shape, type and range they have, if it is clear what is meant.

What could mean two things is refused, in words that say how to say it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.decode.formats import ACCEPTED, MAX_PIXELS

# Values may lie outside of their range by this share of it: rounding, not meaning.
ROUNDING = 1e-3
# Integers up to this, but of more than 8 bits, may come from a camera of 10 or 12 bits.
MAX_12_BITS = 4095
SEVERAL = "`classify_many` takes several images"

Pixels = NDArray[np.uint8]


def is_array(image: Any) -> bool:
    """Whether `image` is an array, a tensor or nested lists."""
    if isinstance(image, list | tuple | memoryview):
        return True
    return hasattr(image, "__array__") or hasattr(image, "__array_interface__")


def as_array(image: Any) -> NDArray[Any]:
    """`image`, an array, a tensor or nested lists, as an array.

    Raises:
        ValueError: it cannot be turned into an array, or it is a list of images.
    """
    if isinstance(image, list | tuple) and not (
        image and isinstance(image[0], list | tuple | np.ndarray)
    ):
        kind = f"{type(image).__name__} of {type(image[0]).__name__}" if image else "an empty list"
        raise ValueError(f"cannot read {kind} as one image; {SEVERAL}")
    try:
        return np.asarray(image)
    except Exception as error:  # PyTorch and others raise errors of their own, which say what to do
        text = str(error).partition("\n")[0][:200]
        raise ValueError(f"{type(image).__name__} cannot be turned into an array: {text}") from None


def array_pixels(array: NDArray[Any]) -> Pixels:
    """`array` as pixels.

    Args:
        array: one image of any shape, type and range that `preprocess` accepts.

    Returns:
        uint8 (h, w), (h, w, 3) or (h, w, 4). It is `array` itself if nothing has to be changed.

    Raises:
        ValueError: `array` is no image, is too large, or could mean two things.
    """
    array = _in_usual_shape(array)
    if array.size == 0:
        raise ValueError(f"an array of shape {array.shape} has no pixels")
    if array.shape[0] * array.shape[1] > MAX_PIXELS:  # before anything makes a copy
        raise ValueError(f"the image has more than {MAX_PIXELS:,} pixels")
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind in "iu":
        return _from_integers(array)
    if array.dtype.kind == "f":
        return _from_floats(array)
    # The types of the package ml_dtypes, such as bfloat16, are unknown to NumPy.
    if array.dtype.kind == "V" and array.dtype.type is not np.void:
        return _from_floats(array.astype(np.float32))
    raise ValueError(
        f"an array of {array.dtype} is no image; give uint8 of 0 to 255 or float of 0 to 1"
    )


def unit_pixels(values: NDArray[Any]) -> Pixels:
    """Floats in [0, 1] as uint8 in [0, 255], of the same shape."""
    return np.round(values * 255).astype(np.uint8)


def _in_usual_shape(array: NDArray[Any]) -> NDArray[Any]:
    """A view of `array` as (h, w), (h, w, 3) or (h, w, 4); ValueError if it is not one image."""
    shape = array.shape
    if shape in ((64,), (784,), (1, 64), (1, 784), (64, 1), (784, 1)):
        side = 8 if 64 in shape else 28
        raise ValueError(f"an array of shape {shape} is flat; reshape it to ({side}, {side})")
    channels_first: tuple[int, ...] = (3,)  # an array of shape (4, h, w) may hold four images
    if array.ndim == 4 and shape[0] == 1:
        array, channels_first = array[0], (3, 4)
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4)):
        return array
    if array.ndim == 3:
        if array.shape[2] == 1:
            return array[:, :, 0]
        if array.shape[0] == 1:
            return array[0]
        if array.shape[0] in channels_first:
            return np.moveaxis(array, 0, 2)
    if array.ndim == 4 or (array.ndim == 3 and shape[2] > 4):
        raise ValueError(
            f"an array of shape {shape} seems to hold {shape[0]} images; give one, such as "
            f"array[0]. {SEVERAL}"
        )
    raise ValueError(f"an array of shape {shape} is no image; give {ACCEPTED}")


def _from_integers(array: NDArray[Any]) -> Pixels:
    """Integers as uint8 in [0, 255]; ValueError if it is not clear what is white."""
    lowest, highest = 0 if array.dtype.kind == "u" else int(array.min()), int(array.max())
    if lowest < 0:
        raise ValueError(f"the array has values from {lowest} to {highest}; give 0 to 255")
    if array.dtype != np.uint8:
        _check_alpha(array, highest)
    if highest <= 1:  # a mask
        return array.astype(np.uint8) * np.uint8(255)
    if _is_tiny(array, highest):
        return unit_pixels(array / 16)
    if highest <= 255:
        return array.astype(np.uint8, copy=False)
    return _from_16_bits(array, lowest, highest)


def _from_floats(array: NDArray[Any]) -> Pixels:
    """Floats as uint8 in [0, 255]; ValueError if it is not clear what is black and white."""
    lowest, highest = float(array.min()), float(array.max())
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise ValueError("the array has values that are not finite; give float of 0 to 1")
    spread = f"the array has values from {lowest:.3g} to {highest:.3g}"
    if lowest < -ROUNDING * max(1, highest):
        if -1 - ROUNDING <= lowest < -0.9 and highest <= 1 + ROUNDING:
            raise ValueError(f"{spread}; shift -1 to 1 into 0 to 1: array / 2 + 0.5")
        raise ValueError(
            f"{spread}; undo the normalisation (array * std + mean), or clip what resampling "
            "left, so that they are 0 to 1"
        )
    if lowest < 0:
        array = array.clip(0)
    _check_alpha(array, highest)
    if highest <= 1 + ROUNDING:
        return unit_pixels(array.clip(0, 1) if highest > 1 else array)
    if _is_tiny(array, highest):
        return unit_pixels(array / 16)
    # Dark pixels that were integers before are whole numbers.
    if highest <= 255 * (1 + ROUNDING) and (highest > 16 or (array == np.round(array)).all()):
        return np.round(array.clip(0, 255)).astype(np.uint8)
    if highest <= 16:
        raise ValueError(
            f"{spread}, which is neither 0 to 1 nor 0 to 255; divide by what is white, so that "
            "they are 0 to 1"
        )
    return _from_16_bits(array, lowest, highest)


def _from_16_bits(array: NDArray[Any], lowest: float, highest: float) -> Pixels:
    """Values of 0 to 65535 as uint8 in [0, 255]; ValueError if they may be of another range."""
    if not MAX_12_BITS < highest <= 65535:
        raise ValueError(
            f"the array has values from {lowest:.6g} to {highest:.6g}, which is neither 0 to 255 "
            "nor 0 to 65535; divide by what is white, so that they are 0 to 1"
        )
    return unit_pixels(array / np.float32(65535))


def _check_alpha(array: NDArray[Any], highest: float) -> None:
    """ValueError if `array` is RGBA whose alpha has another range than its colours."""
    if array.ndim == 2 or array.shape[2] == 3 or highest <= 1 + ROUNDING:
        return
    if 0 < array[:, :, 3].max() <= 1 + ROUNDING:
        raise ValueError(
            f"the array has an alpha of 0 to 1, but colours up to {highest:.6g}; give both in the "
            "same range"
        )


def _is_tiny(array: NDArray[Any], highest: float) -> bool:
    """Whether `array` is like scikit-learn's digits: 8x8 pixels of 0 to 16."""
    return array.shape == (8, 8) and 1 < highest <= 16
