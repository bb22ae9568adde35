"""Count the real photos that a detector reads right. They are for validation only."""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from mnist_demo.read.detect import Detection, find_lines
from train.arguments import add_data_dir
from train.fit.trained_detector import load_detector, on_views


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser)
    parser.add_argument("--detector", type=Path, default=Path("runs/detector/detector.keras"))


def run(args: argparse.Namespace) -> None:
    detector = on_views(load_detector(args.detector))
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
