"""Train the detector of digits in any picture. An interrupted run continues."""

from __future__ import annotations

import argparse
import json
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from tqdm import tqdm

from mnist_demo.read.detect import Detector, are_same, peaks
from train.arguments import add_cache, add_data_dir
from train.data.mnist import read_mnist
from train.fit.detector_loss import detector_loss
from train.fit.detector_model import build_detector
from train.fit.epochs import check_same_config, epochs_to_go
from train.fit.export import fit_temperature
from train.fit.train_step import make_optimizer, update_average
from train.fit.trained_detector import on_views
from train.scenes.dataset import detector_scenes
from train.scenes.views import (
    SQUARE,
    WIDE,
    Labelled,
    image_as_scene,
    recoloured,
    stacked,
    view_of,
)

SQUARES, WIDES = 20, 10  # views of a batch
CHECKED = (200, 100)  # square and wide views with which an epoch is checked
CALIBRATED = (1000, 500)  # with which its probabilities are calibrated
STEPS = 500  # of an epoch
FROZEN = 0.35  # share of the training after which batch normalisation uses its means
LEARNING_RATE, WEIGHT_DECAY, EMA_DECAY = 4e-3, 0.03, 0.9985
MNIST = 0.05  # share of the square views
Batch = list[tuple[NDArray[np.uint8], NDArray[np.float32]]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser)
    add_cache(parser)
    parser.add_argument("--out", type=Path, default=Path("runs/detector"))
    parser.add_argument("--scenes", type=int, default=30_000)
    parser.add_argument("--epochs", type=int, default=40)


def run(args: argparse.Namespace) -> None:
    settings = {"scenes": args.scenes, "epochs": args.epochs, "batch": SQUARES + WIDES}
    settings |= {"learning_rate": LEARNING_RATE, "weight_decay": WEIGHT_DECAY, "seed": 0}
    args.out.mkdir(parents=True, exist_ok=True)
    check_same_config(args.out / "config.json", settings)
    (args.out / "config.json").write_text(json.dumps(settings, indent=1) + "\n")
    training = detector_scenes("train", args.scenes, args.cache, args.data_dir)
    validation = detector_scenes("validation", 500, args.cache, args.data_dir)
    images, digits = read_mnist(args.data_dir, "train")
    mnist = list(zip(images, digits, strict=True))
    model = fit_detector(training, validation, mnist, args.out, args.epochs)
    batch = make_batch(validation, mnist, np.random.default_rng(1), *CALIBRATED, varied=False)
    views = [view for part in batch for view in zip(*part, strict=True)]
    calibration = calibrate(on_views(lambda views: model(views, training=False)), views)
    (args.out / "calibration.json").write_text(json.dumps(calibration, indent=1) + "\n")
    print(json.dumps(calibration, indent=1))


def fit_detector(
    training: list[Labelled],
    validation: list[Labelled],
    mnist: list[Any],
    out: Path,
    epochs: int,
    steps: int = STEPS,
    width: float = 1.0,
) -> keras.Model:
    """Train a detector, or continue the training in `out`.

    The weights that are kept are a moving average of the trained ones, as in `train.fit.fit`.
    """
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(0)
    model, average = build_detector(width), build_detector(width)
    average.set_weights(model.get_weights())
    optimizer = make_optimizer(
        model,
        LEARNING_RATE,
        WEIGHT_DECAY,
        warmup_steps=steps,
        decay_steps=steps * (epochs - 1) or 1,
    )
    step = train_step(model, average, optimizer)
    fixed = make_batch(validation, mnist, np.random.default_rng(0), *CHECKED, varied=False)
    kept = {"model": model, "average": average, "optimizer": optimizer}
    for epoch in epochs_to_go(out, epochs, **kept):
        frozen = epoch.index >= FROZEN * epochs
        total = 0.0
        rng = np.random.default_rng(epoch.index)
        with tqdm(total=steps, desc=epoch.title, disable=None) as bar:
            for batch in batches(training, mnist, rng, steps):
                total += float(step(*map(tf.constant, [a for part in batch for a in part]), frozen))
                bar.update()
        report = {"loss": total / steps, "validation": float(loss_of(average, fixed))}
        print(epoch.report(report), flush=True)
        average.save(out / "detector.keras")
    return average


def train_step(model: keras.Model, average: keras.Model, optimizer: Any) -> Any:
    """A function that trains on square and wide views and their boxes, and returns the loss.

    Where it is told that the batch normalisation is frozen, that uses its means and goes on with
    its scale and shift.
    """

    @tf.function(reduce_retracing=True)
    def step(
        squares: tf.Tensor,
        square_boxes: tf.Tensor,
        wides: tf.Tensor,
        wide_boxes: tf.Tensor,
        frozen: bool,
    ) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss, count = 0.0, 0.0
            for views, boxes in ((squares, square_boxes), (wides, wide_boxes)):
                output = model(tf.cast(views, tf.float32) / 255, training=not frozen)
                part, found = detector_loss(output, boxes)
                loss, count = loss + part, count + found
            loss = loss / tf.maximum(count, 1)
        found = tape.gradient(loss, model.trainable_variables)
        found, _ = tf.clip_by_global_norm(found, 10.0)
        optimizer.apply(found, model.trainable_variables)
        update_average(average, model, optimizer, EMA_DECAY)
        return loss

    return step


def loss_of(model: keras.Model, batch: Batch) -> tf.Tensor:
    loss, count = 0.0, 0.0
    for views, boxes in batch:
        for start in range(0, len(views), 50):
            part = slice(start, start + 50)
            output = model(views[part].astype(np.float32) / 255, training=False)
            more, found = detector_loss(output, tf.constant(boxes[part]))
            loss, count = loss + more, count + found
    return loss / count


def batches(
    scenes: list[Labelled], mnist: list[Any], rng: np.random.Generator, count: int
) -> Iterator[Batch]:
    """`count` batches, made by a thread while the network learns."""
    made: queue.Queue[Batch] = queue.Queue(8)

    def work() -> None:
        for _ in range(count):
            made.put(make_batch(scenes, mnist, rng, SQUARES, WIDES))

    threading.Thread(target=work, daemon=True).start()
    for _ in range(count):
        yield made.get()


def make_batch(
    scenes: list[Labelled],
    mnist: list[Any],
    rng: np.random.Generator,
    squares: int,
    wides: int,
    varied: bool = True,
) -> Batch:
    """Square and wide views: for each uint8 (n, h, w, 3) and their boxes."""

    def scene() -> Labelled:
        return scenes[int(rng.integers(len(scenes)))]

    def square() -> Labelled:
        if mnist and rng.random() < MNIST:
            image, digit = mnist[int(rng.integers(len(mnist)))]
            return view_of(image_as_scene(image, int(digit), rng), SQUARE, rng)
        return view_of(scene(), SQUARE, rng)

    def wide() -> Labelled:
        if rng.random() < 0.2:
            half = (WIDE[0] // 2, WIDE[1])
            return stacked([view_of(scene(), half, rng) for _ in range(2)])
        return view_of(scene(), WIDE, rng)

    parts = []
    for views in ([square() for _ in range(squares)], [wide() for _ in range(wides)]):
        pictures = [recoloured(view, rng) if varied else view for view, _ in views]
        parts.append((np.stack(pictures), np.stack([boxes for _, boxes in views])))
    return parts


def calibrate(detector: Detector, views: list[Labelled]) -> dict[str, float]:
    """Fit how the detector's logits become probabilities.

    The logit that a character is there is scaled and shifted (Platt, "Probabilistic outputs for
    support vector machines", 1999), and those of the classes are divided by a temperature.

    Args:
        detector: not calibrated.
        views: pictures uint8 (h, w, 3), and labels as `train.scenes.views.labels` makes them.

    Returns:
        "score_scale", "score_offset" and "temperature".
    """
    scores: list[float] = []
    found: list[bool] = []
    logits: list[NDArray[Any]] = []
    labels: list[int] = []
    for view, boxes in views:
        for detection in peaks(detector(view)):
            same = [box for box in boxes if box[5] and are_same(tuple(box[1:5]), detection.box)]
            if any(box[5] < 0 for box in same):
                continue  # anything is right there
            scores.append(float(np.log(detection.score / (1 - detection.score))))
            found.append(bool(same))
            if same:
                logits.append(np.log(detection.probabilities))
                labels.append(int(same[0][0]))
    scale, offset = fit_logistic(np.array(scores), np.array(found))
    temperature = fit_temperature([(np.stack(logits), np.array(labels))])
    return {"score_scale": scale, "score_offset": offset, "temperature": temperature}


def fit_logistic(logits: NDArray[Any], found: NDArray[np.bool_]) -> tuple[float, float]:
    """The scale and the offset of logits, float (n,), with the least cross-entropy."""

    def cross_entropy(values: NDArray[Any]) -> float:
        right = expit((values[0] * logits + values[1]) * np.where(found, 1, -1))
        return float(-np.log(right.clip(1e-12)).mean())

    scale, offset = minimize(cross_entropy, (1.0, 0.0), method="Nelder-Mead").x
    return float(scale), float(offset)
