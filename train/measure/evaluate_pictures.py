"""Paint every kind of picture that people send and count how many are read right.

Kinds that no part of the training has seen are counted apart. With --split test, it reads the
digits of held-out writers, fonts and styles and adds to metrics.json. Run that once for each
release.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mnist_demo import Classifier
from train.arguments import add_measurement
from train.data.gallery import plot_images
from train.measure.metrics import add_metric
from train.scenes.hands import Hands
from train.scenes.kinds import KINDS, plan_of
from train.scenes.scenes import Scene, paint_scene

SURE = 0.95  # confidence above which an answer must not be wrong
FAILURES = 6  # of each kind that are shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_measurement(parser)
    parser.add_argument("--count", type=int, default=200, help="of pictures of each kind")
    parser.add_argument("--out", type=Path, default=Path("out/pictures.png"), help="stays ignored")


def run(args: argparse.Namespace) -> None:
    classifier = Classifier.load(args.weights)
    hands = Hands(args.split, args.data_dir)
    results = {}
    failures: list[NDArray[np.uint8]] = []
    titles: list[str] = []
    for number, name in enumerate(tqdm(KINDS, desc="kinds", unit="kind")):
        rng = np.random.default_rng([args.seed, number])
        scenes = [paint_scene(plan_of(KINDS[name], rng), hands, rng, scale=2) for _ in
                  range(args.count)]  # fmt: skip
        right, sure, several = measure(classifier, scenes)
        results[name] = {
            "right": float(right.mean()),
            "sure": float(sure.mean()),
            "confident_error_rate": float((sure & ~right).mean()),
            "trained": KINDS[name].trained,
        }
        if KINDS[name].plan.get("content") in ("number", "signs", "lines"):
            results[name]["said_several"] = float(several.mean())
        wrong = [scene.picture for scene, good in zip(scenes, right, strict=True) if not good]
        failures += wrong[:FAILURES]
        titles += [name] * len(wrong[:FAILURES])
    print(table(results))
    plot_images(failures, titles, FAILURES, args.out, 2)
    print(f"{args.out} shows up to {FAILURES} failures of each kind, in the order of the table")
    if args.split == "test":
        shares = {"of_each_kind": args.count} | means(results)
        add_metric(args.weights, "pictures", shares | {"kinds": results})


def measure(
    classifier: Classifier, scenes: Sequence[Scene]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each scene is read right, whether the answer is sure, and whether `classify` says
    that there are several digits: bool (n,) each.

    A sure answer is a digit with a confidence above `SURE`. A sure number is one whose digits are.

    A picture of one digit must be taken for a digit. A picture without any must not. Of several
    digits, all must be right.
    """
    right, sure, several = [], [], []
    for scene in scenes:
        prediction = classifier.classify(scene.picture)
        if len(scene.text) > 1:
            digits = "".join(sign for sign in scene.text if sign.isdigit() or sign == "\n")
            number = classifier.read_number(scene.picture)
            good = number.number == digits
            lowest = min((digit.confidence for digit in number.digits), default=0)
        else:
            answer = str(prediction.digit) if prediction.is_digit else ""
            good = answer == scene.text
            lowest = prediction.confidence if prediction.is_digit else 0
        right.append(good)
        sure.append(lowest > SURE)
        several.append(prediction.reason == "several digits")
    return np.array(right), np.array(sure), np.array(several)


def means(results: dict[str, dict[str, float]]) -> dict[str, float]:
    """The shares over all kinds: of right answers for trained and for other kinds, of right ones
    among the sure ones (1 if none is sure), and of the pictures with several digits of which
    `classify` says so (there must be some)."""
    rows = results.values()
    trained, other = (
        float(np.mean([r["right"] for r in rows if r["trained"] == was_trained]))
        for was_trained in (True, False)
    )
    wrong, sure = (sum(r[key] for r in rows) for key in ("confident_error_rate", "sure"))
    return {
        "trained": trained,
        "other": other,
        "precision_at_95": 1 - wrong / sure if sure else 1.0,
        "said_several": float(np.mean([r["said_several"] for r in rows if "said_several" in r])),
    }


def table(results: dict[str, dict[str, float]]) -> str:
    """A Markdown table with a row for each kind, and the means of the trained and other kinds."""
    rows = ["| kind | right | wrong with more than 95% confidence |", "|---|---|---|"]
    for name, result in results.items():
        title = name if result["trained"] else f"{name} (never trained on)"
        rows.append(f"| {title} | {result['right']:.1%} | {result['confident_error_rate']:.1%} |")
    shares = means(results)
    rows.append(f"| all trained kinds | {shares['trained']:.1%} | |")
    rows.append(f"| all other kinds | {shares['other']:.1%} | |")
    rows.append(f"| answers with more than 95% confidence | {shares['precision_at_95']:.1%} | |")
    rows.append(f"| several digits: said so | {shares['said_several']:.1%} | |")
    return "\n".join(rows)
