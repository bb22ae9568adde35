"""Make a contact sheet of the data sets' drawings, to see whether the strokes are read right."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from train.arguments import add_data_dir
from train.data.drawing import Drawing
from train.data.fonts import FONTS, read_glyphs
from train.data.pendigits import read_pendigits
from train.data.unipen import read_unipen
from train.paint.strokes import Brush, paint
from train.paint.styles import read_styles, write


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser, "data")
    parser.add_argument(
        "--section", choices=["1a", "1b", "1c", "1d", "pendigits", "fonts", "styles"], default="1a"
    )
    parser.add_argument("--out", type=Path, default=Path("out/contact.png"), help="stays ignored")


def run(args: argparse.Namespace) -> None:
    args.out.parent.mkdir(parents=True, exist_ok=True)
    if args.section in ("fonts", "styles"):
        sheet = font_sheet(args.data_dir) if args.section == "fonts" else style_sheet()
        Image.fromarray(sheet).quantize(8).save(args.out, optimize=True)
        print(f"{args.out} shows all {args.section}")
        return
    if args.section == "pendigits":
        drawings = read_pendigits(args.data_dir)
    else:
        drawings = read_unipen(args.data_dir, args.section)
    cv2.imwrite(str(args.out), drawing_sheet(drawings))
    print(f"{len(drawings)} drawings read; {args.out} shows some of each label")


def drawing_sheet(drawings: list[Drawing], columns: int = 24) -> np.ndarray:
    """A row of random drawings for each label: uint8 (rows * 60, columns * 60), paper 255."""
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


def style_sheet(columns: int = 4, times: int = 4) -> np.ndarray:
    """Every style, written `times` times, under its name and split: uint8 (h, w), paper 255."""
    rng = np.random.default_rng(1)
    splits = ("train", "validation", "test")
    styles = [style for split in splits for style in read_styles(split)]
    cells = []
    for style in sorted(styles, key=lambda style: style.digit):
        cell = np.full((76, 62 * times), 255, np.uint8)
        put_text(cell, f"{style.name} ({style.split})", 10)
        for k in range(times):
            canvas = paint(write(style, rng), Brush(6, 230), rng)
            small = cv2.resize(canvas, (60, 60), interpolation=cv2.INTER_AREA)
            cell[14:74, 62 * k : 62 * k + 60] = small
        cells.append(cell)
    return grid(cells, columns)


def font_sheet(data_dir: Path, columns: int = 2) -> np.ndarray:
    """The digits of every font, beside its name and split: uint8 (h, w), paper 255."""
    cells = []
    for name, font in FONTS.items():
        cell = np.full((60, 200 + 50 * 10), 255, np.uint8)
        put_text(cell, f"{name} ({font['split']})", 34)
        for digit, glyph in enumerate(read_glyphs(data_dir, name)):
            scale = 46 / max(glyph.shape)
            size = (max(1, round(glyph.shape[1] * scale)), max(1, round(glyph.shape[0] * scale)))
            small = 255 - cv2.resize(glyph, size, interpolation=cv2.INTER_AREA)
            left = 200 + 50 * digit
            cell[6 : 6 + size[1], left : left + size[0]] = small
        cells.append(cell)
    return grid(cells, columns)


def put_text(cell: np.ndarray, text: str, line: int) -> None:
    """Write black text into `cell`, uint8 (h, w), on the baseline at row `line`."""
    cv2.putText(cell, text, (2, line), cv2.FONT_HERSHEY_SIMPLEX, 0.33, (0,), 1, cv2.LINE_AA)


def grid(cells: list[np.ndarray], columns: int) -> np.ndarray:
    """Put cells of equal size in rows of `columns`; the last row is filled up with white."""
    missing = -len(cells) % columns
    cells = cells + [np.full_like(cells[0], 255)] * missing
    return np.concatenate(
        [np.concatenate(cells[i : i + columns], axis=1) for i in range(0, len(cells), columns)]
    )
