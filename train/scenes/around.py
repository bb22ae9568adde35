"""What stands around the digits: lines of the paper, frames, marks, words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from train.paint.displays import printed
from train.paint.strokes import vary
from train.scenes.hands import ARC, RING, Hands, draw
from train.scenes.picture import OTHER, Colour, Picture, box_path, scaled

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels
Rng = np.random.Generator
Addition = Callable[[Picture, Box, float, Colour, Hands, Rng], None]
WORDS = (
    *("Points", "Name", "Total", "Date", "Answer", "Room", "Page", "Score", "Draw", "Canvas"),
    *("Untitled", "Edit", "View", "Save", "Result", "Class", "Figure", "Note", "Done", "Today"),
    *("Predict", "Clear", "Submit", "Sum"),
)


def span(box: Box) -> float:
    """The longer side of a box, at most 1.5 times the shorter one, in pixels."""
    wide, high = box[2] - box[0], box[3] - box[1]
    return max(min(wide, 1.5 * high), min(high, 1.5 * wide))


def _edge(picture: Picture, rng: Rng) -> float:
    """The width of a printed line: 0.4% to 2.5% of the picture's shorter side."""
    return min(picture.shape) * float(np.exp(rng.uniform(np.log(0.004), np.log(0.025))))


# Lines of the paper. They lie under the digits, so they take no box into account except to stay off
# its strokes.


def frame_at_edge(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng
                  ) -> None:  # fmt: skip
    """All four edges of the picture are lines."""
    height, width = picture.shape
    line = _edge(picture, rng)
    picture.lines([box_path(0, 0, width - 1, height - 1)], 2 * line, colour)


def edge_lines(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng
               ) -> None:  # fmt: skip
    """One or two edges are lines, left from cutting a cell out."""
    height, width = picture.shape
    corners = box_path(0, 0, width - 1, height - 1)
    line, first = _edge(picture, rng), int(rng.integers(4))
    for i in range(1 + int(rng.random() < 0.5)):
        side = (first + i) % 4
        picture.lines([corners[side : side + 2] + rng.normal(0, 0.5, (1, 2))], 2 * line, colour)


def frame_inside(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng
                 ) -> None:  # fmt: skip
    """A frame between the picture's edge and the digits."""
    height, width = picture.shape
    shares = rng.uniform(0.1, 0.9, 4) if rng.random() < 0.5 else np.full(4, rng.uniform(0.1, 0.9))
    x0, y0 = box[0] * shares[0], box[1] * shares[1]
    x1 = width - (width - box[2]) * shares[2]
    y1 = height - (height - box[3]) * shares[3]
    path = box_path(x0, y0, x1, y1)
    if rng.random() < 0.3:  # drawn by hand
        path = path + rng.normal(0, 0.012 * min(picture.shape), path.shape)
    picture.lines([path], _edge(picture, rng), colour)


def comb(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng) -> None:
    """A comb field: a line below the digits, and short ones left and right."""
    reach = 0.12 * span(box) * rng.uniform(0.5, 2)
    x0, x1 = box[0] - reach, box[2] + reach
    y1 = box[3] + reach
    y0 = y1 - (y1 - box[1]) * rng.uniform(0.15, 1.05)
    path = np.array([[x0, y0], [x0, y1], [x1, y1], [x1, y0]])
    if rng.random() < 0.2:
        path = path[1:3]
    picture.lines([path], _edge(picture, rng), colour)


def cell(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng) -> None:
    """A cell of a printed table that was cut out a little off: lines run past its corners."""
    height, width = picture.shape
    off = 0.05 * min(height, width)
    x, y = rng.uniform(-off, off, 2)
    line = _edge(picture, rng)
    turn = rng.normal(0, 0.015)
    for i, at in enumerate((x, x + width)):
        path = np.array([[at, -9], [at + turn * height, height + 9]])
        picture.lines([path], line * (1 + (i == 0) * rng.uniform(0, 2)), colour)
    for i, at in enumerate((y, y + height)):
        path = np.array([[-9, at], [width + 9, at - turn * width]])
        picture.lines([path], line * (1 + (i == 0) * rng.uniform(0, 2)), colour)


def ruled(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng) -> None:
    """Lines across the whole picture, and sometimes a margin's."""
    _grid(picture, span(box) * rng.uniform(0.25, 1.3), False, colour, rng)


def squared(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng) -> None:
    """Squared paper."""
    _grid(picture, span(box) * rng.uniform(0.12, 0.6), True, colour, rng)


def millimetre(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng
               ) -> None:  # fmt: skip
    """Millimetre paper: fine squares, and every fifth or tenth line stronger."""
    step = max(5.0, span(box) * rng.uniform(0.05, 0.12))
    _grid(picture, step, True, colour, rng, every=int(rng.choice([5, 10])))


def _grid(
    picture: Picture, step: float, both: bool, colour: Colour, rng: Rng, every: int = 0
) -> None:
    height, width = picture.shape
    line, turn = _edge(picture, rng) * 0.8, rng.normal(0, 0.02)
    step = max(step, 5 * line, 5.0)
    offset, offset_x = rng.uniform(0, step, 2)
    rows = np.arange(offset - step, height + step, step)
    paths = [np.array([[-9, y], [width + 9, y + turn * width]]) for y in rows]
    if both:
        columns = np.arange(offset_x - step, width + step, step)
        paths += [np.array([[x, -9], [x - turn * height, height + 9]]) for x in columns]
    elif rng.random() < 0.2:
        x = rng.uniform(0, 0.25) * width
        paths.append(np.array([[x, -9], [x, height + 9]]))
    picture.lines(paths, line, colour)
    if every:
        picture.lines(paths[:: 2 * every] + paths[every :: 2 * every], 1.8 * line, colour)


# Marks that somebody makes with a pen. `box` is that of the digits.


def underline(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng
              ) -> None:  # fmt: skip
    """A line below the digits."""
    _under(picture, box, pen, colour, rng, rng.uniform(0.06, 0.3), 1)


def double_underline(picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng
                     ) -> None:  # fmt: skip
    """Two lines below the digits."""
    _under(picture, box, pen, colour, rng, rng.uniform(0.06, 0.25), 2)


def touching_underline(
    picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng
) -> None:
    """A line that touches the feet of the digits, or cuts through them."""
    _under(picture, box, pen, colour, rng, rng.uniform(-0.12, 0.03), 1)


def _under(
    picture: Picture, box: Box, pen: float, colour: Colour, rng: Rng, gap: float, count: int
) -> None:
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
        picture.ink(mask / 255, colour, OTHER)


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
        picture.ink(cover, colour, OTHER, (round(corner[0]), round(corner[1])))
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


LINES: dict[str, Addition] = {
    "frame at the edge": frame_at_edge,
    "frame inside": frame_inside,
    "edge lines": edge_lines,
    "comb": comb,
    "cell": cell,
    "ruled": ruled,
    "squared": squared,
    "millimetre": millimetre,
}
MARKS: dict[str, Addition] = {
    "underlined": underline,
    "underlined twice": double_underline,
    "touching underline": touching_underline,
    "circle": circle,
    "brackets": brackets,
    "struck through": strike,
    "tick": tick,
    "degree": degree,
    "splash": splash,
    "words": words,
}
