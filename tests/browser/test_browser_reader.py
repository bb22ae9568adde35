"""The reader for the browser against Python: both read the same paintings, in a real browser."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from mnist_demo import Classifier, preprocess
from mnist_demo.weights import REPOSITORY
from tests.helpers.sketchpad import one_of_each
from tests.helpers.static_host import StaticHost
from train.fit.export_browser import MAX_BYTES, write_browser_weights
from train.paint.own_drawings import DRAWINGS, load, strokes_of
from train.paint.strokes import CANVAS, Brush, draw, paint, random_brush, scribble, vary
from train.paint.strokes import side_by_side as pair

MODULES = Path(__file__).parents[2] / "src" / "mnist_demo" / "browser"
COUNT = 1000

# Reads every canvas of canvases.bin; returns for each whether it has ink, the 28x28, the ten
# probabilities and the score: 796 floats.
READ_ALL = """async () => {
  const { Reader } = await import("/reader.js");
  const reader = await Reader.load("/browser.bin");
  const canvases = new Uint8Array(await (await fetch("/canvases.bin")).arrayBuffer());
  const pixels = SIDE * SIDE, count = canvases.length / pixels;
  const answers = new Float32Array(count * 796), rgba = new Uint8ClampedArray(4 * pixels);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < pixels; i++) rgba.fill(canvases[n * pixels + i], 4 * i, 4 * i + 3);
    for (let i = 0; i < pixels; i++) rgba[4 * i + 3] = 255;
    const { image, probabilities, digitScore } = reader.read(rgba, SIDE);
    if (image) answers.set([1, ...image, ...probabilities, digitScore], n * 796);
  }
  let text = "";
  const bytes = new Uint8Array(answers.buffer);
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return btoa(text);
}""".replace("SIDE", str(CANVAS))
# Reads every 28x28 of images.bin by the network alone: 11 floats each.
READ_INPUTS = """async () => {
  const { Reader } = await import("/reader.js");
  const { network } = await Reader.load("/browser.bin");
  const images = new Float32Array(await (await fetch("/images.bin")).arrayBuffer());
  const answers = [];
  for (let i = 0; i < images.length; i += 784) {
    const { probabilities, digitScore } = network.read(images.subarray(i, i + 784));
    answers.push([...probabilities, digitScore]);
  }
  return answers;
}"""


def canvases() -> NDArray[np.uint8]:
    """Digits in many brushes, scribbles, pairs, a blank canvas, dots; our drawings at the end."""
    rng = np.random.default_rng(0)
    own = [drawing.strokes for drawing in one_of_each()]
    made = []
    for i in range(COUNT):
        if i % 6 == 0:
            strokes = scribble(rng)
        elif i % 6 == 1:
            strokes = pair(own[i % 10], own[int(rng.integers(10))], rng)
        else:
            strokes = own[i % 10]
        made.append(paint(vary(strokes, rng), random_brush(rng), rng))
    made.append(np.full((CANVAS, CANVAS), 255, np.uint8))
    made += [paint([np.zeros((1, 2), np.float32)], Brush(r, 10), rng) for r in (0.5, 2, 8, 20)]
    for file in sorted(DRAWINGS.glob("*.json")):
        drawing = load(file.stem)
        scale = CANVAS / drawing["canvas"]
        strokes = [(stroke * scale).astype(np.float32) for stroke in strokes_of(drawing)]
        made.append(draw(strokes, drawing["radius"] * scale) if strokes else made[COUNT])
    return np.stack(made)


@pytest.fixture(scope="module")
def paintings() -> NDArray[np.uint8]:
    return canvases()


@pytest.fixture(scope="module")
def inputs(paintings: NDArray[np.uint8]) -> list[NDArray[np.float32] | None]:
    """What Python makes of each painting."""
    return [preprocess(painting) for painting in paintings]


@pytest.fixture(scope="module")
def page(
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
    paintings: NDArray[np.uint8],
    inputs: list[NDArray[np.float32] | None],
) -> Iterator[Page]:
    """An empty page of a server that has the modules, the weights and the paintings."""
    folder = tmp_path_factory.mktemp("browser")
    for file in [*MODULES.glob("*.js"), *MODULES.glob("*.wasm")]:
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "model").symlink_to(REPOSITORY / "model")
    assert write_browser_weights(folder) <= MAX_BYTES
    paintings.tofile(folder / "canvases.bin")
    np.stack([image for image in inputs if image is not None]).tofile(folder / "images.bin")
    (folder / "index.html").write_text("<!doctype html><title>Empty</title>")
    with StaticHost(folder) as host, browser.new_context() as context:
        page = context.new_page()
        page.goto(host.url)
        yield page


@pytest.fixture(scope="module")
def answers(page: Page) -> NDArray[np.float32]:
    """The browser's answers to all paintings, see READ_ALL."""
    content = base64.b64decode(page.evaluate(READ_ALL))
    return np.frombuffer(content, np.float32).reshape(-1, 796)


def test_the_ink_is_python_s(
    answers: NDArray[np.float32], inputs: list[NDArray[np.float32] | None]
) -> None:
    assert [bool(answer[0]) for answer in answers] == [image is not None for image in inputs]
    differences = [
        np.abs(answer[1:785].reshape(28, 28) - image).mean()
        for answer, image in zip(answers, inputs, strict=True)
        if image is not None
    ]
    # Rarely a sum lies so close to a whole number that rounding shifts the digit by a pixel.
    assert np.mean(differences) <= 0.0005
    assert np.mean(np.array(differences) > 0.004) <= 0.005


def test_the_network_is_the_savedmodel_s(
    page: Page, inputs: list[NDArray[np.float32] | None]
) -> None:
    inked = [image for image in inputs if image is not None]
    predictions = Classifier.load().classify_inputs(inked)
    found = np.array(page.evaluate(READ_INPUTS))
    expected = np.array([[*p.probabilities, p.digit_score] for p in predictions])
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-3


def test_both_read_alike(
    answers: NDArray[np.float32], inputs: list[NDArray[np.float32] | None]
) -> None:
    predictions = Classifier.load().classify_inputs(inputs)
    digits = [None if not a[0] else int(a[785:795].argmax()) for a in answers]
    verdicts = [None if not a[0] else bool(a[795] >= 0.5) for a in answers]
    same = [digit == p.digit for digit, p in zip(digits, predictions, strict=True)]
    alike = [
        verdict == (None if p.digit is None else p.is_digit)
        for verdict, p in zip(verdicts, predictions, strict=True)
    ]
    assert np.mean(same) >= 0.999
    assert np.mean(alike) >= 0.997
    # Our own drawings, at the end, are all read alike.
    own = len(list(DRAWINGS.glob("*.json")))
    assert all(same[-own:]) and all(alike[-own:])
