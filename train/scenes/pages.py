"""What the sheet with the digits lies in: a screen's window, a plot, a table; and the surface."""

from __future__ import annotations

import cv2
import numpy as np

from train.paint.displays import printed
from train.paint.photo_scene import INKS, SKIN, TABLES
from train.scenes.picture import Colour, Picture, box_path, scaled

Rng = np.random.Generator


def shade(rng: Rng, low: float, high: float, colourful: float = 0.08) -> Colour:
    """A colour with a brightness in [low, high], whose channels differ by about `colourful`."""
    grey = rng.uniform(low, high) + rng.uniform(-colourful, colourful, 3) * rng.random()
    red, green, blue = np.clip(grey, 0, 1).tolist()
    return red, green, blue


def colours(surface: str, rng: Rng) -> tuple[Colour, Colour]:
    """The colours of a surface and of the ink on it.

    `surface` is "white", "paper", "pencil", "board", "whiteboard", "dark", "lcd", "led", "thermal"
    or "any".
    """
    if surface == "white":
        return (1.0, 1.0, 1.0), (0.0, 0.0, 0.0) if rng.random() < 0.6 else shade(rng, 0, 0.6, 0.4)
    if surface == "paper":
        ink = INKS[str(rng.choice(list(INKS)))] if rng.random() < 0.6 else shade(rng, 0, 0.5, 0.3)
        return shade(rng, 0.75, 1.0), ink
    if surface == "pencil":
        paper = shade(rng, 0.85, 1.0, 0.04)
        return paper, shade(rng, min(paper) - 0.3, min(paper) - 0.12, 0.02)
    if surface == "board":
        board = ((0.13, 0.29, 0.22), (0.1, 0.1, 0.1), (0.12, 0.2, 0.3))[rng.integers(3)]
        chalk = ((0.93, 0.93, 0.9), (0.95, 0.9, 0.5), (0.95, 0.7, 0.75))[
            rng.choice(3, p=[0.7, 0.2, 0.1])
        ]
        return board, chalk
    if surface == "whiteboard":
        marker = ((0.1, 0.1, 0.12), (0.1, 0.2, 0.7), (0.8, 0.12, 0.15), (0.1, 0.5, 0.2))
        return shade(rng, 0.8, 0.97), marker[rng.integers(4)]
    if surface == "dark":
        return shade(rng, 0, 0.25), shade(rng, 0.7, 1.0, 0.3)
    if surface == "lcd":
        return (0.68, 0.72, 0.62) if rng.random() < 0.6 else shade(rng, 0.5, 0.8), shade(
            rng, 0.05, 0.25
        )
    if surface == "led":
        light = ((0.95, 0.15, 0.1), (0.2, 0.9, 0.3), (0.95, 0.7, 0.1), (0.4, 0.7, 1.0), (0.95,) * 3)
        return shade(rng, 0.0, 0.12), light[rng.integers(5)]
    if surface == "thermal":
        return shade(rng, 0.88, 0.98, 0.05), shade(rng, 0.25, 0.6, 0.05)
    while True:
        paper, ink = shade(rng, 0, 1, 0.5), shade(rng, 0, 1, 0.5)
        if np.abs(np.subtract(paper, ink)).max() > 0.35:
            return paper, ink


def place_sheet(picture: Picture, page: str, paper: Colour, rng: Rng) -> Picture:
    """Paint `page` around a sheet of the colour `paper`, and return the sheet: a view of `picture`.

    `page` is "canvas" (a border around it), "inset" (on a page of another brightness), "window"
    (title bar and tools), "note" (a phone's status bar and title), "plot" (axes with ticks and
    labels) or "table" (a card on a table, perhaps with a finger).
    """
    height, width = picture.shape
    side = min(height, width)
    low = {"canvas": 0.01, "window": 0.01, "note": 0.0, "plot": 0.12}.get(page, 0.06)
    left, top, right, bottom = rng.uniform(low, low + 0.16, 4) * side
    if page in ("window", "note"):
        left = right = bottom = rng.uniform(0, 0.03) * side
        top = rng.uniform(0.1, 0.25) * side
    x, y = round(left), round(top)
    sheet_width, sheet_height = round(width - left - right), round(height - top - bottom)
    light = sum(paper) > 1.5
    around = shade(rng, 0.0, 0.3) if light == (rng.random() < 0.6) else shade(rng, 0.8, 1.0)
    if page in ("window", "canvas", "plot"):
        around = shade(rng, 0.85, 1.0, 0.03) if rng.random() < 0.75 else shade(rng, 0.1, 0.3, 0.03)
    elif page == "note":
        around = paper
    elif page == "table":
        around = TABLES[str(rng.choice(list(TABLES)))] if light else shade(rng, 0.6, 1)
    picture.fill(0, 0, width, height, around)
    ink = (0.1, 0.1, 0.1) if sum(around) > 1.5 else (0.9, 0.9, 0.9)
    if page in ("window", "note"):
        _bar(picture, top, ink, rng)
    elif page == "plot":
        _axes(picture, (x, y, x + sheet_width, y + sheet_height), ink, rng)
    elif page in ("canvas", "inset") and rng.random() < 0.3:
        _text(picture, 0.4 * top, (round(left), round(0.3 * top)), ink, rng)
    picture.fill(x, y, sheet_width, sheet_height, paper)
    if page == "table" and rng.random() < 0.3:
        _finger(picture, rng)
    border = {"canvas": 1.0, "plot": 1.0, "window": 0.7}.get(page, 0.0)
    if rng.random() < border:
        grey = shade(rng, 0, 0.75, 0.02)
        line = float(rng.uniform(1.5, 5))
        picture.lines([box_path(x, y, x + sheet_width - 1, y + sheet_height - 1)], line, grey)
    inner = 3 if border else 0
    return picture.part(x + inner, y + inner, sheet_width - 2 * inner, sheet_height - 2 * inner)


def _text(picture: Picture, size: float, corner: tuple[int, int], ink: Colour, rng: Rng) -> None:
    """A few printed words or a time: other ink."""
    text = str(rng.choice(["Untitled", "Draw here", "9:41", "Note 3", "Predict", "12:07", "File"]))
    cover = scaled(printed(text, "train", rng), max(6.0, size))
    picture.ink(cover, ink, corner)
    picture.record_letters(cover, corner, text)


def _bar(picture: Picture, high: float, ink: Colour, rng: Rng) -> None:
    """A bar with words on the left and small squares, rings or a battery on the right."""
    width = picture.shape[1]
    if rng.random() < 0.5:
        picture.fill(0, 0, width, round(0.5 * high), shade(rng, 0.2, 0.9, 0.2))
    size = 0.28 * high
    _text(picture, size, (round(rng.uniform(2, 20)), round(0.1 * high)), ink, rng)
    if rng.random() < 0.5:
        _text(picture, 1.2 * size, (round(rng.uniform(2, 20)), round(0.55 * high)), ink, rng)
    for i in range(int(rng.integers(1, 4))):
        x = width - (i + 1) * 1.6 * size
        picture.lines([box_path(x, 0.12 * high, x + size, 0.12 * high + size)], 2, ink)


def _axes(picture: Picture, box: tuple[int, int, int, int], ink: Colour, rng: Rng) -> None:
    """Ticks and their numbers left of and below `box`. These numbers are other ink."""
    x0, y0, x1, y1 = box
    size = 0.045 * min(picture.shape)
    ticks = []
    for share in np.linspace(0.03, 0.9, int(rng.integers(3, 7))):
        x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        ticks += [
            np.array([[x, y1], [x, y1 + 0.5 * size]]),
            np.array([[x0 - 0.5 * size, y], [x0, y]]),
        ]
        text = str(int(100 * share) // 5 * 5)
        cover = scaled(printed(text, "train", rng), size)
        wide = cover.shape[1]
        below = (round(x - wide / 2), round(y1 + 0.9 * size))
        for corner in (below, (round(x0 - 0.9 * size - wide), round(y - size / 2))):
            picture.ink(cover, ink, corner)
            picture.record_letters(cover, corner, text)
    picture.lines(ticks, 1.5, ink)


def _finger(picture: Picture, rng: Rng) -> None:
    """A finger that reaches into the picture from an edge: paper, as it is no ink."""
    height, width = picture.shape
    side = min(height, width)
    start = np.array([rng.uniform(0, width), rng.choice([-0.1, 1.1]) * height])
    tip = start + (np.array([width, height]) / 2 - start) * rng.uniform(0.2, 0.4)
    mask = np.zeros(picture.shape, np.uint8)
    ends = [tuple(int(v) for v in point) for point in (start, tip)]
    cv2.line(mask, ends[0], ends[1], (255,), max(3, round(0.14 * side)), cv2.LINE_AA)
    picture.ink(mask / 255, SKIN)
