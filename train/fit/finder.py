"""Train the finder: the network that says what each pixel of a picture shows.

An interrupted run continues from its last checkpoint.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray
from tqdm import tqdm

from mnist_demo.read.finder import CLASSES
from train.arguments import add_cache, add_data_dir
from train.fit.epochs import epochs_to_go
from train.fit.model import convolve
from train.fit.optimizer import make_optimizer, update_average
from train.scenes.collect import scenes_to_learn_from
from train.scenes.scenes import SHAPES

BATCH = 32
LEARNING_RATE, WEIGHT_DECAY = 4e-3, 0.02
AVERAGE = 0.998  # decay of the moving average of the weights
# Most pixels are paper, and one in two thousand belongs to a sign.
WEIGHTS = np.array([0.4, 1.0, 1.0, *[20.0] * (len(CLASSES) - 3)], np.float32)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser)
    add_cache(parser)
    parser.add_argument("--out", type=Path, default=Path("runs/finder"), help="folder of this run")
    parser.add_argument("--scenes", type=int, default=40_000, help="to learn from")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> None:
    training = scenes_to_learn_from("train", args.scenes, args.cache, args.data_dir)
    validation = scenes_to_learn_from(
        "validation", max(400, args.scenes // 20), args.cache, args.data_dir
    )
    fit_finder(training, validation, args.out, args.epochs, args.seed)


def build() -> keras.Model:
    """The untrained finder: a U-Net (Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks
    for Biomedical Image Segmentation", MICCAI 2015).

    Input float32 (batch, h, w, 3) in [0, 1], h and w multiples of 16; output float32 logits
    (batch, h, w, classes). It works at half of the picture's size and below, as the full size would
    take four fifths of all multiplications. The last layer returns the logits of four pixels.
    """
    images = layers.Input((None, None, 3), name="pictures")
    x = half = convolve(convolve(images, "half_1", 12, size=5, stride=2), "half_2", 12)
    x = quarter = convolve(convolve(x, "quarter_1", 24, stride=2), "quarter_2", 24)
    x = eighth = convolve(convolve(x, "eighth_1", 32, stride=2), "eighth_2", 32)
    x = convolve(convolve(x, "sixteenth_1", 44, stride=2), "sixteenth_2", 44)
    for name, skip, filters in (
        ("eighth", eighth, 30),
        ("quarter", quarter, 24),
        ("half", half, 16),
    ):
        x = layers.concatenate([layers.UpSampling2D()(x), skip])
        x = convolve(x, f"{name}_up", filters)
    x = layers.Conv2D(4 * len(CLASSES), 1, name="classes")(x)
    x = layers.Lambda(partial(tf.nn.depth_to_space, block_size=2), name="full")(x)
    return keras.Model(images, x, name="finder")


def load_finder(run: Path) -> keras.Model:
    """The finder that `fit_finder` wrote into the folder `run`.

    Raises:
        SystemExit: there is none.
    """
    file = run / "finder.weights.h5"
    if not file.exists():
        raise SystemExit(f"{file} is not there: run `python -m train finder --out {run}`")
    model = build()
    model.load_weights(file)
    return model


def fit_finder(
    training: dict[str, NDArray[Any]],
    validation: dict[str, NDArray[Any]],
    out: Path,
    epochs: int,
    seed: int = 0,
) -> keras.Model:
    """Train a finder, or continue the training in `out`.

    Args:
        training, validation: what `scenes_to_learn_from` returns.
        out: folder of the run. It gets checkpoints and the averaged network as finder.weights.h5.
        epochs: passes over `training`.
        seed: of the first weights and of the order of the scenes.

    Returns:
        The network with averaged weights.
    """
    keras.utils.set_random_seed(seed)
    model, average = build(), build()
    average.set_weights(model.get_weights())
    steps = sum(len(training[name]) // BATCH for name in SHAPES)
    optimizer = make_optimizer(
        model,
        LEARNING_RATE,
        WEIGHT_DECAY,
        warmup_steps=steps // 2,
        decay_steps=steps * epochs - steps // 2,
    )

    @tf.function(reduce_retracing=True)
    def step(pictures: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_of(model(vary(pictures), training=True), classes)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        update_average(average, model, optimizer, AVERAGE)
        return loss

    out.mkdir(parents=True, exist_ok=True)
    trained = {"model": model, "average": average, "optimizer": optimizer}
    for epoch in epochs_to_go(out / "checkpoints", epochs, **trained):
        total = 0.0
        work = batches(training, np.random.default_rng([seed, epoch.index]))
        for pictures, classes in tqdm(work, total=steps, desc=epoch.title, disable=None):
            total += float(step(tf.constant(pictures), tf.constant(classes)))
        print(epoch.report({"loss": total / steps} | validate(average, validation)), flush=True)
        average.save_weights(out / "finder.weights.h5")
    return average


def batches(
    scenes: dict[str, NDArray[Any]], rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Every scene once, in batches of one shape, at random."""
    tasks = []
    for name in SHAPES:
        order = rng.permutation(len(scenes[name]))
        usable = len(order) // BATCH * BATCH
        tasks += [(name, np.sort(part)) for part in order[:usable].reshape(-1, BATCH)]
    for i in rng.permutation(len(tasks)):
        name, part = tasks[i]
        yield scenes[name][part], scenes[f"{name}_classes"][part]


def vary(pictures: tf.Tensor) -> tf.Tensor:
    """Float pictures in [0, 1] of uint8 ones, some with other colours, light or contrast."""
    x = tf.cast(pictures, tf.float32) / 255
    x = tf.gather(x, tf.random.shuffle(tf.range(3)), axis=-1)
    one = tf.shape(x)[:1]
    shape = tf.concat([one, [1, 1, 1]], 0)
    inverted = tf.random.uniform(shape) < 0.2
    x = tf.where(inverted, 1 - x, x)
    contrast = tf.random.uniform(shape, 0.6, 1.0)
    return contrast * x + (1 - contrast) * tf.random.uniform(shape)


def loss_of(logits: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    """The mean cross-entropy of all pixels, weighted by `WEIGHTS`."""
    labels = tf.cast(classes, tf.int32)
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return tf.reduce_mean(each * tf.gather(tf.constant(WEIGHTS), labels))


def validate(model: keras.Model, scenes: dict[str, NDArray[Any]]) -> dict[str, float]:
    """Intersection over union of digits, other ink, and signs, over all scenes."""
    call = tf.function(lambda x: tf.argmax(model(tf.cast(x, tf.float32) / 255, training=False), -1))
    both, either = np.zeros(len(CLASSES)), np.zeros(len(CLASSES))
    for name in SHAPES:
        for start in range(0, len(scenes[name]), 100):
            truth = scenes[f"{name}_classes"][start : start + 100]
            found = call(tf.constant(scenes[name][start : start + 100])).numpy()
            for k in range(len(CLASSES)):
                both[k] += ((found == k) & (truth == k)).sum()
                either[k] += ((found == k) | (truth == k)).sum()
    shares = both / np.maximum(either, 1)
    return {"digit": shares[1], "other": shares[2], "signs": float(shares[3:].mean())}
