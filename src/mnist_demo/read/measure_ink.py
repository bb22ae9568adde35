"""Measures how much ink of digits a picture has where the finder sees a digit."""

from __future__ import annotations

import cv2
import numpy as np

from mnist_demo.read.arrays import Pixels
from mnist_demo.read.finder import DIGIT, PAPER, Array, View, resize

INK_SIDE = 320  # longest side, in pixels, of the part in which one digit's ink is measured
MIN_CONTRAST = 12.0  # in [0, 255]; fainter ink is too faint to be read


def measure_ink(view: View, pixels: Pixels, side: int = INK_SIDE) -> Array | None:
    """How much ink of digits each pixel has, in the part of a picture that a view shows.

    The ink is what differs from the paper around it, where the finder sees a digit. The paper's
    colour is the mean of what the finder takes for paper near by, so that light may fall off.

    Args:
        view: of the part.
        pixels: the picture, uint8 (h, w, 3).
        side: longest side of the result in pixels, if the part is not smaller.

    Returns:
        float32 (h, w) in [0, 1]; None if the ink is too faint.
    """
    left, top, right, bottom = view.box
    part = pixels[top:bottom, left:right]
    scale = side / max(part.shape[:2])
    if scale < 1:
        size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
        part = resize(part, size)
    size = (part.shape[1], part.shape[0])
    paper = cv2.resize(view.shares[:, :, PAPER], size, interpolation=cv2.INTER_LINEAR)
    weight = np.maximum(cv2.erode(paper, np.ones((3, 3), np.uint8)) ** 4, 1e-6)[..., np.newaxis]
    colour = part.astype(np.float32)
    contrast = np.abs(colour - _mean_near_by(colour, weight, 0.08 * max(size))).max(axis=2)

    digit = (view.classes == DIGIT).astype(np.float32)
    # Ink of something else keeps its place, but the edge of a digit's stroke may look like paper.
    near = cv2.dilate(digit, np.ones((3, 3), np.uint8)) * (digit + (view.classes == PAPER))
    mask = np.clip(2 * cv2.resize(near, size, interpolation=cv2.INTER_LINEAR) - 0.3, 0, 1)
    inside = cv2.resize(digit, size, interpolation=cv2.INTER_LINEAR) > 0.6
    if not inside.any():
        return None
    usual = float(np.median(contrast[inside]))
    if usual < MIN_CONTRAST:
        return None
    return np.asarray(np.clip((contrast / usual - 0.25) / 0.5, 0, 1) * mask, np.float32)


def _mean_near_by(colour: Array, weight: Array, reach: float) -> Array:
    """The weighted mean colour around each pixel.

    Args:
        colour: float32 (h, w, 3).
        weight: float32 (h, w, 1).
        reach: standard deviation of a Gaussian, in pixels.

    Returns:
        float32 (h, w, 3).
    """
    height, width = weight.shape[:2]
    part = max(1, int(reach / 4))  # so smooth a picture needs few pixels
    small = (-(-width // part), -(-height // part))
    weighed = cv2.resize(np.dstack([colour * weight, weight]), small, interpolation=cv2.INTER_AREA)
    sums = cv2.GaussianBlur(weighed, (0, 0), reach / part)
    mean = (sums[:, :, :3] / sums[:, :, 3:]).astype(np.float32)
    return np.asarray(cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR))
