"""The Photo tab: a digit on paper, and the steps from the photo to what the network sees."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from mnist_demo.page.draw_tab import label_value, verdict
from mnist_demo.page.html_parts import figure, ink_figure, png_image
from mnist_demo.page.i18n import Request, say, t, translate
from mnist_demo.page.reader import Reader
from mnist_demo.read.images import Pixels
from mnist_demo.read.photo import Photo

STEP_SIDE = 240  # longest side, in pixels, of a step's picture


class PhotoEvents:
    """What happens when a visitor takes, uploads or removes a photo."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def answer(self, file: dict[str, Any] | None, request: gr.Request) -> tuple[Any, ...]:
        """The verdict, the Label's value and the pictures of the steps.

        Args:
            file: what Gradio received, a FileData as a dict; None when the photo was removed.
        """
        photo, prediction = self._reader.classify_photo(file["path"] if file else None, request)
        words = verdict(prediction, request)
        if prediction.digit is None:
            words = f"<p>{say('no_ink' if photo.steps else 'photo_intro', request)}</p>"
        pictures = step_figures(photo, request) + ink_figure(prediction, request)
        return words, label_value(prediction), pictures


def photo_tab(reader: Reader) -> None:
    """Add the tab's components and events to the page."""
    with gr.Row():
        with gr.Column(min_width=288):
            image = gr.Image(
                sources=["upload", "clipboard", "webcam"],
                label=t("photo"),
                elem_id="photo",
                height=400,
                buttons=[],
            )
        with gr.Column(min_width=288):
            words = gr.HTML(f"<p>{t('photo_intro')}</p>", elem_id="photo_verdict")
            label = gr.Label(label=t("guesses"), num_top_classes=3, elem_id="photo_guesses")
    pictures = gr.HTML("", elem_id="steps")
    image.change(
        PhotoEvents(reader).answer,
        image,
        [words, label, pictures],
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
        # `read_photo` opens the file itself: it decodes no more than it needs, and says what is
        # wrong with a file.
        preprocess=False,
    )


def step_figures(photo: Photo, request: Request = None) -> str:
    """The pictures of the steps from the photo to the ink, with captions, as HTML."""
    figures = []
    for name, picture in photo.steps:
        caption = translate(name, request)
        figures.append(figure(png_image(thumbnail(picture), caption), caption))
    return "".join(figures)


def thumbnail(pixels: Pixels) -> Pixels:
    image = Image.fromarray(pixels)
    image.thumbnail((STEP_SIDE, STEP_SIDE))
    return np.asarray(image)
