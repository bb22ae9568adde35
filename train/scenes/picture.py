"""A picture that is painted step by step, and what each of its pixels shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.finder import CLASSES

Array = NDArray[np.float32]
Colour = tuple[float, float, float]  # red, green, blue in [0, 1]
PAPER, DIGIT, OTHER = (CLASSES.index(name) for name in ("paper", "digit", "other"))
MIN_COVER = 0.4  # a pixel shows what covers this share of it


@dataclass
class Picture:
    """What has been painted so far.

    Attributes:
        rgb: float32 (h, w, 3) in [0, 1].
        classes: uint8 (h, w), an index of `CLASSES` for each pixel.
    """

    rgb: Array
    classes: NDArray[np.uint8]

    @classmethod
    def blank(cls, shape: tuple[int, int], colour: Colour) -> Picture:
        """A picture of one colour, `shape` being its height and width."""
        return cls(np.full((*shape, 3), colour, np.float32), np.zeros(shape, np.uint8))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.classes.shape[0], self.classes.shape[1]

    def ink(
        self, cover: NDArray[Any], colour: Colour, kind: int, corner: tuple[int, int] = (0, 0)
    ) -> None:
        """Lay ink over the picture. Ink of a digit stays a digit's under later ink.

        Args:
            cover: float (h, w) in [0, 1], how much of each pixel the ink covers.
            colour: of the ink.
            kind: index of `CLASSES`.
            corner: (x, y) of the cover's upper left corner. What lies outside is cut off.
        """
        height, width = self.shape
        x, y = corner
        x0, y0 = max(0, x), max(0, y)
        x1, y1 = min(width, x + cover.shape[1]), min(height, y + cover.shape[0])
        if x1 <= x0 or y1 <= y0:
            return
        part = cover[y0 - y : y1 - y, x0 - x : x1 - x]
        rgb, classes = self.rgb[y0:y1, x0:x1], self.classes[y0:y1, x0:x1]
        rgb += part[..., np.newaxis] * (np.array(colour, np.float32) - rgb)
        classes[(part > MIN_COVER) & ((classes != DIGIT) | (kind == DIGIT))] = kind

    def lines(
        self, paths: Sequence[NDArray[np.floating]], width: float, colour: Colour, kind: int = OTHER
    ) -> None:
        """Draw lines through points (x, y), each (n, 2) in pixels. Thin ones are faint."""
        self.ink(cover_of(paths, width, self.shape), colour, kind)

    def fill(self, x: int, y: int, width: int, height: int, colour: Colour) -> None:
        """Paint a rectangle that is no ink."""
        self.rgb[max(0, y) : y + height, max(0, x) : x + width] = colour
        self.classes[max(0, y) : y + height, max(0, x) : x + width] = PAPER


def cover_of(paths: Sequence[NDArray[np.floating]], width: float, shape: tuple[int, int]) -> Array:
    """How much of each pixel lines of `width` pixels cover: float32 `shape` in [0, 1]."""
    mask = np.zeros(shape, np.uint8)
    # OpenCV's smooth lines of even thickness t come out 1.4 pixels wider than t.
    thickness = max(1, round(width - 1.4))
    for path in paths:
        fixed = np.round(np.asarray(path) * 16).astype(np.int32).reshape(-1, 1, 2)
        if len(fixed) == 1:
            fixed = fixed.repeat(2, axis=0)
        cv2.polylines(mask, [fixed], False, (255,), thickness, cv2.LINE_AA, 4)
    return mask * np.float32(min(1.0, max(width, 0.6) / 1.5) / 255)


def box_path(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float64]:
    """The outline of a rectangle: (5, 2)."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]])


def scaled(mask: NDArray[np.uint8], height: float) -> Array:
    """A mask of 0 to 255 at another height, as the cover of ink: float32 (height, w) in [0, 1]."""
    rows = max(1, round(height))
    size = (max(1, round(mask.shape[1] * height / mask.shape[0])), rows)
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA) / 255, np.float32)
