"""Training: it learns, resumes, exports what the classifier serves, and runs on two workers."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from mnist_demo import Classifier
from tests.helpers.commands import ROOT, train_here, train_refused
from tests.helpers.hub_standin import Hub
from tests.helpers.servers import free_ports
from tests.helpers.waiting import LIMIT
from train.data.mnist import read_sample
from train.fit.examples import Examples, Source
from train.fit.export import logits
from train.fit.export_browser import round_kernels
from train.fit.fit import fit
from train.fit.model import build
from train.fit.train_step import TrainingConfig, losses, make_optimizer, make_train_step


@pytest.fixture
def eagerly() -> Iterator[None]:
    """Without graphs, as tracing takes longer than a few steps of a tiny network."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def test_the_network_is_small() -> None:
    assert build().count_params() <= 400_000


@pytest.mark.training
def test_a_short_training_on_the_sample_learns(sample_run: Path) -> None:
    metrics = json.loads((sample_run / "weights" / "metrics.json").read_text())
    released = metrics["results"]["released"]
    assert released["mnist_test_images"] == 1000
    assert released["mnist_test_accuracy"] > 0.93
    assert metrics["version"] == "0.0.1" and metrics["config"]["epochs"] == 3
    assert metrics["browser"]["node"].startswith("v")
    assert metrics["browser"]["mnist"]["pictures"] == 1000
    assert abs(metrics["browser"]["mnist"]["difference"]) <= 0.001
    assert metrics["browser"]["max_difference"]["probabilities"] <= 1e-3
    assert "browser.bin" in metrics["files"]
    assert str(ROOT) not in json.dumps(metrics), "a path of this machine got into the metrics"


@pytest.mark.training
def test_the_log_can_be_read_by_tensorboard(sample_run: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = EventAccumulator(str(sample_run / "run" / "log"))
    log.Reload()
    assert "loss" in log.Tags()["tensors"]


@pytest.mark.training
def test_a_finished_run_is_not_trained_again(sample_run: Path) -> None:
    config = json.loads((sample_run / "run" / "config.json").read_text())
    words = [f"--{name.replace('_', '-')}={value}" for name, value in config.items()]
    again = train_here("fit", "--data", "sample", "--out", sample_run / "run", *words)
    assert "resuming after epoch 3" in again
    assert "epoch 3/3:" not in again


@pytest.mark.training
def test_training_can_begin_with_the_weights_of_another(tmp_path: Path, eagerly: None) -> None:
    known = build(16)
    known.save(tmp_path / "start.keras")
    examples = Examples(*read_sample()[0])[:100]
    config = TrainingConfig(
        epochs=1, batch=100, width=16, learning_rate=0.0, weight_decay=0.0, seed=5
    )
    sources, validation = [Source("sample", examples)], {"sample": examples}
    begun = fit(sources, validation, config, tmp_path / "run", start=tmp_path / "start.keras")
    keras.utils.set_random_seed(5)
    kernels = [m.get_layer("coarse").get_weights()[0] for m in (known, begun, build(16))]
    np.testing.assert_allclose(kernels[0], kernels[1], atol=1e-6)
    assert np.abs(kernels[0] - kernels[2]).max() > 0.01
    written = json.loads((tmp_path / "run" / "config.json").read_text())
    assert written["start"] == "start.keras" and written["seed"] == 5


def test_distillation_is_the_teacher_s_share_of_the_target() -> None:
    digits = tf.constant([[0.0] * 9 + [5.0]])
    labels, teacher_probabilities = tf.constant([9], tf.int64), tf.one_hot([3], 10)

    def loss(distillation: float) -> float:
        config = TrainingConfig(label_smoothing=0.0, is_digit_weight=0.0, distillation=distillation)
        return float(losses(digits, tf.zeros((1, 1)), labels, config, teacher_probabilities)[0])

    # The logits of 9 and 3 differ by 5.
    assert loss(1.0) == pytest.approx(loss(0.0) + 5.0, abs=1e-4)
    assert loss(0.5) == pytest.approx((loss(0.0) + loss(1.0)) / 2, abs=1e-4)


@pytest.mark.training
def test_the_average_of_the_network_teaches_it() -> None:
    images = tf.random.stateless_uniform((20, 28, 28, 1), seed=(0, 0))

    def network() -> keras.Model:
        given = layers.Input((28, 28, 1))
        flat = layers.Flatten()(given)
        return keras.Model(given, [layers.Dense(10)(flat), layers.Dense(1)(flat)])

    def kernel(labels: list[int], distillation: float) -> np.ndarray:
        """What the digits' head learns in three steps from the same weights."""
        config = TrainingConfig(batch=20, distillation=distillation)
        keras.utils.set_random_seed(0)
        model, average = network(), network()
        average.set_weights(model.get_weights())
        optimizer = make_optimizer(model, 1e-2, 0.0, warmup_steps=1, decay_steps=10)
        step = make_train_step(model, average, optimizer, config, tf.distribute.get_strategy())
        for _ in range(3):
            step(images, tf.constant(labels, tf.int64))
        return np.asarray(model.get_weights()[0])

    ones, twos = [1] * 20, [2] * 20
    # Where only the average teaches, the labels are of no importance.
    taught = kernel(ones, 1.0)
    np.testing.assert_allclose(taught, kernel(twos, 1.0), atol=1e-5)
    told = kernel(ones, 0.0)
    assert np.abs(told - taught).max() > 1e-3
    assert np.abs(told - kernel(twos, 0.0)).max() > 1e-3


@pytest.mark.training
def test_the_exported_model_agrees_with_the_network_it_came_from(sample_run: Path) -> None:
    images = read_sample()[1][0][::10]
    classifier = Classifier.load(sample_run / "weights")
    predictions = classifier.network.classify(list(images.astype(np.float32) / 255))
    served = np.stack([prediction.probabilities for prediction in predictions])
    model = keras.saving.load_model(sample_run / "run" / "network.keras", compile=False)
    trained = logits(model, images)[0].argmax(axis=1)
    round_kernels(model)
    digit_logits, _ = logits(model, images)
    assert (digit_logits.argmax(axis=1) == trained).mean() > 0.99
    training = json.loads((sample_run / "weights" / "training.json").read_text())
    scaled = np.exp(digit_logits / training["calibration"]["temperature"])
    np.testing.assert_allclose(served, scaled / scaled.sum(axis=1, keepdims=True), atol=1e-4)
    np.testing.assert_allclose(served.sum(axis=1), 1, atol=1e-5)


def test_without_data_it_says_in_one_line_what_to_do(tmp_path: Path, hub: Hub) -> None:
    hub.stop()
    assert "--data-dir" in train_refused("fit", "--data", "mnist", "--out", tmp_path / "run")


def train_a_little(folder: Path, strategy: tf.distribute.Strategy | None) -> None:
    """Train three steps, and write the network's weights to weights.npz."""
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=300)
    images = np.zeros((300, 28, 28), np.uint8)
    images[np.arange(300), 2 * labels + 4] = 255  # a line for each label
    examples = Examples(images, labels)
    config = TrainingConfig(epochs=1, batch=100, augmentation_strength=0.0, width=8, dropout=0.0)
    sources, validation = [Source("sample", examples)], {"sample": examples}
    model = fit(sources, validation, config, folder, strategy)
    np.savez(folder / "weights.npz", *model.get_weights())


WORKER = """
import sys
from pathlib import Path
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()  # first of all, TensorFlow says
from tests.train.fit.test_fit import train_a_little
train_a_little(Path(sys.argv[1]), strategy)
"""


@pytest.mark.training
def test_two_workers_train_like_one(tmp_path: Path, eagerly: None) -> None:
    """Two workers on loopback end with equal weights, and with the loss of a single worker."""
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}

    def start(name: str, task: int) -> subprocess.Popen[str]:
        (tmp_path / name).mkdir()
        config = {"cluster": cluster, "task": {"type": "worker", "index": task}}
        return subprocess.Popen(
            [sys.executable, "-c", WORKER, str(tmp_path / name)],
            cwd=ROOT,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2", "TF_CONFIG": json.dumps(config)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    pair = [start("first", 0), start("second", 1)]
    with contextlib.redirect_stdout(io.StringIO()) as alone:
        train_a_little(tmp_path / "single", None)
    outputs = [process.communicate(timeout=LIMIT)[0] for process in pair]
    assert [process.returncode for process in pair] == [0, 0], (
        outputs[0][-2000:] + outputs[1][-2000:]
    )
    first, second = (np.load(tmp_path / name / "weights.npz") for name in ("first", "second"))
    for name in first.files:
        np.testing.assert_allclose(first[name], second[name], atol=1e-5)

    def loss(output: str) -> float:
        line = next(line for line in output.splitlines() if line.startswith("epoch 1/1:"))
        return float(line.split("loss ")[1].split(",")[0])

    assert loss(outputs[0]) == pytest.approx(loss(alone.getvalue()), rel=0.01)
