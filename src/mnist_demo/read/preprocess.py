"""Turns any image into the 28x28 image that the network expects.

MNIST's authors scaled each digit into 20x20 pixels and placed it by its centre of mass in 28x28
(LeCun and others, "Gradient-Based Learning Applied to Document Recognition", 1998). The steps here
follow QMNIST's reconstruction, which was checked against all of MNIST (Yadav and Bottou, "Cold
Case: The Lost MNIST Digits", 2019; facebookresearch/qmnist, file making_qmnist/xnist.lsh):

1. Crop the ink to its bounding box and pad the box to a square.
2. Scale it to 20x20 pixels by area resampling.
3. Scale the values so that the brightest pixel is 255.
4. Shift it by whole pixels, so that its centre of mass lies in the middle of 28x28.

MNIST's pens were all about equally wide, but a visitor's brush can have any width. So strokes
outside MNIST's range of widths are first thinned or thickened to MNIST's median.
"""

from __future__ import annotations

from functools import reduce
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.decode.arrays import Pixels
from mnist_demo.read.decode.images import decode

# Stroke widths of MNIST's training images, in pixels of the 20x20 box, as `stroke_width` measures
# them: 1st percentile, median and 99th percentile.
MIN_STROKE_WIDTH, MEDIAN_STROKE_WIDTH, MAX_STROKE_WIDTH = 1.6, 2.8, 5.25
# Ink whose longest side has more than LARGE_INK pixels can have gaps finer than MNIST's. They would
# close in 20x20 pixels, so its strokes are thinned from a smaller width on.
LARGE_INK, MAX_STROKE_WIDTH_LARGE = 40, 3.5
FAINT = 5.0  # in [0, 255]; what differs less from the paper is noise
MIN_CONTRAST = 31.0  # in [0, 255]; if nothing differs more from the paper, it is blank
WORK_SIDE = 200  # longest side, in pixels, of the ink on which widths are measured and changed

Array = NDArray[np.float32]
Ink = TypeVar("Ink", np.uint8, np.float32)


def preprocess(image: Any) -> Array | None:
    """Turn `image` into the image that MNIST's authors would have made of it.

    Args:
        image: one image in any of these forms. The ink may be dark on light paper or light on dark.
            Transparent parts are white paper, or black paper under ink that is all white.

            - None, or a Sketchpad value: its "composite" is used.
            - An image file in one of `FORMATS`: its path, its bytes, or the open file.
            - A PIL image of any mode.
            - An array, nested lists, or a tensor: anything that has `__array__`. Gray (h, w), RGB
              (h, w, 3) or RGBA (h, w, 4). An axis of 1 may be added for a batch or a channel, and
              RGB may have its channels first. The values are a mask (bool, or integers of 0 and 1),
              0 to 255, 0 to 1 (floats), 0 to 65535, or 0 to 16 in gray 8x8 pixels.

    Returns:
        float32 (28, 28) in [0, 1], white ink on black; None if there is no ink.

    Raises:
        ValueError: `image` is none of these, could mean two things, cannot be decoded, or has too
            many pixels: more than 24 million, or more than 6.3 million if it is WebP or TIFF or has
            more than 8 bits. The text says what is accepted.
    """
    return to_model_input(decode(image).pixels)


def to_model_input(pixels: Pixels | None) -> Array | None:
    """What `preprocess` makes of an image that `decode` has turned into these pixels."""
    ink = None if pixels is None else find_ink(pixels)
    return None if ink is None else normalize(normalize_stroke_width(ink))


def stroke_width(mask: NDArray[np.uint8]) -> float:
    """The mean width, in pixels, of the strokes in `mask`: uint8 (h, w), nonzero on ink."""
    return _mean_width(_depth(mask))


def find_ink(pixels: Pixels) -> Array | None:
    """The distance of each pixel from the paper's colour, cropped to the ink.

    It is the largest of the channels' distances, so that yellow on white counts as ink. Its sign is
    dropped, so that white on black is read like black on white.

    Args:
        pixels: uint8 (h, w), (h, w, 3) or (h, w, 4), as `decode` returns them.

    Returns:
        float32 (h, w) in [0, 1]; None if there is no ink.
    """
    found = crop_ink(pixels)
    return None if found is None else found[0]


def crop_ink(pixels: Pixels) -> tuple[Array, tuple[int, int]] | None:
    """The ink that `find_ink` returns, and the (x, y) of its upper left corner in `pixels`."""
    # The steps that touch every pixel take nearly all of the time, so they stay in 8 bits.
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        alpha = pixels[:, :, 3]
        if alpha.min() < 255:
            distance, corner = _over_paper(pixels, 255)
            if _is_white_ink(distance, alpha):
                distance, corner = _over_paper(pixels, 0)
            return _clean(distance, corner, FAINT)
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB), np.uint8)
    distances, noise = [], 0.0
    for channel in [pixels] if pixels.ndim == 2 else cv2.split(pixels):
        frame = _frame(channel)
        paper = float(np.median(frame))
        # Half of the frame's pixels lie within this of the paper's colour.
        noise = max(noise, float(np.median(np.abs(frame - paper))))
        # A table of all 256 values, as `cv2.absdiff` takes a column of four pixels for a colour.
        table = np.abs(np.arange(256) - paper).astype(np.uint8)
        distances.append(np.asarray(cv2.LUT(channel, table), np.uint8))
    return _clean(_largest(distances), (0, 0), faint=max(FAINT, 9 * noise))


def on_paper(pixels: Pixels) -> Pixels:
    """Gray, RGB or RGBA `pixels` as RGB, uint8 (h, w, 3). What is transparent is laid on paper."""
    if pixels.ndim == 2:
        return np.dstack([pixels] * 3)
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[:, :, 3:].astype(np.uint16)
    white_ink = _is_white_ink(_over_paper(pixels, 255)[0], pixels[:, :, 3])
    paper = np.uint16(0 if white_ink else 255)
    return ((pixels[:, :, :3] * alpha + paper * (255 - alpha)) // 255).astype(np.uint8)


def _is_white_ink(distance: Pixels, alpha: Pixels) -> bool:
    """Whether there is ink that white paper would hide, as nothing differs from white.

    The frame of the picture must be mostly transparent: a blank sheet with transparent corners is
    no ink.

    Args:
        distance: uint8 (h, w), from white paper.
        alpha: uint8 (h, w), the opacity of the whole picture.
    """
    if distance.max() >= MIN_CONTRAST or not alpha.any():
        return False
    return bool(np.median(_frame(alpha)) == 0)


def _frame(channel: NDArray[Any]) -> NDArray[Any]:
    """The values of `channel`, uint8 (h, w), along its four edges."""
    return np.concatenate([channel[0], channel[-1], channel[:, 0], channel[:, -1]])


def _over_paper(pixels: Pixels, paper: int) -> tuple[Pixels, tuple[int, int]]:
    """How far RGBA `pixels` are from the `paper` below, 255 or 0: uint8 (h, w), cropped; corner."""
    alpha = pixels[:, :, 3]
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(alpha))
    inked = (slice(y, y + height), slice(x, x + width))
    if not width:
        return np.zeros((1, 1), np.uint8), (0, 0)
    channels = [pixels[inked][:, :, channel] for channel in range(3)]
    opaque = _largest([paper - channel for channel in channels] if paper else channels)
    return np.asarray(cv2.multiply(opaque, alpha[inked], scale=1 / 255), np.uint8), (x, y)


def _largest(channels: list[Pixels]) -> Pixels:
    """The largest value of all `channels`, uint8 (h, w) each, at every pixel."""
    return reduce(lambda a, b: np.asarray(cv2.max(a, b), np.uint8), channels)


def _clean(
    distance: Pixels, corner: tuple[int, int], faint: float
) -> tuple[Array, tuple[int, int]] | None:
    """Scale `distance` to ink in [0, 1], without faint pixels and specks, and crop it.

    Args:
        distance: uint8 (h, w), from the paper's colour.
        corner: (x, y) of its upper left corner in the image.
        faint: distances below this are noise.

    Returns:
        The ink, float32 (h, w), and the (x, y) of its corner in the image; None if there is none.
    """
    peak = float(distance.max())
    if peak < max(MIN_CONTRAST, 1.5 * faint):
        return None
    clear = np.asarray(cv2.threshold(distance, faint - 1, 0, cv2.THRESH_TOZERO)[1], np.uint8)
    near, (x, y) = _crop(clear)
    ink, (right, down) = _crop(_without_specks(np.minimum(near.astype(np.float32) / peak, 1)))
    return ink, (corner[0] + x + right, corner[1] + y + down)


def _crop(ink: NDArray[Ink]) -> tuple[NDArray[Ink], tuple[int, int]]:
    """`ink` cropped to its bounding box, and the (x, y) of the box's upper left corner."""
    x, y, width, height = cv2.boundingRect((ink > 0).view(np.uint8))
    return ink[y : y + height, x : x + width], (x, y)


def _without_specks(ink: Array) -> Array:
    """Erase the parts of `ink` that are too small for the pen that drew the rest."""
    mask = (ink > 0.4).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((ink > 0).astype(np.uint8))
    if count <= 2:
        return ink
    dot = 0.25 * stroke_width(mask) ** 2
    specks = stats[:, cv2.CC_STAT_AREA] < dot
    return np.where(specks[labels], np.float32(0), ink) if specks.any() else ink


def normalize_stroke_width(ink: Array) -> Array:
    """Thin or thicken strokes outside MNIST's range of widths to MNIST's median.

    Let m be the longest side of the ink's bounding box and w the width of its strokes. Moving the
    edges of the strokes outwards by r gives a width of w + 2r in a box of m + 2r. The r is chosen
    for which this is `MEDIAN_STROKE_WIDTH` in a box of 20.

    Args:
        ink: float32 (h, w) in [0, 1], cropped to its bounding box.

    Returns:
        float32 (h, w) in [0, 1], cropped. `ink` itself if its strokes are in MNIST's range; else
        its size is near `WORK_SIDE`.
    """
    mask = _work_mask(ink)
    if not mask.any():  # all ink is faint, but for a pixel that vanishes among so many
        return ink
    side = max(mask.shape)
    depth = _depth(mask)
    width = _mean_width(depth)
    thickest = MAX_STROKE_WIDTH_LARGE if max(ink.shape) > LARGE_INK else MAX_STROKE_WIDTH
    if MIN_STROKE_WIDTH <= 20 * width / side <= thickest:
        return ink
    if 20 * width / side > thickest:
        # A filled loop is wider than the strokes. They must not be thinned away with it.
        width = min(width, _thin_width(depth))
        if 20 * width / side <= MEDIAN_STROKE_WIDTH:
            return ink
    r = (MEDIAN_STROKE_WIDTH * side - 20 * width) / (2 * (20 - MEDIAN_STROKE_WIDTH))
    r = max(r, -0.35 * width)  # leave some of a dot or a blot: it has no stroke inside
    # Two pixels on either side of an edge are at a distance of 1 from each other.
    if r < 0:
        moved = depth + np.float32(r)
    else:
        paper = 1 - np.pad(mask, int(np.ceil(r)) + 2)
        moved = np.float32(1 + r) - cv2.distanceTransform(paper, cv2.DIST_L2, 5)
    return _crop(np.clip(moved, 0, 1).astype(np.float32))[0]


def _depth(mask: NDArray[np.uint8]) -> Array:
    """The distance of each pixel of ink in `mask` from the paper, with a border of one pixel."""
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.distanceTransform(framed, cv2.DIST_L2, 5), np.float32)


def _mean_width(depth: Array) -> float:
    """The mean stroke width for `depth`: across a bar of width w, the mean depth is w / 4."""
    return float(4 * (depth[depth > 0] - 0.5).mean())


def _thin_width(depth: Array) -> float:
    """The width, in pixels, that nine tenths of the strokes' centre lines exceed."""
    highest_near = cv2.dilate(depth, np.ones((3, 3), np.uint8))
    # Next to an edge the depth is 1. No centre line is there.
    middle = depth[(depth >= highest_near - 1e-4) & (depth > 1.4)]
    return 2 * float(np.percentile(middle, 10)) - 1 if len(middle) else np.inf


def _work_mask(ink: Array) -> NDArray[np.uint8]:
    """The ink as a mask, uint8 (h, w) of 0 and 1, whose longest side is `WORK_SIDE`."""
    scale = WORK_SIDE / max(ink.shape)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    if scale >= 1:
        return (cv2.resize(ink, size, interpolation=cv2.INTER_LINEAR) > 0.4).astype(np.uint8)
    # Keep every pixel that a hairline touches: it must not fade when it is scaled down.
    small = cv2.resize((ink > 0.4).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return (small > 0.05).astype(np.uint8)


def normalize(ink: Array) -> Array:
    """Scale and centre `ink` as MNIST's authors did (see above).

    Args:
        ink: float32 (h, w) in [0, 1], cropped to its bounding box.

    Returns:
        float32 (28, 28) in [0, 1].
    """
    height, width = ink.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    bottom, right = side - height - top, side - width - left
    square = cv2.copyMakeBorder(ink, top, bottom, left, right, cv2.BORDER_CONSTANT, value=0)
    while square.shape[0] < 20:
        square = square.repeat(2, axis=0).repeat(2, axis=1)
    small = cv2.resize(square, (20, 20), interpolation=cv2.INTER_AREA)
    small = np.floor(small * (255 / small.max()) + 0.5) / np.float32(255)
    centres = np.arange(20, dtype=np.float32) + 0.5
    total = small.sum()
    y = int(15 - (small.sum(axis=1) @ centres) / total)
    x = int(15 - (small.sum(axis=0) @ centres) / total)
    room = np.zeros((48, 48), np.float32)  # 10 pixels more on each side: the box may stick out
    room[10 + y : 30 + y, 10 + x : 30 + x] = small
    return room[10:38, 10:38].copy()
