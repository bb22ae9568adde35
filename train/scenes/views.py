"""What the detector learns from: parts of scenes at any zoom, with the boxes in them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.detect import CHARACTERS, Box, cut, whole_pixels

Rng = np.random.Generator
SQUARE, WIDE = (128, 128), (64, 256)  # rows and columns of a view
MAX_BOXES = 24  # in a view; more are left out
MIN_SIDE = 8  # a digit that is smaller in a view may be overlooked
MIN_SEEN = 0.6  # so may a character of which less than this share is in the view
OTHER = len(CHARACTERS) - 1
Labelled = tuple[NDArray[np.uint8], NDArray[np.float32]]  # a picture and its boxes


def labels(boxes: NDArray[np.float32], region: Box, shape: tuple[int, int]) -> NDArray[np.float32]:
    """The boxes of a scene in a view.

    Returns:
        float32 (MAX_BOXES, 6): index of `CHARACTERS`; left, top, right and bottom in pixels of the
        view; and 1 for what is to be found, -1 for what may be overlooked, 0 for nothing.
    """
    x0, y0, x1, y1 = whole_pixels(region)
    scale = np.array([shape[1] / (x1 - x0), shape[0] / (y1 - y0)] * 2, np.float32)
    corners = (boxes[:, 1:5] - np.array([x0, y0, x0, y0], np.float32)) * scale
    limits = np.array([shape[1], shape[0]] * 2, np.float32)
    inside = np.clip(corners, 0, limits)
    sides = inside[:, 2:] - inside[:, :2]
    whole = np.maximum((corners[:, 2:] - corners[:, :2]).prod(axis=1), 1e-6)
    seen = boxes[:, 5] * sides.prod(axis=1) / whole
    kept = (sides > 0.5).all(axis=1) & (seen > 0.25)
    is_sign = (boxes[:, 0] >= 10) & (boxes[:, 0] < OTHER)
    clear = (seen > MIN_SEEN) & (is_sign | (sides.max(axis=1, initial=0) >= MIN_SIDE))
    found = np.column_stack([boxes[:, 0], inside, np.where(clear, 1, -1)])[kept][:MAX_BOXES]
    result = np.zeros((MAX_BOXES, 6), np.float32)
    result[: len(found)] = found
    return result


def view_of(scene: Labelled, shape: tuple[int, int], rng: Rng) -> Labelled:
    """A part of a scene: all of it, or around one of its characters, which is 18 to 115 pixels."""
    picture, boxes = scene
    height, width = picture.shape[:2]
    aspect = shape[1] / shape[0]
    chance = rng.random()
    if chance < 0.3 and 0.7 < width / height / aspect < 1.4:
        grown = rng.uniform(0.95, 1.05) if chance < 0.25 else rng.uniform(1.0, 1.6)
        wide, high = grown * width, grown * height
        x0, y0 = rng.uniform(0, 1) * (width - wide), rng.uniform(0, 1) * (height - high)
    else:
        if len(boxes) and rng.random() < 0.9:
            _, left, top, right, bottom, _ = boxes[int(rng.integers(len(boxes)))]
            size = max(right - left, bottom - top, 3)
            middle = ((left + right) / 2, (top + bottom) / 2)
            spread = np.clip(rng.normal(np.log(48), 0.45), np.log(18), np.log(115))
            target = float(np.exp(spread)) * shape[0] / 128 * (1.5 if aspect > 1 else 1)
            high = size * shape[0] / min(target, 0.95 * shape[0])
        else:  # the grain of paper, at any zoom
            middle = (rng.uniform(0, width), rng.uniform(0, height))
            high = float(np.exp(rng.uniform(np.log(16), np.log(min(height, width)))))
        high = min(high, 1.3 * height)
        wide = high * aspect * float(np.exp(rng.normal(0, 0.08)))
        x0 = middle[0] - wide * rng.uniform(0.25, 0.75)
        y0 = middle[1] - high * rng.uniform(0.3, 0.7)
        if rng.random() < 0.8:  # within the picture, as far as there is one
            x0 = float(np.clip(x0, min(0, width - wide), max(0, width - wide)))
            y0 = float(np.clip(y0, min(0, height - high), max(0, height - high)))
    region = (x0, y0, x0 + wide, y0 + high)
    return cut(picture, region, shape), labels(boxes, region, shape)


def image_as_scene(image: NDArray[np.uint8], digit: int, rng: Rng) -> Labelled:
    """A 28x28 image of MNIST, light on dark, as a scene: 280x280, mostly dark on light."""
    rows, columns = np.nonzero(image > 80)
    box = [digit, columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, 1]
    shown = 255 - image if rng.random() < 0.7 else image
    large = cv2.resize(np.dstack([shown] * 3), (280, 280), interpolation=cv2.INTER_LINEAR)
    boxes = np.array([box], np.float32) * np.array([1, 10, 10, 10, 10, 1], np.float32)
    return np.asarray(large, np.uint8), boxes


def stacked(parts: Sequence[Labelled]) -> Labelled:
    """Views below each other, as a picture may show several things."""
    found, y = [], 0
    for view, boxes in parts:
        own = boxes[boxes[:, 5] != 0].copy()
        own[:, [2, 4]] += y
        found.append(own)
        y += view.shape[0]
    result = np.zeros((MAX_BOXES, 6), np.float32)
    rows = np.concatenate(found)[:MAX_BOXES]
    result[: len(rows)] = rows
    return np.concatenate([view for view, _ in parts]), result


def recoloured(view: NDArray[np.uint8], rng: Rng) -> NDArray[np.uint8]:
    """A view in other colours, light and contrast."""
    view = np.ascontiguousarray(view[:, :, rng.permutation(3)])
    if rng.random() < 0.15:
        grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY)
        view = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)
    levels = np.arange(256) / 255
    if rng.random() < 0.2:
        levels = 1 - levels
    if rng.random() < 0.5:
        contrast = rng.uniform(0.4, 1)
        levels = contrast * levels + (1 - contrast) * rng.random()
    if rng.random() < 0.3:
        levels = levels ** np.exp(rng.normal(0, 0.35))
    return np.asarray(cv2.LUT(view, np.round(255 * levels).astype(np.uint8)), np.uint8)
