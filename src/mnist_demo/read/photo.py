"""Finds the ink of a digit in a photo of paper.

The photo is divided by the colour of its paper, which a morphological closing estimates. This evens
out the light. Whatever is dark and touches the picture's border is then removed: printed lines, the
paper's edges, a shadow, a finger. The digit is first found in the whole photo. Then the part around
it is cropped from the full resolution and the steps are repeated, as lines that end at the paper's
edge touch the border of the crop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_demo.read.files import open_if_file
from mnist_demo.read.finder import rgb
from mnist_demo.read.images import Pixels, read_pixels
from mnist_demo.read.preprocess import find_ink

PHOTO_SIDE, CROP_SIDE = 480, 320  # longest side, in pixels, of the photo and of the digit's crop
LEVEL_STEP = 10  # between the levels of darkness, in [0, 255], at which ink is looked for
# Almost all digits in validation photos are darker and longer than this. Most marks on blank sheets
# that look like ink are not.
MIN_DARKNESS = 40  # in [0, 255]
MIN_LENGTH = 0.04  # share of the picture's longer side
MAX_THICKNESS = 0.3  # share of a stroke's length; what is thicker is a blot, a finger or a shadow
# The shorter and the longer side of a card, as shares of the picture's longer side. A larger sheet
# needs no special care: the table around it stays dark. The edge of a shadow may cut it in two.
MIN_CARD_SIDE, MAX_CARD_SIDE = 0.12, 0.7


@dataclass(frozen=True)
class Photo:
    """What was found in a photo.

    Attributes:
        steps: the name and the picture, uint8 (h, w) or (h, w, 3), of each step that was taken.
        ink: uint8 (h, w), the digit in dark ink on white, for `preprocess`; None if there is no
            digit.
    """

    steps: list[tuple[str, Pixels]]
    ink: Pixels | None


def read_photo(image: Any) -> Photo:
    """Find the digit in a photo of handwriting.

    Args:
        image: anything that `preprocess` accepts. The photo is turned upright as its EXIF data
            say. A JPEG given by its path, or as a PIL image that is not loaded yet, is decoded at a
            fraction of its size.

    Raises:
        ValueError: `preprocess` would raise it.
    """
    pixels = read_pixels(open_reduced(image))
    if pixels is None:
        return Photo([], None)
    small = rgb(_resize(pixels, PHOTO_SIDE))
    steps = [("Photo", small)]
    if _is_drawing(pixels):
        drawn = find_ink(pixels)
        return Photo(steps, None) if drawn is None else _result(steps, drawn)
    card = find_card(small)
    if card is not None:
        pixels = _crop(pixels, card, 0)
        small = rgb(_resize(pixels, PHOTO_SIDE))
    flat = even_illumination(small, 0.2)
    steps.append(("Light evened out", flat))
    ink = np.max([clear_border(dark) for dark in _darkness(flat)], axis=0)
    steps.append(("Lines and edges removed", 255 - ink))
    found = find_digit(ink)
    if found is None:
        return Photo(steps, None)

    close = rgb(_resize(_crop(pixels, found, 0.3), CROP_SIDE))
    steps.append(("Digit found", close))
    # Blue lines hardly show in the blue channel, and red lines hardly show in the red channel. Take
    # the channel in which most ink is left.
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
    """A photo whose last step is `ink`, float (h, w) in [0, 1], with white paper around it."""
    paper = 255 - np.round(255 * ink).astype(np.uint8)
    paper = np.pad(paper, 8, constant_values=255)
    return Photo([*steps, ("Ink", paper)], paper)


def open_reduced(image: Any) -> Any:
    """`image`, opened if it is a file. A JPEG will be decoded at a fraction of its size, but at no
    less than three times `PHOTO_SIDE`.

    Raises:
        ValueError: `open_if_file` raised it.
    """
    image = open_if_file(image)
    if isinstance(image, Image.Image):
        part = max(1, max(image.size) // (3 * PHOTO_SIDE))
        image.draft("RGB", (image.width // part, image.height // part))
    return image


def even_illumination(rgb: Pixels, thickest: float) -> Pixels:
    """Divide each channel of `rgb` by the colour of the paper around each pixel.

    Args:
        rgb: uint8 (h, w, 3).
        thickest: width of the thickest stroke that shall not count as paper, as a share of the
            picture's longest side.

    Returns:
        uint8 (h, w, 3), in which paper is 255.
    """
    half = cv2.medianBlur(cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), 3)
    # An octagon, made of a square and a diamond: it follows a round shadow better than a square.
    reach = round(thickest * max(half.shape) / 4)
    square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    wide = cv2.dilate(cv2.dilate(half, square), cross, iterations=reach)
    closed = cv2.erode(cv2.erode(wide, cross, iterations=reach), square)
    paper = cv2.resize(cv2.GaussianBlur(closed, (0, 0), 1.5), rgb.shape[1::-1])
    return np.asarray(cv2.divide(rgb, paper, scale=255), np.uint8)


def find_card(rgb: Pixels) -> Pixels | None:
    """A small, light sheet of paper that lies wholly inside the picture.

    `even_illumination` would also take the table around it for paper. Then neither its edges nor
    the lines printed on it would touch the picture's border.

    Args:
        rgb: uint8 (h, w, 3).

    Returns:
        uint8 (h, w), 1 on the sheet and 0 elsewhere; None if there is no such sheet.
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
    # Strokes of chalk are longer than sheets, and pools of light are rounder.
    straight = cv2.contourArea(outline) > 0.93 * cv2.contourArea(hull) > 0.76 * sides[0] * sides[1]
    if not straight or sides[0] < max(MIN_CARD_SIDE * max(light.shape), sides[1] / 4):
        return None
    if sides[1] > MAX_CARD_SIDE * max(light.shape):
        return None
    return np.asarray(cv2.fillPoly(np.zeros_like(light), [hull], (1,)), np.uint8)


def _darkness(flat: Pixels) -> list[Pixels]:
    """The three channels of `flat`, smoothed and inverted: uint8 (h, w), 0 on white paper."""
    smooth = np.asarray(cv2.GaussianBlur(flat, (0, 0), 0.7), np.uint8)
    return [255 - smooth[:, :, channel] for channel in range(3)]


def clear_border(dark: Pixels) -> Pixels:
    """Remove from `dark` everything that touches the picture's border.

    This subtracts the morphological reconstruction of `dark` from the border (Vincent,
    "Morphological Grayscale Reconstruction in Image Analysis: Applications and Efficient
    Algorithms", IEEE Transactions on Image Processing 2(2), 1993). It works level by level: at each
    level, the regions that are at least as dark and touch the border are dropped. So ink on a
    printed line keeps the amount by which it is darker than the line.

    Args:
        dark: uint8 (h, w), larger is darker.

    Returns:
        uint8 (h, w), how much darker each pixel is than what connects it to the border.
    """
    kept = np.zeros_like(dark)
    for level in range(LEVEL_STEP, 255, LEVEL_STEP):
        mask = cv2.threshold(dark, level, 1, cv2.THRESH_BINARY)[1]
        framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
        cv2.floodFill(framed, None, (0, 0), 0, flags=8)
        kept += np.uint8(LEVEL_STEP) * np.asarray(framed[1:-1, 1:-1], np.uint8)
    return kept


def find_digit(ink: Pixels, threshold: float = 2 * LEVEL_STEP - 1) -> Pixels | None:
    """The longest and darkest stroke near the middle, and those that the same pen drew beside it.

    Args:
        ink: uint8 (h, w), larger is darker.
        threshold: only pixels of `ink` above it are looked at.

    Returns:
        uint8 (h, w), 1 on the digit and 0 elsewhere; None if there is no digit.
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
    if not stroke[main]:  # a shadow may hide a darker stroke
        return find_digit(ink, 2 * threshold) if threshold < 100 else None
    if darkest < MIN_DARKNESS:
        return None
    if threshold < 0.39 * darkest:  # the stroke may be joined to something fainter
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
    """Whether `pixels` are no photo: small, transparent, or of one colour at the border."""
    if max(pixels.shape[:2]) < 100:
        return True
    if pixels.ndim == 3 and pixels.shape[2] == 4 and pixels[:, :, 3].min() < 255:
        return True
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return bool(np.ptp(edge, axis=0).max() <= 8)


def _crop(pixels: Pixels, found: Pixels, margin: float) -> Pixels:
    """Crop the full photo to what was found in the small one.

    Args:
        pixels: the full photo, uint8 (h, w) or (h, w, channels).
        found: uint8, the small photo's size, 1 on what was found.
        margin: added on all sides, as a share of the longer side of what was found.
    """
    x, y, width, height = cv2.boundingRect(found)
    margin *= max(width, height)
    across, down = pixels.shape[1] / found.shape[1], pixels.shape[0] / found.shape[0]
    rows = slice(int(max(0, y - margin) * down), int((y + height + margin) * down) + 1)
    columns = slice(int(max(0, x - margin) * across), int((x + width + margin) * across) + 1)
    return pixels[rows, columns]


def _resize(pixels: Pixels, side: int) -> Pixels:
    """`pixels`, scaled so that the longest side has `side` pixels."""
    height, width = pixels.shape[:2]
    part = max(height, width) // (2 * side)
    if part > 1 and min(height, width) >= part:  # much faster by a whole number
        pixels = pixels[: height // part * part, : width // part * part]
        size = (width // part, height // part)
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    scale = side / max(pixels.shape[:2])
    size = (max(2, round(pixels.shape[1] * scale)), max(2, round(pixels.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8)
