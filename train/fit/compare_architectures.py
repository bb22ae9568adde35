"""Compare the networks of `train.fit.architectures`: cost and learning.

Each network is trained from random weights on a part of the data, and measured on validation data
only. Times are measured on this machine, for all networks in turn, and given relative to the
reference. A finished training is kept: delete its folder to repeat it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from scipy.special import log_softmax

from train.arguments import add_cache, add_data_dir
from train.fit.architectures import ARCHITECTURES
from train.fit.examples import NOT_A_DIGIT, Examples, load
from train.fit.export import SHIFTS, fit_temperature, freeze
from train.fit.fit import Recipe, fit, predict
from train.fit.model import count_multiplications
from train.fit.segments import composed
from train.fit.tables import write_table
from train.fit.train_step import make_train_step

RECIPE = Recipe(epochs=6, batch=128, weight_decay=0.05, dropout=0.2)
SHARE = 0.08  # of what an epoch of the full recipe shows
# These are trained with two seeds. A difference between two networks that is no larger than that
# between two seeds says nothing.
REPEATED = ("reference", "pyramid", "resnet, two stems", "chosen")
TABLE_UNITS = {  # of the table's figures, and their decimal places
    "mnist": (0.01, 2),
    "mnist_cross_entropy": (0.001, 1),
    "pens": (0.01, 2),
    "pens_cross_entropy": (0.001, 1),
    "letters_refused": (0.01, 1),
}
TIMING_ROUNDS = 7  # the fastest counts, as other programs may slow down the others


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser)
    add_cache(parser)
    parser.add_argument("--out", type=Path, default=Path("docs/architectures.json"))
    parser.add_argument("--page", type=Path, default=Path("docs/architectures.md"))


def run(args: argparse.Namespace) -> None:
    rows = measure_costs({name: build(RECIPE.dropout) for name, build in ARCHITECTURES.items()})
    sources, validation = load("all", args.data_dir, args.cache)
    sources += composed(args.data_dir, args.cache)
    shorter = [replace(source, share=source.share * SHARE) for source in sources]
    for seed in range(2):
        for name, build in ARCHITECTURES.items():
            if seed and name not in REPEATED:
                continue
            print(f"## {name}, seed {seed}", flush=True)
            out = args.cache / "architectures" / f"{name}, seed {seed}"
            recipe = replace(RECIPE, seed=seed)
            network = partial(build, recipe.dropout)
            model = fit(shorter, {}, recipe, out, network=network)
            rows[name].setdefault("seeds", []).append(validation_metrics(model, validation))
            report = {"recipe": asdict(RECIPE), "share": SHARE, "architectures": rows}
            args.out.write_text(json.dumps(report, indent=1) + "\n")
            write_table(args.page, table(rows))
    print(table(rows))


def measure_costs(models: dict[str, keras.Model]) -> dict[str, dict[str, Any]]:
    """What each network costs.

    Returns:
        By the network's name: "parameters", "multiplications" of one image, and "seconds" of a
        "training_step", and of a frozen graph that reads "one_image" and a "batch".
    """
    tasks: dict[str, dict[str, Callable[[], Any]]] = {}
    rng = np.random.default_rng(0)
    images = tf.constant(rng.random((RECIPE.batch, 28, 28, 1), np.float32))
    labels = tf.constant(rng.integers(10, size=RECIPE.batch))
    rows: dict[str, dict[str, Any]] = {}
    for name, model in models.items():
        graph = freeze(partial(model, training=False))
        average = keras.models.clone_model(model)
        optimizer = keras.optimizers.AdamW(1e-3)
        optimizer.build(model.trainable_variables)
        strategy = tf.distribute.get_strategy()
        step = make_train_step(model, average, optimizer, RECIPE, strategy)
        tasks[name] = {
            "training_step": partial(step, images, labels),
            "one_image": partial(graph, images[:1]),
            "batch": partial(graph, images),
        }
        rows[name] = {
            "parameters": model.count_params(),
            "multiplications": count_multiplications(model),
        }
        rows[name]["seconds"] = dict.fromkeys(tasks[name], np.inf)
        for call in tasks[name].values():
            call()  # traces and compiles
    for _ in range(TIMING_ROUNDS):
        for name, calls in tasks.items():
            seconds = rows[name]["seconds"]
            for task, call in calls.items():
                repeat = 20 if task == "one_image" else 2
                begun = time.perf_counter()
                for _ in range(repeat):
                    call()
                seconds[task] = min(seconds[task], (time.perf_counter() - begun) / repeat)
    return rows


def validation_metrics(model: keras.Model, validation: dict[str, Examples]) -> dict[str, float]:
    """Measure a network on validation data, with the logits averaged over 1, 2 and 3 of `SHIFTS`.

    Returns:
        With "_1" to "_3" at the end of each key: "mnist" and "pens", the share of digits that are
        read right, in [0, 1]; their "mnist_cross_entropy" and "pens_cross_entropy" in nats at the
        best temperature; "letters_refused", the share of letters and symbols that score lower
        than all but 0.5% of the pens' digits.
    """
    result: dict[str, float] = {}
    scores: dict[str, list[NDArray[Any]]] = {}
    for name, key in (("mnist", "mnist"), ("pens", "digits"), ("letters", "others")):
        examples = validation[key]
        looks = [predict(model, shift_images(examples.images, *shift)) for shift in SHIFTS]
        for count in range(1, len(looks) + 1):
            which = np.mean([look[0] for look in looks[:count]], axis=0)
            scores.setdefault(name, []).append(np.mean([look[1] for look in looks[:count]], axis=0))
            if key == "others":
                assert (examples.labels == NOT_A_DIGIT).all()
                least = np.quantile(scores["pens"][count - 1], 0.005)
                refused = (scores["letters"][count - 1] < least).mean()
                result[f"letters_refused_{count}"] = float(refused)
            else:
                right = which.argmax(axis=1) == examples.labels
                result[f"{name}_{count}"] = float(right.mean())
                sharp = which / fit_temperature([(which, examples.labels)])
                chosen = log_softmax(sharp, axis=1)[np.arange(len(right)), examples.labels]
                result[f"{name}_cross_entropy_{count}"] = float(-chosen.mean())
    return result


def shift_images(images: NDArray[np.uint8], down: int, right: int) -> NDArray[np.uint8]:
    """Cut each image `down` and `right` by -1, 0 or 1 pixels: uint8 (n, 28, 28), 0 outside."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    return padded[:, 1 + down : 29 + down, 1 + right : 29 + right]


def table(rows: dict[str, dict[str, Any]]) -> str:
    """A Markdown table with a row for each network.

    Times are relative to the reference. Other columns are means over the seeds. Where there are
    several seeds, half of the range between them follows.
    """
    headings = ["", "parameters", "million multiplications a look", "training step", "one image"]
    headings += ["batch", "MNIST, 1 / 2 / 3 looks", "MNIST cross-entropy"]
    headings += ["pens, 1 / 2 / 3 looks", "pens cross-entropy", "letters refused"]
    lines = ["| " + " | ".join(headings) + " |", "|---" * len(headings) + "|"]
    reference = rows["reference"]["seconds"]
    for name, row in rows.items():
        if "seeds" not in row:
            continue
        cells = [name, f"{row['parameters']:,}", f"{row['multiplications'] / 1e6:.1f}"]
        cells += [f"{row['seconds'][task] / reference[task]:.2f}" for task in reference]
        for key, (unit, places) in TABLE_UNITS.items():
            values = [[s[f"{key}_{n}"] / unit for n in (1, 2, 3)] for s in row["seeds"]]
            text = " / ".join(f"{value:.{places}f}" for value in np.mean(values, axis=0))
            if len(values) > 1:
                text += f" ± {np.ptp(values, axis=0).max() / 2:.{places}f}"
            cells.append(text)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
