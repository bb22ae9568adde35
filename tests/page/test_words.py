"""What the page says: verdicts, six languages, reasons, the About tab and the snippets."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from mnist_demo import Classifier, Prediction, preprocess
from mnist_demo.browser.build_static import BROWSER
from mnist_demo.page.about_tab import about_html
from mnist_demo.page.draw_tab import FOLDER, label_value, verdict
from mnist_demo.page.embed_tab import public_url, snippets
from mnist_demo.page.html_parts import MAX_SHOWN_PROBABILITY
from mnist_demo.page.i18n import LANGUAGES, TEXTS, language, translate
from mnist_demo.page.numbers_tab import digit_cards
from mnist_demo.read.classifier import Reading
from mnist_demo.read.lines import Line, Number
from mnist_demo.read.prediction import BLANK, CONFIDENCE_THRESHOLD
from mnist_demo.read.preprocess import crop_ink
from mnist_demo.read.saliency import (
    CONTRADICTS,
    SUPPORTS,
    overlay_on_drawing,
    placement,
    saliency_map,
)
from mnist_demo.weights import repository_weights
from tests.helpers.images import seven
from train.paint.own_drawings import DRAWINGS, load, strokes_of
from train.paint.strokes import CANVAS
from train.paint.strokes import draw as paint


def asking(**headers: str) -> Any:
    return SimpleNamespace(headers={name.replace("_", "-"): text for name, text in headers.items()})


def prediction(probabilities: dict[int, float], digit_score: float = 0.9) -> Prediction:
    row = np.zeros(10, np.float32)
    row[list(probabilities)] = list(probabilities.values())
    return Prediction(row, digit_score, np.eye(28, dtype=np.float32))


def test_the_verdict_is_sure_unsure_not_a_digit_or_blank() -> None:
    assert "This looks like a 4." in verdict(prediction({4: 0.97, 9: 0.03}))
    assert "a 4, or maybe a 9" in verdict(prediction({4: 0.6, 9: 0.4}))
    assert "an 8, or maybe a 3" in verdict(prediction({8: 0.6, 3: 0.4}))
    assert "does not look like a digit to me" in verdict(prediction({4: 0.97}, digit_score=0.2))
    assert "Draw a digit" in verdict(Prediction(np.zeros(10, np.float32), 0.0, None))


def test_nothing_is_said_to_be_certain() -> None:
    sure = prediction({4: 0.9999, 9: 0.0001})
    assert (label_value(sure) or {})["4"] == MAX_SHOWN_PROBABILITY
    number = Number([Line([sure], [(0, 0, 1, 1)], "7")])
    cards = digit_cards(Reading(BLANK, number, np.zeros((2, 2, 3), np.uint8)))
    assert "<span>99%</span>" in cards and "100%" not in cards


def test_the_browser_shows_doubt_and_certainty_as_python_does() -> None:
    script = (BROWSER / "digit-answer.js").read_text()
    assert f"export const CONFIDENCE_THRESHOLD = {CONFIDENCE_THRESHOLD};" in script
    assert f"export const MAX_SHOWN_PROBABILITY = {MAX_SHOWN_PROBABILITY};" in script


def test_every_sentence_is_there_in_every_language_with_the_same_places() -> None:
    assert len(LANGUAGES) == 6
    english = TEXTS["en"]
    for name in LANGUAGES:
        texts = TEXTS[name]
        assert list(texts) == list(english) and all(texts.values()), name
        for key, text in texts.items():
            places = [re.findall(r"\{\d\}", each) for each in (text, english[key])]
            assert sorted(places[0]) == sorted(places[1]), (name, key)


def test_answers_come_in_the_language_that_the_browser_asks_for() -> None:
    assert language(asking(accept_language="de-AT,de;q=0.9,en;q=0.8")) == "de"
    assert language(asking(accept_language="zh-TW")) == "zh-CN"
    assert language(asking(accept_language="nl, fr;q=0.5")) == "fr"
    assert language(asking(accept_language="nl")) == "en"
    assert language(asking()) == language(None) == "en"
    assert translate("sure", asking(accept_language="es"), 7) == "Parece un 7."


def test_the_heat_map_shows_what_the_answer_hangs_on() -> None:
    """A network that sees a 3 in ink in the upper half, and is put off by ink in the lower."""

    def classify(inputs: list[Any]) -> list[Prediction]:
        images = np.stack(inputs)
        excess = images[:, :14].sum(axis=(1, 2)) - images[:, 14:].sum(axis=(1, 2))
        share = 1 / (1 + np.exp(-excess / 10))
        return [prediction({3: float(p), 5: float(1 - p)}) for p in share]

    image = np.zeros((28, 28), np.float32)
    image[5:24, 13:15] = 1
    network: Any = SimpleNamespace(classify=classify)
    heat = saliency_map(network, image, 3)
    assert heat.shape == (28, 28) and np.abs(heat).max() == pytest.approx(1)
    assert (heat[6:10, 13:15] > 0).all() and (heat[18:22, 13:15] < 0).all()
    assert (heat[image == 0] == 0).all()


def test_the_heat_map_of_the_released_network_covers_the_strokes(classifier: Classifier) -> None:
    model_input = preprocess(seven())
    assert model_input is not None
    heat = saliency_map(classifier.network, model_input, 7)
    assert np.abs(heat).max() == pytest.approx(1) and heat.max() > 0.3


@pytest.mark.parametrize("name", sorted(path.stem for path in DRAWINGS.glob("*.json")))
def test_the_heat_map_lies_on_the_strokes_as_they_were_drawn(name: str) -> None:
    """Moved by a pixel to any side, the drawing is no more like what the network saw."""
    drawing = load(name)
    strokes = [stroke * (CANVAS / drawing["canvas"]) for stroke in strokes_of(drawing)]
    if not strokes:
        return
    pixels = paint(strokes, drawing["radius"] * CANVAS / drawing["canvas"])
    model_input, located = preprocess(pixels), crop_ink(pixels)
    assert model_input is not None and located is not None
    where = placement(located, model_input)
    (ink, (x, y)), drawn = located, np.zeros(pixels.shape, np.float32)
    drawn[y : y + ink.shape[0], x : x + ink.shape[1]] = ink
    blurred = cv2.GaussianBlur(drawn, (0, 0), 0.4 / where[0, 0])

    def likeness(shift: tuple[float, float]) -> float:
        moved = where + np.array([[0, 0, shift[0]], [0, 0, shift[1]]], np.float32)
        return float((cv2.warpAffine(blurred, moved, (28, 28)) * model_input).sum())

    steps = np.arange(-1.5, 1.6, 0.5)  # pixels of 28
    best = max(((x, y) for x in steps for y in steps), key=likeness)
    assert np.abs(best).max() <= 0.5


def test_strokes_get_the_colour_of_what_they_said() -> None:
    pixels = np.full((300, 200, 3), 255, np.uint8)
    pixels[40:240, 150:170] = 0
    model_input = preprocess(pixels)
    assert model_input is not None
    heat = np.where(np.arange(28)[:, None] < 14, 1, -1).astype(np.float32) * (model_input > 0)
    shown = overlay_on_drawing(pixels, model_input, heat)
    assert shown.shape == (400, 267, 4)
    assert shown[:50, :, 3].max() == 0 and shown[:, :190, 3].max() == 0  # paper
    assert np.abs(shown[60:140, 205:222] - np.array([*SUPPORTS, 255])).max() <= 2
    assert np.abs(shown[235:315, 205:222] - np.array([*CONTRADICTS, 255])).max() <= 2


def test_about_has_figures_plots_data_and_what_is_served() -> None:
    weights = repository_weights()
    text = about_html(weights)
    figures = json.loads((weights.path / "metrics.json").read_text())["results"]["released"]
    for key in ("mnist_test", "unipen_1a", "fonts", "styles"):
        assert f"{figures[f'{key}_accuracy']:.2%}" in text
    assert text.count("<figure>") == 3 and text.count("CC BY") == 3
    assert f"version {weights.version} from the repository" in text
    assert "Wie gut es liest" in about_html(weights, asking(accept_language="de"))


def test_about_says_why_other_weights_are_served_and_quotes_nothing_as_html() -> None:
    note = "owner/name cannot be served: <script>no</script>"
    text = about_html(replace(repository_weights(), note=note))
    assert "owner/name cannot be served" in text and "<script>" not in text


def test_about_does_without_figures(tmp_path: Any) -> None:
    text = about_html(replace(repository_weights(), path=tmp_path))
    assert "came without figures" in text and "<figure>" not in text


def test_the_snippets_get_the_address_that_the_visitor_sees() -> None:
    assert public_url(asking(referer="https://a-b.hf.space/?embed=1")) == "https://a-b.hf.space"
    proxied = {"x_forwarded_proto": "https", "x_forwarded_host": "a.org", "host": "10.0.0.1"}
    assert public_url(asking(**proxied)) == "https://a.org"
    assert public_url(asking(host="127.0.0.1:7860")) == "http://127.0.0.1:7860"
    assert all("https://a.org" in snippet for snippet in snippets("https://a.org"))


def test_the_examples_are_pictures_of_ten_mnist_and_ten_drawn_digits() -> None:
    examples = json.loads((FOLDER / "examples.json").read_text())
    drawn = [title for title in examples if not title.startswith("MNIST")]
    assert len(drawn) == 10 and len(examples) == 20
    assert TEXTS["en"]["example_names"].split("; ") == drawn
    assert all(len(texts["example_names"].split("; ")) == 10 for texts in TEXTS.values())
