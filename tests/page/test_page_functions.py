"""Each tab's events alone, without a server or a browser."""

import re
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from mnist_demo import Classifier
from mnist_demo.page.draw_tab import DrawEvents
from mnist_demo.page.feedback import Feedback
from mnist_demo.page.i18n import TEXTS
from mnist_demo.page.numbers_tab import NumberEvents, part_of
from mnist_demo.page.picture_tab import PictureEvents
from mnist_demo.page.reader import PageReader
from mnist_demo.read.classifier import Reading
from mnist_demo.read.lines import Number
from mnist_demo.read.network import Network
from mnist_demo.read.prediction import BLANK
from tests.helpers.images import data_url, encode, row

REQUEST: Any = gr.Request(headers={"accept-language": "en"})


@pytest.fixture(scope="module")
def reader() -> PageReader:
    return PageReader(Classifier.load)


@pytest.fixture
def file(one: Path) -> dict[str, Any]:
    """A 1, as Gradio hands an uploaded file to an endpoint."""
    return {"path": str(one)}


@pytest.fixture
def url(one: Path) -> str:
    """The same 1 as the page sends it."""
    return data_url(one.read_bytes())


def test_the_draw_tab(
    reader: PageReader, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_DEMO_FEEDBACK_DIR", str(tmp_path))
    events = DrawEvents(reader, Feedback())
    words, guesses, picture, heat, thanks = events.answer(url, REQUEST)
    assert TEXTS["en"]["sure"].format(1) in words and guesses["1"] > 0.9
    assert "<img" in picture and heat == thanks == ""
    below, over = events.explain(url, REQUEST)
    assert TEXTS["en"]["because"] in below and "<img" in over
    assert not list(tmp_path.iterdir())
    assert TEXTS["en"]["thanks"] in events.give_feedback(7)(url, REQUEST)
    (kept,) = tmp_path.glob("*.jsonl")
    assert '"answer": 1, "label": 7' in kept.read_text()


def test_the_draw_tab_never_asks_the_detector(
    reader: PageReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader in the browser has none, and both must agree."""
    canvas = Image.new("L", (200, 200), 255)
    for x in (20, 60, 100, 140):  # not a digit: as a picture, it would be searched
        canvas.paste(0, (x, 40, x + 20, 160))
    canvas.save(file := tmp_path / "four.png")
    detect = create_autospec(Network.detect, side_effect=Network.detect)
    monkeypatch.setattr(Network, "detect", detect)
    reader.classify(str(file))
    assert detect.called
    detect.reset_mock()
    monkeypatch.setenv("MNIST_DEMO_FEEDBACK_DIR", str(tmp_path))
    events = DrawEvents(reader, Feedback())
    url = data_url(file.read_bytes())
    for event in (events.answer, events.explain, events.give_feedback(7)):
        event(url, REQUEST)
    assert not detect.called


def test_the_picture_tab_reads_one_digit(reader: PageReader, file: dict[str, Any]) -> None:
    words, guesses, pictures = PictureEvents(reader).answer(file, REQUEST)
    assert TEXTS["en"]["sure"].format(1) in words and guesses["1"] > 0.9
    assert TEXTS["en"]["seen"] in pictures
    words, guesses, pictures = PictureEvents(reader).answer(None, REQUEST)
    assert TEXTS["en"]["picture_intro"] in words and guesses is None and pictures == ""


def test_the_picture_tab_reads_a_number_and_shows_where_its_digits_are(
    reader: PageReader, tmp_path: Path
) -> None:
    Image.fromarray(row(["four", "two"], 60)).save(tmp_path / "42.png")
    file = {"path": str(tmp_path / "42.png")}
    words, guesses, picture = PictureEvents(reader).answer(file, REQUEST)
    assert TEXTS["en"]["several"].format("<strong>42</strong>") in words and guesses is None
    pattern = r'popovertarget="found-(\d)" aria-label="(\d)" style="left:([\d.]+)'
    places = re.findall(pattern, picture)
    assert [(at, digit) for at, digit, _ in places] == [("0", "4"), ("1", "2")]
    assert 0 < float(places[0][2]) < float(places[1][2]) < 100
    assert picture.count("popover>") == 2 and picture.count("<meter") == 6


def test_a_picture_without_a_digit_is_shown_as_it_is(reader: PageReader, tmp_path: Path) -> None:
    Image.new("L", (90, 60), 255).save(tmp_path / "blank.png")
    file = {"path": str(tmp_path / "blank.png")}
    words, guesses, picture = PictureEvents(reader).answer(file, REQUEST)
    assert TEXTS["en"]["no_ink"] in words and guesses is None
    assert "<img" in picture and "<button" not in picture


def test_the_numbers_tab_shows_each_digit(reader: PageReader) -> None:
    drawing = data_url(encode(Image.fromarray(row(["four", "two"], 60)), "PNG"))
    words, cards = NumberEvents(reader).answer(drawing, REQUEST)
    assert TEXTS["en"]["number_sure"].format("<strong>42</strong>") in words
    assert cards.count("<li>") == cards.count("<img") == 2


def test_a_part_of_a_picture_is_cut_where_its_box_is() -> None:
    picture = np.arange(40 * 80 * 3).reshape(40, 80, 3).astype(np.uint8)
    reading = Reading(BLANK, Number([]), picture, scale=2.0)
    np.testing.assert_array_equal(part_of(reading, (20, 10, 40, 30)), picture[5:16, 10:21])
