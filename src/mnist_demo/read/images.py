"""Files and arrays become pixels, within bounds on what is decoded."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import Base

MAX_PIXELS = 24_000_000
# Larger images are halved while they are unpacked: two copies of 24 million pixels take 200 MB.
# Pillow cannot hand on some kinds of image in parts, so that these must not be larger.
MAX_FULL_SIZE_PIXELS = 6_300_000
_large_image = threading.Lock()  # and only one of them at a time
MAX_SCANS = 100  # of a progressive JPEG; usual are about ten
# In a JPEG (ITU T.81, B.1.1): not after a stuffed byte, nor those that restart within a scan.
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
START_OF_SCAN, END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
HALVABLE_FORMATS = ("PNG", "JPEG", "MPO", "GIF", "BMP", None)  # None: it is no file
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")  # others, as EPS, start other programs
ACCEPTED = (
    "a Sketchpad value, a PIL image, a path to an image file, or a uint8 or float array of shape "
    "(height, width), (height, width, 3) or (height, width, 4)"
)

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]


def read_pixels(image: Any) -> Pixels | None:
    """The image as a checked array; None for a Sketchpad on which nothing was drawn.

    A file or PIL image of which `is_halved` holds has half of its height and width.
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


def open_image(path: str | os.PathLike[str]) -> Image.Image:
    try:
        return Image.open(path, formats=FORMATS)
    except FileNotFoundError:
        raise ValueError(f"no such file: {Path(path).name}") from None
    except Image.DecompressionBombError:
        raise ValueError(f"the image has more than {MAX_PIXELS:,} pixels") from None
    except (UnidentifiedImageError, OSError, ValueError):
        raise ValueError(
            f"{Path(path).name} is not an image that can be read; "
            "accepted are PNG, JPEG, WebP, GIF, BMP and TIFF"
        ) from None


def _decode(image: Image.Image) -> Pixels:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ValueError(
            f"the image has {width} x {height} pixels; at most {MAX_PIXELS:,} are accepted"
        )
    whole = image.mode[0] in "IF" or image.format not in HALVABLE_FORMATS
    if whole and is_halved(image):
        raise ValueError(
            f"the image has {width} x {height} pixels; at most {MAX_FULL_SIZE_PIXELS:,} are accepted of WebP, "
            "TIFF and images of more than 8 bits"
        )
    if _count_scans(image) > MAX_SCANS:
        raise ValueError(f"the image is a JPEG of more than {MAX_SCANS} scans")
    try:
        # The size of the header is checked above: only now may the pixels be unpacked.
        if is_halved(image):
            with _large_image:
                image = _halve(image)
            ImageOps.exif_transpose(image, in_place=True)
        else:
            image = ImageOps.exif_transpose(image)
        if image.mode[0] in "IF":  # more than 8 bits: Pillow's conversion cuts off
            image.load()
        else:
            colours = _target_mode(image)
            return _check_array(np.asarray(image if image.mode == colours else image.convert(colours)))
    except Exception as error:  # of many kinds: Pillow expects no forged EXIF
        raise ValueError(f"the image is damaged or incomplete: {error}") from None
    return _check_array(_in_unit_range(np.asarray(image, dtype=np.float32), image.mode))


def is_halved(image: Image.Image) -> bool:
    """Whether `read_pixels` reads `image` at half of its height and width."""
    return image.width * image.height > MAX_FULL_SIZE_PIXELS


def _count_scans(image: Image.Image) -> int:
    """How often a JPEG file not yet decoded goes over its pixels: in a few bytes, and as often as
    it likes."""
    file = getattr(image, "fp", None)
    if image.format not in ("JPEG", "MPO") or file is None:
        return 0
    before = file.tell()
    file.seek(0)
    data = file.read()
    file.seek(before)
    scans, at = 0, 2
    while scans <= MAX_SCANS and (marker := MARKER.search(data, at)):
        if marker[0] == END_OF_IMAGE:  # a phone may put a film behind it
            break
        scans += marker[0] == START_OF_SCAN
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return scans


def _halve(image: Image.Image) -> Image.Image:
    """`image` at half its height and width, in stripes, so that there is no second large copy."""
    image.load()
    mode = _target_mode(image)
    half = Image.new(mode, ((image.width + 1) // 2, (image.height + 1) // 2))
    for top in range(0, image.height, 256):
        stripe = image.crop((0, top, image.width, min(top + 256, image.height)))
        half.paste(stripe.convert(mode).reduce(2), (0, top // 2))
    half.getexif()[Base.Orientation] = image.getexif().get(Base.Orientation, 1)
    return half


def _target_mode(image: Image.Image) -> str:
    if image.has_transparency_data:
        return "RGBA"
    return "L" if image.mode in ("1", "L") else "RGB"


def _in_unit_range(values: Array, mode: str) -> Array:
    """Pixels of more than 8 bits, float32 (h, w), in [0, 1]; the file does not tell their scale."""
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
    # A mode like I;16 says 16 bits; of plain I and F the values must tell.
    return values / np.float32(255 if mode in ("I", "F") and highest <= 255 else 65535)


def _check_array(array: NDArray[Any]) -> Pixels:
    """`array` as uint8 (h, w), (h, w, 3) or (h, w, 4); ValueError if it is no image."""
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
