"""From a photo of a digit on paper to its ink alone.

The light is evened out by dividing by the paper's colour, which a morphological closing estimates.
Whatever is then dark and leads out of the picture is no digit: printed lines, the paper's edges, a
shadow, a finger. Found once in the whole photo, the digit is looked at again from close by, where
lines that end at the paper's edge lead out of the picture, too.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_demo.read.images import Pixels, open_image, read_pixels
from mnist_demo.read.preprocess import find_ink

PHOTO_SIDE, CROP_SIDE = 480, 320  # longest sides, in pixels, of the photo and of the digit's cutting
LEVEL_STEP = 10  # of the levels of darkness that are told apart, in 0..255
# Hardly a digit in validation photos is fainter (in 0..255) or smaller (as a share of the picture)
# than this, and most of what looks like ink on blank sheets is. Strokes whose thickness is a larger
# share of their length are blots, fingers or shadows.
MIN_DARKNESS, MIN_LENGTH, MAX_THICKNESS = 40, 0.04, 0.3
# The least shorter and the most longer side of a card, as shares of the picture's longer. Around a
# larger sheet the table stays dark, and a shadow's edge may cut it in two.
CARD = (0.12, 0.7)


@dataclass(frozen=True)
class Photo:
    """What was found in a photo.

    Attributes:
        steps: a name in plain words and a picture, uint8 (h, w) or (h, w, 3), of each step so far.
        ink: uint8 (h, w), the digit's ink dark on white, for `preprocess`; None without a digit.
    """

    steps: list[tuple[str, Pixels]]
    ink: Pixels | None


def read_photo(image: Any) -> Photo:
    """Find the digit in a photo of handwriting.

    Args:
        image: a path, a PIL image, an array or None, as `preprocess` takes them. The camera's
            metadata turn the photo. Of a JPEG, given by its path or opened and not yet loaded, no
            more is decoded than needed.

    Raises:
        ValueError: it is none of these, cannot be decoded, or has more than 24 million pixels.
    """
    if isinstance(image, str | os.PathLike):
        image = open_image(image)
    if isinstance(image, Image.Image):
        part = max(1, max(image.size) // (3 * PHOTO_SIDE))
        image.draft("RGB", (image.width // part, image.height // part))
    pixels = read_pixels(image)
    if pixels is None:
        return Photo([], None)
    small = _rgb(_resize(pixels, PHOTO_SIDE))
    steps = [("Photo", small)]
    if _is_drawing(pixels):
        drawn = find_ink(pixels)
        return Photo(steps, None) if drawn is None else _result(steps, drawn)
    card = find_card(small)
    if card is not None:
        pixels = _crop(pixels, card, 0)
        small = _rgb(_resize(pixels, PHOTO_SIDE))
    flat = even_illumination(small, 0.2)
    steps.append(("Light evened out", flat))
    ink = np.max([clear_border(dark) for dark in _darkness(flat)], axis=0)
    steps.append(("Lines and edges removed", 255 - ink))
    found = find_digit(ink)
    if found is None:
        return Photo(steps, None)

    close = _rgb(_resize(_crop(pixels, found, 0.3), CROP_SIDE))
    steps.append(("Digit found", close))
    # Blue lines hardly show in a photo's blue, red ones in its red: take the channel that shows
    # most of what does not lead out.
    channels = [(clear_border(d), d) for d in _darkness(even_illumination(close, 0.3))]
    ink, dark = max(channels, key=lambda pair: int(pair[0].sum(dtype=np.int64)))
    found = find_digit(ink)
    if found is None:
        return Photo(steps, None)
    usual = np.median(dark[found > 0])
    cover = np.clip((dark - 0.25 * usual) / (0.5 * usual), 0, 1)
    cover *= cv2.dilate(found, np.ones((3, 3), np.uint8))
    return _result(steps, cover)


def _result(steps: list[tuple[str, Pixels]], ink: NDArray[Any]) -> Photo:
    """`ink`, float in [0, 1], with paper around it, as the last step."""
    paper = 255 - np.round(255 * ink).astype(np.uint8)
    paper = np.pad(paper, 8, constant_values=255)
    return Photo([*steps, ("Ink", paper)], paper)


def even_illumination(rgb: Pixels, thickest: float) -> Pixels:
    """`rgb` relative to the paper around each pixel, which gets 255, in each of its channels.

    Strokes up to `thickest` wide, as a share of the longest side, count as no paper.
    """
    half = cv2.medianBlur(cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), 3)
    # Closed with an octagon, a square and a diamond in one: round shadows have no corners to fill.
    reach = round(thickest * max(half.shape) / 4)
    square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    wide = cv2.dilate(cv2.dilate(half, square), cross, iterations=reach)
    closed = cv2.erode(cv2.erode(wide, cross, iterations=reach), square)
    paper = cv2.resize(cv2.GaussianBlur(closed, (0, 0), 1.5), rgb.shape[1::-1])
    return np.asarray(cv2.divide(rgb, paper, scale=255), np.uint8)


def find_card(rgb: Pixels) -> Pixels | None:
    """A light, small sheet that lies all in the picture: uint8 (h, w) of 0 and 1, or None.

    `even_illumination` would also take the table around it for paper. Then neither its edges nor
    the lines printed on it would touch the picture's border.
    """
    bright = cv2.GaussianBlur(rgb.max(axis=2), (0, 0), 2)
    light = np.asarray(cv2.threshold(bright, 0, 1, cv2.THRESH_OTSU)[1], np.uint8)
    light = np.asarray(cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)))
    if np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]]).mean() > 0.02:
        return None
    outlines, _ = cv2.findContours(light, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    outline = max(outlines, key=cv2.contourArea, default=None)
    if outline is None:
        return None
    hull = cv2.convexHull(outline)
    sides = sorted(cv2.minAreaRect(hull)[1])
    # Strokes of chalk are longer than sheets, and pools of light rounder.
    straight = cv2.contourArea(outline) > 0.93 * cv2.contourArea(hull) > 0.76 * sides[0] * sides[1]
    if not straight or sides[0] < max(MIN_CARD_SIDE * max(light.shape), sides[1] / 4):
        return None
    if sides[1] > MAX_CARD_SIDE * max(light.shape):
        return None
    return np.asarray(cv2.fillPoly(np.zeros_like(light), [hull], (1,)), np.uint8)


def _darkness(flat: Pixels) -> list[Pixels]:
    smooth = np.asarray(cv2.GaussianBlur(flat, (0, 0), 0.7), np.uint8)
    return [255 - smooth[:, :, channel] for channel in range(3)]


def clear_border(dark: Pixels) -> Pixels:
    """How much darker each pixel is than any path from it to the picture's edge lets it leave.

    uint8 (h, w), larger is darker. This subtracts from `dark` its morphological reconstruction from
    the edge (Vincent, "Morphological Grayscale Reconstruction in Image Analysis", 1993), here in
    levels: at each, what is as dark and touches the edge is dropped. Ink on a printed line keeps
    what it is darker by than the line.
    """
    kept = np.zeros_like(dark)
    for level in range(LEVEL_STEP, 255, LEVEL_STEP):
        mask = cv2.threshold(dark, level, 1, cv2.THRESH_BINARY)[1]
        framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
        cv2.floodFill(framed, None, (0, 0), 0, flags=8)
        kept += np.uint8(LEVEL_STEP) * np.asarray(framed[1:-1, 1:-1], np.uint8)
    return kept


def find_digit(ink: Pixels, threshold: float = 2 * LEVEL_STEP - 1) -> Pixels | None:
    """The digit's pixels among those of `ink` above `threshold`: uint8 (h, w) of 0 and 1, or None.

    The longest and darkest stroke near the middle, and what the same pen may have drawn beside it.
    """
    height, width = ink.shape
    mask = (ink > threshold).astype(np.uint8)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(mask)
    left, top, wide, high, area = stats.T
    flat = labels.ravel()
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    thickness = 4 * np.bincount(flat, distance.ravel(), count) / area
    thickness[0] = np.inf  # the paper
    darkness = np.bincount(flat, ink.ravel(), count) / area
    longest = np.maximum(wide, high)
    stroke = (longest > MIN_LENGTH * max(ink.shape)) & (thickness < MAX_THICKNESS * longest)
    off_middle = ((centres / (width, height) - 0.5) ** 2).sum(axis=1)
    weight = darkness**2 * area / thickness
    main = int((weight * stroke * np.exp(-8 * off_middle)).argmax())
    darkest = np.percentile(ink[labels == main], 90)
    if not stroke[main]:  # but a shadow may hide a darker one
        return find_digit(ink, 2 * threshold) if threshold < 100 else None
    if darkest < MIN_DARKNESS:
        return None
    if threshold < 0.39 * darkest:  # it may hang together with something fainter
        return find_digit(ink, 0.4 * darkest)
    alike = (weight > 0.02 * weight[main]) & (darkness > 0.5 * darkness[main])
    alike &= (thickness > 0.4 * thickness[main]) & (thickness < 2 * thickness[main])
    chosen, before = np.arange(count) == main, 0
    while chosen.sum() > before:
        before = int(chosen.sum())
        x0, y0 = left[chosen].min(), top[chosen].min()
        x1, y1 = (left + wide)[chosen].max(), (top + high)[chosen].max()
        reach = 0.25 * max(x1 - x0, y1 - y0)
        beside = (left < x1 + reach) & (left + wide > x0 - reach)
        chosen |= alike & beside & (top < y1 + reach) & (top + high > y0 - reach)
    return chosen[labels].astype(np.uint8)


def _is_drawing(pixels: Pixels) -> bool:
    """Whether it is small, transparent or of one colour at its edge, as no camera sees paper."""
    if max(pixels.shape[:2]) < 100:
        return True
    if pixels.ndim == 3 and pixels.shape[2] == 4 and pixels[:, :, 3].min() < 255:
        return True
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return bool(np.ptp(edge, axis=0).max() <= 8)


def _crop(pixels: Pixels, found: Pixels, margin: float) -> Pixels:
    """The part of the full photo around what was `found` in the small one, and a `margin` more, as
    a share of its longer side."""
    x, y, width, height = cv2.boundingRect(found)
    margin *= max(width, height)
    across, down = pixels.shape[1] / found.shape[1], pixels.shape[0] / found.shape[0]
    rows = slice(int(max(0, y - margin) * down), int((y + height + margin) * down) + 1)
    columns = slice(int(max(0, x - margin) * across), int((x + width + margin) * across) + 1)
    return pixels[rows, columns]


def _resize(pixels: Pixels, side: int) -> Pixels:
    """`pixels` with a longest side of `side`."""
    height, width = pixels.shape[:2]
    part = max(height, width) // (2 * side)
    if part > 1 and min(height, width) >= part:  # by a whole number it is many times faster
        pixels = pixels[: height // part * part, : width // part * part]
        size = (width // part, height // part)
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    scale = side / max(pixels.shape[:2])
    size = (max(2, round(pixels.shape[1] * scale)), max(2, round(pixels.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8)


def _rgb(pixels: Pixels) -> Pixels:
    """Gray and RGBA as RGB, on white paper."""
    if pixels.ndim == 2:
        return np.dstack([pixels] * 3)
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[:, :, 3:].astype(np.uint16)
    return ((pixels[:, :, :3] * alpha + 255 * (255 - alpha)) // 255).astype(np.uint8)
