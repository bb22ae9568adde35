"""The Photo tab: a digit on paper, and the steps from the photo to what the network sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from mnist_demo.page.draw_tab import figure, guesses, image_tag, seen, verdict
from mnist_demo.page.i18n import Request, say, t, translate
from mnist_demo.read.classifier import Classifier, Prediction
from mnist_demo.read.photo import Photo, read_photo


def classify_photo(classifier: Classifier, file: str | None) -> tuple[Photo, Prediction]:
    """What is found in the photo, and what the network makes of it."""
    photo = read_photo(file)
    return photo, classifier.classify(photo.ink)


def photo_tab(read: Callable[[str | None, Request], tuple[Photo, Prediction]]) -> None:
    """Builds the tab's components.

    Args:
        read: `classify_photo`; waits for the network.
    """

    def answer(file: dict[str, Any] | None, request: gr.Request) -> tuple[Any, ...]:
        photo, prediction = read(file["path"] if file else None, request)
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
        # `read_photo` opens the file itself: it decodes no more than it needs, and says what is
        # wrong with a file.
        preprocess=False,
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
