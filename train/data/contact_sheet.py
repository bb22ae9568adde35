"""Make a contact sheet of the data sets' drawings, to see whether the strokes are read right."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from train.arguments import add_data_dir
from train.data.drawing import Drawing
from train.data.fonts import FONTS, read_glyphs
from train.data.gallery import plot_images
from train.data.pendigits import read_pendigits
from train.data.unipen import read_unipen
from train.paint.strokes import Brush, paint
from train.paint.styles import read_styles, write

Rows = dict[str, np.ndarray]  # by title: uint8 (h, w), paper 255


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser, "data")
    parser.add_argument(
        "--section", choices=["1a", "1b", "1c", "1d", "pendigits", "fonts", "styles"], default="1a"
    )
    parser.add_argument("--out", type=Path, default=Path("out/contact.png"), help="stays ignored")


def run(args: argparse.Namespace) -> None:
    if args.section == "styles":
        rows, columns, width = style_rows(), 4, 4
    elif args.section == "fonts":
        rows, columns, width = font_rows(args.data_dir), 2, 8
    elif args.section == "pendigits":
        rows, columns, width = drawing_rows(read_pendigits(args.data_dir)), 1, 24
    else:
        rows, columns, width = drawing_rows(read_unipen(args.data_dir, args.section)), 1, 24
    plot_images(list(rows.values()), list(rows), columns, args.out, width)
    print(f"{args.out} shows {len(rows)} rows of {args.section}")


def drawing_rows(drawings: list[Drawing], count: int = 24) -> Rows:
    """Up to `count` random drawings of each label."""
    rng = np.random.default_rng(0)
    rows = {}
    for label in sorted({drawing.label for drawing in drawings}):
        same = [drawing for drawing in drawings if drawing.label == label]
        chosen = rng.permutation(len(same))[:count]
        rows[label] = np.hstack([paint(same[i].strokes, Brush(4, 260), rng) for i in chosen])
    return rows


def style_rows(times: int = 4) -> Rows:
    """Every style, written `times` times."""
    rng = np.random.default_rng(1)
    splits = ("train", "validation", "test")
    styles = [style for split in splits for style in read_styles(split)]
    return {
        f"{style.name} ({style.split})": np.hstack(
            [paint(write(style, rng), Brush(6, 230), rng) for _ in range(times)]
        )
        for style in sorted(styles, key=lambda style: style.digit)
    }


def font_rows(data_dir: Path) -> Rows:
    """The digits of every font."""
    rows = {}
    for name, font in FONTS.items():
        glyphs = [Image.fromarray(glyph) for glyph in read_glyphs(data_dir, name)]
        row = np.hstack([np.asarray(ImageOps.pad(glyph, (60, 60))) for glyph in glyphs])
        rows[f"{name} ({font['split']})"] = 255 - row
    return rows
