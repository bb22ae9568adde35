"""Photograph the strokes of held-out writers on made-up paper and count what is read right.

With --split test, it measures the held-out writers and adds to metrics.json. Run that once for each
release. Choose between methods with --split validation.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from tqdm import tqdm

from mnist_demo import Classifier, Prediction, preprocess
from train.arguments import add_measurement
from train.data.drawing import Drawing
from train.data.gallery import plot_images
from train.data.writers import read_digits, select_split
from train.measure.metrics import add_metric
from train.paint.photo_scene import Scene, random_scene
from train.paint.photograph import photograph
from train.paint.strokes import Brush, paint, rotation

Array = NDArray[np.float32]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_measurement(parser)
    parser.add_argument("--count", type=int, help="of photos; default: one of each digit")
    parser.add_argument("--out", type=Path, default=Path("out/photos.png"), help="stays ignored")


def run(args: argparse.Namespace) -> None:
    add_to_metrics = args.split == "test" and not args.count
    if add_to_metrics and not (args.weights / "metrics.json").exists():
        raise SystemExit("no metrics.json yet: run python -m train evaluate first")
    drawings = select_split(read_digits(args.data_dir), args.split)
    if args.count:
        order = np.random.default_rng(args.seed).permutation(len(drawings))
        drawings = [drawings[i] for i in order[: args.count]]
    labels = np.array([int(drawing.label) for drawing in drawings])

    cv2.setNumThreads(1)
    seeds = [[args.seed, i] for i in range(len(drawings))]
    classifier = Classifier.load(args.weights)
    with ProcessPoolExecutor() as pool:
        work = pool.map(photo_and_canvas_input, drawings, seeds, chunksize=16)
        bar = tqdm(work, total=len(drawings), desc=f"{args.split} photos", unit="photo")
        in_photos, painted = zip(
            *((classifier.read_picture(jpeg).prediction, canvas) for jpeg, canvas in bar),
            strict=True,
        )
    answers = digits_of(in_photos)
    right = answers == labels
    accuracy = float(right.mean())
    print(f"\n{accuracy:.2%} of {len(labels)} photos read right; in {np.sum(answers < 0)} no digit")
    clean_accuracy = np.mean(digits_of(classifier.network.classify(painted)) == labels)
    print(f"{clean_accuracy:.2%} of the same strokes painted cleanly")
    for name, values in conditions([scene_of(seed) for seed in seeds]).items():
        shares = [(value, values == value) for value in np.unique(values)]
        row = (f"{value} {right[has].mean():.1%} of {has.sum()}" for value, has in shares)
        print(f"{name}: " + ", ".join(row))
    wrong = np.flatnonzero(~right)[:24]
    photos = [Image.open(io.BytesIO(photo_of(drawings[i], seeds[i]))) for i in wrong]
    titles = [f"{labels[i]} read {answers[i]}" for i in wrong]
    plot_images([np.asarray(ImageOps.exif_transpose(p)) for p in photos], titles, 4, args.out, 1.5)
    print(f"{args.out} shows {len(wrong)} of the {np.sum(~right)} that were not")
    if add_to_metrics:
        add_metric(args.weights, "photos", {"accuracy": accuracy, "photos": len(labels)})


def scene_of(seed: Sequence[int]) -> Scene:
    """The random scene that belongs to a photo's seed."""
    return random_scene(np.random.default_rng(seed))


def photo_of(drawing: Drawing, seed: Sequence[int]) -> bytes:
    """The JPEG of a drawing in the scene of `seed`."""
    return photograph(drawing.strokes, scene_of(seed), np.random.default_rng([*seed, 1]))


def photo_and_canvas_input(drawing: Drawing, seed: Sequence[int]) -> tuple[bytes, Array | None]:
    """A photo, and the network's input from the same strokes painted on a canvas.

    Pen and tilt are equal. The input is float32 (28, 28) in [0, 1], or None without ink.
    """
    scene = scene_of(seed)
    turn = rotation(np.radians(scene.tilt))
    strokes = [(stroke @ turn.T).astype(np.float32) for stroke in drawing.strokes]
    canvas = paint(strokes, Brush(max(0.5, 100 * scene.pen), 200), np.random.default_rng(seed))
    return photo_of(drawing, seed), preprocess(canvas)


def digits_of(predictions: Sequence[Prediction]) -> NDArray[np.int64]:
    """The digits that were read, int64 (n,); -1 where there is none."""
    digits = [prediction.digit for prediction in predictions]
    return np.array([-1 if digit is None else digit for digit in digits], np.int64)


def conditions(scenes: Sequence[Scene]) -> dict[str, NDArray[np.str_]]:
    """What may make a photo hard to read, by name: the value for each photo, (n,)."""
    return {
        "ink": np.array([scene.ink for scene in scenes]),
        "paper": np.array([scene.ruling for scene in scenes]),
        "light": np.array(["shadow" if scene.shadow else "no shadow" for scene in scenes]),
        "around": np.array(["table" if max(s.margins) >= 0 else "paper only" for s in scenes]),
        "size": np.array(["below a third" if s.size < 1 / 3 else "larger" for s in scenes]),
    }
