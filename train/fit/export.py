"""Calibrate a trained network on validation data and write it as the SavedModel in weights/."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from mnist_demo.files import write_whole
from mnist_demo.weights import REPOSITORY
from train.arguments import add_cache, add_data_dir
from train.fit.examples import NOT_A_DIGIT, Examples, load
from train.fit.export_browser import round_kernels, write_browser_weights
from train.fit.fit import predict
from train.fit.trained_detector import VIEWS, Graph, detector_settings, load_detector

# (down, right) in pixels. Test-time augmentation: the logits of an image and of two copies, shifted
# by one pixel, are averaged. On the validation images of MNIST, pens and extremes the cross-entropy
# is 4 to 12% lower than with one look, as low as with five, and lower than with the copies
# (1, 1) and (-1, -1).
SHIFTS = ((0, 0), (1, -1), (-1, 1))
IMAGES = tf.TensorSpec((None, 28, 28, 1), tf.float32, name="images")
# Validation sets for the temperature. The first also gives the offset. MNIST is not among them, as
# visitors' drawings are more like these.
CALIBRATION = ("digits", "extremes", "marked", "displays", "fonts", "styles")
MAX_REJECTED_DIGITS = 0.005  # share of validation digits that may be called "not a digit"
# From float32 images (n, 28, 28, 1) in [0, 1] to "probabilities" and "digit_score".
Serve = Callable[[tf.Tensor], dict[str, tf.Tensor]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--run",
        type=Path,
        default=Path("runs/latest"),
        help="folder that fit wrote, or a folder of weights whose network for digits is taken",
    )
    parser.add_argument("--data", choices=["all", "mnist", "sample"], default="all")
    add_data_dir(parser)
    add_cache(parser)
    parser.add_argument(
        "--detector",
        type=Path,
        default=REPOSITORY,
        help="file that detector wrote, or a folder of weights whose detector is taken",
    )
    parser.add_argument("--out", type=Path, default=Path("weights"))
    parser.add_argument("--version", default="0.1.0", help="name of these weights, as 1.2.0")


def run(args: argparse.Namespace) -> None:
    detector = load_detector(args.detector)
    training: dict[str, Any]
    if (args.run / "model").is_dir():
        training = json.loads((args.run / "training.json").read_text())
        serve = load_served(args.run)
    else:
        serve, training = calibrated_network(args)
    write_model(serve, detector, args.out)
    write_browser_weights(args.out)
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    training |= {"version": args.version, "commit": commit}
    training["detector"] = detector_settings(args.detector)
    (args.out / "training.json").write_text(json.dumps(training, indent=1) + "\n")
    print(json.dumps(training["calibration"], indent=1))


def load_served(weights: Path) -> Serve:
    """The network for digits in a folder of weights, calibrated as it is there."""
    saved = tf.saved_model.load(str(weights / "model"))
    return lambda images: saved.signatures["serving_default"](images=images)


def calibrated_network(args: argparse.Namespace) -> tuple[Serve, dict[str, Any]]:
    """The network in the folder `args.run`, calibrated, and how it was trained."""
    network = args.run / "network.keras"
    if not network.exists():
        raise SystemExit(f"{network} is not there: run `python -m train fit --out {args.run}`")
    model = keras.saving.load_model(network, compile=False)
    _, validation = load(args.data, args.data_dir, args.cache)
    serve, calibration = calibrate(model, validation)
    config = json.loads((args.run / "config.json").read_text())
    return serve, {
        "data": args.data,
        "config": config,
        "seed": config["seed"],
        "parameters": model.count_params(),
        "calibration": calibration,
    }


def calibrate(
    model: keras.Model, validation: dict[str, Examples]
) -> tuple[Serve, dict[str, float]]:
    """Calibrate `model` on validation data.

    Its kernels are rounded first, as `round_kernels` says, so that the reader in the browser has
    the same network.

    The temperature (Guo and others, "On Calibration of Modern Neural Networks", ICML 2017)
    minimises the mean cross-entropy of the validation sets in `CALIBRATION`, each of which counts
    alike: a visitor's digit may be of any of these kinds. The offset is subtracted from the logit
    of `is_digit`, so that `MAX_REJECTED_DIGITS` of the pen-drawn digits have a `digit_score` below
    0.5.

    Returns:
        What serves the network, and the "temperature" and the "digit_score_offset".
    """
    round_kernels(model)
    names = [name for name in CALIBRATION if name in validation] or ["mnist"]
    outputs = [logits(model, validation[name].images) for name in names]
    temperature = fit_temperature(
        [(digits, validation[n].labels) for n, (digits, _) in zip(names, outputs, strict=True)]
    )
    is_digit = outputs[0][1]
    offset = 0.0
    if any((e.labels == NOT_A_DIGIT).all() for e in validation.values()):
        offset = float(np.quantile(is_digit, MAX_REJECTED_DIGITS))

    def serve(images: tf.Tensor) -> dict[str, tf.Tensor]:
        digits, is_digit = _mean_shifted_logits(model, images)
        return {
            "probabilities": tf.nn.softmax(digits / temperature),
            "digit_score": tf.sigmoid(is_digit - offset),
        }

    return serve, {"temperature": temperature, "digit_score_offset": offset}


def write_model(serve: Serve, detector: Graph, out: Path) -> None:
    """Write both networks to `out`/model as a SavedModel.

    The `detector` is its second signature, "detect".
    """
    module = tf.Module()
    signatures = {
        "serving_default": freeze(serve),
        "detect": freeze(lambda views: {"characters": detector(views)}, VIEWS),
    }
    module.served = signatures  # the module must hold what is saved
    with write_whole(out / "model") as part:
        shutil.rmtree(part, ignore_errors=True)  # of an export that was interrupted
        tf.saved_model.save(module, str(part), signatures=signatures)
        shutil.rmtree(out / "model", ignore_errors=True)


def fit_temperature(sets: Sequence[tuple[NDArray[Any], NDArray[np.int64]]]) -> float:
    """The divisor of logits that minimises the mean cross-entropy of several sets.

    Args:
        sets: logits (n, 10) and labels (n,) of each. All count alike, whatever their size.
    """

    def cross_entropy(log_temperature: float) -> float:
        means = []
        for logits, labels in sets:
            scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
            means.append(-scaled[np.arange(len(labels)), labels].mean())
        return float(np.mean(means))

    return float(np.exp(minimize_scalar(cross_entropy, bounds=(-2, 2), method="bounded").x))


def _mean_shifted_logits(model: keras.Model, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The logits, float32 (batch, 10) and (batch,), averaged over `SHIFTS` of the images."""
    padded = tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]])
    copies = [padded[:, 1 + y : 29 + y, 1 + x : 29 + x] for y, x in SHIFTS]
    digits, is_digit = model(tf.concat(copies, axis=0), training=False)
    count = len(SHIFTS)
    digits = tf.reduce_mean(tf.reshape(digits, [count, -1, 10]), axis=0)
    return digits, tf.reduce_mean(tf.reshape(is_digit, [count, -1]), axis=0)


def logits(model: keras.Model, images: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Logits of uint8 images (n, 28, 28), averaged over `SHIFTS`: float32 (n, 10) and (n,)."""
    return predict(lambda batch: _mean_shifted_logits(model, batch), images)


def freeze(serve: Callable[[tf.Tensor], Any], spec: tf.TensorSpec = IMAGES) -> Any:
    """A graph of `serve` with its weights as constants.

    Such a graph loads and runs faster, and its SavedModel is one file. `serve` and the graph take
    one tensor as `spec` describes it.
    """
    signature = [spec]
    concrete = tf.function(serve, input_signature=signature).get_concrete_function()
    frozen = convert_variables_to_constants_v2(concrete)
    return tf.function(
        lambda given: tf.nest.pack_sequence_as(concrete.structured_outputs, frozen(given)),
        input_signature=signature,
    )
