"""Numbers as they are drawn on a Sketchpad, where digits touch and overlap."""

from __future__ import annotations

import numpy as np

from train.data.compose_numbers import GAPS, LENGTHS, compose_number, select_upright
from train.data.drawing import Drawing
from train.scenes.hands import Hands
from train.scenes.views import Labelled


def drawn_number(hands: Hands, rng: np.random.Generator) -> Labelled:
    """A number by one of the writers, with a box for each digit.

    Without writers there are none: AssertionError.
    """
    assert hands.writers
    writer = hands.writers[int(rng.integers(len(hands.writers)))]
    drawings = [
        Drawing(str(digit), "", "", "", strokes)
        for digit, written in enumerate(writer)
        for strokes in written
    ]
    number = compose_number(
        select_upright(drawings) or drawings,
        int(rng.choice(LENGTHS)),
        str(rng.choice(GAPS)),
        rng,
    )
    boxes = [
        [int(digit), x, y, x + ink.shape[1] - 20, y + ink.shape[0] - 20, 1]
        for digit, ink, (x, y) in zip(number.text, number.digits, number.corners, strict=True)
    ]
    return np.dstack([number.canvas] * 3), np.array(boxes, np.float32)
