"""Count the real photos that a detector reads right. They are for validation only."""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mnist_demo.read.detect import Detection, Detector, find_lines
from train.arguments import add_data_dir


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser)
    parser.add_argument("--detector", type=Path, default=Path("runs/detector/detector.keras"))


def run(args: argparse.Namespace) -> None:
    detector = load_detector(args.detector)
    folder = args.data_dir / "photos"
    right, total = Counter[str](), Counter[str]()
    with (folder / "labels.csv").open() as stream:
        for row in csv.DictReader(stream):
            photo = ImageOps.exif_transpose(Image.open(folder / row["file"]))
            pixels = np.asarray(photo.convert("RGB"))
            lines = find_lines(detector, pixels)
            read = answer(lines, row["kind"])
            total[row["kind"]] += 1
            right[row["kind"]] += read == row["expected"]
            if read != row["expected"]:
                print(f"{row['file']}: {read!r} for {row['expected']!r}")
    for kind, count in total.items():
        print(f"{kind}: {right[kind]} of {count}")


def answer(lines: list[list[Detection]], kind: str) -> str:
    """What was read, in the form of labels.csv."""
    rows = ["".join(d.sign for d in line if d.sign.isdigit()) for line in lines]
    text = " ".join(row for row in rows if row)
    return "".join(sorted(text.replace(" ", ""))) if kind == "bag" else text


def load_detector(file: Path) -> Detector:
    """The network of `train.fit.detector`."""
    model = keras.saving.load_model(file, compile=False)
    shape = tf.TensorSpec((1, None, None, 3), tf.float32)
    call = tf.function(lambda views: model(views, training=False), input_signature=[shape])

    def detect(view: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(call(tf.constant(view[np.newaxis].astype(np.float32) / 255))[0])

    return detect
