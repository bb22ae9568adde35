"""Who writes the digits in a scene: writers, fonts, styles, displays and print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.detect import CHARACTERS
from train.data.drawing import Drawing
from train.data.fonts import changed_width, displaced, font_names, read_glyphs
from train.data.unipen import read_unipen
from train.data.writers import AMBIGUOUS, read_digits, select_split
from train.paint.displays import cut, printed, seven_segments
from train.paint.strokes import Strokes, vary
from train.paint.styles import Style, read_styles, write
from train.scenes.picture import Array, cover_of, scaled

ARC = np.linspace(0, 2 * np.pi, 16)
RING = np.stack([np.cos(ARC), np.sin(ARC)], axis=1)
# Each sign's strokes in a line of writing from 0 (top) to 1 (foot); x to the right.
SIGN_STROKES: dict[str, list[NDArray[np.float64]]] = {
    ".": [np.array([[0.0, 0.97]])],
    ",": [np.array([[0.04, 0.92], [0.05, 1.0], [-0.02, 1.12]])],
    ":": [np.array([[0.0, 0.4]]), np.array([[0.0, 0.93]])],
    "-": [np.array([[0.0, 0.55], [0.35, 0.55]])],
    "/": [np.array([[0.4, 0.0], [0.0, 1.05]])],
    "+": [np.array([[0.0, 0.55], [0.5, 0.55]]), np.array([[0.25, 0.3], [0.25, 0.8]])],
    "%": [
        0.13 * RING + (0.13, 0.2),
        0.13 * RING + (0.62, 0.82),
        np.array([[0.7, 0.02], [0.05, 1.0]]),
    ],
    "\u00d7": [np.array([[0.0, 0.35], [0.4, 0.75]]), np.array([[0.4, 0.35], [0.0, 0.75]])],
    "\u00f7": [
        np.array([[0.0, 0.55], [0.5, 0.55]]),
        np.array([[0.25, 0.33]]),
        np.array([[0.25, 0.77]]),
    ],
    "=": [np.array([[0.0, 0.47], [0.45, 0.47]]), np.array([[0.0, 0.65], [0.45, 0.65]])],
}
CURRENCIES: dict[str, list[NDArray[np.float64]]] = {
    "$": [
        np.array([[0.5, 0.2], [0.28, 0.1], [0.06, 0.25], [0.2, 0.45], [0.42, 0.56], [0.52, 0.75],
                  [0.28, 0.92], [0.02, 0.8]]),
        np.array([[0.28, -0.05], [0.27, 1.08]]),
    ],
    "\u20ac": [
        np.array([[0.6, 0.12], [0.38, 0.04], [0.15, 0.25], [0.1, 0.55], [0.2, 0.85], [0.42, 0.97],
                  [0.62, 0.86]]),
        np.array([[0.0, 0.42], [0.45, 0.42]]),
        np.array([[0.0, 0.6], [0.42, 0.6]]),
    ],
    "\u00a3": [
        np.array([[0.55, 0.18], [0.4, 0.04], [0.24, 0.16], [0.26, 0.5], [0.2, 0.85], [0.04, 0.97],
                  [0.6, 0.95]]),
        np.array([[0.04, 0.52], [0.46, 0.52]]),
    ],
}  # fmt: skip

BRACKETS = "()[]"


@dataclass(frozen=True)
class Hand:
    """One writer with one pen, or one typeface.

    Attributes:
        kind: "pen", "font", "style", "display" or "print".
        digits: for each digit what this hand can write it from: strokes, a glyph or styles.
        pen: width of the strokes, as a share of a digit's height.
        split: of the data that it came from.
    """

    kind: str
    digits: Sequence[Sequence[Any]]
    pen: float
    split: str

    def write(self, sign: str, height: float, rng: np.random.Generator) -> tuple[Array, int]:
        """One digit or one sign.

        Returns:
            Its ink, float32 (h, w) in [0, 1] cut to it; and how far its top lies below the top of
            a line that is `height` pixels high.
        """
        if not sign.isdigit():
            return self._sign(sign, height, rng)
        if self.kind in ("display", "print", "font"):
            cover = self._glyph(int(sign), height, rng)
        else:
            choices = self.digits[int(sign)]
            chosen = choices[int(rng.integers(len(choices)))]
            strokes = write(chosen, rng) if isinstance(chosen, Style) else vary(chosen, rng)
            points = np.concatenate(strokes)
            low, high = points.min(axis=0), points.max(axis=0)
            scale = height / max(float(high[1] - low[1]), 0.6 * float(high[0] - low[0]), 1e-6)
            cover = draw([(s - low) * scale for s in strokes], self.pen * height)[0]
        return cover, round(height - cover.shape[0])

    def _glyph(self, digit: int, height: float, rng: np.random.Generator) -> Array:
        if self.kind == "display":
            return scaled(self._segments(digit)[0], height)
        if self.kind == "print":
            mask = printed(str(digit), self.split, np.random.default_rng(int(1e6 * self.pen)))
        else:
            glyph = self.digits[digit][0]
            mask = cut(255 * displaced(changed_width((glyph > 127).astype(np.uint8), rng), rng))
        return scaled(mask, height)

    def unlit(self, digit: int, height: float) -> Array:
        """The segments of a display that are off, in the place of the ink that `write` returns."""
        return scaled(self._segments(digit)[1], height)

    def _segments(self, digit: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        # One display's digits are alike, so the pen's width serves as the seed.
        return seven_segments(digit, np.random.default_rng(int(1e6 * self.pen)))

    def _sign(self, sign: str, height: float, rng: np.random.Generator) -> tuple[Array, int]:
        pen = height * (self.pen if self.kind in ("pen", "style", "font") else 0.12)
        strokes = SIGN_STROKES.get(sign, CURRENCIES["$"])
        change = np.array([[np.exp(rng.normal(0, 0.15)), rng.normal(0, 0.08)], [0, 1]])
        varied = [
            ((s + rng.normal(0, 0.015, s.shape)) @ change.T * height).astype(np.float32)
            for s in strokes
        ]
        return draw(varied, pen * (1.5 if sign in ".:" else 1))


def signs_of(letters: Sequence[Drawing], symbols: Sequence[Drawing]) -> dict[str, list[Strokes]]:
    """What people wrote for each sign of CHARACTERS; \u00d7 is an x, \u00f7 is composed."""
    signs = {sign: [d.strokes for d in symbols if d.label == sign] for sign in CHARACTERS[10:-1]}
    signs["\u00d7"] = [d.strokes for d in letters if d.label == "x"]
    pairs = zip(signs["-"], signs[":"], strict=False)
    signs["\u00f7"] = [divided(bar, dots) for bar, dots in pairs]
    return {sign: drawn for sign, drawn in signs.items() if drawn}


def divided(bar: Strokes, dots: Strokes) -> Strokes:
    """A division sign of a minus and a colon."""

    def centred(strokes: Strokes, size: float) -> Strokes:
        points = np.concatenate(strokes)
        low, high = points.min(axis=0), points.max(axis=0)
        scale = size / max(float((high - low).max()), 1e-6)
        return [((s - (low + high) / 2) * scale).astype(np.float32) for s in strokes]

    return [*centred(bar, 1.0), *centred(dots, 0.7)]


def draw(strokes: Strokes, width: float) -> tuple[Array, int]:
    """Strokes in pixels, at any place: their ink cut to it, and the row of its top."""
    points = np.concatenate(strokes)
    low = np.floor(points.min(axis=0) - width / 2 - 2)
    columns, rows = (np.ceil(points.max(axis=0) + width / 2 + 2) - low).astype(int)
    cover = cover_of([stroke - low for stroke in strokes], width, (rows, columns))
    x, y, w, h = cv2.boundingRect((cover > 0.05).astype(np.uint8))
    w, h = max(1, w), max(1, h)
    return cover[y : y + h, x : x + w], int(low[1]) + y


class Hands:
    """All hands of one split."""

    def __init__(self, split: str, data_dir: Path | None = None) -> None:
        """Read the data. Without `data_dir` there are styles, displays and print only."""
        self.split = split
        self.styles: list[list[Style]] = [[] for _ in range(10)]
        for style in read_styles(split):
            self.styles[style.digit].append(style)
        self.writers: list[list[list[Strokes]]] = []
        self.letters: list[Strokes] = []
        self.word_letters: list[Strokes] = []  # also those that alone look like a digit
        self.others: list[Strokes] = []  # letters and symbols that are none of the signs
        self.signs: dict[str, list[Strokes]] = {}
        self.brackets: dict[str, list[Strokes]] = {}  # which alone look like a digit
        self.fonts: list[list[list[NDArray[np.uint8]]]] = []
        if data_dir is not None:
            by_writer: dict[str, list[list[Strokes]]] = {}
            for drawing in select_split(read_digits(data_dir), split):
                writer = by_writer.setdefault(drawing.writer, [[] for _ in range(10)])
                writer[int(drawing.label)].append(drawing.strokes)
            self.writers = [w for w in by_writer.values() if all(w)]
            drawn = [
                select_split(read_unipen(data_dir, name), split) for name in ("1b", "1c", "1d")
            ]
            known = [d for section in drawn for d in section if d.label not in AMBIGUOUS]
            self.letters = [d.strokes for d in known]
            self.word_letters = [d.strokes for section in drawn[:2] for d in section]
            self.others = [d.strokes for d in known if d.label not in (*CHARACTERS, "X")]
            # UNIPEN has no euro and no pound: as many of ours as it has dollars in all.
            foreign = [CURRENCIES[sign] for sign in ("\u20ac", "\u00a3")]
            self.others += 200 * [[s.astype(np.float32) for s in strokes] for strokes in foreign]
            self.signs = signs_of(drawn[1], drawn[2])
            for bracket in BRACKETS:
                self.brackets[bracket] = [d.strokes for d in drawn[2] if d.label == bracket]
            self.fonts = [[[g] for g in read_glyphs(data_dir, n)] for n in font_names(split)]

    def stroke_styles(self, digit: int, rng: np.random.Generator) -> Strokes:
        """A digit in one of the styles."""
        return write(self.styles[digit][int(rng.integers(len(self.styles[digit])))], rng)

    def pick(self, kind: str, rng: np.random.Generator) -> Hand:
        """A hand of `kind`, see `Hand`; or of "any" kind, mostly a writer's."""
        if kind == "any":
            shares = {"pen": 0.55, "font": 0.13, "style": 0.16, "print": 0.1, "display": 0.06}
            kind = str(rng.choice(list(shares), p=list(shares.values())))
        if not self.writers and kind in ("pen", "font"):
            kind = "style"
        # From a hairline to a marker whose loops nearly close.
        pen = float(np.clip(np.exp(rng.normal(np.log(0.05), 0.8)), 0.006, 0.3))
        if kind == "pen":
            return Hand(kind, self.writers[rng.integers(len(self.writers))], pen, self.split)
        if kind == "font":
            return Hand(kind, self.fonts[rng.integers(len(self.fonts))], pen, self.split)
        return Hand(kind, self.styles if kind == "style" else [], pen, self.split)
