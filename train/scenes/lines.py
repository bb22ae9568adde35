"""Lines of the paper: frames, rules, squares. They lie under the digits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from train.scenes.hands import Hands
from train.scenes.picture import Colour, Picture, box_path

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels
Rng = np.random.Generator
Addition = Callable[[Picture, Box, float, Colour, Hands, Rng], None]


def span(box: Box) -> float:
    """The longer side of a box, at most 1.5 times the shorter one, in pixels."""
    wide, high = box[2] - box[0], box[3] - box[1]
    return max(min(wide, 1.5 * high), min(high, 1.5 * wide))


def _edge(picture: Picture, rng: Rng) -> float:
    """The width of a printed line: 0.4% to 2.5% of the picture's shorter side."""
    return min(picture.shape) * float(np.exp(rng.uniform(np.log(0.004), np.log(0.025))))


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


def grid(
    picture: Picture, box: Box, pen: float, colour: Colour, hands: Hands, rng: Rng,
    steps: tuple[float, float], both: bool = True, fine: bool = False,
) -> None:  # fmt: skip
    """Lines across the whole picture, and squares if `both`; `steps` of the digits' span apart.

    If `fine`, every fifth or tenth line is stronger, as on millimetre paper.
    """
    step = span(box) * rng.uniform(*steps)
    every = int(rng.choice([5, 10])) if fine else 0
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


LINES: dict[str, Addition] = {
    "frame at the edge": frame_at_edge,
    "frame inside": frame_inside,
    "edge lines": edge_lines,
    "comb": comb,
    "cell": cell,
    "ruled": partial(grid, steps=(0.25, 1.3), both=False),
    "squared": partial(grid, steps=(0.12, 0.6)),
    "millimetre": partial(grid, steps=(0.05, 0.12), fine=True),
}
