"""Opens image files: given by a path, as bytes, or open. Other kinds are refused by name."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, UnidentifiedImageError

from mnist_demo.read.decode.arrays import is_array
from mnist_demo.read.decode.formats import (
    FORMATS,
    FORMATS_AND,
    HEAD,
    MAX_PIXELS,
    is_ppm,
    refused_kind,
)

MAX_PATH = 4096  # characters; a longer text is no path
# Reads from a file until Pillow has opened the image in it. Usual files take less than 200, one of
# 10 MB with nothing but comments takes millions and minutes.
MAX_READS = 4000


class ImageTooLargeError(ValueError):
    """Pillow refuses to open the image: it has far more than `MAX_PIXELS` pixels."""


class RefusedKindError(ValueError):
    """The file is of a kind that is known but not read. The text says which, and what to do."""


class _BoundedReads:
    """Mixed into a file: raises OSError after `MAX_READS` reads, as long as `reads` is a number."""

    reads: int | None = 0

    def read(self, size: int | None = -1) -> bytes:
        if self.reads is not None:
            self.reads += 1
            if self.reads > MAX_READS:
                raise OSError("the file has too many parts")
        return super().read(size)  # type: ignore[misc]


class _BoundedFile(_BoundedReads, io.BufferedReader):
    pass


class _BoundedBytes(_BoundedReads, io.BytesIO):
    pass


def open_if_file(image: Any) -> Any:
    """`image`, opened if it is a file: its path, its bytes or an open file. Else `image` itself.

    Raises:
        ValueError: `open_image` raised it, or the file is closed or open as text.
    """
    if isinstance(image, str | os.PathLike):
        return open_image(image)
    if isinstance(image, memoryview) and (image.ndim != 1 or image.itemsize != 1):
        return image
    if isinstance(image, bytes | bytearray | memoryview):
        return open_image(io.BytesIO(image))
    if isinstance(image, Image.Image) or is_array(image) or not hasattr(image, "read"):
        return image
    if getattr(image, "closed", False):
        raise ValueError("the file is closed; give an open one, or its path")
    if isinstance(image, io.TextIOBase):
        raise ValueError("the file is open as text; open it with mode 'rb'")
    try:
        return open_image(image)
    except TypeError:
        raise ValueError(
            f"what {type(image).__name__} reads is no bytes; open the file with mode 'rb'"
        ) from None


def open_image(file: str | os.PathLike[str] | BinaryIO) -> Image.Image:
    """Open an image file, given by its path or as a stream; its pixels are not yet decoded.

    Raises:
        ImageTooLargeError: the image has far more than `MAX_PIXELS` pixels.
        RefusedKindError: it is another kind of file, such as a PDF, or a text in its place.
        ValueError: there is no such file, or it is not an image in one of `FORMATS`.
    """
    if isinstance(file, str):
        _check_path(file)
    elif not isinstance(file, os.PathLike) and not _is_seekable(file):
        file = io.BytesIO(file.read())
    name = Path(file).name if isinstance(file, str | os.PathLike) else "this"
    try:
        if isinstance(file, str | os.PathLike):
            file = _BoundedFile(io.FileIO(file))
        elif isinstance(file, io.BytesIO):
            file = _BoundedBytes(file.getvalue())  # shares the bytes
        image = _open(file)
        if isinstance(file, _BoundedReads):
            file.reads = None
        return image
    except FileNotFoundError:
        raise ValueError(f"no such file: {name}") from None
    except Image.DecompressionBombError:
        raise ImageTooLargeError(f"the image has more than {MAX_PIXELS:,} pixels") from None
    except (OSError, ValueError, SyntaxError):
        kind = refused_kind(_head(file))
        if kind is not None:
            raise RefusedKindError(f"{name} is {kind}") from None
        raise ValueError(
            f"{name} is not an image that can be read; accepted are {FORMATS_AND}"
        ) from None


def _open(file: str | os.PathLike[str] | BinaryIO) -> Image.Image:
    """Open `file` in one of `FORMATS`, or raise what Pillow raises."""
    try:
        return Image.open(file, formats=[name for name in FORMATS if name != "PPM"])
    except UnidentifiedImageError:
        if is_ppm(_head(file)):
            return Image.open(file, formats=["PPM"])
        raise


def _check_path(text: str) -> None:
    """ValueError if `text` is an image itself, or its address, rather than the path of a file."""
    if text.startswith(("http://", "https://")):
        raise ValueError("addresses are not fetched; download the image and give its bytes")
    kind = refused_kind(text[:HEAD].encode(errors="replace"))
    if kind is not None and not os.path.exists(text):  # noqa: PTH110 - Path's may raise
        raise RefusedKindError(f"this is {kind}")
    if len(text) > MAX_PATH:
        raise ValueError(f"a text of {len(text):,} characters is no path")


def _is_seekable(file: BinaryIO) -> bool:
    """Whether `file` can be read twice."""
    try:
        return file.seekable()
    except AttributeError:
        return hasattr(file, "seek")


def _head(file: str | os.PathLike[str] | BinaryIO) -> bytes:
    """The first bytes of `file`; none if it cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        if isinstance(file, str | os.PathLike):
            with Path(file).open("rb") as opened:
                return opened.read(HEAD)
        file.seek(0)
        return file.read(HEAD)
    return b""
