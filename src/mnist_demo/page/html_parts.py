"""Pieces of HTML that several tabs show."""

from __future__ import annotations

import base64
import io

from PIL import Image

from mnist_demo.page.i18n import Request, t, translate
from mnist_demo.read.decode.arrays import Pixels, unit_pixels
from mnist_demo.read.prediction import Prediction

MAX_SHOWN_PROBABILITY = 0.99  # of a probability that the page shows: no network is certain
NO_INK = '<div class="nothing"></div>'


def ink_figure(prediction: Prediction, request: Request = None) -> str:
    """The 28x28 image that the network saw, with a caption; an empty frame if it is blank."""
    if prediction.model_input is None:
        return no_ink_figure(request)
    picture = png_image(unit_pixels(prediction.model_input), translate("seen_alt", request))
    return figure(picture, translate("seen", request))


def no_ink_figure(request: Request | None = None) -> str:
    """An empty frame. Without `request`, Gradio translates its caption in the browser."""
    return figure(NO_INK, str(t("seen")) if request is None else translate("seen", request))


def figure(picture: str, caption: str) -> str:
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


def guess_meters(prediction: Prediction) -> str:
    """The three best guesses, each with a bar and its percentage."""
    return "".join(
        f'<div class="guess"><span>{guess}</span>'
        f'<meter value="{probability:.3f}" aria-hidden="true"></meter>'
        f"<span>{min(probability, MAX_SHOWN_PROBABILITY):.0%}</span></div>"
        for guess, probability in prediction.top(3)
    )


def png_image(pixels: Pixels, alt: str, css_class: str = "") -> str:
    """An <img> with the pixels in a data URL: uint8 (h, w), (h, w, 3) or (h, w, 4)."""
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "PNG")
    return image_tag(png.getvalue(), alt, css_class)


def image_tag(png: bytes, alt: str, css_class: str = "") -> str:
    data = base64.b64encode(png).decode()
    return f'<img alt="{alt}" class="{css_class}" src="data:image/png;base64,{data}">'
