"""Chooses among what the finder found, by how the classifier reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.digit_ink import Finding
from mnist_demo.read.preprocess import even_strokes, normalise

if TYPE_CHECKING:
    from mnist_demo.read.classifier import Prediction

Array = NDArray[np.float32]
Read = Callable[[Sequence[Array | None]], "list[Prediction]"]  # `Classifier.classify_inputs`


def best_digit(read: Read, findings: Iterable[Finding]) -> tuple[Finding, Array | None]:
    """The first finding that clearly reads as a digit, or else the one that looks most like one.

    Args:
        read: reads the network's inputs.
        findings: what `find_digits` returns.

    Returns:
        The finding and the network's input made of it, float32 (28, 28) in [0, 1]. The input is
        None if there is no digit.
    """
    best, highest = None, -1.0
    for found in findings:
        model_input = input_of(read, found)
        if found.last and best is None:
            return found, model_input
        prediction = read([model_input])[0]
        if prediction.is_clear:
            return found, model_input
        if prediction.digit_score > highest:
            best, highest = (found, model_input), prediction.digit_score
    assert best is not None
    return best


def input_of(read: Read, found: Finding) -> Array | None:
    """Make the network's input of one finding.

    Where the finder would take away a part of a drawing, but all of it clearly is a digit, all of
    it is read. If the drawing has several pieces, that holds only if the part that is left does not
    clearly read as another digit: the other pieces may be an underline or a frame.
    """
    part = None if found.ink is None else normalise(even_strokes(found.ink))
    if found.whole is not None:
        whole = normalise(even_strokes(found.whole))
        all_read, part_read = read([whole, part])
        differs = part_read.is_clear and part_read.digit != all_read.digit
        if all_read.is_clear and (found.connected or not differs):
            return whole
    return part
