"""What visitors and programs send becomes a PIL image, or an error that they see."""

from __future__ import annotations

import base64
import io
from typing import Any

import gradio as gr
from PIL import Image

from mnist_demo.read.images import MAX_PIXELS, ImageTooLargeError, open_image
from mnist_demo.serve.micro_batching import LARGE_IMAGE
from mnist_demo.serve.monitoring import record_outcome

MAX_URL = 250_000  # characters of a drawing that the page sends; usually it takes 8,000

SEND_IMAGE = "This is not an image that can be read: send a PNG, JPEG, WebP, GIF, BMP or TIFF file."
TOO_LARGE_DRAWING = "The drawing is too large."


def open_data_url(url: str) -> Image.Image:
    """The drawing in a data URL, as sketchpad.js sends it; not yet decoded.

    Raises:
        gr.Error: it is no image, or larger than any canvas of the page.
    """
    if not isinstance(url, str):  # a program can send anything to the page's own event
        raise refusal(SEND_IMAGE)
    if len(url) > MAX_URL:
        raise refusal(TOO_LARGE_DRAWING)
    try:
        data = base64.b64decode(url.partition(",")[2], validate=True)
    except ValueError:
        raise refusal(SEND_IMAGE) from None
    image = _open(io.BytesIO(data))
    if image.width * image.height > LARGE_IMAGE:  # "Why?" needs much memory
        raise refusal(TOO_LARGE_DRAWING)
    return image


def open_sketch(drawing: dict[str, Any] | None) -> dict[str, Any] | None:
    """A Sketchpad's value as `{"composite": image or None}`; None if it names no image at all.

    `drawing` is what Gradio received: an EditorData as a dict. An `id` stands for images that a
    Sketchpad has uploaded before. Our page sends no such drawing, so these uploads are closed, and
    the drawing counts as blank.
    """
    if drawing is None or (drawing["id"] is None and drawing["composite"] is None):
        return None
    return {"composite": None if drawing["id"] is not None else open_file(drawing["composite"])}


def open_file(file: dict[str, Any] | None) -> Image.Image:
    """The uploaded image, not yet decoded. `file` is what Gradio received: a FileData as a dict.

    Raises:
        gr.Error: it is no image that can be read.
    """
    if not file or not file["path"]:
        raise refusal(SEND_IMAGE)
    return _open(file["path"])


def _open(source: str | io.BytesIO) -> Image.Image:
    """Open an image file; gr.Error if it cannot be read."""
    try:
        return open_image(source)
    except ImageTooLargeError:
        record_outcome("opening a file", "unreadable", 0)
        raise refusal(f"The image is too large: at most {MAX_PIXELS:,} pixels are read.") from None
    except ValueError:
        record_outcome("opening a file", "unreadable", 0)
        raise refusal(SEND_IMAGE) from None


def refusal(text: str) -> gr.Error:
    """An error for the caller alone: the log does not need it."""
    return gr.Error(text, print_exception=False)
