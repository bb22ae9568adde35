"""The Draw tab: a square to draw in, and beside it the answer, what it rests on, and doubts."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_demo.page.feedback import NOT_A_DIGIT, Feedback
from mnist_demo.page.i18n import Request, say, t, translate
from mnist_demo.read.classifier import Classifier, Prediction
from mnist_demo.read.images import read_pixels
from mnist_demo.read.saliency import heat_map, over_drawing

HERE = Path(__file__).parent
CANVAS = 400  # pixels on either side of the Sketchpad's image
BRUSH = 14  # radius in these pixels
# Of the validation paintings read with less confidence (0.9% of all), 43% are read wrong.
SURE = 0.8

Read = Callable[[Any, Request], Prediction]


def draw_tab(
    read: Read,
    open_url: Callable[[str], Image.Image],
    classifier: Callable[[], Classifier],
    feedback: Feedback,
) -> gr.Sketchpad:
    """Builds the tab's components; returns its Sketchpad.

    Args:
        read: an image to its prediction; waits for the network.
        open_url: a data URL, as page.js sends it, to an image.
        classifier: the network that `read` asks, once it has answered.
        feedback: takes what visitors say about answers.
    """

    def answer(url: str, request: gr.Request) -> tuple[Any, ...]:
        prediction = read(open_url(url), request)
        return (
            verdict(prediction, request),
            guesses(prediction),
            seen(prediction, request),
            "",
            "",
        )

    def explain(url: str, request: gr.Request) -> tuple[str, str]:
        """The strokes in colours: below the answer, and over the drawing."""
        pixels = read_pixels(open_url(url)) if url else None
        prediction = read(pixels, request)
        if pixels is None or prediction.digit is None or prediction.model_input is None:
            return seen(None, request), ""
        heat = heat_map(classifier(), prediction.model_input, prediction.digit)
        coloured = over_drawing(pixels, prediction.model_input, heat)
        because = say("because", request)
        return figure(image_tag(coloured, because, "heat"), because), image_tag(coloured, "")

    def keeper(label: int | None) -> Callable[[str, gr.Request], str]:
        """Keeps `label` for the drawing; None where the visitor says that the answer was right."""

        def keep(url: str, request: gr.Request) -> str:
            try:
                drawing = open_url(url)
                prediction = read(drawing, request)
                given = prediction.digit if prediction.is_digit else NOT_A_DIGIT
                chosen = given if label is None else label
                if chosen is None:
                    raise ValueError(say("blank", request))
                feedback.keep(prediction, chosen, classifier().weights.version, drawing)
            except ValueError as error:
                text, title = translate(str(error), request), say("error", request)
                raise gr.Error(text, title=title, print_exception=False) from None
            return f'<p role="status">{say("thanks", request)}</p>'

        return keep

    with gr.Row():
        with gr.Column(min_width=288, elem_id="paper"):
            sketch = sketchpad("", (CANVAS, CANVAS))
            heat = gr.HTML("", elem_id="heat")
        with gr.Column(min_width=288, elem_id="answer"):
            words = gr.HTML(f"<p>{t('blank')}</p>", elem_id="verdict")
            label = gr.Label(label=t("guesses"), num_top_classes=3, elem_id="guesses")
            picture = gr.HTML(nothing_seen(), elem_id="seen")
            why = gr.Button(t("why"), elem_id="why", size="sm")
            with gr.Column(elem_id="feedback"):
                with gr.Row():
                    gr.HTML(f"<p>{t('right')}</p>")
                    yes = gr.Button(t("yes"), elem_id="yes", size="sm", min_width=60)
                gr.HTML(f"<p>{t('it_was')}</p>")
                with gr.Row(elem_id="labels"):
                    others = [gr.Button(str(n), size="sm", min_width=26) for n in range(10)]
                    others.append(gr.Button(t("no_digit"), size="sm", min_width=100))
                thanks = gr.HTML("", elem_id="thanks")
    gr.HTML(example_grid(), elem_id="examples")
    gr.HTML(f"{t('ways')}", elem_id="ways")  # page.js names the drawn examples by it
    gr.HTML(f"<p>{feedback.notice()}</p>", elem_id="notice")

    drawn = pen("")
    private: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    shown = [words, label, picture, heat, thanks]
    drawn.input(answer, drawn, shown, trigger_mode="always_last", **private)
    why.click(explain, drawn, [picture, heat], trigger_mode="always_last", **private)
    for button, digit in zip([yes, *others], [None, *range(10), NOT_A_DIGIT], strict=True):
        button.click(keeper(digit), drawn, thanks, trigger_mode="once", **private)
    return sketch


def sketchpad(prefix: str, size: tuple[int, int]) -> gr.Sketchpad:
    """A Sketchpad of so many pixels, with Undo and Clear below; `prefix` begins their ids."""
    sketch = gr.Sketchpad(
        elem_id=f"{prefix}sketch",
        label=t("drawing"),
        show_label=False,
        canvas_size=size,
        brush=gr.Brush(default_size=BRUSH, colors=["#000000"], color_mode="fixed"),
        layers=False,
        transforms=(),
        buttons=[],
    )
    with gr.Row(elem_id=f"{prefix}tools"):
        gr.Button(t("undo"), elem_id=f"{prefix}undo", min_width=80)
        gr.Button(t("clear"), elem_id=f"{prefix}clear", min_width=80)
    return sketch


def pen(prefix: str) -> gr.HTML:
    """A hidden element whose value is what was drawn on the Sketchpad of `prefix`, as a data URL;
    it has an `input` event after every stroke."""
    script = (HERE / "page.js").read_text(encoding="utf-8")
    return gr.HTML("", html_template="", js_on_load=script, elem_id=f"{prefix}pen")


def verdict(prediction: Prediction, request: Request = None) -> str:
    """One sentence about `prediction` as HTML: sure, unsure, not a digit, or blank."""
    best = [digit for digit, _ in prediction.top(2)]
    if not best:
        sentence = say("blank", request)
    elif not prediction.is_digit:
        sentence = say("not_a_digit", request)
    elif prediction.confidence < SURE:
        sentence = say("unsure", request, *best)
    else:
        sentence = say("sure", request, best[0])
    return f"<p>{sentence}</p>"


def guesses(prediction: Prediction) -> dict[str, float] | None:
    """What a Label shows: digit to probability, None when blank."""
    return {str(digit): probability for digit, probability in prediction.top(3)} or None


def seen(prediction: Prediction | None, request: Request = None) -> str:
    """The 28x28 image the network saw, as HTML; an empty frame when blank."""
    if prediction is None or prediction.model_input is None:
        return figure('<div class="nothing"></div>', say("seen", request))
    ink = np.round(prediction.model_input * 255).astype(np.uint8)
    return figure(image_tag(ink, say("seen_alt", request)), say("seen", request))


def nothing_seen() -> str:
    return figure('<div class="nothing"></div>', str(t("seen")))


def figure(picture: str, caption: str) -> str:
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


def image_tag(pixels: NDArray[np.uint8], alt: str, name: str = "") -> str:
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "PNG")
    return png_tag(png.getvalue(), alt, name)


def png_tag(png: bytes, alt: str, name: str = "") -> str:
    data = base64.b64encode(png).decode()
    return f'<img alt="{alt}" class="{name}" src="data:image/png;base64,{data}">'


def example_grid() -> str:
    """Buttons with the pictures of examples.json, as HTML; page.js puts through what is clicked."""
    examples = json.loads((HERE / "examples.json").read_text())
    buttons = "".join(
        f'<button type="button" class="example" aria-label="{title}" title="{title}">'
        f'<img alt="" src="data:image/png;base64,{data}"></button>'
        for title, data in examples.items()
    )
    return f"<h2>{t('examples')}</h2><div>{buttons}</div>"
