"""The reader for the browser, in Node, against Python: both read the same paintings."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_demo import Classifier, preprocess
from mnist_demo.weights import REPOSITORY
from tests.helpers.sketchpad import one_of_each
from train.fit.export_browser import MAX_BYTES, write_browser_weights
from train.measure.browser_reader import compare, find_node, max_difference, read_in_node
from train.paint.own_drawings import DRAWINGS, load, strokes_of
from train.paint.strokes import CANVAS, Brush, draw, paint, random_brush, scribble, vary
from train.paint.strokes import side_by_side as pair

pytestmark = pytest.mark.server
COUNT = 1000
Read = Callable[[NDArray[Any]], NDArray[np.float32]]


@pytest.fixture(scope="module")
def paintings() -> NDArray[np.uint8]:
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
def inputs(paintings: NDArray[np.uint8]) -> list[NDArray[np.float32] | None]:
    """What Python makes of each painting."""
    return [preprocess(painting) for painting in paintings]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """`read_in_node` with a browser.bin of the released network."""
    folder = tmp_path_factory.mktemp("browser")
    (folder / "model").symlink_to(REPOSITORY / "model")
    assert write_browser_weights(folder) <= MAX_BYTES
    node = find_node()
    assert node, "the tests install Node"
    return partial(read_in_node, node, folder / "browser.bin")


@pytest.fixture(scope="module")
def answers(paintings: NDArray[np.uint8], read: Read) -> NDArray[np.float32]:
    """What the reader for the browser makes of every painting."""
    return np.concatenate([read(some) for some in np.array_split(paintings, 4)])


def test_the_ink_is_python_s(
    answers: NDArray[np.float32], inputs: list[NDArray[np.float32] | None]
) -> None:
    assert [bool(answer[0]) for answer in answers] == [image is not None for image in inputs]
    differences = [
        np.abs(answer[12:].reshape(28, 28) - image).mean()
        for answer, image in zip(answers, inputs, strict=True)
        if image is not None
    ]
    # Rarely a sum lies so close to a whole number that rounding shifts the digit by a pixel.
    assert np.mean(differences) <= 0.0005
    assert np.mean(np.array(differences) > 0.004) <= 0.005


def test_the_network_is_the_savedmodel_s(
    read: Read, inputs: list[NDArray[np.float32] | None], classifier: Classifier
) -> None:
    inked = [image for image in inputs if image is not None]
    found = max_difference(read(np.stack(inked)), classifier.network.classify(inked))
    assert max(found["probabilities"], found["digit_score"]) <= 1e-3


def test_both_read_alike(
    answers: NDArray[np.float32],
    inputs: list[NDArray[np.float32] | None],
    classifier: Classifier,
) -> None:
    predictions = classifier.network.classify(inputs)
    alike = compare(answers, predictions, None)
    assert alike["same_digit"] >= 0.999 and alike["same_verdict"] >= 0.997
    own = -len(list(DRAWINGS.glob("*.json")))  # our own drawings, at the end
    alike = compare(answers[own:], predictions[own:], None)
    assert alike["same_digit"] == alike["same_verdict"] == 1
