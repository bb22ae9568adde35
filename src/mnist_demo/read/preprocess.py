"""From whatever a user gives to the 28x28 image the network expects.

MNIST's authors scaled each digit into 20x20 pixels and placed it by its centre of mass into 28x28.
The steps follow the reconstruction of this that QMNIST checked against all of MNIST (Yadav and
Bottou, "Cold Case: The Lost MNIST Digits", 2019; facebookresearch/qmnist, file
making_qmnist/xnist.lsh): tight box padded to a square, area resampling to 20x20, brightest pixel
scaled to 255, and a shift by whole pixels. MNIST's pens had one width, a visitor's brush has any:
strokes outside MNIST's range of widths are first thinned or thickened to MNIST's median.
"""

from __future__ import annotations

from functools import reduce
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.images import Pixels, read_pixels

# Stroke widths in pixels of the 20x20 box, as `stroke_width` measures them on MNIST's training
# part: 1st percentile, median and 99th percentile.
MIN_STROKE_WIDTH, MEDIAN_STROKE_WIDTH, MAX_STROKE_WIDTH = 1.6, 2.8, 5.25
# Ink of more pixels than this has gaps finer than MNIST's, which would close in 20 pixels: there
# strokes count as thick from MAX_STROKE_WIDTH_LARGE on.
LARGE_INK, MAX_STROKE_WIDTH_LARGE = 40, 3.5
WORK_SIDE = 200  # longest side, in pixels, of the ink on which widths are measured and changed

Array = NDArray[np.float32]
Ink = TypeVar("Ink", np.uint8, np.float32)


def preprocess(image: Any) -> Array | None:
    """Turn `image` into what MNIST's authors would have made of it.

    Args:
        image: a Sketchpad value (its "composite" is used), a PIL image, a path, or an array: uint8
            in [0, 255] or float in [0, 1], gray (h, w), RGB (h, w, 3) or RGBA (h, w, 4). Dark ink
            on light paper or the reverse; transparent parts are white paper.

    Returns:
        float32 (28, 28) in [0, 1], white ink on black, or None when there is no ink.

    Raises:
        ValueError: it is none of these, cannot be decoded, or has more than 24 million pixels, or
            6.3 million of WebP, TIFF or more than 8 bits.
    """
    pixels = read_pixels(image)
    ink = None if pixels is None else find_ink(pixels)
    return None if ink is None else normalise(even_strokes(ink))


def stroke_width(mask: NDArray[np.uint8]) -> float:
    """Mean width, in pixels, of the strokes in `mask` (uint8 (h, w), ink is nonzero)."""
    return _mean_width(_depth(mask))


def find_ink(pixels: Pixels) -> Array | None:
    """How far each pixel is from the paper's colour, float32 (h, w) in [0, 1], cut to the ink.

    The distance is the largest of the channels', so that yellow on white is ink too, and its sign
    does not matter, so that white on black is read like black on white. None when there is no ink.
    """
    found = locate_ink(pixels)
    return None if found is None else found[0]


def locate_ink(pixels: Pixels) -> tuple[Array, tuple[int, int]] | None:
    """What `find_ink` returns, and the (x, y) in `pixels` of its upper left corner."""
    # Nearly all of the time goes into steps that touch every pixel: these stay in 8 bits.
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        alpha = pixels[:, :, 3]
        if alpha.min() < 255:
            return _clean(*_on_white_paper(pixels, alpha), faint=5)
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB), np.uint8)
    distances, noise = [], 0.0
    for channel in [pixels] if pixels.ndim == 2 else cv2.split(pixels):
        frame = np.concatenate([channel[0], channel[-1], channel[:, 0], channel[:, -1]])
        paper = float(np.median(frame))
        # Half of the frame's pixels lie within this of the paper's colour.
        noise = max(noise, float(np.median(np.abs(frame - paper))))
        # By a table of all 256 values: OpenCV takes a column of four pixels for a colour.
        table = np.abs(np.arange(256) - paper).astype(np.uint8)
        distances.append(np.asarray(cv2.LUT(channel, table), np.uint8))
    return _clean(_largest(distances), (0, 0), faint=max(5.0, 9 * noise))


def _on_white_paper(pixels: Pixels, alpha: Pixels) -> tuple[Pixels, tuple[int, int]]:
    """Distance from white, uint8 (h, w), of RGBA `pixels` laid on white paper; and its corner."""
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(alpha))
    inked = (slice(y, y + height), slice(x, x + width))
    if not width:
        return np.zeros((1, 1), np.uint8), (0, 0)
    darkness = _largest([255 - pixels[inked][:, :, channel] for channel in range(3)])
    return np.asarray(cv2.multiply(darkness, alpha[inked], scale=1 / 255), np.uint8), (x, y)


def _largest(channels: list[Pixels]) -> Pixels:
    return reduce(lambda a, b: np.asarray(cv2.max(a, b), np.uint8), channels)


def _clean(
    distance: Pixels, corner: tuple[int, int], faint: float
) -> tuple[Array, tuple[int, int]] | None:
    """`distance` uint8 (h, w) from the paper as ink, and its `corner`: no `faint` ink is left."""
    peak = float(distance.max())
    if peak < max(31, 1.5 * faint):
        return None
    clear = np.asarray(cv2.threshold(distance, faint - 1, 0, cv2.THRESH_TOZERO)[1], np.uint8)
    near, (x, y) = _cut(clear)
    ink, (right, down) = _cut(_without_specks(np.minimum(near.astype(np.float32) / peak, 1)))
    return ink, (corner[0] + x + right, corner[1] + y + down)


def _cut(ink: NDArray[Ink]) -> tuple[NDArray[Ink], tuple[int, int]]:
    """`ink` without the empty rows and columns around it, and where its corner was."""
    x, y, width, height = cv2.boundingRect((ink > 0).view(np.uint8))
    return ink[y : y + height, x : x + width], (x, y)


def _without_specks(ink: Array) -> Array:
    """Blank what is too small to be a touch of the pen that drew the rest."""
    mask = (ink > 0.4).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((ink > 0).astype(np.uint8))
    if count <= 2:
        return ink
    dot = 0.25 * stroke_width(mask) ** 2
    specks = stats[:, cv2.CC_STAT_AREA] < dot
    return np.where(specks[labels], np.float32(0), ink) if specks.any() else ink


def even_strokes(ink: Array) -> Array:
    """Bring strokes that are thinner or thicker than MNIST's to its usual width.

    `ink` is cut to its bounding box. With the box's longest side m and the stroke's width w, moving
    the edge of the stroke outwards by r gives a width of w + 2r in a box of m + 2r, which shall be
    `MEDIAN_STROKE_WIDTH` in a box of 20.
    """
    mask = _work_mask(ink)
    side = max(mask.shape)
    depth = _depth(mask)
    width = _mean_width(depth)
    thickest = MAX_STROKE_WIDTH_LARGE if max(ink.shape) > LARGE_INK else MAX_STROKE_WIDTH
    if MIN_STROKE_WIDTH <= 20 * width / side <= thickest:
        return ink
    if 20 * width / side > thickest:
        # A loop that has filled up is wider than the strokes, which must outlive the thinning.
        width = min(width, _thin_width(depth))
        if 20 * width / side <= MEDIAN_STROKE_WIDTH:
            return ink
    r = (MEDIAN_STROKE_WIDTH * side - 20 * width) / (2 * (20 - MEDIAN_STROKE_WIDTH))
    r = max(r, -0.35 * width)  # a dot or a blot has no stroke to find: leave some of it
    # The first pixel on either side of an edge is 1 from the first on the other.
    if r < 0:
        moved = depth + np.float32(r)
    else:
        paper = 1 - np.pad(mask, int(np.ceil(r)) + 2)
        moved = np.float32(1 + r) - cv2.distanceTransform(paper, cv2.DIST_L2, 5)
    return _cut(np.clip(moved, 0, 1).astype(np.float32))[0]


def _depth(mask: NDArray[np.uint8]) -> Array:
    """How far each pixel of the ink in `mask` is from the paper, with a frame of one pixel."""
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.distanceTransform(framed, cv2.DIST_L2, 5), np.float32)


def _mean_width(depth: Array) -> float:
    """Across a bar of width w, the distance to the nearest edge averages w / 4."""
    return float(4 * (depth[depth > 0] - 0.5).mean())


def _thin_width(depth: Array) -> float:
    """Width in pixels that nine tenths of the strokes' middle line exceed."""
    highest_near = cv2.dilate(depth, np.ones((3, 3), np.uint8))
    # Next to an edge the depth is 1: there is no middle of anything.
    middle = depth[(depth >= highest_near - 1e-4) & (depth > 1.4)]
    return 2 * float(np.percentile(middle, 10)) - 1 if len(middle) else np.inf


def _work_mask(ink: Array) -> NDArray[np.uint8]:
    """The ink as a mask, uint8 (h, w) of 0 and 1, whose longest side is `WORK_SIDE`."""
    height, width = ink.shape
    scale = WORK_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if scale >= 1:
        return (cv2.resize(ink, size, interpolation=cv2.INTER_LINEAR) > 0.4).astype(np.uint8)
    # A hairline must not fade when it is scaled down: keep every pixel that it touches.
    small = cv2.resize((ink > 0.4).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return (small > 0.05).astype(np.uint8)


def normalise(ink: Array) -> Array:
    """`ink`, cut to its bounding box, as MNIST's authors placed it: float32 (28, 28) in [0, 1]."""
    height, width = ink.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = cv2.copyMakeBorder(
        ink,
        top,
        side - height - top,
        left,
        side - width - left,
        cv2.BORDER_CONSTANT,
        value=0,
    )
    while square.shape[0] < 20:
        square = square.repeat(2, axis=0).repeat(2, axis=1)
    small = cv2.resize(square, (20, 20), interpolation=cv2.INTER_AREA)
    small = np.floor(small * (255 / small.max()) + 0.5) / np.float32(255)
    centres = np.arange(20, dtype=np.float32) + 0.5
    total = small.sum()
    y = int(15 - (small.sum(axis=1) @ centres) / total)
    x = int(15 - (small.sum(axis=0) @ centres) / total)
    room = np.zeros((48, 48), np.float32)  # 10 pixels around the result: the box may stick out
    room[10 + y : 30 + y, 10 + x : 30 + x] = small
    return room[10:38, 10:38].copy()
