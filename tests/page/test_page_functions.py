"""Each endpoint and each tab's events alone, without a server or a browser."""

from __future__ import annotations

import base64
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from mnist_demo import Classifier
from mnist_demo.page.about_tab import about_tab
from mnist_demo.page.draw_tab import DrawEvents, draw_tab
from mnist_demo.page.embed_tab import embed_tab
from mnist_demo.page.endpoints import Endpoints, add_endpoints
from mnist_demo.page.feedback import Feedback
from mnist_demo.page.i18n import TEXTS
from mnist_demo.page.launch import head
from mnist_demo.page.numbers_tab import NumberEvents, numbers_tab
from mnist_demo.page.picture_tab import PictureEvents, found_figure, paint_found, picture_tab
from mnist_demo.page.reader import PageReader
from mnist_demo.page.uploads import open_data_url, open_file, open_sketch
from mnist_demo.read.picture import PictureResult
from mnist_demo.read.prediction import BLANK
from tests.helpers.aio import run_async

REQUEST: Any = gr.Request(headers={"accept-language": "en"})


@pytest.fixture(scope="module")
def reader() -> PageReader:
    return PageReader(Classifier.load)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A 1, as Gradio hands an uploaded file to an endpoint."""
    path = tmp_path_factory.mktemp("page") / "one.png"
    canvas = Image.new("L", (100, 100), 255)
    canvas.paste(0, (47, 20, 55, 80))
    canvas.save(path)
    return {"path": str(path)}


@pytest.fixture(scope="module")
def url(file: dict[str, Any]) -> str:
    """The same 1 as the page sends it."""
    return "data:image/png;base64," + base64.b64encode(Path(file["path"]).read_bytes()).decode()


def test_the_endpoints(reader: PageReader, file: dict[str, Any]) -> None:
    endpoints = Endpoints(reader)
    answer = run_async(endpoints.classify(file))
    assert answer["digit"] == 1 and answer["weights"] == str(reader.classifier().weights)
    number = endpoints.read_number(file)
    assert number["number"] == "1" and number["digits"][0]["box"] == (47, 20, 55, 80)
    guesses = endpoints.classify_sketch({"id": None, "composite": file})
    assert guesses and next(iter(guesses)) == "1" and len(guesses) == 3
    assert endpoints.classify_sketch({"id": "uploaded before", "composite": None}) is None


def test_an_endpoint_says_what_it_takes(reader: PageReader, tmp_path: Path) -> None:
    endpoints = Endpoints(reader)
    (tmp_path / "text.png").write_text("no image")
    for value in (None, {"path": str(tmp_path / "text.png")}):
        with pytest.raises(gr.Error, match="send a PNG, JPEG"):
            run_async(endpoints.classify(value))
    with pytest.raises(gr.Error, match="There is no drawing in this"):
        endpoints.classify_sketch({"id": None, "composite": None})


def test_a_classifier_that_cannot_be_loaded(file: dict[str, Any]) -> None:
    def load() -> Classifier:
        raise ValueError("no weights")

    with pytest.raises(gr.Error) as raised:
        Endpoints(PageReader(load)).read_number(file)
    assert raised.value.message == TEXTS["en"]["no_network"]


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
    asked: list[Any] = []
    find = Classifier.find

    def counted(classifier: Classifier, picture: Any) -> Any:
        asked.append(picture)
        return find(classifier, picture)

    monkeypatch.setattr(Classifier, "find", counted)
    reader.classify(str(file))
    assert asked
    asked.clear()
    monkeypatch.setenv("MNIST_DEMO_FEEDBACK_DIR", str(tmp_path))
    events = DrawEvents(reader, Feedback())
    url = "data:image/png;base64," + base64.b64encode(file.read_bytes()).decode()
    for event in (events.answer, events.explain, events.give_feedback(7)):
        event(url, REQUEST)
    assert not asked


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


def test_the_numbers_tab(reader: PageReader, file: dict[str, Any], url: str) -> None:
    events = NumberEvents(reader)
    for words, cards in (
        events.answer_drawing(url, REQUEST),
        events.answer_file(file["path"], REQUEST),
    ):
        assert "<strong>1</strong>" in words and cards.count("<li>") == 1


@pytest.mark.parametrize(
    ("build", "ids", "events"),
    [
        (
            lambda tab, reader: draw_tab(reader, Feedback()),
            {"sketch", "pen", "verdict", "seen"},
            14,
        ),
        (lambda tab, reader: picture_tab(reader), {"picture", "picture_verdict", "found"}, 1),
        (lambda tab, reader: numbers_tab(reader), {"number_sketch", "number_digits"}, 2),
        (about_tab, {"about"}, 1),
        (lambda tab, reader: embed_tab(tab), {"snippet-curl", "snippet-python"}, 1),
    ],
    ids=["draw", "picture", "numbers", "about", "embed"],
)
def test_each_tab_is_built_alone(
    build: Callable[[gr.Tab, PageReader], object], ids: set[str], events: int
) -> None:
    loading: Future[Classifier] = Future()  # it never ends: no tab waits for the classifier
    with gr.Blocks() as page, gr.Tab() as tab:
        build(tab, PageReader(loading.result))
    assert ids <= {block.elem_id for block in page.blocks.values()}
    assert len(page.fns) == events
    assert {function.api_visibility for function in page.fns.values()} == {"private"}


def test_the_endpoints_are_added_to_any_page(reader: PageReader) -> None:
    with gr.Blocks() as page:
        add_endpoints(reader, gr.Sketchpad())
    names = {function.api_name for function in page.fns.values()}
    assert names == {"classify", "read_number", "classify_sketch"}


def test_uploads(file: dict[str, Any], url: str) -> None:
    assert open_file(file).size == open_data_url(url).size == (100, 100)
    assert open_sketch(None) is None
    assert open_sketch({"id": None, "composite": None}) is None
    for wrong in ("data:image/png;base64,?", "data:image/png;base64,AAAA", 7):
        with pytest.raises(gr.Error, match="not an image"):
            open_data_url(wrong)  # type: ignore[arg-type]
    with pytest.raises(gr.Error, match="too large"):
        open_data_url(url + "A" * 250_000)


def test_scripts_and_styles_go_into_the_head() -> None:
    text = head()
    assert text.count("<script>") == text.count("<style>") == 2
    assert 'classList.add("embed")' in text and "window.fetch = " in text
