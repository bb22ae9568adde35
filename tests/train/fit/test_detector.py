"""The detector's network, its loss, and its training."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from mnist_demo.read.detect import OUTPUTS
from mnist_demo.read.network import Network
from mnist_demo.weights.graph import check_model
from train.fit import export
from train.fit.detector import calibrate, fit_detector, fit_logistic
from train.fit.detector_loss import CLASSES, detector_loss, generalized_overlap, middles
from train.fit.detector_model import build_detector
from train.fit.examples import Examples
from train.fit.model import build
from train.fit.trained_detector import calibrated, load_detector
from train.scenes.views import MAX_BOXES, Labelled


def boxes_of(*rows: list[float]) -> tf.Tensor:
    boxes = np.zeros((1, MAX_BOXES, 6), np.float32)
    boxes[0, : len(rows)] = np.array(rows, np.float32).reshape(-1, 6)
    return tf.constant(boxes)


def perfect(boxes: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """The output that has the boxes of one view right."""
    output = np.zeros((1, rows, columns, OUTPUTS), np.float32)
    target, owner, _ = (np.asarray(a)[0] for a in middles(tf.constant(boxes), rows, columns))
    target = target.clip(1e-4, 1 - 1e-4).reshape(rows, columns)
    output[0, ..., 0] = np.log(target / (1 - target))
    for y, x in np.argwhere(target > 0.5):
        label, left, top, right, bottom, _ = boxes[0, owner.reshape(rows, columns)[y, x]]
        middle = 4 * x + 2, 4 * y + 2
        reach = middle[0] - left, middle[1] - top, right - middle[0], bottom - middle[1]
        output[0, y, x, 1 + int(label)] = 8
        output[0, y, x, 1 + CLASSES :] = np.log(np.array(reach) / 4)
    return output


def test_the_network_is_small_and_takes_any_size() -> None:
    model = build_detector()
    assert model.count_params() <= 700_000
    for height, width in ((128, 128), (64, 256), (96, 32)):
        assert model(np.zeros((1, height, width, 3), np.float32)).shape == (
            1, height // 4, width // 4, OUTPUTS,
        )  # fmt: skip


def test_a_middle_is_where_the_box_says() -> None:
    boxes = boxes_of([7, 20, 8, 40, 48, 1], [3, 60, 60, 100, 100, -1])
    target, owner, weight = (np.asarray(a)[0].reshape(32, 32) for a in middles(boxes, 32, 32))
    assert np.unravel_index(target.argmax(), (32, 32)) == (7, 7) and target.max() == 1
    assert owner[7, 7] == 0 and target[20, 20] < 1e-3
    assert weight[20, 20] == 0 and weight[2, 30] == 1 and weight[7, 7] == 1


def test_the_loss_is_least_where_everything_is_right() -> None:
    boxes = boxes_of([7, 20, 8, 40, 48, 1], [2, 70, 60, 100, 110, 1])
    right = perfect(np.asarray(boxes), 32, 32)
    least, count = detector_loss(tf.constant(right), boxes)
    assert count == 2
    for change in (
        (7, 7, 0, -12.0),
        (7, 7, 1 + 7, -8.0),
        (7, 7, 1 + CLASSES, 3.0),
        (20, 3, 0, 9.0),
    ):
        wrong = right.copy()
        wrong[(0, *change[:3])] += change[3]
        assert detector_loss(tf.constant(wrong), boxes)[0] > least + 0.05, change
    overlooked = boxes_of([7, 20, 8, 40, 48, -1])
    nothing = right.copy()
    nothing[..., 0] = -9
    for output in (right, nothing):  # inside such a box anything is right
        output[0, 12:, 15:, 0] = -9
        assert detector_loss(tf.constant(output), overlooked)[0] < 0.1


def test_an_empty_view_has_a_loss_of_its_middles_only() -> None:
    output = np.full((1, 16, 16, OUTPUTS), -9, np.float32)
    loss, count = detector_loss(tf.constant(output), boxes_of())
    assert count == 0 and float(loss) < 0.01
    output[0, 3, 3, 0] = 4
    assert float(detector_loss(tf.constant(output), boxes_of())[0]) > 1


def test_overlaps_are_those_of_the_paper() -> None:
    def overlap(first: list[float], second: list[float]) -> float:
        one, other = (tf.constant([box], tf.float32) for box in (first, second))
        return float(generalized_overlap(one[:, :2], one[:, 2:], other[:, :2], other[:, 2:])[0])

    assert overlap([0, 0, 2, 2], [0, 0, 2, 2]) == pytest.approx(1)
    assert overlap([0, 0, 2, 2], [1, 0, 3, 2]) == pytest.approx(1 / 3)
    assert overlap([0, 0, 1, 1], [2, 0, 3, 1]) == pytest.approx(-1 / 3)


@pytest.mark.training
def test_it_learns_and_continues(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.fit.detector.FROZEN", 1)  # its means need some hundred steps
    monkeypatch.setattr("train.fit.detector.SQUARES", 4)
    monkeypatch.setattr("train.fit.detector.WIDES", 2)
    monkeypatch.setattr("train.fit.detector.CHECKED", (4, 2))
    picture = np.full((128, 128, 3), 255, np.uint8)
    picture[40:90, 60:70] = 0
    scene: Labelled = (picture, np.array([[1, 60, 40, 70, 90, 1]], np.float32))
    for epochs in (1, 2):
        fit_detector([scene], [scene], [], tmp_path, epochs, steps=6, width=0.25)
    printed = [line for line in capsys.readouterr().out.splitlines() if "loss" in line]
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in printed]
    assert len(losses) == 2 and losses[1] < losses[0]
    assert (tmp_path / "detector.keras").exists()


def test_the_exported_networks_agree_with_the_trained_and_can_be_kept(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model, digits = build_detector(0.25), build(16)
    (tmp_path / "run").mkdir()
    model.save(tmp_path / "run/detector.keras")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20, 28, 28), np.uint8)
    serve, _ = export.calibrate(digits, {"mnist": Examples(images, np.arange(20) % 10)})
    export.write_model(serve, load_detector(tmp_path / "run/detector.keras"), tmp_path / "new")
    kept = export.load_served(tmp_path / "new")
    export.write_model(kept, load_detector(tmp_path / "new"), tmp_path / "again")
    view = rng.integers(0, 256, (64, 96, 3), np.uint8)
    wanted = np.asarray(model(view[np.newaxis].astype(np.float32) / 255, training=False))[0]
    inputs = images.astype(np.float32) / 255
    answers = serve(tf.constant(inputs[..., np.newaxis]))
    for folder in ("new", "again"):
        check_model(tmp_path / folder / "model")
        network = Network(tmp_path / folder / "model")
        np.testing.assert_allclose(network.detect(view), wanted, atol=1e-4)
        for i, prediction in enumerate(network.classify(list(inputs))):
            found = [*prediction.probabilities, prediction.digit_score]
            answer = [*answers["probabilities"][i].numpy(), answers["digit_score"][i].numpy()]
            np.testing.assert_allclose(found, answer, atol=1e-4)


def test_scores_become_as_sure_as_they_are_right() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, 20_000)
    found = rng.random(20_000) < 1 / (1 + np.exp(-(1.8 * logits + 0.5)))
    assert fit_logistic(logits, found) == pytest.approx((1.8, 0.5), abs=0.1)


def test_a_detector_that_is_too_sure_of_its_classes_gets_a_temperature() -> None:
    """It finds both characters of every view, and is wrong about one in four."""
    boxes = np.asarray(boxes_of([7, 20, 8, 40, 48, 1], [2, 70, 60, 100, 110, 1]))
    output = perfect(boxes, 32, 32)[0]
    output[..., 1:-4] *= 3
    right, wrong = boxes[0], boxes[0].copy()
    wrong[0, 0] = 1
    views = [(np.zeros((128, 128, 3), np.uint8), right), (np.zeros((128, 128, 3), np.uint8), wrong)]
    values = calibrate(lambda view: output, views)
    assert values["temperature"] > 1.5
    scaled = calibrated(lambda views: tf.constant(output[np.newaxis]), values)(tf.zeros(1)).numpy()
    assert scaled.shape == (1, 32, 32, OUTPUTS)
    np.testing.assert_allclose(scaled[0, ..., 1:-4], output[..., 1:-4] / values["temperature"])
    np.testing.assert_array_equal(scaled[0, ..., -4:], output[..., -4:])
