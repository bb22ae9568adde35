"""The Numbers tab: a wide paper for several digits, and the three best guesses for each."""

from __future__ import annotations

from typing import Any

import gradio as gr

from mnist_demo.page.html_parts import guess_meters, png_image
from mnist_demo.page.i18n import Request, t, translate
from mnist_demo.page.reader import PageReader
from mnist_demo.page.sketchpad import add_sketchpad, add_stroke_events
from mnist_demo.page.uploads import open_data_url
from mnist_demo.read.classifier import Reading
from mnist_demo.read.decode.arrays import Pixels
from mnist_demo.read.lines import Box, Number

CANVAS = (800, 400)  # pixels of the Sketchpad's image


class NumberEvents:
    """What happens when a visitor draws a number."""

    def __init__(self, reader: PageReader) -> None:
        self._reader = reader

    def answer(self, url: str, request: gr.Request) -> tuple[str, str]:
        """The number in a sentence, and a card for each digit, as HTML.

        The drawing is given as a data URL, which sketchpad.js makes.
        """
        reading = self._reader.read_picture(open_data_url(url), request)
        return verdict(reading.number, request), digit_cards(reading)


def numbers_tab(reader: PageReader) -> None:
    """Add the tab's components and events to the page."""
    events = NumberEvents(reader)
    add_sketchpad("number_", CANVAS)
    words = gr.HTML(f"<p>{t('number_blank')}</p>", elem_id="number_verdict")
    cards = gr.HTML("<ol></ol>", elem_id="number_digits")
    strokes = add_stroke_events("number_")
    private: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    strokes.input(events.answer, strokes, [words, cards], trigger_mode="always_last", **private)


def verdict(number: Number, request: Request = None, sure: str = "number_sure") -> str:
    """One sentence with the number as HTML: sure of every digit, not sure, or blank.

    `sure` is the key of the text if every digit is.
    """
    if not number.digits:
        return f"<p>{translate('number_blank', request)}</p>"
    key = sure if all(digit.is_clear for digit in number.digits) else "number_unsure"
    text = number.text.replace("\n", "<br>")
    return f"<p>{translate(key, request, f'<strong>{text}</strong>')}</p>"


def digit_cards(reading: Reading) -> str:
    """The picture of each digit, and its three best guesses, as HTML."""
    found = zip(reading.number.digits, reading.number.boxes, strict=True)
    cards = (
        f"<li>{png_image(part_of(reading, box), '')}{guess_meters(digit)}</li>"
        for digit, box in found
    )
    return "<ol>" + "".join(cards) + "</ol>"


def part_of(reading: Reading, box: Box) -> Pixels:
    """The part of a picture in a box, which is given in the image's pixels: uint8 (h, w, 3)."""
    assert reading.picture is not None
    left, top, right, bottom = (int(side / reading.scale) for side in box)
    return reading.picture[top : bottom + 1, left : right + 1]
