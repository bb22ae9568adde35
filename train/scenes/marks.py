"""Marks that somebody makes around digits with a pen, and words near by."""

from __future__ import annotations

from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.detect import CHARACTERS
from train.paint.displays import printed
from train.paint.strokes import vary
from train.scenes.hands import ARC, BRACKETS, RING, Hands, draw
from train.scenes.lines import Addition, Box, Rng, span
from train.scenes.picture import Colour, Picture, scaled

WORDS = (
    *("Points", "Name", "Total", "Date", "Answer", "Room", "Page", "Score", "Draw", "Canvas"),
    *("Untitled", "Edit", "View", "Save", "Result", "Class", "Figure", "Note", "Done", "Today"),
    *("Predict", "Clear", "Submit", "Sum"),
)


def underline(
    picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng,
    gaps: tuple[float, float] = (0.06, 0.3), count: int = 1,
) -> None:  # fmt: skip
    """`count` lines below the digits. With a negative gap they touch or cut their feet."""
    gap = rng.uniform(*gaps)
    high = min(box[3] - box[1], span(box))
    x0, x1 = box[0] - rng.uniform(-0.05, 0.5) * high, box[2] + rng.uniform(-0.05, 0.5) * high
    x = np.linspace(x0, x1, 12)
    y = box[3] + gap * high + rng.normal(0, 0.04) * (x - x.mean())
    y = y + rng.normal(0, 0.01 * high) * np.cos(np.linspace(0, 4, 12))
    for i in range(count):
        path = np.stack([x, y + i * (2 * pen + rng.uniform(0.02, 0.12) * high)], axis=1)
        picture.lines([path], pen, colour)


def circle(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng) -> None:
    """A circle around the digits, drawn by hand or printed."""
    middle = np.array([box[0] + box[2], box[1] + box[3]]) / 2
    half = np.array([box[2] - box[0], box[3] - box[1]]) / 2
    radii = np.sqrt(2) * half * rng.uniform(0.85, 1.0) + rng.uniform(0.08, 0.35) * half.max()
    if rng.random() < 0.6:
        radii = np.full(2, radii.max())
    t = np.linspace(0, rng.uniform(0.9, 1.12) * 2 * np.pi, 40) + rng.uniform(0, 6)
    drift = 1 + np.linspace(0, rng.normal(0, 0.06), 40)
    path = middle + np.stack([np.cos(t), np.sin(t)], axis=1) * radii * drift[:, np.newaxis]
    picture.lines([path], pen, colour)


def brackets(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng
             ) -> None:  # fmt: skip
    """Parentheses or square brackets on one side or on both."""
    high = span(box)
    y = np.linspace(box[1] - rng.uniform(0, 0.15) * high, box[3] + rng.uniform(0, 0.15) * high, 13)
    bow = np.cos(np.linspace(-1, 1, 13) * np.pi / 2)
    if rng.random() < 0.25:
        bow = np.array([0.0] + [1.0] * 11 + [0.0])
    gap, depth = rng.uniform(0.1, 0.35) * high, rng.uniform(0.06, 0.2) * high
    left = np.stack([box[0] - gap - depth * bow, y], axis=1)
    right = np.stack([box[2] + gap + depth * bow, y], axis=1)
    picture.lines([[left, right], [right], [left]][rng.choice(3, p=[0.6, 0.3, 0.1])], pen, colour)


def written_brackets(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng
                     ) -> None:  # fmt: skip
    """The brackets of somebody else or of a typeface, before the digits, after them or both."""
    high, pair = box[3] - box[1], int(rng.integers(2)) * 2
    sides = ((0, 1), (1,), (0,))[rng.choice(3, p=[0.6, 0.25, 0.15])]
    size = high * rng.uniform(0.9, 1.5)
    wide = float(np.exp(rng.normal(-0.3, 0.45)))
    y = round((box[1] + box[3] - size) / 2 + rng.normal(0, 0.05) * high)
    prints = rng.random() < 0.25
    for side in sides:
        bracket = BRACKETS[pair + side]
        known = hands.brackets.get(bracket, [])
        if prints or not known:
            cover = scaled(printed(bracket, hands.split, rng), size)
        else:
            strokes = vary(known[int(rng.integers(len(known)))], rng)
            tall = max(float(np.ptp(np.concatenate(strokes), axis=0).max()), 1e-6)
            stretch = np.array([wide, 1.0]) * size / tall
            cover = draw([(s * stretch).astype(np.float32) for s in strokes], pen)[0]
        gap = round(rng.uniform(0.05, 0.4) * high)
        x = round(box[2]) + gap if side else round(box[0]) - gap - cover.shape[1]
        picture.ink(cover, colour, (x, y))
        picture.record(CHARACTERS[-1], cover, (x, y))


def strike(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng) -> None:
    """One or two lines through the digits."""
    wide, high = box[2] - box[0], box[3] - box[1]
    for _ in range(1 + int(rng.random() < 0.3)):
        over = rng.uniform(0.05, 0.3, 2) * span(box)
        if rng.random() < 0.5:
            y = box[1] + high * rng.uniform(0.3, 0.7, 2)
        else:
            y = np.array([box[3] - high * rng.uniform(0, 0.2), box[1] + high * rng.uniform(0, 0.2)])
            y = y[:: rng.choice([1, -1])]
        path = np.array([[box[0] - over[0], y[0]], [box[0] + wide + over[1], y[1]]])
        picture.lines([path], pen, colour)


def _beside(box: Box, size: float, rng: Rng) -> NDArray[np.float64]:
    """A place beside the digits for a mark of radius `size`: (2,)."""
    middle = np.array([box[0] + box[2], box[1] + box[3]]) / 2
    half = np.array([box[2] - box[0], box[3] - box[1]]) / 2
    direction = np.array([np.cos(angle := rng.uniform(0, 2 * np.pi)), np.sin(angle)])
    reach = half + size + rng.uniform(0.06, 0.4) * span(box)
    return np.asarray(middle + direction * (reach / np.maximum(np.abs(direction), 1e-6)).min())


def tick(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng) -> None:
    """A tick or a cross beside the digits, often in another colour."""
    size = span(box) * rng.uniform(0.1, 0.4)
    shape = [np.array([[-0.7, -0.1], [-0.2, 0.5], [0.8, -0.8]])]
    if rng.random() < 0.3:
        shape = [np.array([[-0.6, -0.6], [0.6, 0.6]]), np.array([[-0.6, 0.6], [0.6, -0.6]])]
    at = _beside(box, size, rng)
    if rng.random() < 0.5:
        colour = ((0.8, 0.1, 0.1), (0.1, 0.55, 0.15))[rng.integers(2)]
    picture.lines([at + size * s for s in shape], pen, colour)


def degree(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng) -> None:
    """A small ring above the line, right of the digits."""
    size = span(box) * rng.uniform(0.06, 0.14)
    at = np.array([box[2] + size + rng.uniform(0.05, 0.25) * span(box), box[1] + size])
    picture.lines([at + size * RING], min(pen, size), colour)


def splash(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng) -> None:
    """One to six drops of ink or dirt."""
    for _ in range(int(rng.integers(1, 7))):
        size = span(box) * rng.uniform(0.01, 0.07)
        at = _beside(box, size, rng)
        blob = at + size * RING * (1 + 0.3 * np.cos(2 * ARC + rng.uniform(0, 6)))[:, None]
        fixed = np.round(blob * 16).astype(np.int32)
        mask = np.zeros(picture.shape, np.uint8)
        cv2.fillPoly(mask, [fixed], (255,), cv2.LINE_AA, 4)
        picture.ink(mask / 255, colour)


def stray(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng) -> None:
    """One to three long strokes or arcs at any angle, through the digits or past them."""
    for _ in range(int(rng.integers(1, 4))):
        through = rng.uniform((box[0], box[1]), (box[2], box[3]))
        if rng.random() < 0.5:
            through = _beside(box, 0.05 * span(box), rng)
        angle, half = rng.uniform(0, 2 * np.pi), span(box) * rng.uniform(0.6, 2.0)
        along = half * np.linspace(-1, 1, 17) + half * rng.uniform(-0.8, 0.8)
        bow = rng.normal(0, 0.25) * half * np.linspace(-1, 1, 17) ** 2
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        picture.lines([through + np.stack([along, bow], axis=1) @ turn], pen, colour)


def long_lines(
    picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng
) -> None:
    """One to five lines side by side across the whole sheet and through the digits: a margin's
    line, a fold or hatching."""
    height, width = picture.shape
    through = rng.uniform((box[0], box[1]), (box[2], box[3]))
    angle, reach = rng.uniform(0, np.pi), height + width
    along = np.array([np.cos(angle), np.sin(angle)])
    apart = np.array([-along[1], along[0]]) * span(box) * rng.uniform(0.15, 0.5)
    thin = pen * rng.uniform(0.3, 1.2)
    for i in range(int(rng.choice([1, 1, 2, 3, 4, 5]))):
        at = through + i * apart * rng.uniform(0.8, 1.2)
        picture.lines([np.array([at - reach * along, at + reach * along])], thin, colour)


def words(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng) -> None:
    """One to three words above, below, left or right of the digits, printed or written."""
    width = picture.shape[1]
    size = span(box) * float(np.exp(rng.uniform(np.log(0.12), np.log(0.8))))
    side = int(rng.integers(4))
    gap = rng.uniform(0.1, 0.5) * size + 2
    for _ in range(int(rng.integers(1, 4))):
        cover = _word(size, pen, hands, rng)
        high, wide = cover.shape
        if side == 0:
            corner = (rng.uniform(0, max(1, width - wide)), box[1] - gap - high)
        elif side == 1:
            corner = (rng.uniform(0, max(1, width - wide)), box[3] + gap)
        elif side == 2:
            corner = (box[0] - gap - wide, rng.uniform(box[1] - size, box[3]))
        else:
            corner = (box[2] + gap, rng.uniform(box[1] - size, box[3]))
        at = (round(corner[0]), round(corner[1]))
        picture.ink(cover, colour, at)
        picture.record_letters(cover, at)
        gap += size * rng.uniform(1.1, 1.8) if side < 2 else wide + 0.5 * size


def _word(size: float, pen: float, hands: Hands, rng: Rng) -> NDArray[Any]:
    """A printed word, or a few written letters, whose capitals are `size` pixels high."""
    if not hands.letters or rng.random() < 0.6:
        return scaled(printed(str(rng.choice(WORDS)), hands.split, rng), size)
    row = np.zeros((round(size) + 2, 1), np.float32)
    for _ in range(int(rng.integers(1, 6))):
        strokes = vary(hands.letters[rng.integers(len(hands.letters))], rng)
        points = np.concatenate(strokes)
        scale = size / max(float(np.ptp(points, axis=0).max()), 1e-6) * rng.uniform(0.6, 1)
        cover = draw([s * scale for s in strokes], min(pen, 0.15 * size))[0][: row.shape[0]]
        space = np.zeros((row.shape[0], round(0.15 * size) + 1), np.float32)
        row = np.hstack([row, space, np.pad(cover, ((row.shape[0] - cover.shape[0], 0), (0, 0)))])
    return row


MARKS: dict[str, Addition] = {
    "underlined": underline,
    "underlined twice": partial(underline, gaps=(0.06, 0.25), count=2),
    "touching underline": partial(underline, gaps=(-0.12, 0.03)),
    "circle": circle,
    "brackets": brackets,
    "written brackets": written_brackets,
    "struck through": strike,
    "tick": tick,
    "degree": degree,
    "splash": splash,
    "stray strokes": stray,
    "words": words,
    "long lines": long_lines,
}
