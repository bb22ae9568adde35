"""Opens the images that visitors and programs send, or raises an error that they see."""

from __future__ import annotations

import base64
import io
from typing import Any

import gradio as gr
from PIL import Image

from mnist_demo.read.decode.files import ImageTooLargeError, RefusedKindError, open_image
from mnist_demo.read.decode.formats import FORMATS_OR, MAX_PIXELS
from mnist_demo.serve.micro_batching import LARGE_IMAGE
from mnist_demo.serve.monitoring import record_outcome

MAX_URL = 250_000  # characters of a drawing's data URL; a usual one has 8,000

SEND_IMAGE = f"This is not an image that can be read: send a {FORMATS_OR} file."
TOO_LARGE_DRAWING = "The drawing is too large."


def open_data_url(url: str) -> Image.Image:
    """The drawing in a data URL, which sketchpad.js sends. Its pixels are not decoded yet.

    Raises:
        gr.Error: it is not an image, or it is larger than any canvas of the page.
    """
    if not isinstance(url, str):  # a program can send anything to this event
        raise refusal(SEND_IMAGE)
    if len(url) > MAX_URL:
        raise refusal(TOO_LARGE_DRAWING)
    try:
        data = base64.b64decode(url.partition(",")[2], validate=True)
    except ValueError:
        raise refusal(SEND_IMAGE) from None
    image = _open(io.BytesIO(data))
    if image.width * image.height > LARGE_IMAGE:  # `overlay_on_drawing` needs much memory
        raise refusal(TOO_LARGE_DRAWING)
    return image


def open_sketch(drawing: dict[str, Any] | None) -> dict[str, Any] | None:
    """The value of a Sketchpad as `{"composite": image}`; None if there is no image in it.

    Args:
        drawing: an EditorData of Gradio as a dict. Its `id` refers to images that the Sketchpad has
            uploaded before. Our page does not send them and closes these uploads, so a drawing with
            an `id` counts as blank: `{"composite": None}`.
    """
    if drawing is None or (drawing["id"] is None and drawing["composite"] is None):
        return None
    return {"composite": None if drawing["id"] is not None else open_file(drawing["composite"])}


def open_file(file: dict[str, Any] | None) -> Image.Image:
    """The image that a FileData of Gradio refers to. Its pixels are not decoded yet.

    Raises:
        gr.Error: it is not an image that can be read.
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
    except ValueError as error:
        record_outcome("opening a file", "unreadable", 0)
        text = str(error) if isinstance(error, RefusedKindError) else SEND_IMAGE
        raise refusal(text) from None


def refusal(text: str) -> gr.Error:
    """An error that only the caller sees: it is not logged."""
    return gr.Error(text, print_exception=False)
