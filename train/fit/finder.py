"""Train the finder: the network that says what each pixel of a picture shows.

An interrupted run continues from its last epoch. Whoever has a GPU and JAX can train on it, with
the environment variable KERAS_BACKEND=jax: nothing here needs TensorFlow.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray
from tqdm import tqdm

from mnist_demo.read.finder import CLASSES
from train.arguments import add_cache, add_data_dir
from train.fit.epochs import epochs_to_go
from train.fit.model import convolve, normalise
from train.fit.optimizer import make_optimizer
from train.scenes.collect import scenes_to_learn_from
from train.scenes.scenes import SHAPES

BATCH = 32
LEARNING_RATE, WEIGHT_DECAY = 4e-3, 0.02
INVERTED = 0.2  # share of the pictures that are seen inverted
MOMENTUM = 0.99  # of batch normalisation
BY_BATCHES = 0.25  # share of the training in which batch normalisation looks at the batch
# Most pixels are paper, and one in two thousand belongs to a sign. To miss a part of a digit is
# worse than to take other ink for one: the classifier sees what is no digit.
WEIGHTS = np.array([0.4, 2.5, 1.0, *[10.0] * (len(CLASSES) - 3)], np.float32)


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
    (batch, h / 2, w / 2, 4 * classes). It works at half of the picture's size and below, as the
    full size would take four fifths of all multiplications. So each of its outputs has the logits
    of four pixels, as `fold` orders them.
    """
    images = layers.Input((None, None, 3), name="pictures")
    x = half = _twice(images, "half", 12, size=5)
    x = quarter = _twice(x, "quarter", 24)
    x = eighth = _twice(x, "eighth", 32)
    x = _twice(x, "sixteenth", 44)
    x = _wide(x, "wide")
    for name, skip, filters in (
        ("eighth", eighth, 30),
        ("quarter", quarter, 24),
        ("half", half, 16),
    ):
        x = layers.concatenate([layers.UpSampling2D()(x), skip])
        x = convolve(x, f"{name}_up", filters, momentum=MOMENTUM)
    logits = layers.Conv2D(4 * len(CLASSES), 1, dtype="float32", name="classes")(x)
    return keras.Model(images, logits, name="finder")


def _twice(x: Any, name: str, filters: int, size: int = 3) -> Any:
    """Two convolutions; the first halves height and width."""
    x = convolve(x, f"{name}_1", filters, size, stride=2, momentum=MOMENTUM)
    return convolve(x, f"{name}_2", filters, momentum=MOMENTUM)


def _wide(x: Any, name: str) -> Any:
    """A residual block that sees seven places each way, as a circle around a digit is large.

    Each feature has a filter of its own, as in ConvNeXt (Liu and others, "A ConvNet for the 2020s",
    CVPR 2022).
    """
    y = layers.DepthwiseConv2D(7, padding="same", use_bias=False, name=f"{name}_depthwise")(x)
    y = normalise(y, f"{name}_depthwise", momentum=MOMENTUM)
    y = convolve(y, f"{name}_1", x.shape[-1], size=1, relu=False, momentum=MOMENTUM)
    return layers.ReLU()(layers.add([x, y]))


def fold(classes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put the classes of four pixels, a square of them, into one place.

    Takes (n, h, w) and returns (n, h / 2, w / 2, 4): upper left, upper right, lower left, lower
    right.
    """
    n, h, w = classes.shape
    squares = classes.reshape(n, h // 2, 2, w // 2, 2).transpose(0, 1, 3, 2, 4)
    return squares.reshape(n, h // 2, w // 2, 4)


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
        out: folder of the run. It gets the network as finder.weights.h5 after each epoch.
        epochs: passes over `training`.
        seed: of the first weights and of the order of the scenes.

    Returns:
        The trained network.
    """
    keras.utils.set_random_seed(seed)
    finder = build()
    steps = sum(len(training[name]) // BATCH for name in SHAPES)
    optimizer = make_optimizer(
        finder,
        LEARNING_RATE,
        WEIGHT_DECAY,
        warmup_steps=steps // 2,
        decay_steps=steps * epochs - steps // 2,
    )
    model = Learner(finder)
    model.compile(optimizer, loss=loss_of)
    model.build((None, None, None, 3))
    out.mkdir(parents=True, exist_ok=True)
    state = out / "training.weights.h5"  # of the optimizer, too
    if state.exists():
        model.load_weights(state)
    for epoch in epochs_to_go(int(optimizer.iterations) // steps, epochs):
        model.by_batches(epoch.index < BY_BATCHES * epochs)
        total = 0.0
        work = batches(training, np.random.default_rng([seed, epoch.index]))
        for pictures, classes in tqdm(work, total=steps, desc=epoch.title, disable=None):
            model.reset_metrics()  # or else Keras returns a mean with one backend, not with others
            total += float(model.train_on_batch(pictures, fold(classes)))
        metrics = {"loss": total / steps} | validate(model, validation)
        print(epoch.report(metrics), flush=True)
        model.save_weights(part := out / "unfinished.weights.h5")  # Keras asks for this ending
        part.replace(state)
        finder.save_weights(out / "finder.weights.h5")
    return finder


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


class Learner(keras.Model):
    """The finder with `Vary` before it: uint8 pictures (batch, h, w, 3) to the finder's logits.

    A batch holds pictures of one shape, and those of numbers differ much from photos. As long as
    batch normalisation looks at the batch, the finder learns to rely on that, and misses most signs
    when it has to do with the means of all shapes. So the last part of the training uses the means,
    as the finished finder does.
    """

    def __init__(self, finder: keras.Model) -> None:
        super().__init__()
        self.vary = Vary()
        self.finder = finder
        self._by_batches = True

    def by_batches(self, on: bool) -> None:
        """Whether batch normalisation looks at the batch in training."""
        if on != self._by_batches:
            self._by_batches = on
            self.make_train_function(force=True)

    def call(self, pictures: Any, training: bool = False) -> Any:
        varied = self.vary(pictures, training=training)
        return self.finder(varied, training=training and self._by_batches)


class Vary(layers.Layer):
    """Float pictures in [0, 1] of uint8 ones; in training with other colours, light or contrast."""

    def __init__(self) -> None:
        super().__init__()
        self.random = keras.random.SeedGenerator()

    def call(self, pictures: Any, training: bool = False) -> Any:
        x = ops.cast(pictures, "float32") / 255
        if not training:
            return x
        x = ops.take(x, keras.random.shuffle(ops.arange(3), seed=self.random), axis=-1)
        shape = (ops.shape(x)[0], 1, 1, 1)
        x = ops.where(keras.random.uniform(shape, seed=self.random) < INVERTED, 1 - x, x)
        contrast = keras.random.uniform(shape, 0.6, 1.0, seed=self.random)
        return contrast * x + (1 - contrast) * keras.random.uniform(shape, seed=self.random)


def loss_of(classes: Any, logits: Any) -> Any:
    """The mean cross-entropy of all pixels, weighted by `WEIGHTS`.

    Args:
        classes: (batch, h, w, 4), see `fold`.
        logits: float32 (batch, h, w, 4 * classes).

    Returns:
        float32 (batch,).
    """
    labels = ops.cast(classes, "int32")
    apart = ops.reshape(logits, (*ops.shape(labels), len(CLASSES)))
    each = ops.sparse_categorical_crossentropy(labels, apart, from_logits=True)
    return ops.mean(each * ops.take(WEIGHTS, labels), axis=(1, 2, 3))


def validate(model: keras.Model, scenes: dict[str, NDArray[Any]]) -> dict[str, float]:
    """Intersection over union of digits, other ink, and signs, over all scenes."""
    kinds = len(CLASSES)
    confusion = np.zeros(kinds * kinds)
    for name in SHAPES:
        for start in range(0, len(scenes[name]), 100):
            truth = fold(scenes[f"{name}_classes"][start : start + 100])
            logits = model.predict_on_batch(scenes[name][start : start + 100])
            found = np.asarray(logits).reshape(*truth.shape, kinds).argmax(axis=-1)
            confusion += np.bincount(
                (kinds * truth.astype(np.int64) + found).ravel(), minlength=kinds * kinds
            )
    table = confusion.reshape(kinds, kinds)  # of the true and the found class
    both = np.diag(table)
    shares = both / np.maximum(table.sum(axis=0) + table.sum(axis=1) - both, 1)
    return {"digit": shares[1], "other": shares[2], "signs": float(shares[3:].mean())}
