"""Saliency: which strokes support an answer.

The network is asked again with parts of the ink erased: occlusion, as in Zeiler and Fergus,
"Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.decode.arrays import Pixels
from mnist_demo.read.network import Network
from mnist_demo.read.preprocess import WORK_SIDE, crop_ink, normalize_stroke_width

PATCH_SIDE = 5  # pixels on a side of the square that is erased
OVERLAY_SIDE = 400  # longest side, in pixels, of the picture
SUPPORTS, CONTRADICTS, NEUTRAL = (225, 30, 20), (20, 90, 235), (120, 120, 120)  # red, blue, gray

Array = NDArray[np.float32]


def saliency_map(network: Network, model_input: Array, digit: int) -> Array:
    """How much each pixel of ink supports `digit`: float32 (28, 28) in [-1, 1], 0 on paper.

    Squares of `PATCH_SIDE` pixels are erased, one at a time. A pixel's value is the mean drop of
    the log-odds of `digit` over the squares that cover it, divided by the largest.

    Args:
        network: it reads up to 145 versions of the image, in one batch.
        model_input: float32 (28, 28) in [0, 1], as `Prediction` has it.
        digit: the digit, 0 to 9, whose support is measured.
    """
    corners = [
        (y, x)
        for y in range(0, 28 - PATCH_SIDE + 1, 2)
        for x in range(0, 28 - PATCH_SIDE + 1, 2)
        if model_input[y : y + PATCH_SIDE, x : x + PATCH_SIDE].max() > 0
    ]
    erased = np.repeat(model_input[np.newaxis], len(corners) + 1, axis=0)
    for image, (y, x) in zip(erased[1:], corners, strict=True):
        image[y : y + PATCH_SIDE, x : x + PATCH_SIDE] = 0
    predictions = network.classify(list(erased))
    share = np.array([p.probabilities[digit] for p in predictions], np.float64).clip(1e-6, 1 - 1e-6)
    log_odds = np.log(share / (1 - share))
    total, count = np.zeros((28, 28)), np.zeros((28, 28))
    for change, (y, x) in zip(log_odds[0] - log_odds[1:], corners, strict=True):
        total[y : y + PATCH_SIDE, x : x + PATCH_SIDE] += change
        count[y : y + PATCH_SIDE, x : x + PATCH_SIDE] += 1
    heat = total / np.maximum(count, 1) * (model_input > 0)
    return (heat / max(float(np.abs(heat).max()), 1e-6)).astype(np.float32)


def overlay_on_drawing(pixels: Pixels, model_input: Array, heat: Array) -> Pixels:
    """The drawing's ink in the colours of `heat`: uint8 (h, w, 4), RGBA, transparent on paper.

    Ink that supports the digit is red, ink that contradicts it is blue, the rest is gray.

    Args:
        pixels: the drawing, uint8, as `decode` returns it; there must be ink on it.
        model_input: float32 (28, 28), what `preprocess` returns for it.
        heat: float32 (28, 28), what `saliency_map` returns for `model_input`.
    """
    located = crop_ink(pixels)
    assert located is not None
    ink, (x, y) = located
    height, width = pixels.shape[:2]
    cover = np.zeros((height, width), np.float32)
    cover[y : y + ink.shape[0], x : x + ink.shape[1]] = ink
    # Spread the values beyond the strokes in 28x28, as the drawn strokes may be thicker.
    share = cv2.GaussianBlur((model_input > 0).astype(np.float32), (0, 0), 1)
    spread = cv2.GaussianBlur(heat, (0, 0), 1) / (share + 1e-6)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    placed = cv2.warpAffine(spread, placement(located, model_input), (width, height), flags=how)
    weight = np.abs(placed.clip(-1, 1))[..., np.newaxis] ** 0.5
    colour = np.where(placed[..., np.newaxis] > 0, SUPPORTS, CONTRADICTS)
    rgb = NEUTRAL * (1 - weight) + colour * weight
    shown = np.dstack([rgb, 255 * cover]).round().astype(np.uint8)
    scale = OVERLAY_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), np.uint8)


def placement(located: tuple[Array, tuple[int, int]], model_input: Array) -> Array:
    """The affine map from a drawing's pixels to those of `model_input`: float32 (2, 3).

    `normalize_stroke_width` moves all edges of the ink's box outwards alike, and `normalize` places
    it by its centre of mass. So the two centres of mass are the same point of the drawing.

    Args:
        located: the drawing's ink and its corner, as `crop_ink` returns them.
        model_input: float32 (28, 28), what `preprocess` returns for the drawing.
    """
    ink, corner = located
    even = normalize_stroke_width(ink)
    # The drawing's pixels in one pixel of `even`.
    unit = 1.0 if even is ink else max(ink.shape) / WORK_SIDE
    middle = np.array(ink.shape[::-1]) / 2 + corner
    centre = middle + unit * (_centre_of_mass(even) - np.array(even.shape[::-1]) / 2)
    scale = 20 / (unit * max(even.shape))
    # OpenCV's coordinates begin at the middle of the first pixel.
    shift = _centre_of_mass(model_input) - 0.5 - scale * (centre - 0.5)
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)


def _centre_of_mass(ink: Array) -> NDArray[np.float64]:
    """(x, y), measured from the upper left corner of the first pixel."""
    y, x = ((np.arange(n) + 0.5) @ ink.sum(axis=1 - axis) for axis, n in enumerate(ink.shape))
    return np.array([x, y]) / ink.sum()
