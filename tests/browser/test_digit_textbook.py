"""The element <digit-textbook>: another network on the same drawing, beside ours."""

import json
import struct
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from mnist_demo.page.i18n import LANGUAGES
from mnist_demo.weights import REPOSITORY
from tests.helpers.pages import visit, visit_and_watch
from tests.helpers.static_host import StaticHost
from train.measure.textbook import MAX_BYTES, probabilities, shrink, untrained_convnet
from train.paint.strokes import draw

FILE = REPOSITORY / "textbook.bin"
READ = """async ([strokes]) => {
    const pad = document.querySelector("digit-pad");
    const textbook = document.querySelector("digit-textbook");
    pad.strokes = strokes;
    pad.paint();
    await pad.read("change");
    let answer = null; // it is null if the element asks for the next drawing
    while (!answer) answer = await textbook.reader.read(pad.canvas);
    const { image, probabilities } = answer;
    return { image: [...image], probabilities };
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, edition: StaticHost) -> Iterator[Page]:
    """The static edition on a wide screen, after the first visit and without a network."""
    with visit_and_watch(browser, edition.url, 1280, 800) as page:
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        page.context.set_offline(True)
        page.reload()
        page.locator("digit-textbook button").first.wait_for()
        yield page


def header() -> tuple[dict[str, Any], bytes]:
    content = FILE.read_bytes()
    (length,) = struct.unpack("<I", content[:4])
    return json.loads(content[4 : 4 + length]), content[4 + length :]


def test_it_is_small_and_its_checksum_is_listed() -> None:
    listed = json.loads((REPOSITORY / "metrics.json").read_text())["files"]["textbook.bin"]
    assert listed["bytes"] == FILE.stat().st_size < MAX_BYTES


def test_it_reads_the_shrunk_canvas_as_keras_does(page: Page) -> None:
    """Keras gets the weights that are in the file."""
    network, numbers = header()
    model = untrained_convnet()
    layers = [layer for layer in network["layers"] if "values" in layer]
    floats = np.frombuffer(numbers, "<f4", 2 * sum(layer["filters"] for layer in layers))
    integers = np.frombuffer(numbers, "<i2", offset=4 * len(floats)).astype(np.float32)
    weights = []
    for layer, shape in zip(layers, [w.shape for w in model.get_weights()[::2]], strict=True):
        scales, biases, floats = np.split(floats, [layer["filters"], 2 * layer["filters"]])
        values, integers = np.split(integers, [layer["values"]])
        weights += [values.reshape(shape) * scales, biases]
    model.set_weights(weights)
    for example in network["examples"]:
        strokes = [np.array(stroke, np.float32) for stroke in example["strokes"]]
        shown = page.evaluate(READ, [example["strokes"]])
        image = np.array(shown["image"], np.float32).reshape(28, 28)
        # OpenCV's lines and Chromium's are not the same at their edges.
        assert np.abs(image - shrink(draw(strokes, 14, 400))).mean() <= 0.005
        expected = probabilities(model, image[np.newaxis])[0]
        assert np.abs(np.array(shown["probabilities"]) - expected).max() <= 1e-3


def test_the_canvas_is_shrunk_as_opencv_does_it(page: Page) -> None:
    stroke = [[100.0, 60.0], [300.0, 60.0], [200.0, 340.0]]
    shown = page.evaluate(READ, [[stroke]])
    alpha = page.evaluate("""() => {
        const { canvas, context } = document.querySelector("digit-pad");
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        return [...data.filter((_, i) => i % 4 === 3)];
    }""")
    canvas = np.array(alpha, np.uint8).reshape(400, 400)
    expected = cv2.resize(canvas, (28, 28), interpolation=cv2.INTER_AREA) / 255
    assert np.abs(np.array(shown["image"]).reshape(28, 28) - expected).max() <= 1.01 / 255


def test_three_drawings_on_which_it_is_sure_and_wrong(page: Page) -> None:
    examples = header()[0]["examples"]
    assert len(examples) == 3
    theirs = page.locator("digit-textbook textbook-answer")
    for example in examples:
        page.get_by_role("button", name=f"Draw a {example['digit']} that").press("Enter")
        expect(page.locator("#answer [data-digit]")).to_have_text(str(example["digit"]))
        expect(page.locator("digit-textbook [data-digit]")).to_have_text(str(example["read_as"]))
        assert example["read_as"] != example["digit"]
        assert theirs.evaluate("answer => answer.prediction.confidence") >= 0.8
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("digit-textbook [data-digit]")).to_have_text("?")


def test_it_quotes_the_figures_that_were_measured_in_six_languages(page: Page) -> None:
    results = json.loads((REPOSITORY / "metrics.json").read_text())["results"]
    methods = ("plain convnet, canvas resized", "released")
    shares = [f"{results[method]['unipen_1a_accuracy']:.1%}" for method in methods]
    said = {}
    for language in LANGUAGES:
        page.locator("digit-textbook").evaluate("(element, lang) => element.lang = lang", language)
        said[language] = page.locator("digit-textbook .why").inner_text()
        question = page.locator("digit-textbook").get_by_role("switch").get_attribute("aria-label")
        said[language] += question or ""
        for share in shares:
            number = (
                share[:-1] if language in ("en", "ja", "zh-CN") else share[:-1].replace(".", ",")
            )
            assert number in said[language], (language, said[language])
    assert len(set(said.values())) == 6
    page.locator("digit-textbook").evaluate("element => element.lang = 'en'")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    page.evaluate("window.shift = 0")  # nobody's page changes its language


def test_the_switch_works_by_keyboard_axe_finds_nothing_and_nothing_moves(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(violation["id"], violation["nodes"]) for violation in found] == []
    assert page.evaluate("window.shift") == 0
    switch, answer = page.get_by_role("switch"), page.locator("digit-textbook textbook-answer")
    expect(switch).to_be_checked()
    switch.press("Space")
    expect(answer).to_be_hidden()
    switch.press("Space")
    expect(answer).to_be_visible()


def test_on_a_phone_it_answers_when_it_is_asked(browser: Browser, edition: StaticHost) -> None:
    with visit(browser, edition.url, 320, 700, locale="fr") as page:
        answer = page.locator("digit-textbook textbook-answer")
        expect(answer).to_be_hidden()
        page.get_by_role("switch").check()
        page.locator("digit-textbook button").nth(1).click()
        expect(page.locator("digit-textbook [data-digit]")).to_have_text(
            str(header()[0]["examples"][1]["read_as"])
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
