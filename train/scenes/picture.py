"""A picture that is painted step by step, and where its characters stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.detect import CHARACTERS

Array = NDArray[np.float32]
Colour = tuple[float, float, float]  # red, green, blue in [0, 1]
OUTLINE = 300  # about so many points of a character's ink are kept


@dataclass(frozen=True)
class Character:
    """A character that was written.

    Attributes:
        sign: one of `CHARACTERS`.
        points: float32 (n, 2), points (x, y) of its ink in the whole picture, the outermost too.
        share: of its ink that lies on the sheet, in (0, 1].
    """

    sign: str
    points: Array
    share: float


@dataclass
class Picture:
    """What has been painted so far.

    Attributes:
        rgb: float32 (h, w, 3) in [0, 1].
        characters: everything that was written, also on parts of the picture.
        origin: (x, y) of the upper left corner in the picture that this one is a part of.
    """

    rgb: Array
    characters: list[Character] = field(default_factory=list)
    origin: tuple[int, int] = (0, 0)

    @classmethod
    def blank(cls, shape: tuple[int, int], colour: Colour) -> Picture:
        """A picture of one colour, `shape` being its height and width."""
        return cls(np.full((*shape, 3), colour, np.float32))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.rgb.shape[0], self.rgb.shape[1]

    def part(self, x: int, y: int, width: int, height: int) -> Picture:
        """A part of the picture. What is painted on it is painted on the picture."""
        at = (slice(y, y + height), slice(x, x + width))
        origin = (self.origin[0] + x, self.origin[1] + y)
        return Picture(self.rgb[at], self.characters, origin)

    def record(self, sign: str, cover: NDArray[Any], corner: tuple[int, int]) -> None:
        """Note that a character stands here; its ink is laid by `ink`, with the same arguments."""
        is_ink = cover > 0.3 * max(float(cover.max(initial=0)), 1e-6)
        seen, first = self._on_picture(is_ink, corner)
        rows, columns = np.nonzero(seen)
        if not len(rows):
            return
        outermost = [rows.argmin(), rows.argmax(), columns.argmin(), columns.argmax()]
        # At random, as every n-th pixel may be one column of a straight stroke.
        kept = [*np.random.default_rng(0).integers(len(rows), size=OUTLINE), *outermost]
        points = np.stack([columns[kept], rows[kept]], axis=1) + np.array(first) + 0.5
        points = (points + np.array(self.origin)).astype(np.float32)
        self.characters.append(Character(sign, points, len(rows) / int(is_ink.sum())))

    def record_letters(self, cover: NDArray[Any], corner: tuple[int, int], text: str = "") -> None:
        """Note the characters of a word, which are apart: "x" each, or as `text` says."""
        filled = (cover > 0.2).any(axis=0)
        steps = np.diff(np.concatenate([[0], filled.astype(np.int8), [0]]))
        edges = list(zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True))
        known = text.replace(" ", "") if len(edges) == len(text.replace(" ", "")) else ""
        for i, (left, right) in enumerate(edges):
            sign = known[i] if known and known[i] in CHARACTERS[:-1] else CHARACTERS[-1]
            self.record(sign, cover[:, left:right], (corner[0] + int(left), corner[1]))

    def ink(self, cover: NDArray[Any], colour: Colour, corner: tuple[int, int] = (0, 0)) -> None:
        """Lay ink over the picture.

        Args:
            cover: float (h, w) in [0, 1], how much of each pixel the ink covers.
            colour: of the ink.
            corner: (x, y) of the cover's upper left corner. What lies outside is cut off.
        """
        part, (x, y) = self._on_picture(cover, corner)
        rgb = self.rgb[y : y + part.shape[0], x : x + part.shape[1]]
        rgb += part[..., np.newaxis] * (np.array(colour, np.float32) - rgb)

    def _on_picture(
        self, cover: NDArray[Any], corner: tuple[int, int]
    ) -> tuple[NDArray[Any], tuple[int, int]]:
        """The part of a cover that lies on the picture, and where its upper left corner is."""
        (height, width), (x, y) = self.shape, corner
        x0, y0 = max(0, x), max(0, y)
        return cover[y0 - y : max(0, height - y), x0 - x : max(0, width - x)], (x0, y0)

    def lines(self, paths: Sequence[NDArray[np.floating]], width: float, colour: Colour) -> None:
        """Draw lines through points (x, y), each (n, 2) in pixels. Thin ones are faint."""
        self.ink(cover_of(paths, width, self.shape), colour)

    def fill(self, x: int, y: int, width: int, height: int, colour: Colour) -> None:
        """Paint a rectangle that is no ink. What was written below it is gone."""
        low = np.array([x, y]) + np.array(self.origin)
        high = low + np.array([width, height])
        covered = [((c.points > low) & (c.points < high)).all(axis=1) for c in self.characters]
        kept = zip(self.characters, covered, strict=True)
        self.characters[:] = [c for c, below in kept if below.mean() < 0.4]
        self.rgb[max(0, y) : y + height, max(0, x) : x + width] = colour


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
