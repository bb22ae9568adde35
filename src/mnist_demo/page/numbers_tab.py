"""The Numbers tab: a wide paper for several digits, and the three best guesses for each."""

from __future__ import annotations

from typing import Any

import gradio as gr

from mnist_demo.page.html_parts import MAX_SHOWN_PROBABILITY, png_image
from mnist_demo.page.i18n import Request, t, translate
from mnist_demo.page.reader import PageReader
from mnist_demo.page.sketchpad import add_sketchpad, add_stroke_events
from mnist_demo.page.uploads import open_data_url
from mnist_demo.read.arrays import unit_pixels
from mnist_demo.read.lines import Number
from mnist_demo.read.prediction import Prediction

CANVAS = (800, 400)  # pixels of the Sketchpad's image


class NumberEvents:
    """What happens when a visitor draws a number or uploads a picture of one.

    Both methods return the number in a sentence, and a card for each digit, as HTML.
    """

    def __init__(self, reader: PageReader) -> None:
        self._reader = reader

    def answer_drawing(self, url: str, request: gr.Request) -> tuple[str, str]:
        """Read the number in a data URL, which sketchpad.js makes."""
        return self.answer_file(open_data_url(url), request)

    def answer_file(self, image: Any, request: gr.Request) -> tuple[str, str]:
        """Read the number in an image file."""
        number = self._reader.read_number(image, request)
        return verdict(number, request), digit_cards(number)


def numbers_tab(reader: PageReader) -> None:
    """Add the tab's components and events to the page."""
    events = NumberEvents(reader)
    add_sketchpad("number_", CANVAS)
    file = gr.UploadButton(str(t("number_upload")), file_types=["image"], size="sm")
    words = gr.HTML(f"<p>{t('number_blank')}</p>", elem_id="number_verdict")
    cards = gr.HTML("<ol></ol>", elem_id="number_digits")
    strokes = add_stroke_events("number_")
    private: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    shown = [words, cards]
    strokes.input(events.answer_drawing, strokes, shown, trigger_mode="always_last", **private)
    file.upload(events.answer_file, file, shown, **private)


def verdict(number: Number, request: Request = None) -> str:
    """One sentence with the number as HTML: sure of every digit, not sure, or blank."""
    if not number.digits:
        return f"<p>{translate('number_blank', request)}</p>"
    key = "number_sure" if all(digit.is_clear for digit in number.digits) else "number_unsure"
    return f"<p>{translate(key, request, f'<strong>{number.text}</strong>')}</p>"


def digit_cards(number: Number) -> str:
    """The 28x28 picture of each digit, and its three best guesses, as HTML."""
    return "<ol>" + "".join(map(_card, number.digits)) + "</ol>"


def _card(digit: Prediction) -> str:
    assert digit.model_input is not None  # `read_number` returns no blank digits
    picture = png_image(unit_pixels(digit.model_input), "")
    guesses = "".join(
        f'<div><span>{guess}</span><meter value="{probability:.3f}" aria-hidden="true"></meter>'
        f"<span>{min(probability, MAX_SHOWN_PROBABILITY):.0%}</span></div>"
        for guess, probability in digit.top(3)
    )
    return f"<li>{picture}{guesses}</li>"
