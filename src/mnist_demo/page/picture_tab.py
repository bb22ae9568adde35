"""The Picture tab: any picture, the digit or the number in it, and where each digit was found."""

from __future__ import annotations

from typing import Any

import gradio as gr

from mnist_demo.page.draw_tab import label_value, verdict
from mnist_demo.page.html_parts import figure, guess_meters, ink_figure, png_image
from mnist_demo.page.i18n import Request, t, translate
from mnist_demo.page.numbers_tab import verdict as number_verdict
from mnist_demo.page.reader import PageReader
from mnist_demo.read.classifier import Reading


class PictureEvents:
    """What happens when a visitor takes, uploads or removes a picture."""

    def __init__(self, reader: PageReader) -> None:
        self._reader = reader

    def answer(self, file: dict[str, Any] | None, request: gr.Request) -> tuple[Any, ...]:
        """The verdict, the Label's value and the picture with what was found in it.

        `file` is a FileData of Gradio as a dict; None when the picture was removed.
        """
        reading = self._reader.read_picture(file["path"] if file else None, request)
        prediction = reading.prediction
        if reading.picture is None:
            return f"<p>{translate('picture_intro', request)}</p>", None, ""
        if prediction.reason == "several digits":
            words = number_verdict(reading.number, request, sure="several")
            return words, None, found_figure(reading, request)
        if prediction.digit is None:
            return f"<p>{translate('no_ink', request)}</p>", None, found_figure(reading, request)
        if prediction.model_input is None:
            seen = found_figure(reading, request)
        else:
            seen = ink_figure(prediction, request)
        return verdict(prediction, request), label_value(prediction), seen


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


def found_figure(reading: Reading, request: Request = None) -> str:
    """The picture with a button over each digit that was found, as HTML.

    A button shows the three best guesses for its digit.
    """
    assert reading.picture is not None
    height, width = reading.picture.shape[:2]
    buttons = popovers = ""
    found = zip(reading.number.digits, reading.number.boxes, strict=True)
    for i, (digit, box) in enumerate(found):
        left, top, right, bottom = (
            100 * side / reading.scale / length
            for side, length in zip(box, (width, height) * 2, strict=True)
        )
        place = f"left:{left:.2f}%;top:{top:.2f}%;width:{right - left:.2f}%"
        buttons += (
            f'<button type="button" popovertarget="found-{i}" aria-label="{digit.digit}"'
            f' style="{place};height:{bottom - top:.2f}%"></button>'
        )
        popovers += f'<div id="found-{i}" popover>{guess_meters(digit)}</div>'
    picture = png_image(reading.picture, translate("found_alt", request))
    caption = translate("found", request) if buttons else ""
    return figure(f'<div class="boxes">{picture}{buttons}</div>', caption) + popovers
