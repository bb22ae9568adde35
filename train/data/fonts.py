"""Handwriting and school fonts as writers: each is one designer's hand.

`fonts.json` lists them. Each has the version of its npm package @fontsource/NAME, the sha256 of its
font file, its licence and its split. A font is in one split with all of its digits. Families whose
names begin alike share digits and are in one split: playwrite-* trains and edu-* measures. The
other fonts were split about 60:10:30 by a hash of their names. liu-jian-mao-cao then joined
over-the-rainbow, which has the same digits.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mnist_demo.read.preprocess import stroke_width
from train.paint.strokes import CANVAS, network_pixels, paint_on_all_cores, rotation

FONTS: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
)
GLYPH_SIZE = 200  # pixels; the font size at which a glyph is drawn
Pixels = NDArray[np.uint8]


def font_names(split: str) -> list[str]:
    """The fonts of "train", "validation" or "test"."""
    return [name for name, font in FONTS.items() if font["split"] == split]


def read_glyphs(data_dir: Path, name: str) -> list[Pixels]:
    """The ten digits of a font: uint8 (h, w) each, white on black, cut to the ink.

    Raises:
        SystemExit: the font's file is missing or damaged, or lacks a digit.
    """
    file = data_dir / "fonts" / f"{name}.woff"
    if not file.exists():
        raise SystemExit(f"no {file}: run `python -m train download --only fonts`")
    try:
        font = ImageFont.truetype(str(file), GLYPH_SIZE)
        glyphs = []
        for digit in range(10):
            image = Image.new("L", (4 * GLYPH_SIZE, 4 * GLYPH_SIZE))
            ImageDraw.Draw(image).text((GLYPH_SIZE, GLYPH_SIZE), str(digit), 255, font=font)
            if image.getbbox() is None:
                raise ValueError(f"it has no {digit}")
            glyphs.append(np.asarray(image.crop(image.getbbox())))
    except (OSError, ValueError) as error:
        raise SystemExit(f"{file} cannot be read ({error}): get it again") from None
    return glyphs


def write_glyph(glyph: Pixels, rng: np.random.Generator) -> Pixels:
    """A glyph as another pen would write it: uint8 (CANVAS, CANVAS), dark on paper of 255.

    The stroke gets a width of 2% to 16% of the glyph's height, but is thinned by at most a third.
    The deviation of rotation is 5 degrees, of slant 0.12, of the ratio of width to height 10%. A
    smooth field displaces the outline by about 1.5% of its height. Size and place on the canvas are
    random, and one in ten is light on dark.
    """
    high, wide = glyph.shape
    mask = changed_width((glyph > 127).astype(np.uint8), rng)
    margin = (mask.shape[0] - high) // 2
    turn = rotation(rng.normal(0, np.radians(5)))
    stretch, slant = np.exp(rng.normal(0, 0.1)), rng.normal(0, 0.12)
    change = turn @ np.array([[stretch, slant], [0, 1]])
    size = float(rng.uniform(40, 255)) / max(np.abs(change) @ (wide, high))
    change *= size
    middle = np.array([wide, high]) / 2 + margin
    room = np.maximum(CANVAS - np.abs(change) @ (wide, high), 0)
    centre = CANVAS / 2 + (rng.random(2) - 0.5) * room
    # Drawn at three times the size, as warping alone does not smooth what is scaled down.
    affine = np.column_stack([3 * change, 3 * (centre - change @ middle)])
    large = cv2.warpAffine(255 * displaced(mask, rng), affine, (3 * CANVAS, 3 * CANVAS))
    canvas = np.asarray(cv2.resize(large, (CANVAS, CANVAS), interpolation=cv2.INTER_AREA), np.uint8)
    return canvas if rng.random() < 0.1 else 255 - canvas


def changed_width(mask: Pixels, rng: np.random.Generator) -> Pixels:
    """`mask`, uint8 (h, w) of 0 and 1, with thicker or thinner strokes and a margin around them."""
    height = mask.shape[0]
    width = stroke_width(mask)
    wanted = float(np.exp(rng.uniform(np.log(0.02), np.log(0.16)))) * height
    grow = max((wanted - width) / 2, -width / 6)
    framed = np.pad(mask, height // 8 + 2)
    inside = cv2.distanceTransform(framed, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - framed, cv2.DIST_L2, 5)
    return (inside - outside + grow > 0).astype(np.uint8)


def displaced(mask: Pixels, rng: np.random.Generator) -> Pixels:
    """`mask`, uint8 (h, w), with every pixel moved by a smooth random field."""
    rows, columns = mask.shape
    grid = rng.normal(0, 0.015 * rows, (2, 5, 5)).astype(np.float32)
    field = [cv2.resize(part, (columns, rows), interpolation=cv2.INTER_CUBIC) for part in grid]
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    moved = cv2.remap(mask, x + field[0], y + field[1], cv2.INTER_LINEAR)
    return np.asarray(moved, np.uint8)


def paint_fonts(
    data_dir: Path, split: str, count: int, seed: int
) -> tuple[Pixels, NDArray[np.int64]]:
    """`count` variations of each digit of the split's fonts, preprocessed, on all cores.

    Returns:
        Images uint8 (n, 28, 28) and labels int64 (n,), font by font as in `font_names(split)`.
    """
    names = font_names(split)
    glyphs = [glyph for name in names for glyph in read_glyphs(data_dir, name)]
    paint_one = partial(_paint_glyph, count=count)
    images = paint_on_all_cores(paint_one, glyphs, seed, f"{split} fonts", 8).reshape(-1, 28, 28)
    labels = np.tile(np.repeat(np.arange(10), count), len(names))
    return images, labels.astype(np.int64)


def _paint_glyph(glyph: Pixels, count: int, seed: int) -> Pixels:
    rng = np.random.default_rng(seed)
    return np.stack([network_pixels(write_glyph(glyph, rng)) for _ in range(count)])
