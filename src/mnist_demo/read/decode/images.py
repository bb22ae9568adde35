"""Turns whatever holds an image into pixels, and limits what is decoded."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import ImageOps
from PIL.ExifTags import Base

from mnist_demo.read.decode.arrays import Pixels, array_pixels, as_array, is_array, unit_pixels
from mnist_demo.read.decode.files import open_if_file
from mnist_demo.read.decode.formats import ACCEPTED, MAX_PIXELS

# Larger images are read at half of their height and width, as two copies of 24 million pixels take
# 200 MB. Formats that are not in `HALVABLE_FORMATS` must not be larger: Pillow cannot hand out
# their pixels in parts.
MAX_FULL_SIZE_PIXELS = 6_300_000
HALVABLE_FORMATS = ("PNG", "JPEG", "MPO", "GIF", "BMP", "PPM", None)  # None: not from a file
_large_image = threading.Lock()  # only one image is halved at a time
MAX_SCANS = 100  # of a progressive JPEG; about ten are usual
# A JPEG's markers (ITU T.81, B.1.1), except stuffed bytes and restart markers.
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
START_OF_SCAN, END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
MAX_SCALED_PPM = 400_000  # pixels of a PPM that Pillow decodes in Python; these take a second

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Image:
    """An image that is decoded.

    Attributes:
        pixels: uint8 (h, w), (h, w, 3) or (h, w, 4); None if there are none.
        scale: how many of the given image's pixels one of these stands for, along each side.
        is_drawing: whether it comes from a Sketchpad, whose owner sees what is read and can erase.
    """

    pixels: Pixels | None
    scale: float = 1.0
    is_drawing: bool = False


def decode(image: Any, side: int | None = None) -> Image:
    """Decode and check an image.

    Args:
        image: anything that `preprocess` accepts. A file or PIL image of more than
            `MAX_FULL_SIZE_PIXELS` is read at half of its height and width.
        side: a JPEG that is not loaded yet may be decoded at a fraction of its size, as long as
            that leaves this many pixels along the longer side. If None, it is not.

    Raises:
        ValueError: `preprocess` would raise it.
    """
    is_drawing = isinstance(image, Mapping)
    if is_drawing:
        if "composite" not in image:
            raise ValueError(f"a dict without the key 'composite' is no drawing; give {ACCEPTED}")
        image = image["composite"]
    if image is None:
        return Image(None, is_drawing=is_drawing)
    image = open_if_file(image)
    if isinstance(image, PIL.Image.Image):
        before = max(image.size)
        if side is not None:
            part = max(1, before // side)
            image.draft("RGB", (image.width // part, image.height // part))
        pixels = _decode(image)
        return Image(pixels, before / max(pixels.shape[:2], default=1), is_drawing)
    if is_array(image):
        return Image(array_pixels(as_array(image)), is_drawing=is_drawing)
    raise ValueError(f"cannot read {type(image).__name__}; give {ACCEPTED}")


def _decode(image: PIL.Image.Image) -> Pixels:
    """The pixels of `image`, as `decode` returns them; ValueError if it cannot be read."""
    width, height = image.size
    if not width * height:
        raise ValueError("the image has no pixels")
    if width * height > MAX_PIXELS:
        raise ValueError(
            f"the image has {width} x {height} pixels; at most {MAX_PIXELS:,} are accepted"
        )
    is_halved = width * height > MAX_FULL_SIZE_PIXELS
    if is_halved and (image.mode[0] in "IF" or image.format not in HALVABLE_FORMATS):
        raise ValueError(
            f"the image has {width} x {height} pixels; at most {MAX_FULL_SIZE_PIXELS:,} are "
            "accepted of WebP, TIFF and images of more than 8 bits"
        )
    if width * height > MAX_SCALED_PPM and _is_scaled_ppm(image):
        raise ValueError(
            f"the image is a PPM whose white is neither 255 nor 65535; at most {MAX_SCALED_PPM:,} "
            "pixels are accepted of these"
        )
    if _count_scans(image) > MAX_SCANS:
        raise ValueError(f"the image is a JPEG of more than {MAX_SCANS} scans")
    try:
        # Only now may the pixels be decoded: the size in the header is checked above.
        if is_halved:
            with _large_image:
                image = _halve(image)
            ImageOps.exif_transpose(image, in_place=True)
        else:
            image = ImageOps.exif_transpose(image)
        if image.mode[0] in "IF":  # more than 8 bits, which Pillow's conversion would clip
            image.load()
        else:
            return np.asarray(_convert(image, _target_mode(image)))
    except Exception as error:  # forged EXIF data make Pillow raise errors of many kinds
        raise ValueError(f"the image is damaged or incomplete: {error}") from None
    return unit_pixels(_in_unit_range(np.asarray(image, dtype=np.float32), image.mode))


def _is_scaled_ppm(image: PIL.Image.Image) -> bool:
    """Whether `image` is a PPM file whose values Pillow scales. It does so in Python."""
    tiles = getattr(image, "tile", [])
    return image.format == "PPM" and bool(tiles) and tiles[0].codec_name == "ppm"


def _count_scans(image: PIL.Image.Image) -> int:
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


def _halve(image: PIL.Image.Image) -> PIL.Image.Image:
    """`image` at half of its height and width, made in stripes to save a second large copy."""
    image.load()
    mode = _target_mode(image)
    half = PIL.Image.new(mode, ((image.width + 1) // 2, (image.height + 1) // 2))
    for top in range(0, image.height, 256):
        stripe = image.crop((0, top, image.width, min(top + 256, image.height)))
        half.paste(_convert(stripe, mode).reduce(2), (0, top // 2))
    half.getexif()[Base.Orientation] = image.getexif().get(Base.Orientation, 1)
    return half


def _target_mode(image: PIL.Image.Image) -> str:
    """The mode, "L", "RGB" or "RGBA", that `image` is converted to."""
    if image.has_transparency_data:
        return "RGBA"
    return "L" if image.mode in ("1", "L") else "RGB"


def _convert(image: PIL.Image.Image, mode: str) -> PIL.Image.Image:
    """`image` in `mode`; `image` itself if it has that mode."""
    if image.mode == "La":  # Pillow converts it to nothing else
        image = image.convert("LA")
    return image if image.mode == mode else image.convert(mode)


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
    if mode in ("I", "F") and highest <= 1:  # integers of 0 and 1 are a mask
        return values
    # A mode such as I;16 says that there are 16 bits. For I and F, only the values tell the range.
    return values / np.float32(255 if mode in ("I", "F") and highest <= 255 else 65535)
