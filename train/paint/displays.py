"""Digits that nobody wrote: seven-segment displays and printed type."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from train.paint.strokes import CANVAS, network_pixels, paint_on_all_cores

HEIGHT = 200  # pixels of a glyph
# The segments of each digit: top, upper right, lower right, bottom, lower left, upper left, middle.
SEGMENTS = (
    "abcdef", "bc", "abdeg", "abcdg", "bcfg", "acdfg", "acdefg", "abc", "abcdefg", "abcdfg",
)  # fmt: skip
VARIANTS = {6: "cdefg", 7: "abcf", 9: "abcfg"}  # no roof, a hook, one leg
HERSHEY = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)  # fmt: skip
# Typefaces that come with matplotlib measure; those of OpenCV and Pillow train.
TYPEFACES = {
    "validation": ("DejaVuSansMono.ttf",),
    "test": ("DejaVuSans.ttf", "DejaVuSerif-Bold.ttf"),
}
Pixels = NDArray[np.uint8]


def seven_segments(digit: int, rng: np.random.Generator) -> tuple[Pixels, Pixels]:
    """A digit of a seven-segment display, and the segments that are off.

    Width, thickness, gaps, slant and the shape of the segments' ends vary.

    Returns:
        Two masks, uint8 (HEIGHT, w), 255 on the segments. For equal states of `rng`, they lie at
        the same places for every digit.
    """
    half, wide = 0.5, rng.uniform(0.42, 0.75)
    thick = rng.uniform(0.06, 0.2) * wide / 0.6
    gap, bevel = rng.uniform(0, 0.03), thick / 2 * rng.choice([0.0, 1.0, 1.0])
    x0, x1 = thick / 2, wide - thick / 2
    rows = (thick / 2, half, 1 - thick / 2)
    ends = {
        "a": ((x0, rows[0]), (x1, rows[0])),
        "b": ((x1, rows[0]), (x1, rows[1])),
        "c": ((x1, rows[1]), (x1, rows[2])),
        "d": ((x0, rows[2]), (x1, rows[2])),
        "e": ((x0, rows[1]), (x0, rows[2])),
        "f": ((x0, rows[0]), (x0, rows[1])),
        "g": ((x0, rows[1]), (x1, rows[1])),
    }
    lit = VARIANTS.get(digit, SEGMENTS[digit]) if rng.random() < 0.2 else SEGMENTS[digit]
    slant = rng.choice([0.0, rng.uniform(0, 0.2)])
    columns = round(HEIGHT * (wide + slant)) + 1
    masks = np.zeros((2, HEIGHT, columns), np.uint8)
    for name, (start, end) in ends.items():
        a, b = np.array(start), np.array(end)
        along = (b - a) / np.linalg.norm(b - a)
        across = np.array([-along[1], along[0]]) * thick / 2
        # Without a bevel the segments run to the corners, so that they join.
        tip = along * (gap if bevel else gap - thick / 2)
        a, b, point = a + tip, b - tip, along * bevel
        shape = np.array(
            [a, a + point + across, b - point + across, b, b - point - across, a + point - across]
        )
        shape[:, 0] += slant * (1 - shape[:, 1])
        corners = np.round(shape * HEIGHT * 16).astype(np.int32)
        cv2.fillPoly(masks[0 if name in lit else 1], [corners], (255,), cv2.LINE_AA, 4)
    return masks[0], masks[1]


def printed(text: str, split: str, rng: np.random.Generator) -> Pixels:
    """`text` in a typeface of `split`, light or bold: uint8 (h, w), 255 on the ink, cut to it."""
    if split != "train":
        import matplotlib  # takes a second

        fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
        name = str(rng.choice(TYPEFACES[split]))
        return _in_font(text, ImageFont.truetype(str(fonts / name), HEIGHT))
    if rng.random() < 0.4:
        font = ImageFont.load_default(HEIGHT)
        mask = _in_font(text, font)
        side = int(rng.integers(1, 12))
        return np.asarray(cv2.dilate(mask, np.ones((side, side), np.uint8)), np.uint8)
    face = HERSHEY[rng.integers(len(HERSHEY))]
    thickness = int(rng.integers(8, 30))
    (width, height), base = cv2.getTextSize(text, face, 7, thickness)
    mask = np.zeros((height + base + 80, width + 80), np.uint8)
    cv2.putText(mask, text, (40, height + 40), face, 7, (255,), thickness, cv2.LINE_AA)
    return cut(mask)


def _in_font(text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> Pixels:
    left, top, right, bottom = (int(v) for v in font.getbbox(text))
    image = Image.new("L", (right - left + 40, bottom - top + 40))
    ImageDraw.Draw(image).text((20 - left, 20 - top), text, 255, font=font)
    return cut(np.asarray(image))


def cut(mask: Pixels) -> Pixels:
    """`mask` without empty rows and columns around it."""
    x, y, width, height = cv2.boundingRect(mask)
    return mask[y : y + height, x : x + width]


def paint_displays(split: str, count: int, seed: int) -> tuple[Pixels, NDArray[np.int64]]:
    """`count` pictures of each digit on displays and in print, half each, on all cores.

    Returns:
        Images uint8 (10 * count, 28, 28), preprocessed, and their labels int64.
    """
    digits = np.repeat(np.arange(10), count)
    paint_one = partial(_paint, split=split)
    seed = 3 * seed + ("train", "validation", "test").index(split)  # no display is in two splits
    images = paint_on_all_cores(paint_one, digits.tolist(), seed, f"{split} displays", 64)
    return images, digits


def _paint(digit: int, split: str, seed: int) -> Pixels:
    rng = np.random.default_rng(seed)
    glyph = printed(str(digit), split, rng) if seed % 2 else cut(seven_segments(digit, rng)[0])
    high = int(rng.uniform(20, 240))
    size = (max(1, round(high * glyph.shape[1] / glyph.shape[0])), high)
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    small = cv2.resize(glyph, size, interpolation=cv2.INTER_AREA)
    canvas[20 : 20 + size[1], 20 : 20 + size[0]] = small
    return network_pixels(canvas if rng.random() < 0.3 else 255 - canvas)
