"""Calibrate a trained network on validation data and write it as the SavedModel in weights/."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from train.arguments import add_cache, add_data_dir
from train.fit.browser import write_browser_weights
from train.fit.examples import NOT_A_DIGIT, Examples, load

# The network looks at each image and at two copies shifted by one pixel, and averages the logits.
# On validation digits the cross-entropy is as low as with four copies, and lower than with none or
# one.
SHIFTS = ((0, 0), (1, 1), (-1, -1))
MAX_REFUSED_DIGITS = 0.005  # share of validation digits that may be called "not a digit"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", type=Path, default=Path("runs/latest"), help="folder fit wrote")
    parser.add_argument("--data", choices=["all", "mnist", "sample"], default="all")
    add_data_dir(parser)
    add_cache(parser)
    parser.add_argument(
        "--between",
        type=Path,
        help="the network.keras that the run began with; its weights are averaged with the run's",
    )
    parser.add_argument("--out", type=Path, default=Path("weights"))
    parser.add_argument("--version", default="0.1.0", help="name of these weights, as 1.2.0")


def run(args: argparse.Namespace) -> None:
    network = args.run / "network.keras"
    if not network.exists():
        raise SystemExit(f"{network} is not there: run `python -m train fit --out {args.run}`")
    model = keras.saving.load_model(network, compile=False)
    if args.between:
        interpolate_weights(model, keras.saving.load_model(args.between, compile=False))
    _, validation = load(args.data, args.data_dir, args.cache)
    figures = export(model, validation, args.out)
    write_browser_weights(args.out)
    recipe = json.loads((args.run / "recipe.json").read_text())
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    training: dict[str, Any] = {
        "version": args.version,
        "data": args.data,
        "recipe": recipe,
        "seed": recipe["seed"],
        "commit": commit,
        "parameters": model.count_params(),
        "calibration": figures,
    }
    if args.between:
        training["between"] = "the run's weights and those that it began with"
    (args.out / "training.json").write_text(json.dumps(training, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


def export(model: keras.Model, validation: dict[str, Examples], out: Path) -> dict[str, float]:
    """Write `out`/model; returns the temperature and the offset of the score it is exported with.

    The temperature (Guo and others, "On Calibration of Modern Neural Networks", ICML 2017)
    minimises the cross-entropy of validation digits. The offset puts `digit_score` = 0.5 where
    `MAX_REFUSED_DIGITS` of them lie below.
    """
    # Pen-drawn digits where there are any: visitors are nearer to them than to MNIST.
    examples = validation.get("digits", validation["mnist"])
    which, whether = logits(model, examples.images)
    temperature = fit_temperature(which, examples.labels)
    offset = 0.0
    if any((e.labels == NOT_A_DIGIT).all() for e in validation.values()):
        offset = float(np.quantile(whether, MAX_REFUSED_DIGITS))
    _save(model, temperature, offset, out / "model")
    return {"temperature": temperature, "digit_score_offset": offset}


def interpolate_weights(model: keras.Model, start: keras.Model) -> None:
    """Move `model`'s weights half-way back to those that its training began with.

    So the network keeps what it learned last and forgets less of what it knew before (Wortsman
    and others, "Robust fine-tuning of zero-shot models", CVPR 2022).
    """
    pairs = zip(model.get_weights(), start.get_weights(), strict=True)
    model.set_weights([(new + old) / 2 for new, old in pairs])


def fit_temperature(logits: NDArray[Any], labels: NDArray[np.int64]) -> float:
    """The divisor of `logits` (n, 10) that minimises the cross-entropy of `labels` (n,)."""

    def cross_entropy(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[np.arange(len(labels)), labels].mean())

    return float(np.exp(minimize_scalar(cross_entropy, bounds=(-2, 2), method="bounded").x))


def _mean_shifted_logits(model: keras.Model, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean logits over `SHIFTS`, float32 (batch, 10) and (batch,)."""
    padded = tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]])
    views = [padded[:, 1 + y : 29 + y, 1 + x : 29 + x] for y, x in SHIFTS]
    which, whether = model(tf.concat(views, axis=0), training=False)
    count = len(SHIFTS)
    which = tf.reduce_mean(tf.reshape(which, [count, -1, 10]), axis=0)
    return which, tf.reduce_mean(tf.reshape(whether, [count, -1]), axis=0)


def logits(model: keras.Model, images: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Logits of uint8 images (n, 28, 28), averaged over `SHIFTS`: float32 (n, 10) and (n,)."""
    call = tf.function(lambda batch: _mean_shifted_logits(model, batch))
    parts = []
    for start in range(0, len(images), 500):
        batch = images[start : start + 500, ..., np.newaxis].astype(np.float32) / 255
        parts.append([output.numpy() for output in call(tf.constant(batch))])
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def freeze(serve: Callable[[tf.Tensor], Any]) -> Any:
    """`serve` of images (batch, 28, 28, 1) as a graph with its weights as constants.

    Such a graph loads and runs faster, and its SavedModel is one file.
    """
    signature = [tf.TensorSpec((None, 28, 28, 1), tf.float32, name="images")]
    concrete = tf.function(serve, input_signature=signature).get_concrete_function()
    frozen = convert_variables_to_constants_v2(concrete)
    return tf.function(
        lambda images: tf.nest.pack_sequence_as(concrete.structured_outputs, frozen(images)),
        input_signature=signature,
    )


def _save(model: keras.Model, temperature: float, offset: float, out: Path) -> None:
    def serve(images: tf.Tensor) -> dict[str, tf.Tensor]:
        which, whether = _mean_shifted_logits(model, images)
        return {
            "probabilities": tf.nn.softmax(which / temperature),
            "digit_score": tf.sigmoid(whether - offset),
        }

    module = tf.Module()
    module.serve = freeze(serve)
    part = out.with_name(
        out.name + ".part"
    )  # no half of a SavedModel may take the place of a whole one
    shutil.rmtree(part, ignore_errors=True)
    tf.saved_model.save(module, str(part), signatures={"serving_default": module.serve})
    shutil.rmtree(out, ignore_errors=True)
    part.rename(out)
