"""The Draw tab: a square to draw in, the answer, the network at work, and buttons for feedback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from mnist_demo.page.feedback import NOT_A_DIGIT, Feedback
from mnist_demo.page.html_parts import (
    MAX_SHOWN_PROBABILITY,
    figure,
    ink_figure,
    no_ink_figure,
    png_image,
)
from mnist_demo.page.i18n import Request, TextError, t, translate
from mnist_demo.page.reader import PageReader
from mnist_demo.page.sketchpad import add_sketchpad, add_stroke_events
from mnist_demo.page.uploads import open_data_url
from mnist_demo.read.decode.images import decode
from mnist_demo.read.prediction import CONFIDENCE_THRESHOLD, Prediction
from mnist_demo.read.saliency import overlay_on_drawing, saliency_map

FOLDER = Path(__file__).parent
CANVAS = (400, 400)  # pixels of the Sketchpad's image


class DrawEvents:
    """What happens when a visitor draws, asks why, or gives feedback.

    The methods take the drawing as a data URL, which sketchpad.js makes. They return the values of
    the tab's components.
    """

    def __init__(self, reader: PageReader, feedback: Feedback) -> None:
        self._reader = reader
        self._feedback = feedback

    def answer(self, url: str, request: gr.Request) -> tuple[Any, ...]:
        """The verdict, the Label's value and the 28x28 picture, and two empty strings.

        These clear the heat map and the thanks, which belong to the drawing before.
        """
        prediction = self._reader.classify({"composite": open_data_url(url)}, request)
        picture = ink_figure(prediction, request)
        return verdict(prediction, request), label_value(prediction), picture, "", ""

    def explain(self, url: str, request: gr.Request) -> tuple[str, str]:
        """The heat map, as a figure below the answer and as an image to lay over the drawing."""
        pixels = decode(open_data_url(url)).pixels if url else None
        prediction = self._reader.classify({"composite": pixels}, request)
        if pixels is None or prediction.digit is None or prediction.model_input is None:
            return no_ink_figure(request), ""
        network = self._reader.classifier().network
        heat = saliency_map(network, prediction.model_input, prediction.digit)
        coloured = overlay_on_drawing(pixels, prediction.model_input, heat)
        because = translate("because", request)
        below = figure(png_image(coloured, because, "heat"), because)
        return below, png_image(coloured, "")

    def give_feedback(self, label: int | None) -> Callable[[str, gr.Request], str]:
        """A function that saves `label` for a drawing. None means that the answer was right."""

        def save(url: str, request: gr.Request) -> str:
            try:
                drawing = open_data_url(url)
                prediction = self._reader.classify({"composite": drawing}, request)
                answer = prediction.digit if prediction.is_digit else NOT_A_DIGIT
                chosen = answer if label is None else label
                if chosen is None:
                    raise TextError("blank")
                version = self._reader.classifier().weights.version
                self._feedback.save(prediction, chosen, version, drawing)
            except ValueError as error:
                text = translate(error.key, request) if isinstance(error, TextError) else str(error)
                title = translate("error", request)
                raise gr.Error(text, title=title, print_exception=False) from None
            return f'<p role="status">{translate("thanks", request)}</p>'

        return save


def draw_tab(reader: PageReader, feedback: Feedback) -> gr.Sketchpad:
    """Add the tab's components and events to the page, and return its Sketchpad."""
    events = DrawEvents(reader, feedback)
    with gr.Row(elem_id="drawing"):
        with gr.Column(min_width=288, elem_id="paper"):
            sketch = add_sketchpad("", CANVAS)
            gr.HTML('<digit-hint></digit-hint><img alt="" hidden>', elem_id="hint")
            heat = gr.HTML("", elem_id="heat")
        with gr.Column(min_width=288, elem_id="answer"):
            # What the visitor's own browser reads while the pen is down: a large digit and bars.
            # For the elements that follow a <digit-pad>, "pad" stands for the Sketchpad.
            script = (FOLDER / "live.js").read_text(encoding="utf-8")
            template = '<span id="pad" hidden></span><digit-answer picture="off"></digit-answer>'
            gr.HTML("", html_template=template, js_on_load=script, elem_id="live")
            words = gr.HTML(f"<p>{t('blank')}</p>", elem_id="verdict")
            # The live digit above is its heading.
            label = gr.Label(
                label=t("guesses"), num_top_classes=3, show_heading=False, elem_id="guesses"
            )
            picture = gr.HTML(no_ink_figure(), elem_id="seen")
            why = gr.Button(t("why"), elem_id="why", size="sm")
            with gr.Column(elem_id="feedback"):
                with gr.Row(elem_id="confirm"):
                    gr.HTML(f"<p>{t('right')}</p>")
                    yes = gr.Button(t("yes"), elem_id="yes", size="sm", min_width=60)
                gr.HTML(f"<p>{t('it_was')}</p>")
                with gr.Row(elem_id="labels"):
                    others = [gr.Button(str(n), size="sm", min_width=26) for n in range(10)]
                    others.append(gr.Button(t("no_digit"), size="sm", min_width=100))
                thanks = gr.HTML("", elem_id="thanks")
        gr.HTML('<digit-textbook for="pad"></digit-textbook>', elem_id="textbook")
    network = '<digit-network for="pad"></digit-network>'
    gr.HTML(f"<details><summary>{t('inside')}</summary>{network}</details>", elem_id="inside")
    gr.HTML(example_grid(), elem_id="examples")
    # Gradio translates this hidden text, and sketchpad.js gives the names in it to the examples.
    gr.HTML(f"{t('example_names')}", elem_id="example_names")
    gr.HTML(f"<p>{feedback.notice()}</p>", elem_id="notice")

    strokes = add_stroke_events("")
    private: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    shown = [words, label, picture, heat, thanks]
    strokes.input(events.answer, strokes, shown, trigger_mode="always_last", **private)
    why.click(events.explain, strokes, [picture, heat], trigger_mode="always_last", **private)
    labels = [None, *range(10), NOT_A_DIGIT]
    for button, digit in zip([yes, *others], labels, strict=True):
        save = events.give_feedback(digit)
        button.click(save, strokes, thanks, trigger_mode="once", **private)
    return sketch


def verdict(prediction: Prediction, request: Request = None) -> str:
    """One sentence about `prediction` as HTML: sure, unsure, not a digit, or blank."""
    best = [digit for digit, _ in prediction.top(2)]
    if not best:
        sentence = translate("blank", request)
    elif not prediction.is_digit:
        sentence = translate("not_a_digit", request)
    elif prediction.confidence < CONFIDENCE_THRESHOLD:
        sentence = translate("unsure", request, *best)
    else:
        sentence = translate("sure", request, best[0])
    return f"<p>{sentence}</p>"


def label_value(
    prediction: Prediction, most: float = MAX_SHOWN_PROBABILITY
) -> dict[str, float] | None:
    """The value of a gr.Label: the probabilities of the three best guesses; None when blank.

    No probability in it is above `most`.
    """
    return {str(digit): min(probability, most) for digit, probability in prediction.top(3)} or None


def example_grid() -> str:
    """Buttons with the pictures of examples.json, as HTML. sketchpad.js sends the one clicked."""
    examples = json.loads((FOLDER / "examples.json").read_text())
    buttons = "".join(
        f'<button type="button" class="example" aria-label="{title}" title="{title}">'
        f'<img alt="" src="data:image/png;base64,{data}"></button>'
        for title, data in examples.items()
    )
    return f"<h2>{t('examples')}</h2><div>{buttons}</div>"
