"""Each tab's events alone, without a server or a browser."""

from __future__ import annotations

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
from mnist_demo.page.picture_tab import PictureEvents, found_figure, paint_found
from mnist_demo.page.reader import PageReader
from mnist_demo.read.picture import PictureResult
from mnist_demo.read.prediction import BLANK
from tests.helpers.images import data_url

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


def test_the_draw_tab_never_asks_the_finder(
    reader: PageReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader in the browser has none, and both must agree."""
    canvas = Image.new("L", (200, 200), 255)
    for x in (20, 60, 100, 140):  # not a digit: as a picture, it would be searched
        canvas.paste(0, (x, 40, x + 20, 160))
    canvas.save(file := tmp_path / "four.png")
    find = create_autospec(Classifier.find, side_effect=Classifier.find)
    monkeypatch.setattr(Classifier, "find", find)
    reader.classify(str(file))
    assert find.called
    find.reset_mock()
    monkeypatch.setenv("MNIST_DEMO_FEEDBACK_DIR", str(tmp_path))
    events = DrawEvents(reader, Feedback())
    url = data_url(file.read_bytes())
    for event in (events.answer, events.explain, events.give_feedback(7)):
        event(url, REQUEST)
    assert not find.called


def test_the_picture_tab(reader: PageReader, file: dict[str, Any]) -> None:
    words, guesses, pictures = PictureEvents(reader).answer(file, REQUEST)
    assert TEXTS["en"]["sure"].format(1) in words and guesses["1"] > 0.9
    assert TEXTS["en"]["seen"] in pictures
    words, guesses, _ = PictureEvents(reader).answer(None, REQUEST)
    assert TEXTS["en"]["picture_intro"] in words and guesses is None


def test_what_the_finder_saw_is_painted_over_the_picture() -> None:
    picture = np.full((40, 80, 3), 200, np.uint8)
    digit, other = np.zeros((20, 40), np.bool_), np.zeros((20, 40), np.bool_)
    digit[:, 10:14] = other[:, 30:34] = True
    reading = PictureResult(BLANK, picture, digit, other, (0.2, 0.1, 0.4, 0.9))
    painted = paint_found(reading).astype(int)
    assert painted[20, 24, 2] > painted[20, 24, 0] + 80, "the digit's ink is blue"
    assert painted[20, 64, 0] > painted[20, 64, 2] + 80, "other ink is orange"
    assert (painted[20, 50] == 200).all() and (painted[10, 12] != 200).any(), "a frame"
    assert (
        TEXTS["en"]["found"] in found_figure(reading) and found_figure(PictureResult(BLANK)) == ""
    )
