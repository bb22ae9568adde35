"""Turns image files, PIL images and arrays into pixels, and limits what is decoded."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.ExifTags import Base

MAX_PIXELS = 24_000_000
# Larger images are read at half of their height and width, as two copies of 24 million pixels take
# 200 MB. Formats that are not in `HALVABLE_FORMATS` must not be larger: Pillow cannot hand out
# their pixels in parts.
MAX_FULL_SIZE_PIXELS = 6_300_000
HALVABLE_FORMATS = ("PNG", "JPEG", "MPO", "GIF", "BMP", None)  # None: not from a file
_large_image = threading.Lock()  # only one image is halved at a time
MAX_SCANS = 100  # of a progressive JPEG; about ten are usual
# A JPEG's markers (ITU T.81, B.1.1), except stuffed bytes and restart markers.
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
START_OF_SCAN, END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
# The formats that are opened. For others, such as EPS, Pillow starts other programs.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
ACCEPTED = (
    "a Sketchpad value, a PIL image, a path to an image file, or a uint8 or float array of shape "
    "(height, width), (height, width, 3) or (height, width, 4)"
)

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]


class ImageTooLargeError(ValueError):
    """Pillow refuses to open the image: it has far more than `MAX_PIXELS` pixels."""


def read_pixels(image: Any) -> Pixels | None:
    """Decode and check an image.

    Args:
        image: anything that `preprocess` accepts.

    Returns:
        uint8 (h, w), (h, w, 3) or (h, w, 4); None if `image` is None or an empty Sketchpad value.
        If `is_halved` holds for the file or PIL image, its height and width are halved.

    Raises:
        ValueError: `preprocess` would raise it.
    """
    if isinstance(image, Mapping):
        if "composite" not in image:
            raise ValueError(f"a dict without the key 'composite' is no drawing; give {ACCEPTED}")
        image = image["composite"]
        if image is None:
            return None
    elif image is None:
        return None
    if isinstance(image, str | os.PathLike):
        image = open_image(image)
    if isinstance(image, Image.Image):
        return _decode(image)
    if isinstance(image, np.ndarray):
        return _check_array(image)
    raise ValueError(f"cannot read {type(image).__name__}; give {ACCEPTED}")


def open_image(file: str | os.PathLike[str] | BinaryIO) -> Image.Image:
    """Open an image file, given by its path or as a stream; its pixels are not yet decoded.

    Raises:
        ImageTooLargeError: the image has far more than `MAX_PIXELS` pixels.
        ValueError: there is no such file, or it is not an image in one of `FORMATS`.
    """
    name = Path(file).name if isinstance(file, str | os.PathLike) else "this"
    try:
        return Image.open(file, formats=FORMATS)
    except FileNotFoundError:
        raise ValueError(f"no such file: {name}") from None
    except Image.DecompressionBombError:
        raise ImageTooLargeError(f"the image has more than {MAX_PIXELS:,} pixels") from None
    except (OSError, ValueError, SyntaxError):
        raise ValueError(
            f"{name} is not an image that can be read; "
            "accepted are PNG, JPEG, WebP, GIF, BMP and TIFF"
        ) from None


def _decode(image: Image.Image) -> Pixels:
    """The pixels of `image`, as `read_pixels` returns them; ValueError if it is too large."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ValueError(
            f"the image has {width} x {height} pixels; at most {MAX_PIXELS:,} are accepted"
        )
    whole = image.mode[0] in "IF" or image.format not in HALVABLE_FORMATS
    if whole and is_halved(image):
        raise ValueError(
            f"the image has {width} x {height} pixels; at most {MAX_FULL_SIZE_PIXELS:,} are "
            "accepted of WebP, TIFF and images of more than 8 bits"
        )
    if _count_scans(image) > MAX_SCANS:
        raise ValueError(f"the image is a JPEG of more than {MAX_SCANS} scans")
    try:
        # Only now may the pixels be decoded: the size in the header is checked above.
        if is_halved(image):
            with _large_image:
                image = _halve(image)
            ImageOps.exif_transpose(image, in_place=True)
        else:
            image = ImageOps.exif_transpose(image)
        if image.mode[0] in "IF":  # more than 8 bits, which Pillow's conversion would clip
            image.load()
        else:
            mode = _target_mode(image)
            return _check_array(np.asarray(image if image.mode == mode else image.convert(mode)))
    except Exception as error:  # forged EXIF data make Pillow raise errors of many kinds
        raise ValueError(f"the image is damaged or incomplete: {error}") from None
    return _check_array(_in_unit_range(np.asarray(image, dtype=np.float32), image.mode))


def is_halved(image: Image.Image) -> bool:
    """Whether `read_pixels` halves the height and the width of `image`."""
    return image.width * image.height > MAX_FULL_SIZE_PIXELS


def _count_scans(image: Image.Image) -> int:
    """The number of scans in a JPEG file that is not yet decoded; 0 for other images.

    A scan can take a few bytes, and each one is decoded into all of the image's pixels.
    """
    file = getattr(image, "fp", None)
    if image.format not in ("JPEG", "MPO") or file is None:
        return 0
    before = file.tell()
    file.seek(0)
    data = file.read()
    file.seek(before)
    scans, at = 0, 2
    while scans <= MAX_SCANS and (marker := MARKER.search(data, at)):
        if marker[0] == END_OF_IMAGE:  # phones append a film or a second picture
            break
        scans += marker[0] == START_OF_SCAN
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return scans


def _halve(image: Image.Image) -> Image.Image:
    """`image` at half of its height and width, made in stripes to save a second large copy."""
    image.load()
    mode = _target_mode(image)
    half = Image.new(mode, ((image.width + 1) // 2, (image.height + 1) // 2))
    for top in range(0, image.height, 256):
        stripe = image.crop((0, top, image.width, min(top + 256, image.height)))
        half.paste(stripe.convert(mode).reduce(2), (0, top // 2))
    half.getexif()[Base.Orientation] = image.getexif().get(Base.Orientation, 1)
    return half


def _target_mode(image: Image.Image) -> str:
    """The mode, "L", "RGB" or "RGBA", that `image` is converted to."""
    if image.has_transparency_data:
        return "RGBA"
    return "L" if image.mode in ("1", "L") else "RGB"


def _in_unit_range(values: Array, mode: str) -> Array:
    """Scale pixels of more than 8 bits, float32 (h, w), to [0, 1]. Files do not tell the range."""
    if not np.isfinite(values).all():
        raise ValueError("the image has values that are not finite")
    lowest, highest = values.min(), values.max()
    if lowest < 0 or highest > 65535:
        raise ValueError(
            f"the image has values from {lowest:.4g} to {highest:.4g}; accepted are 0 to 1, "
            "0 to 255 and 0 to 65535"
        )
    if mode == "F" and highest <= 1:
        return values
    # A mode such as I;16 says that there are 16 bits. For I and F, only the values tell the range.
    return values / np.float32(255 if mode in ("I", "F") and highest <= 255 else 65535)


def _check_array(array: NDArray[Any]) -> Pixels:
    """Convert `array` to uint8 (h, w), (h, w, 3) or (h, w, 4); ValueError if it is no image."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ValueError(f"an array of shape {array.shape} is no image; give {ACCEPTED}")
    if array.size == 0:
        raise ValueError(f"an array of shape {array.shape} has no pixels")
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise ValueError(f"the image has more than {MAX_PIXELS:,} pixels")
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.uint8:
        return array
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"an array of {array.dtype} is no image; give uint8 or float in [0, 1]")
    if not np.isfinite(array).all():
        raise ValueError("the array has values that are not finite; give float in [0, 1]")
    if array.min() < 0 or array.max() > 1:
        raise ValueError(
            f"the array has values from {array.min():.3g} to {array.max():.3g}; "
            "give float in [0, 1], or uint8"
        )
    return np.round(array * 255).astype(np.uint8)
