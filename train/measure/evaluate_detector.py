"""Count the real photos that a detector reads right. They are for validation only."""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

from mnist_demo.read.decode.images import decode
from mnist_demo.read.detect import find_lines
from mnist_demo.read.lines import number_of
from mnist_demo.read.preprocess import on_paper
from train.arguments import add_data_dir
from train.fit.trained_detector import load_detector, on_views


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser)
    parser.add_argument(
        "--detector",
        type=Path,
        default=Path("runs/detector/detector.keras"),
        help="file that detector wrote, also while it runs, or a folder of weights",
    )


def run(args: argparse.Namespace) -> None:
    detector = on_views(load_detector(args.detector))
    folder = args.data_dir / "photos"
    right, total = Counter[str](), Counter[str]()
    with (folder / "labels.csv").open() as stream:
        for row in csv.DictReader(stream):
            pixels = decode(folder / row["file"]).pixels
            assert pixels is not None  # no photo is blank
            number = number_of(find_lines(detector, on_paper(pixels))).number
            read = answer(number, row["kind"])
            total[row["kind"]] += 1
            right[row["kind"]] += read == row["expected"]
            if read != row["expected"]:
                print(f"{row['file']}: {read!r} for {row['expected']!r}")
    for kind, count in total.items():
        print(f"{kind}: {right[kind]} of {count}")


def answer(number: str, kind: str) -> str:
    """What was read, in the form of labels.csv."""
    lines = number.split()
    return "".join(sorted("".join(lines))) if kind == "bag" else " ".join(lines)
