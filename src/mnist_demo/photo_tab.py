"""The Photo tab: a digit on paper, and the steps from the photo to what the network sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from mnist_demo.draw import Read, figure, guesses, image_tag, seen, verdict
from mnist_demo.i18n import Request, say, t, translate
from mnist_demo.photo import Photo, read_photo


def photo_tab(read: Read, open_file: Callable[[Any], Image.Image | None]) -> None:
    """Builds the tab's components.

    Args:
        read: an image to its prediction; waits for the network.
        open_file: an Image component's payload to an image, not yet decoded.
    """

    def answer(image: Image.Image | None, request: gr.Request) -> tuple[Any, ...]:
        try:
            photo = read_photo(image)
        except ValueError as error:
            raise gr.Error(say("unreadable", request, error), print_exception=False) from None
        prediction = read(photo.ink, request)
        words = verdict(prediction, request)
        if prediction.digit is None:
            words = f"<p>{say('no_ink' if photo.steps else 'photo_intro', request)}</p>"
        return words, guesses(prediction), steps(photo, request) + seen(prediction, request)

    with gr.Row():
        with gr.Column(min_width=288):
            image = gr.Image(
                sources=["upload", "clipboard", "webcam"],
                label=t("photo"),
                elem_id="photo",
                height=400,
                buttons=[],
            )
            # Not yet decoded: `read_photo` does that, and puts errors into words.
            image.preprocess = open_file  # type: ignore[method-assign, assignment]
        with gr.Column(min_width=288):
            words = gr.HTML(f"<p>{t('photo_intro')}</p>", elem_id="photo_verdict")
            label = gr.Label(label=t("guesses"), num_top_classes=3, elem_id="photo_guesses")
    pictures = gr.HTML("", elem_id="steps")
    image.change(
        answer,
        image,
        [words, label, pictures],
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
    )


def steps(photo: Photo, request: Request = None) -> str:
    """The pictures of the way to the ink, with captions, as HTML."""
    return "".join(
        figure(image_tag(_small(picture), name), name)
        for name, picture in ((translate(name, request), picture) for name, picture in photo.steps)
    )


def _small(picture: Any, side: int = 240) -> Any:
    image = Image.fromarray(picture)
    image.thumbnail((side, side))
    return np.asarray(image)
