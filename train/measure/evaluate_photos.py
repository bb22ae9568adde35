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
from PIL import Image, ImageOps
from tqdm import tqdm

from mnist_demo import Classifier
from train.arguments import add_measurement
from train.data.drawing import Drawing
from train.data.gallery import plot_images
from train.data.writers import read_digits, select_split
from train.measure.metrics import add_metric
from train.paint.photo_scene import random_scene
from train.paint.photograph import photograph


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
        work = pool.map(photo_of, drawings, seeds, chunksize=16)
        bar = tqdm(work, total=len(drawings), desc=f"{args.split} photos", unit="photo")
        read = [classifier.read_picture(jpeg).prediction.digit for jpeg in bar]
    answers = np.array([-1 if digit is None else digit for digit in read])
    right = answers == labels
    accuracy = float(right.mean())
    print(f"\n{accuracy:.2%} of {len(labels)} photos read right; in {np.sum(answers < 0)} no digit")
    wrong = np.flatnonzero(~right)[:24]
    photos = [Image.open(io.BytesIO(photo_of(drawings[i], seeds[i]))) for i in wrong]
    titles = [f"{labels[i]} read {answers[i]}" for i in wrong]
    plot_images([np.asarray(ImageOps.exif_transpose(p)) for p in photos], titles, 4, args.out, 1.5)
    print(f"{args.out} shows {len(wrong)} of the {np.sum(~right)} that were not")
    if add_to_metrics:
        add_metric(args.weights, "photos", {"accuracy": accuracy, "photos": len(labels)})


def photo_of(drawing: Drawing, seed: Sequence[int]) -> bytes:
    """The JPEG of a drawing in the random scene of `seed`."""
    scene = random_scene(np.random.default_rng(seed))
    return photograph(drawing.strokes, scene, np.random.default_rng([*seed, 1]))
