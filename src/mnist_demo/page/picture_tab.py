"""The Picture tab: any picture of a digit, what the finder saw in it, and what the network sees."""

from __future__ import annotations

from typing import Any

import cv2
import gradio as gr
import numpy as np

from mnist_demo.page.draw_tab import label_value, verdict
from mnist_demo.page.html_parts import figure, ink_figure, png_image
from mnist_demo.page.i18n import Request, t, translate
from mnist_demo.page.reader import PageReader
from mnist_demo.read.arrays import Pixels
from mnist_demo.read.picture import PictureResult

DIGIT_COLOUR, OTHER_COLOUR = (37, 99, 235), (217, 119, 6)  # red, green, blue
# The key of the text that says why no digit was found.
REASONS = {"too faint": "too_faint", "too small": "too_small"}


class PictureEvents:
    """What happens when a visitor takes, uploads or removes a picture."""

    def __init__(self, reader: PageReader) -> None:
        self._reader = reader

    def answer(self, file: dict[str, Any] | None, request: gr.Request) -> tuple[Any, ...]:
        """The verdict, the Label's value and the pictures of what was seen.

        `file` is a FileData of Gradio as a dict; None when the picture was removed.
        """
        reading = self._reader.read_picture(file["path"] if file else None, request)
        words = verdict(reading.prediction, request)
        if reading.picture is None:
            words = f"<p>{translate('picture_intro', request)}</p>"
        elif reading.prediction.digit is None:
            words = f"<p>{translate(REASONS.get(reading.prediction.reason, 'no_ink'), request)}</p>"
        pictures = found_figure(reading, request) + ink_figure(reading.prediction, request)
        return words, label_value(reading.prediction), pictures


def picture_tab(reader: PageReader) -> None:
    """Add the tab's components and events to the page."""
    with gr.Row():
        with gr.Column(min_width=288):
            image = gr.Image(
                sources=["upload", "clipboard", "webcam"],
                label=t("picture"),
                elem_id="picture",
                height=400,
                buttons=[],
            )
        with gr.Column(min_width=288):
            words = gr.HTML(f"<p>{t('picture_intro')}</p>", elem_id="picture_verdict")
            label = gr.Label(label=t("guesses"), num_top_classes=3, elem_id="picture_guesses")
    pictures = gr.HTML("", elem_id="found")
    image.change(
        PictureEvents(reader).answer,
        image,
        [words, label, pictures],
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
        # `read_picture` opens the file itself. Gradio's component decodes more than is needed, and
        # does not explain what is wrong with a file.
        preprocess=False,
    )


def found_figure(reading: PictureResult, request: Request = None) -> str:
    """The picture with the ink that the finder saw, and a caption, as HTML; "" if it saw none."""
    if reading.digit is None:
        return ""
    picture = png_image(paint_found(reading), translate("found_alt", request))
    return figure(picture, translate("found", request))


def paint_found(reading: PictureResult) -> Pixels:
    """The picture with the ink of digits in one colour, other ink in another, and the part that was
    read in a frame: uint8 (h, w, 3)."""
    assert reading.picture is not None
    height, width = reading.picture.shape[:2]
    shown = reading.picture.astype(np.float32)
    for where, colour in ((reading.digit, DIGIT_COLOUR), (reading.other, OTHER_COLOUR)):
        if where is not None:
            cover = cv2.resize(where.astype(np.float32), (width, height))[..., np.newaxis]
            shown += 0.65 * cover * (np.array(colour, np.float32) - shown)
    if reading.box is not None:
        box = np.array(reading.box) * (width, height, width, height)
        x0, y0, x1, y1 = np.round(box).astype(int).tolist()
        cv2.rectangle(shown, (x0 - 4, y0 - 4), (x1 + 4, y1 + 4), DIGIT_COLOUR, 2)
    return np.round(shown).astype(np.uint8)
