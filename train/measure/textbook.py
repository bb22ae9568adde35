"""Train the textbook network, and write it for the reader in the browser: textbook.bin.

It is the plain convnet that `evaluate` compares with, in the form of browser.bin
(train/fit/export_browser.py describes it). Its header has more entries. "shrinks" says that the
whole canvas is shrunk to 28x28, as textbook demos do it. "examples" are drawings on which the
network is sure and wrong, and the released one is right. "accuracy" and "released_accuracy" are the
shares of digits by UNIPEN's held-out writers that the two read right, from metrics.json; null if
these were not measured.

`evaluate` has trained and measured it, and has kept it in --cache. The page quotes its figures, so
this command asks that they are of the same network.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from mnist_demo import Classifier
from mnist_demo.read.prediction import CONFIDENCE_THRESHOLD
from mnist_demo.weights.hub import METRICS, TEXTBOOK, file_checksums
from train.arguments import add_cache, add_data_dir, add_weights
from train.data.mnist import read_mnist
from train.fit.examples import Examples, split_mnist
from train.fit.export_browser import write_network
from train.measure.metrics import write_metrics
from train.paint.own_drawings import load, strokes_of
from train.paint.strokes import Strokes, draw
from train.paint.styles import DIGITS

MAX_BYTES = 150_000
MEASURED = "plain convnet, canvas resized"  # its results in metrics.json
SHARE = "unipen_1a_accuracy"  # that the page quotes of them
SIDE, RADIUS = 400, 14  # of the page's canvas and brush in pixels
EXAMPLES = 3

Array = NDArray[Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser)
    add_weights(parser)
    add_cache(parser)


def run(args: argparse.Namespace) -> None:
    training, _ = split_mnist(Examples(*read_mnist(args.data_dir, "train")))
    model = plain_convnet(training, args.cache / "baseline.keras")
    metrics = json.loads((args.weights / METRICS).read_text())
    images, labels = read_mnist(args.data_dir, "test")
    right = probabilities(model, images.astype(np.float32) / 255).argmax(axis=1) == labels
    results = metrics["results"]
    measured = results.get(MEASURED, {}).get("mnist_test_accuracy")
    if measured != float(right.mean()):
        raise SystemExit(
            f"{args.weights / METRICS} has the figures of another network than {args.cache}: "
            "run `python -m train evaluate` with this cache first"
        )
    examples = sure_and_wrong(model, Classifier.load(args.weights))
    told: dict[str, Any] = {"examples": examples, "accuracy": results[MEASURED].get(SHARE)}
    told["released_accuracy"] = results["released"].get(SHARE)
    size = write_textbook(args.weights / TEXTBOOK, model, told)
    metrics["files"][TEXTBOOK] = file_checksums(args.weights)[TEXTBOOK]
    write_metrics(args.weights, metrics)
    read_as = ", ".join(f"a {e['digit']} as a {e['read_as']}" for e in examples)
    print(f"{args.weights / TEXTBOOK}: {size:,} bytes; it is sure and reads {read_as}")


def write_textbook(file: Path, model: keras.Model, told: dict[str, Any]) -> int:
    """Write `model`, what `plain_convnet` returned, for the browser; returns its size in bytes.

    `told` are the entries of the header that the page tells a visitor.

    Raises:
        SystemExit: the file would be too large.
        TypeError: the model has a layer that the reader in the browser lacks.
    """
    layers: list[dict[str, Any]] = []
    arrays = []
    for layer in model.layers:
        step: dict[str, Any] = {"inputs": [len(layers) - 1]}
        if isinstance(layer, keras.layers.MaxPooling2D):
            (size, _), (stride, _) = layer.pool_size, layer.strides
            step |= {"op": "maxpool", "size": size, "stride": stride, "padding": layer.padding}
        elif isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            kernel, bias = layer.get_weights()
            filters = kernel.shape[-1]
            arrays.append((kernel.reshape(-1, filters), bias))
            step |= {"op": "dense", "filters": filters, "values": kernel.size}
            if isinstance(layer, keras.layers.Conv2D):
                (size, _), (stride, _) = layer.kernel_size, layer.strides
                step |= {"op": "conv", "size": size, "stride": stride, "padding": layer.padding}
            if layer.activation is keras.activations.relu:
                step["relu"] = True
        elif isinstance(layer, keras.layers.Flatten | keras.layers.Dropout):
            continue  # these change no values when the network reads
        else:
            raise TypeError(f"the browser has no {type(layer).__name__}")
        layers.append(step)
    header = {
        "temperature": 1, "offset": 0, "shifts": [[0, 0]], "digits": len(layers) - 1,
        "is_digit": None, "layers": layers, "shrinks": True, **told,
    }  # fmt: skip
    return write_network(file, header, arrays, MAX_BYTES)


def sure_and_wrong(model: keras.Model, classifier: Classifier) -> list[dict[str, Any]]:
    """Drawings with the page's brush that `model` reads wrong and is the most sure of.

    They are our own ten digits as they are, and half as large in the square's corners and its
    middle. The `classifier` is right and sure of each.

    Returns:
        At most `EXAMPLES` of different digits that are also read as different digits. Each has its
        "digit", what it is "read_as", and its "strokes" in pixels of the page's canvas.
    """
    drawings = [(digit, strokes) for digit in range(10) for strokes in placed(digit)]
    canvases = [draw(strokes, RADIUS, SIDE) for _, strokes in drawings]
    rows = probabilities(model, np.stack([shrink(canvas) for canvas in canvases]))
    released = classifier.classify_many(canvases)
    found: list[dict[str, Any]] = []
    for i in np.argsort(-rows.max(axis=1)):
        (digit, strokes), ours, wrong = drawings[i], released[i], int(rows[i].argmax())
        right = ours.digit == digit and min(ours.confidence, rows[i].max()) >= CONFIDENCE_THRESHOLD
        new = all(digit != e["digit"] and wrong != e["read_as"] for e in found)
        if right and wrong != digit and new and len(found) < EXAMPLES:
            points = [np.round(stroke).astype(int).tolist() for stroke in strokes]
            found.append({"digit": digit, "read_as": wrong, "strokes": points})
    return found


def placed(digit: int) -> list[Strokes]:
    """Our own drawing of `digit` in the page's canvas, whole, and half as large in five places."""
    drawing = load(DIGITS[digit])
    whole = [stroke * (SIDE / drawing["canvas"]) for stroke in strokes_of(drawing)]
    corners = [(0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.5)]
    halves = [
        [(stroke + np.array(corner, np.float32) * SIDE) / 2 for stroke in whole]
        for corner in corners
    ]
    return [whole, *halves]


def shrink(canvas: NDArray[np.uint8]) -> Array:
    """A canvas with dark ink, shrunk as textbook demos do it: float32 (28, 28) in [0, 1]."""
    small = cv2.resize(255 - canvas, (28, 28), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def probabilities(model: keras.Model, images: Array) -> Array:
    """Of float32 images (n, 28, 28) in [0, 1]: float32 (n, 10)."""
    return np.asarray(model.predict(images[..., np.newaxis], batch_size=500, verbose=0))


def plain_convnet(training: Examples, file: Path, epochs: int = 5) -> keras.Model:
    """The network of Keras's example "Simple MNIST convnet" (https://keras.io/examples), trained.

    Training takes minutes, so the network is kept in `file`. It takes float32 images
    (batch, 28, 28, 1) in [0, 1] and returns probabilities (batch, 10).
    """
    if file.exists():
        return keras.saving.load_model(file)
    keras.utils.set_random_seed(0)
    model = untrained_convnet()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    images = training.images[..., np.newaxis].astype(np.float32) / 255
    model.fit(images, training.labels, batch_size=128, epochs=epochs, verbose=2)
    file.parent.mkdir(parents=True, exist_ok=True)
    model.save(file)
    return model


def untrained_convnet() -> keras.Model:
    """The same network with random weights."""
    return keras.Sequential(
        [
            keras.layers.Input((28, 28, 1)),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
