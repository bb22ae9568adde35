"""Reads a picture and keeps what was seen on the way, for those who want to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_demo.read.arrays import Pixels
from mnist_demo.read.best_digit import find_digit
from mnist_demo.read.classifier import Classifier
from mnist_demo.read.files import open_if_file
from mnist_demo.read.finder import DIGIT, PAPER, Box, look, resize, rgb
from mnist_demo.read.images import read_pixels
from mnist_demo.read.prediction import BLANK, Prediction

SHOWN_SIDE = 480  # longest side, in pixels, of the picture that is shown


@dataclass(frozen=True)
class PictureResult:
    """What was seen in a picture.

    Attributes:
        prediction: the answer.
        picture: uint8 (h, w, 3), at most `SHOWN_SIDE` high and wide; None if there is none.
        digit: bool (rows, columns), where the finder saw ink of digits; None if it did not look.
        other: bool (rows, columns), where it saw other ink.
        box: left, top, right and bottom of the part that was read, as shares of the picture's width
            and height; None if all of it was.
    """

    prediction: Prediction
    picture: Pixels | None = None
    digit: NDArray[np.bool_] | None = None
    other: NDArray[np.bool_] | None = None
    box: tuple[float, float, float, float] | None = None


def read_picture(classifier: Classifier, image: Any) -> PictureResult:
    """Read the digit in any picture, as `Classifier.classify` does.

    A JPEG given by its path, or as a PIL image that is not loaded yet, is decoded at a fraction of
    its size.

    Raises:
        ValueError: `preprocess` would raise it.
    """
    image = open_reduced(image)
    pixels = read_pixels(image)
    if pixels is None:
        return PictureResult(BLANK)
    height, width = pixels.shape[:2]
    scale = min(1.0, SHOWN_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    colour = rgb(pixels)
    picture = resize(colour, size)
    if not classifier.looks_at(image, pixels):
        return PictureResult(classifier.classify(image), picture)
    found, prediction = find_digit(classifier.find, classifier.classify_inputs, pixels)
    classes = (found.view or look(classifier.find, colour)).classes
    box = None if found.box is None else _as_shares(found.box, width, height)
    other = (classes != DIGIT) & (classes != PAPER)
    return PictureResult(prediction, picture, classes == DIGIT, other, box)


def _as_shares(box: Box, width: int, height: int) -> tuple[float, float, float, float]:
    return box[0] / width, box[1] / height, box[2] / width, box[3] / height


def open_reduced(image: Any) -> Any:
    """`image`, opened if it is a file. A JPEG will be decoded at a fraction of its size, but at no
    less than three times `SHOWN_SIDE`.

    Raises:
        ValueError: `open_if_file` raised it.
    """
    image = open_if_file(image)
    if isinstance(image, Image.Image):
        part = max(1, max(image.size) // (3 * SHOWN_SIDE))
        image.draft("RGB", (image.width // part, image.height // part))
    return image
