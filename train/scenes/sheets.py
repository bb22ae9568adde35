"""Sheets with several things on them, as people photograph them: lines, columns, cells, words.

`train.scenes.scenes` paints one digit or one line of a number, which fills much of the picture.
Here the characters are small, there are many or none, and letters stand among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from mnist_demo.read.detect import CHARACTERS
from train.paint.displays import printed
from train.paint.photograph import smooth_noise
from train.paint.strokes import Strokes, vary
from train.scenes.camera import boxes_of, random_camera, take
from train.scenes.hands import BRACKETS, Hand, Hands, draw
from train.scenes.lines import LINES
from train.scenes.marks import MARKS, WORDS
from train.scenes.pages import colours, place_sheet, shade
from train.scenes.picture import Array, Colour, Picture, box_path, scaled
from train.scenes.scenes import Scene, mix

Rng = np.random.Generator
SIDE = 384  # pixels of a sheet's picture, which is square


@dataclass
class Pen:
    """A pen on a sheet: what is written with it, by whom, and in which colour."""

    sheet: Picture
    hand: Hand
    hands: Hands
    colour: Colour
    rng: Rng
    unlit: Colour | None = None  # of a display's segments that are off but can be seen

    def write(
        self,
        text: str,
        x: float,
        y: float,
        high: float,
        gap: float,
        letters: Sequence[Strokes] | None = None,
    ) -> float:
        """Write a line of digits and signs whose top left is (x, y); returns its right end.

        `high` is the height of a digit and `gap` the space between two, as a share of it. In
        `text`, "x" stands for any of `letters`, or for another character, as a bracket is one.
        """
        slope = self.rng.normal(0, 0.02)
        start = x
        for sign in text:
            if sign == " ":
                x += 0.5 * high
                continue
            known: Sequence[Strokes] = (self.hands.signs | self.hands.brackets).get(sign, [])
            if sign == CHARACTERS[-1]:
                known = self.hands.others if letters is None else letters
            cover, top = self.character(sign, high * np.exp(self.rng.normal(0, 0.05)), known)
            at = (round(x), round(y + top + slope * (x - start) + self.rng.normal(0, 0.02) * high))
            if self.unlit and sign.isdigit() and self.hand.kind == "display":
                self.sheet.ink(self.hand.unlit(int(sign), cover.shape[0]), self.unlit, at)
            self.sheet.ink(cover, self.colour, at)
            self.sheet.record(sign if sign in CHARACTERS else CHARACTERS[-1], cover, at)
            x += cover.shape[1] + high * gap * self.rng.uniform(0.7, 1.3)
        return x

    def character(self, sign: str, high: float, known: Sequence[Strokes]) -> tuple[Array, int]:
        """The ink of a character, and how far its top lies below the top of the line.

        It is one of `known`, if there are any and the hand does not print.
        """
        glyph, at = PRINTED.get(sign, (0.0, 0.0))
        if sign == CHARACTERS[-1] and (self.hand.kind == "print" or not known):
            sign, glyph = str(self.rng.choice(list(LETTERS))), float(self.rng.uniform(0.7, 1))
            at = 1 - glyph
        if glyph and (
            self.hand.kind == "print" or sign in LETTERS or (sign in BRACKETS and not known)
        ):
            same = np.random.default_rng(int(1e6 * self.hand.pen))  # one typeface for all
            mask = printed(sign, self.hand.split, same)
            return scaled(mask, max(1.0, glyph * high)), round(at * high)
        if not known:
            return self.hand.write(sign, high, self.rng)
        strokes = vary(known[int(self.rng.integers(len(known)))], self.rng)
        points = np.concatenate(strokes)
        low, size = points.min(axis=0), max(float(np.ptp(points, axis=0).max()), 1e-6)
        share, foot = WRITTEN.get(sign, (0.9, 1.0))
        share *= float(np.exp(self.rng.normal(0, 0.2)))
        scale = share * high / size
        pen = self.hand.pen * high if self.hand.kind != "display" else 0.1 * high
        cover, _ = draw([(s - low) * scale for s in strokes], min(pen, 0.5 * share * high + 1))
        return cover, round(foot * high - cover.shape[0])

    def word(self, x: float, y: float, high: float) -> float:
        """Write or print a word; returns its right end."""
        if self.hands.word_letters and self.rng.random() < 0.6:
            letters = CHARACTERS[-1] * int(self.rng.integers(2, 8))
            gap = float(self.rng.uniform(0.02, 0.3))
            return self.write(letters, x, y, high, gap, self.hands.word_letters)
        text = str(self.rng.choice(WORDS))
        cover = scaled(printed(text, self.hand.split, self.rng), max(4.0, high))
        at = (round(x), round(y))
        self.sheet.ink(cover, self.colour, at)
        self.sheet.record_letters(cover, at, CHARACTERS[-1] * len(text))
        return x + cover.shape[1] + 0.4 * high


# Of a sign: its longer side, and where its foot lies in the line; both as shares of the height.
WRITTEN = {
    ".": (0.1, 1.0), ",": (0.2, 1.12), ":": (0.55, 0.97), "-": (0.4, 0.6), "/": (1.1, 1.05),
    "+": (0.55, 0.85), "\u00d7": (0.5, 0.85), "\u00f7": (0.55, 0.85), "=": (0.45, 0.7),
    "%": (0.95, 1.0), "$": (1.15, 1.08), **dict.fromkeys(BRACKETS, (1.2, 1.1)),
}  # fmt: skip
LETTERS = "ACDEFHJKLMNPRTUVWXYabcdefhkmnprtuvwy&#?"
PRINTED = {
    ".": (0.14, 0.86), ",": (0.26, 0.86), ":": (0.6, 0.4), "-": (0.1, 0.6), "/": (1.1, 0.0),
    "+": (0.6, 0.3), "=": (0.35, 0.42), "%": (1.0, 0.0), "$": (1.2, -0.08),
    **dict.fromkeys(BRACKETS, (1.25, -0.1)),
}  # fmt: skip


def digits(rng: Rng, low: int, high: int) -> str:
    return "".join(map(str, rng.integers(10, size=rng.integers(low, high + 1))))


def expression(rng: Rng) -> str:
    """A sum, a price, a date, a time, a share, a phone number, a number among other characters."""
    sign = str(rng.choice(list("+-\u00d7\u00f7/")))
    forms = (
        lambda: f"{digits(rng, 1, 2)}{sign}{digits(rng, 1, 2)}",
        lambda: f"{digits(rng, 1, 2)}{sign}{digits(rng, 1, 2)}={digits(rng, 1, 3)}",
        lambda: f"{digits(rng, 1, 3)}{rng.choice(['.', ','])}{digits(rng, 1, 2)}",
        lambda: f"${digits(rng, 1, 3)}" + (f".{digits(rng, 2, 2)}" if rng.random() < 0.6 else ""),
        lambda: f"{digits(rng, 1, 3)}%",
        lambda: f"{digits(rng, 1, 2)}/{digits(rng, 1, 2)}/{digits(rng, 2, 4)}",
        lambda: f"{digits(rng, 1, 2)}.{digits(rng, 1, 2)}.{digits(rng, 2, 4)}",
        lambda: f"{digits(rng, 1, 2)}:{digits(rng, 2, 2)}",
        lambda: f"+{digits(rng, 2, 2)} {digits(rng, 3, 3)} {digits(rng, 3, 4)}",
        lambda: f"-{digits(rng, 1, 4)}",
        lambda: among_others(digits(rng, 1, 3), rng),
    )
    return forms[rng.integers(len(forms))]()


def among_others(number: str, rng: Rng) -> str:
    """A number in brackets, of a list, of a room or with a unit: (12), [7], 3), A4, 5 kg."""
    forms = (
        *(f"({number})", f"[{number}]", f"({number}", f"{number})", f"{number}]"),
        *(f"x{number}", f"{number}x", f"{number} xx"),
    )
    return forms[rng.integers(len(forms))]


def lines(pen: Pen, high: float, rng: Rng) -> None:
    """One to five lines of digits, mostly far apart."""
    sheet, count = pen.sheet.shape, int(rng.choice([1, 1, 1, 2, 2, 3, 3, 4, 5]))
    gap = float(np.exp(rng.uniform(np.log(0.06), np.log(1.3))))
    if rng.random() < 0.2:  # drawn in a hurry: digits touch or overlap
        gap = rng.uniform(-0.15, 0.06)
    high = min(high, 0.8 * sheet[0] / (1.5 * count))
    pitch = high * rng.uniform(1.15, 2.6)
    room = max(1, int(sheet[1] / (high * (0.6 + gap))))
    y = rng.uniform(0.02, 1) * max(1.0, sheet[0] - pitch * (count - 1) - 1.1 * high)
    longest = min(int(rng.integers(2, 10)), room)
    left = rng.uniform(0.02, 1) * max(1.0, sheet[1] - longest * high * (0.6 + gap))
    for i in range(count):
        text = digits(rng, max(1, longest - 2), longest)
        if rng.random() < 0.15:
            text = expression(rng)
        pen.write(text, left + rng.normal(0, 0.3) * high, y + i * pitch, high, gap)


def column(pen: Pen, high: float, rng: Rng) -> None:
    """Short numbers below each other."""
    sheet, count = pen.sheet.shape, int(rng.integers(2, 8))
    high = min(high, 0.9 * sheet[0] / (1.25 * count))
    pitch = high * rng.uniform(1.1, 1.9)
    y = rng.uniform(0.02, 1) * max(1.0, sheet[0] - pitch * (count - 1) - 1.1 * high)
    left, longest = rng.uniform(0.05, 0.85) * sheet[1], int(rng.integers(1, 4))
    for i in range(count):
        pen.write(digits(rng, 1, longest), left, y + i * pitch, high, rng.uniform(0.05, 0.4))


def strewn(pen: Pen, high: float, rng: Rng) -> None:
    """Digits and short numbers all over the sheet, and letters or symbols among them."""
    sheet = pen.sheet.shape
    taken: list[tuple[float, float, float, float]] = []
    alike, others = rng.random() < 0.5, rng.choice([0.0, 0.3, 1.0], p=[0.5, 0.3, 0.2])
    for _ in range(int(rng.integers(2, 16))):
        size = high * (1 if alike else float(np.exp(rng.normal(0, 0.4))))
        text = CHARACTERS[-1] if rng.random() < others else digits(rng, 1, 2)
        wide = 1.2 * size * len(text)
        x, y = rng.uniform(0, max(1, sheet[1] - wide)), rng.uniform(0, max(1, sheet[0] - size))
        box = (x, y, x + wide, y + 1.1 * size)
        if all(box[0] > b[2] or box[2] < b[0] or box[1] > b[3] or box[3] < b[1] for b in taken):
            pen.write(text, x, y, size, rng.uniform(0.05, 0.3))
            taken.append(box)


def cells(pen: Pen, high: float, rng: Rng) -> None:
    """A table or a form: cells, some of them empty, perhaps with a word beside them."""
    sheet = pen.sheet.shape
    rows, columns = int(rng.integers(1, 6)), int(rng.integers(2, 9))
    high = min(high, 0.8 * sheet[0] / (1.6 * rows), 0.9 * sheet[1] / (1.3 * columns))
    size = np.array([high * rng.uniform(1.0, 1.9), high * rng.uniform(1.2, 2.0)])
    x0 = rng.uniform(0.02, 1) * max(1.0, sheet[1] - columns * size[0])
    y0 = rng.uniform(0.02, 1) * max(1.0, sheet[0] - rows * size[1])
    grey = pen.colour if rng.random() < 0.3 else shade(rng, 0.2, 0.8, 0.2)
    apart, full = rng.choice([0.0, 0.06]), rng.uniform(0.3, 1)
    paths = []
    for row in range(rows):
        if x0 > 3 * high and rng.random() < 0.4:
            pen.word(x0 - rng.uniform(2, 3) * high, y0 + (row + 0.3) * size[1], 0.5 * high)
        for at in range(columns):
            x, y = x0 + at * size[0], y0 + row * size[1]
            dx, dy = apart * size
            paths.append(box_path(x + dx, y + dy, x + size[0] - dx, y + size[1] - dy))
            if rng.random() < full:
                sign = CHARACTERS[-1] if rng.random() < 0.1 else digits(rng, 1, 1)
                pen.write(sign, x + rng.uniform(0.1, 0.35) * size[0],
                          y + rng.uniform(0.3, 0.7) * (size[1] - high), high, 0.1)  # fmt: skip
    pen.sheet.lines(paths, float(rng.uniform(0.7, 2.5)), grey)


def text(pen: Pen, high: float, rng: Rng) -> None:
    """Lines of words, in some of which a number stands."""
    sheet, numbers = pen.sheet.shape, rng.choice([0.0, 0.25, 0.6])
    high = min(high, 0.12 * sheet[0])
    y = rng.uniform(0, 0.2) * sheet[0]
    for _ in range(int(rng.integers(1, 8))):
        x = rng.uniform(0.02, 0.2) * sheet[1]
        while x < 0.8 * sheet[1]:
            if rng.random() < numbers:
                number = expression(rng) if rng.random() < 0.4 else digits(rng, 1, 5)
                x = pen.write(number, x, y, high, rng.uniform(0.05, 0.25)) + 0.4 * high
            else:
                x = pen.word(x, y, high)
            if rng.random() < 0.2:
                break
        y += high * rng.uniform(1.3, 2.2)
        if y > sheet[0] - high:
            break


def one(pen: Pen, high: float, rng: Rng) -> None:
    """A digit, a letter or a symbol that stands alone or with a bracket, mostly large."""
    sheet = pen.sheet.shape
    high = min(max(high, rng.uniform(0.1, 0.8) * sheet[0]), 0.85 * sheet[0])
    sign = CHARACTERS[-1] if rng.random() < 0.5 else digits(rng, 1, 1)
    if sign.isdigit() and rng.random() < 0.5:
        sign, high = among_others(sign, rng), 0.5 * high
    wide = high * (0.4 + 0.6 * len(sign))
    x, y = rng.uniform(0, max(1, sheet[1] - wide)), rng.uniform(0, max(1, sheet[0] - high))
    pen.write(sign, x, y, high, 0.1)


def sums(pen: Pen, high: float, rng: Rng) -> None:
    """One to three expressions."""
    sheet, count = pen.sheet.shape, int(rng.integers(1, 4))
    for i in range(count):
        line = expression(rng)
        size = min(high * 1.5, 0.9 * sheet[1] / (0.85 * len(line)), 0.7 * sheet[0] / (1.4 * count))
        x = rng.uniform(0.02, 1) * max(1.0, sheet[1] - 0.85 * len(line) * size)
        y = (i + rng.uniform(0.05, 0.5)) * sheet[0] / count
        pen.write(line, x, min(y, sheet[0] - size), size, rng.uniform(0.08, 0.4))


def program(pen: Pen, high: float, rng: Rng) -> None:
    """A screen: buttons with words beside what is drawn."""
    sheet = pen.sheet.shape
    plain, printers = replace(pen.hand, kind="print"), copy(pen.hands)
    printers.word_letters = []  # so that words are printed
    for i in range(int(rng.integers(1, 5))):
        size = 0.05 * sheet[0] * rng.uniform(0.7, 1.5)
        x = rng.uniform(0, 0.7) * sheet[1]
        y = rng.choice([0.02, 0.9]) * sheet[0] + i * 0.2 * size
        wide = round(size * rng.uniform(3, 7))
        fill = shade(rng, 0.2, 0.95, 0.4)
        pen.sheet.fill(round(x), round(y), wide, round(1.8 * size), fill)
        ink = (0.05, 0.05, 0.05) if sum(fill) > 1.5 else (0.95, 0.95, 0.95)
        label = Pen(pen.sheet, plain, printers, ink, rng)
        label.word(x + 0.5 * size, y + 0.4 * size, size)
    (lines if rng.random() < 0.7 else one)(pen, high, rng)


def nothing(pen: Pen, high: float, rng: Rng) -> None:
    """Paper, a wall, a table; perhaps a few strokes that are no characters."""
    sheet = pen.sheet.shape
    if rng.random() < 0.3:
        for _ in range(int(rng.integers(1, 5))):
            path = rng.uniform((0, 0), sheet[::-1], (int(rng.integers(2, 5)), 2))
            pen.sheet.lines([path], float(rng.uniform(0.5, 6)), pen.colour)


LAYOUTS: dict[Callable[[Pen, float, Rng], None], float] = {
    lines: 0.23, column: 0.07, strewn: 0.11, cells: 0.08, text: 0.14, one: 0.15, sums: 0.11,
    program: 0.04, nothing: 0.07,
}  # fmt: skip


def paint_sheet(hands: Hands, rng: Rng) -> Scene:
    """Paint a sheet with any of `LAYOUTS`, SIDE pixels wide and high."""
    surface = str(rng.choice(
        ["white", "paper", "pencil", "board", "whiteboard", "dark", "led", "thermal", "any"],
        p=[0.19, 0.38, 0.08, 0.05, 0.05, 0.06, 0.06, 0.03, 0.1],
    ))  # fmt: skip
    paper, ink = colours(surface, rng)
    picture = Picture.blank((SIDE, SIDE), paper)
    sheet = picture
    if rng.random() < 0.2:
        page = str(rng.choice(["canvas", "inset", "window", "table"]))
        sheet = place_sheet(picture, page, paper, rng)
    if surface not in ("white", "led"):
        grain = rng.uniform(0, 0.04) * smooth_noise(sheet.shape, 3, rng)
        grain = grain + rng.uniform(0, 0.04) * smooth_noise(sheet.shape, 30, rng)
        if rng.random() < 0.15:  # coarse paper, a wall, cloth
            coarse = int(np.exp(rng.uniform(np.log(2), np.log(16))))
            grain = grain + rng.uniform(0, 0.06) * smooth_noise(sheet.shape, coarse, rng)
        sheet.rgb *= 1 + grain[..., np.newaxis]
    kind = "print" if surface == "thermal" else "any"
    if surface == "led" and rng.random() < 0.7:
        kind = "display"
    hand = hands.pick(kind, rng)
    unlit = mix(paper, ink, rng.uniform(0.05, 0.35)) if rng.random() < 0.6 else None
    pen = Pen(sheet, hand, hands, ink, rng, unlit)
    high = float(np.exp(rng.uniform(np.log(10), np.log(80))))
    width = hand.pen * high
    inner = tuple(np.array([0.2, 0.2, 0.8, 0.8]) * [*sheet.shape[::-1], *sheet.shape[::-1]])
    faint = mix(paper, ink, rng.uniform(0.05, 0.6))
    if rng.random() < 0.25:
        name = str(rng.choice(["ruled", "squared", "frame inside"]))
        LINES[name](sheet, inner, width, faint, hands, rng)
    layout = list(LAYOUTS)[rng.choice(len(LAYOUTS), p=list(LAYOUTS.values()))]
    layout(pen, high, rng)
    if rng.random() < 0.15:
        name = str(rng.choice(["stray strokes", "long lines", "splash", "words", "underlined"]))
        MARKS[name](sheet, inner, width, ink, hands, rng)
    camera = random_camera(rng, photo=surface not in ("white", "dark", "led") or rng.random() < 0.2)
    camera = replace(camera, vignette=max(camera.vignette, _dim(rng)))
    pixels = take(picture, camera, picture.shape, rng)
    return Scene(pixels, "", boxes_of(picture, camera, pixels))


def _dim(rng: Rng) -> float:
    return float(rng.uniform(0.2, 0.8)) if rng.random() < 0.15 else 0.0
