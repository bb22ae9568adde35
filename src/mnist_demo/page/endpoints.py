"""The endpoints for programs: /classify, /read_number and /classify_sketch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import gradio as gr
from PIL import Image

from mnist_demo.page.draw_tab import label_value
from mnist_demo.page.reader import PageReader, unreadable
from mnist_demo.page.uploads import open_file, open_sketch, refusal
from mnist_demo.read.lines import Line, Number
from mnist_demo.serve.micro_batching import LARGE_IMAGE, MAX_BATCH, MicroBatcher
from mnist_demo.serve.monitoring import monitor

SEND_SKETCH = (
    'There is no drawing in this: send {"composite": handle_file(path)}, or use /classify '
    "for a plain image file."
)


class Endpoints:
    """The functions of the endpoints. Gradio shows their docstrings to users of the API."""

    def __init__(self, reader: PageReader) -> None:
        self._reader = reader
        self._batcher = MicroBatcher(self._classify_batch, MAX_BATCH, MAX_BATCH)
        self._large_batcher = MicroBatcher(self._classify_batch, MAX_BATCH, 1)

    async def classify(self, image: dict[str, Any] | None) -> dict[str, Any]:
        """Reads the digit in an image file: dark on light or light on dark, anywhere in it.

        Returns digit (null if there is none; then reason says why), confidence, top (the three best
        guesses), probabilities (of 0 to 9), digit_score (how much it looks like a digit at all),
        is_digit, and weights (which version of the network answered, and where it comes from).
        """
        opened = open_file(image)  # reads the header only
        if not self._reader.loading.done():
            await asyncio.wait([asyncio.wrap_future(self._reader.loading)])
        weights = self._reader.classifier().weights
        large = opened.width * opened.height > LARGE_IMAGE
        try:
            with monitor("/classify"):
                batcher = self._large_batcher if large else self._batcher
                prediction = await batcher.submit(opened)
        except ValueError as error:
            raise unreadable(error, None) from None
        return prediction.as_json() | {"weights": str(weights)}

    def _classify_batch(self, images: Sequence[Image.Image]) -> list[Any]:
        return list(self._reader.loading.result().classify_each(images))

    def read_number(self, image: dict[str, Any] | None) -> dict[str, Any]:
        """Reads the digits in an image file, line by line and from left to right.

        Returns number (a string of the digits, empty if there are none), text (with the signs
        between them), and digits: for each what /classify returns, and its box (left, top, right,
        bottom, in pixels). lines has the same of each line of the image.
        """
        number = self._reader.read_number(open_file(image), endpoint="/read_number")
        lines = [_with_digits(line) for line in number.lines]
        whole = _with_digits(number) | {"lines": lines}
        return whole | {"weights": str(self._reader.classifier().weights)}

    def classify_sketch(self, drawing: dict[str, Any] | None) -> dict[str, float] | None:
        """Reads a drawing, given as {"composite": file}, and returns the three best guesses."""
        sketch = open_sketch(drawing)
        if sketch is None:
            raise refusal(SEND_SKETCH)
        return label_value(self._reader.classify(sketch, endpoint="/classify_sketch"), most=1)


def _with_digits(read: Number | Line) -> dict[str, Any]:
    """The number, the text and the digits of an image or of one of its lines."""
    digits = zip(read.digits, read.boxes, strict=True)
    found = [digit.as_json() | {"box": box} for digit, box in digits]
    return {"number": read.number, "text": read.text, "digits": found}


def add_endpoints(reader: PageReader, sketch: gr.Sketchpad) -> None:
    """Add the endpoints to the page that is being built, of which `sketch` is any Sketchpad."""
    endpoints = Endpoints(reader)
    # Gradio derives an endpoint's inputs and outputs from components. So most of them are hidden.
    call = gr.Button(visible=False)
    image = gr.Image(label="Image file", visible=False)
    # The functions open their files themselves. Gradio's components decode more than is needed, and
    # do not explain what is wrong with a file.
    add = partial(call.click, preprocess=False)
    answer, number = (gr.JSON(label=name, visible=False) for name in ("Answer", "Number"))
    add(endpoints.classify, image, answer, api_name="classify", concurrency_limit=MAX_BATCH)
    add(endpoints.read_number, image, number, api_name="read_number")
    add(endpoints.classify_sketch, sketch, gr.Label(visible=False), api_name="classify_sketch")
