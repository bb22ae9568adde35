"""A picture of drawings, one row a label, to see whether the strokes were read right."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import cv2
import numpy as np

from train.data.drawing import Drawing
from train.data.pendigits import read_pendigits
from train.data.unipen import read_unipen
from train.paint.strokes import Brush, paint


def add_arguments(parser: argparse.ArgumentParser) -> None:
    default = os.environ.get("MNIST_DEMO_DATA")
    parser.add_argument("--data-dir", type=Path, default=Path(default) if default else Path("data"))
    parser.add_argument("--section", choices=["1a", "1b", "1c", "1d", "pendigits"], default="1a")
    parser.add_argument("--columns", type=int, default=24)
    parser.add_argument("--out", type=Path, default=Path("out/contact.png"), help="stays ignored")


def run(args: argparse.Namespace) -> None:
    if args.section == "pendigits":
        drawings = read_pendigits(args.data_dir)
    else:
        drawings = read_unipen(args.data_dir, args.section)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(args.out), sheet(drawings, args.columns))
    print(f"{len(drawings)} drawings read; {args.out} shows some of each label")


def sheet(drawings: list[Drawing], columns: int) -> np.ndarray:
    """uint8 (rows * 60, columns * 60): a row for each label, drawings chosen at random."""
    rng = np.random.default_rng(0)
    rows = []
    for label in sorted({drawing.label for drawing in drawings}):
        same = [drawing for drawing in drawings if drawing.label == label]
        row = np.full((60, columns * 60), 255, np.uint8)
        for column, i in enumerate(rng.permutation(len(same))[:columns]):
            canvas = paint(same[i].strokes, Brush(4, 260), rng)
            cell = cv2.resize(canvas, (58, 58), interpolation=cv2.INTER_AREA)
            row[1:59, column * 60 + 1 : column * 60 + 59] = cell
        rows.append(row)
    return np.concatenate(rows)
