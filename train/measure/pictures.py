"""Paint every kind of picture that people send and count how many are read right.

Kinds that no part of the training has seen are counted apart. With --split test, it reads the
digits of held-out writers, fonts and styles and adds to metrics.json. Run that once for each
release.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from mnist_demo import Classifier
from mnist_demo.read.lines import Number
from train.arguments import add_data_dir, add_weights
from train.measure.metrics import add_metric
from train.scenes.hands import Hands
from train.scenes.kinds import KINDS, plan_of
from train.scenes.scenes import Scene, paint_scene

SURE = 0.95  # confidence above which an answer must not be wrong
FAILURES = 6  # of each kind on the contact sheet
TILE = 120  # pixels of a picture on it


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser, "data")
    add_weights(parser)
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    parser.add_argument("--count", type=int, default=200, help="of pictures of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("out/pictures.png"), help="stays ignored")


def run(args: argparse.Namespace) -> None:
    classifier = Classifier.load(args.weights)
    hands = Hands(args.split, args.data_dir)
    results, failures = {}, []
    for number, name in enumerate(tqdm(KINDS, desc="kinds", unit="kind")):
        rng = np.random.default_rng([args.seed, number])
        scenes = [paint_scene(plan_of(KINDS[name], rng), hands, rng, scale=2) for _ in
                  range(args.count)]  # fmt: skip
        right, sure_and_wrong = measure(classifier, scenes)
        results[name] = {
            "right": float(right.mean()),
            "sure_and_wrong": float(sure_and_wrong.mean()),
            "trained": KINDS[name].trained,
        }
        wrong = [scene.picture for scene, good in zip(scenes, right, strict=True) if not good]
        failures.append(strip(wrong[:FAILURES]))
    print(table(results))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(failures)).save(args.out)
    print(f"{args.out} shows up to {FAILURES} failures of each kind, in the order of the table")
    if args.split == "test":
        add_metric(args.weights, "pictures", {"of_each_kind": args.count, "kinds": results})


def measure(
    classifier: Classifier, scenes: Sequence[Scene]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each scene is read right, and whether it is wrong with confidence: bool (n,) each.

    A picture of one digit must be taken for a digit. A picture without any must not. Of several
    digits, all must be right.
    """
    right, sure_and_wrong = [], []
    for scene in scenes:
        if len(scene.text) > 1:
            digits = "".join(sign for sign in scene.text if sign.isdigit() or sign == "\n")
            try:
                number = classifier.read_number(scene.picture)
            except ValueError:  # too many pieces
                number = Number([])
            good = number.number == digits
            sure = bool(number.digits) and min(d.confidence for d in number.digits) > SURE
        else:
            prediction = classifier.classify(scene.picture)
            answer = str(prediction.digit) if prediction.is_digit else ""
            good = answer == scene.text
            sure = prediction.is_digit and prediction.confidence > SURE
        right.append(good)
        sure_and_wrong.append(sure and not good)
    return np.array(right), np.array(sure_and_wrong)


def table(results: dict[str, dict[str, float]]) -> str:
    """A Markdown table with a row for each kind, and the means of the trained and other kinds."""
    rows = ["| kind | right | wrong with more than 95% confidence |", "|---|---|---|"]
    for name, result in results.items():
        title = name if result["trained"] else f"{name} (never trained on)"
        rows.append(f"| {title} | {result['right']:.1%} | {result['sure_and_wrong']:.1%} |")
    for title, trained in (("all trained kinds", True), ("all other kinds", False)):
        own = [result for result in results.values() if result["trained"] == trained]
        right, sure = (np.mean([r[key] for r in own]) for key in ("right", "sure_and_wrong"))
        rows.append(f"| {title} | {right:.1%} | {sure:.1%} |")
    return "\n".join(rows)


def strip(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Up to `FAILURES` pictures side by side: uint8 (TILE, FAILURES * 2 * TILE, 3)."""
    row = np.full((TILE, FAILURES * 2 * TILE, 3), 200, np.uint8)
    for i, picture in enumerate(pictures):
        scale = min(TILE / picture.shape[0], (2 * TILE - 4) / picture.shape[1])
        size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        row[: size[1], i * 2 * TILE : i * 2 * TILE + size[0]] = small
    return row
