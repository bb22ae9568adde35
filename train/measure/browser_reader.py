"""The reader for the browser beside the SavedModel: both read the same pictures.

The browser's reader runs in Node, with the modules that a page gets.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_demo import Classifier
from mnist_demo.read.prediction import DIGIT_THRESHOLD, Prediction
from mnist_demo.weights.hub import BROWSER
from train.data.writers import read_digits, read_letters_and_symbols, select_split
from train.fit.examples import Examples, load_painted
from train.paint.strokes import Strokes, paint, random_brush

SCRIPT = Path(__file__).with_name("read_in_node.js")
PICTURES = 2000  # at most, of each kind for the parity, and of letters and symbols
BATCH = 500  # canvases for one process: 39 MB

Array = NDArray[Any]


def find_node() -> str | None:
    """The path of Node: beside this Python, where pip puts it, or anywhere else."""
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    return shutil.which("node", path=os.pathsep.join(folders))


def browser_metrics(
    classifier: Classifier, args: argparse.Namespace, test: Examples, validation: Examples
) -> dict[str, Any]:
    """Both readers on the same pictures.

    Args:
        classifier: the SavedModel.
        args: the arguments of `evaluate`. With the data "all", held-out writers' drawings of
            `args.split` are read as well, and the parity is also measured on pen drawings.
        test: MNIST's images of `args.split`.
        validation: MNIST's validation images.

    Returns:
        "max_difference" has the largest difference of a probability and of a score between the two
        networks on validation images. The other entries are what `compare` returns. {} if there is
        no Node or no browser.bin, which is printed.
    """
    node, weights = find_node(), args.weights / BROWSER
    if node is None or not weights.exists():
        missing = "Node" if node is None else weights
        print(f"The reader for the browser is not measured: there is no {missing}")
        return {}
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    metrics: dict[str, Any] = {"node": version.stdout.strip()}
    sets = [validation]
    if args.data == "all":
        sets += load_painted(args.data_dir, args.cache, "validation").values()

    def read_both(pixels: Array) -> tuple[Array, list[Prediction]]:
        images = pixels.astype(np.float32) / 255
        return read_in_node(node, weights, images), classifier.network.classify(list(images))

    thinned = np.concatenate([s.images[spread(len(s), PICTURES)] for s in sets])
    metrics["max_difference"] = max_difference(*read_both(thinned))
    metrics["mnist"] = compare(*read_both(test.images), test.labels)
    if args.data != "all":
        return metrics
    digits = select_split(read_digits(args.data_dir), args.split)
    others = select_split(read_letters_and_symbols(args.data_dir), args.split)
    others = [others[i] for i in spread(len(others), PICTURES)]
    labels = np.array([int(drawing.label) for drawing in digits])
    for name, drawings, truth in (
        ("held_out_digits", digits, labels),
        ("held_out_letters_and_symbols", others, None),
    ):
        answers = read_drawings(node, weights, classifier, [d.strokes for d in drawings])
        metrics[name] = compare(*answers, truth)
    return metrics


def spread(count: int, most: int) -> NDArray[np.int64]:
    """At most `most` of the numbers below `count`, spread evenly."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def read_drawings(
    node: str, weights: Path, classifier: Classifier, drawings: Sequence[Strokes]
) -> tuple[Array, list[Prediction]]:
    """Paint drawings with random brushes, and read each canvas with both readers, as a Sketchpad's.

    Digits are painted exactly as for the accuracies in `evaluate`.

    Returns:
        The answers of `read_in_node`, and the predictions of `classifier`.
    """
    rng = np.random.default_rng(0)
    brushes = [random_brush(rng) for _ in drawings]
    answers, predictions = [], []
    for start in range(0, len(drawings), BATCH):
        canvases = np.stack(
            [
                paint(drawings[i], brushes[i], np.random.default_rng(i))
                for i in range(start, min(start + BATCH, len(drawings)))
            ]
        )
        answers.append(read_in_node(node, weights, canvases))
        predictions += classifier.classify_many({"composite": canvas} for canvas in canvases)
    return np.concatenate(answers), predictions


def read_in_node(node: str, weights: Path, pictures: Array) -> Array:
    """Read pictures with the reader for the browser.

    Args:
        node: path of the program.
        weights: path of browser.bin.
        pictures: uint8 canvases (n, 280, 280) as a visitor paints them, or float32 images
            (n, 28, 28) in [0, 1] for the network alone.

    Returns:
        float32 (n, 796): 1, or 0 for a blank canvas; the ten probabilities; the score of being a
        digit, in [0, 1]; and the 28x28 values that the network was given.

    Raises:
        RuntimeError: Node failed.
    """
    kind = "canvases" if pictures.dtype == np.uint8 else "images"
    # Node warns that the modules have no package.json.
    command = [node, "--no-warnings", str(SCRIPT), kind, str(weights)]
    done = subprocess.run(command, input=pictures.tobytes(), capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{node} failed: {done.stderr.decode(errors='replace').strip()}")
    return np.frombuffer(done.stdout, "<f4").reshape(len(pictures), 796)


def max_difference(answers: Array, predictions: Sequence[Prediction]) -> dict[str, Any]:
    """The largest difference of a probability and of a score: `answers` are float32 (n, 796)."""
    probabilities = np.stack([prediction.probabilities for prediction in predictions])
    scores = np.array([prediction.digit_score for prediction in predictions])
    return {
        "images": len(answers),
        "probabilities": float(np.abs(answers[:, 1:11] - probabilities).max()),
        "digit_score": float(np.abs(answers[:, 11] - scores).max()),
    }


def compare(
    answers: Array, predictions: Sequence[Prediction], labels: NDArray[np.int64] | None
) -> dict[str, Any]:
    """What both readers make of the same pictures.

    Args:
        answers: float32 (n, 796), what `read_in_node` returned.
        predictions: of the SavedModel.
        labels: (n,), the digits; None if the pictures show none.

    Returns:
        The number of "pictures"; the shares of them with the "same_digit" and with the
        "same_verdict", in [0, 1]; for both readers the share that is "refused" as no digit; and
        with labels both accuracies, and "difference", the browser's less the SavedModel's. A blank
        canvas is read as no digit and is refused.
    """
    inked = answers[:, 0] == 1
    digits = np.where(inked, answers[:, 1:11].argmax(axis=1), -1)
    accepted = inked & (answers[:, 11] >= DIGIT_THRESHOLD)
    own_digits = np.array([-1 if p.digit is None else p.digit for p in predictions])
    own_accepted = np.array([p.is_digit for p in predictions])
    result: dict[str, Any] = {
        "pictures": len(answers),
        "same_digit": float((digits == own_digits).mean()),
        "same_verdict": float((accepted == own_accepted).mean()),
        "released_rejected": float((~own_accepted).mean()),
        "browser_rejected": float((~accepted).mean()),
    }
    if labels is not None:
        released, browser = float((own_digits == labels).mean()), float((digits == labels).mean())
        result |= {"released_accuracy": released, "browser_accuracy": browser}
        result["difference"] = browser - released
    return result
