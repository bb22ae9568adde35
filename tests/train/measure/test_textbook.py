"""The textbook network: its file for the browser, and what the command checks."""

import argparse
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_demo.weights.hub import check_files, read_metrics
from train.data.mnist import read_sample
from train.measure import textbook
from train.measure.browser_reader import find_node, read_in_node
from train.measure.textbook import MAX_BYTES, probabilities, run, untrained_convnet, write_textbook

(IMAGES, LABELS), _ = read_sample()


@pytest.fixture
def model() -> keras.Model:
    """Untrained, and sure of what it says."""
    keras.utils.set_random_seed(0)
    model = untrained_convnet()
    model.layers[-1].set_weights([20 * values for values in model.layers[-1].get_weights()])
    return model


@pytest.mark.server
def test_the_browser_reads_as_keras_does(model: keras.Model, tmp_path: Path) -> None:
    assert write_textbook(tmp_path / "textbook.bin", model, {}) < MAX_BYTES
    images: NDArray[Any] = IMAGES[::40].astype(np.float32) / 255
    node = find_node()
    assert node, "the tests install Node"
    answers = read_in_node(node, tmp_path / "textbook.bin", images)[:, 1:11]
    expected = probabilities(model, images)
    assert np.abs(answers - expected).max() <= 1e-3
    assert expected.max() > 0.8 and len(set(expected.argmax(axis=1))) > 1


def test_a_layer_that_the_browser_lacks_is_refused(tmp_path: Path) -> None:
    layers = [keras.layers.Input((28, 28, 1)), keras.layers.AveragePooling2D(2)]
    with pytest.raises(TypeError, match="no AveragePooling2D"):
        write_textbook(tmp_path / "textbook.bin", keras.Sequential(layers), {})
    assert not (tmp_path / "textbook.bin").exists()


def test_only_the_network_that_was_measured_is_written(
    model: keras.Model, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(textbook, "read_mnist", lambda *_: (IMAGES[::40], LABELS[::40]))
    monkeypatch.setattr(textbook, "plain_convnet", lambda *_: model)
    args = argparse.Namespace(data_dir=None, cache=Path("runs"), weights=weights)
    (weights / "textbook.bin").unlink()
    with pytest.raises(SystemExit, match="figures of another network"):
        run(args)
    assert not (weights / "textbook.bin").exists()
    read = probabilities(model, IMAGES[::40].astype(np.float32) / 255).argmax(axis=1)
    accuracy = float((read == LABELS[::40]).mean())
    metrics = json.loads((weights / "metrics.json").read_text())
    metrics["results"]["plain convnet, canvas resized"] = {"mnist_test_accuracy": accuracy}
    (weights / "metrics.json").write_text(json.dumps(metrics))
    run(args)
    check_files(weights, read_metrics(weights))
