"""The figures of the reader for the browser, which `evaluate` measures in Node."""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_demo import Classifier, preprocess
from mnist_demo.read.prediction import BLANK, Prediction
from mnist_demo.weights import REPOSITORY, find_weights
from tests.helpers.commands import train_here
from tests.helpers.sketchpad import one_of_each
from tests.helpers.weights import write_metrics
from train.fit.examples import Examples
from train.measure import browser_reader
from train.measure.browser_reader import (
    browser_metrics,
    compare,
    find_node,
    max_difference,
    read_drawings,
    read_in_node,
    spread,
)
from train.measure.inputs import prepare_inputs
from train.paint.strokes import random_brush

DIGITS = np.arange(10)
IMAGES = Examples(np.tile(np.eye(28, dtype=np.uint8) * 255, (10, 1, 1)), DIGITS)


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """The repository's model in a folder of its own."""
    shutil.copytree(REPOSITORY / "model", tmp_path / "released/model")
    return tmp_path / "released"


def arguments(weights: Path) -> argparse.Namespace:
    return argparse.Namespace(weights=weights, data="sample", split="validation")


def answer(digit: int, score: float, ink: float = 1) -> NDArray[np.float32]:
    """What Node answers to one picture."""
    return np.array([ink, *(np.eye(10)[digit] * ink), score], np.float32)


def prediction(digit: int, score: float) -> Prediction:
    return Prediction(np.eye(10, dtype=np.float32)[digit], score, np.eye(28, dtype=np.float32))


def test_the_paintings_are_those_of_the_other_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[NDArray[np.uint8]] = []

    def remember(node: str, weights: Path, canvases: NDArray[np.uint8]) -> NDArray[np.float32]:
        painted.extend(canvases)
        return np.zeros((len(canvases), 796), np.float32)

    monkeypatch.setattr(browser_reader, "read_in_node", remember)
    monkeypatch.setattr(browser_reader, "BATCH", 4)
    strokes = [drawing.strokes for drawing in one_of_each()]
    answers, predictions = read_drawings("node", Path("x"), Classifier.load(), strokes)
    assert len(answers) == len(predictions) == len(painted) == 10
    rng = np.random.default_rng(0)
    brushes = [random_brush(rng) for _ in strokes]
    for i, canvas in enumerate(painted):
        image = preprocess(canvas)
        assert image is not None
        expected = prepare_inputs((strokes[i], brushes[i]), seed=i)[0]
        assert np.array_equal(np.round(image * 255), expected)


def test_figures_of_known_answers() -> None:
    answers = np.stack([answer(1, 0.9), answer(2, 0.9), answer(3, 0.2), answer(0, 0, ink=0)])
    predictions = [prediction(1, 0.9), prediction(7, 0.9), prediction(3, 0.6), BLANK]
    result = compare(answers, predictions, np.array([1, 7, 3, 0]))
    assert result == {
        "pictures": 4,
        "same_digit": 0.75,
        "same_verdict": 0.75,
        "released_rejected": 0.25,
        "browser_rejected": 0.5,
        "released_accuracy": 0.75,
        "browser_accuracy": 0.5,
        "difference": -0.25,
    }
    assert "browser_accuracy" not in compare(answers, predictions, None)
    assert max_difference(answers[2:3], predictions[2:3]) == {
        "images": 1,
        "probabilities": 0,
        "digit_score": pytest.approx(0.4),
    }


def test_without_node_or_browser_bin_the_rest_goes_on(
    released: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert browser_metrics(Classifier.load(), arguments(released), IMAGES, IMAGES) == {}
    assert f"there is no {released / 'browser.bin'}" in capsys.readouterr().out
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert browser_metrics(Classifier.load(), arguments(released), IMAGES, IMAGES) == {}
    assert "there is no Node" in capsys.readouterr().out


def test_a_fault_in_node_is_no_figure(tmp_path: Path) -> None:
    (tmp_path / "browser.bin").write_bytes(b"\x02\0\0\0{}")
    node = find_node()
    assert node
    with pytest.raises(RuntimeError, match="failed: "):
        read_in_node(node, tmp_path / "browser.bin", np.zeros((1, 28, 28), np.float32))


def test_examples_are_spread_evenly() -> None:
    assert spread(10, 4).tolist() == [0, 3, 6, 9]
    assert spread(3, 4).tolist() == [0, 1, 2]


def test_the_command_lists_the_file_in_the_metrics(released: Path) -> None:
    write_metrics(released)
    train_here("export-browser", "--weights", released)
    files = json.loads((released / "metrics.json").read_text())["files"]
    assert files["browser.bin"]["bytes"] == (released / "browser.bin").stat().st_size
    assert find_weights(released).version == "1.2.0"
