"""The Numbers tab: a wide paper for several digits, and below it each with its own top three."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from mnist_demo.page.draw_tab import SURE, image_tag, pen, sketchpad
from mnist_demo.page.i18n import Request, say, t
from mnist_demo.read.classifier import Prediction
from mnist_demo.read.numbers import Number

CANVAS = (800, 400)  # pixels of the Sketchpad's image


def numbers_tab(
    read: Callable[[Any, Request], Number], open_url: Callable[[str], Image.Image]
) -> None:
    """Builds the tab's components.

    Args:
        read: an image to the number in it; waits for the network.
        open_url: a data URL, as page.js sends it, to an image.
    """

    def answer(image: Any, request: gr.Request) -> tuple[str, str]:
        number = read(image, request)
        return verdict(number, request), digits(number)

    def answer_drawing(url: str, request: gr.Request) -> tuple[str, str]:
        return answer(open_url(url), request)

    sketchpad("number_", CANVAS)
    file = gr.UploadButton(str(t("number_upload")), file_types=["image"], size="sm")
    words = gr.HTML(f"<p>{t('number_blank')}</p>", elem_id="number_verdict")
    cards = gr.HTML("<ol></ol>", elem_id="number_digits")
    drawn = pen("number_")
    private: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    drawn.input(answer_drawing, drawn, [words, cards], trigger_mode="always_last", **private)
    file.upload(answer, file, [words, cards], **private)


def verdict(number: Number, request: Request = None) -> str:
    """The number, large, in one sentence as HTML: sure of each digit, not sure, or blank."""
    if not number.digits:
        return f"<p>{say('number_blank', request)}</p>"
    sure = all(digit.is_digit and digit.confidence >= SURE for digit in number.digits)
    key = "number_sure" if sure else "number_unsure"
    return f"<p>{say(key, request, f'<strong>{number.text}</strong>')}</p>"


def digits(number: Number) -> str:
    """What the network saw of each digit, and its three best guesses, as HTML."""
    return "<ol>" + "".join(map(_card, number.digits)) + "</ol>"


def _card(digit: Prediction) -> str:
    assert digit.model_input is not None  # `read_number` returns only what has ink
    picture = image_tag(np.round(digit.model_input * 255).astype(np.uint8), "")
    guesses = "".join(
        f'<div><span>{guess}</span><meter value="{probability:.3f}" aria-hidden="true"></meter>'
        f"<span>{probability:.0%}</span></div>"
        for guess, probability in digit.top(3)
    )
    return f"<li>{picture}{guesses}</li>"
