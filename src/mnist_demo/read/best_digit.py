"""Chooses among what the finder found, by how the classifier reads it, and looks at it twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.arrays import Pixels
from mnist_demo.read.digit_ink import Finding, Located, find_digits, look_again
from mnist_demo.read.finder import Find
from mnist_demo.read.prediction import Prediction
from mnist_demo.read.preprocess import crop_ink, normalize, normalize_stroke_width

Array = NDArray[np.float32]
Read = Callable[[Sequence[Array | None]], "list[Prediction]"]  # `Classifier.classify_inputs`
CERTAIN = 0.95  # score of being a digit from which no other place is looked at
# Score and confidence from which a picture is not searched, and parts up to which it is not. 389 of
# 391 validation pictures of all kinds that read so well were read right, and 45 of 48 with more.
PLAIN_SCORE, PLAIN_CONFIDENCE, MOST_PARTS = 0.98, 0.99, 2
PARTS_SIDE = 96  # longer side, in pixels, of the ink whose parts are counted
# The finder's sureness of a digit's ink, and the share of such answers that are right: of 1,290
# validation pictures, all with a sureness of 0.93 and more were.
TRUST = ((0.6, 0.9), (0.85, 1.0))
PARTIAL_TRUST = 0.9  # this share of readings for which some ink was left out
SURE = 0.84  # sureness from which a finding counts if there are several
FAR_MORE = 2.2  # times the ink of the digit: the rest is a frame, or lines of the paper


def find_digit(find: Find, read: Read, pixels: Pixels) -> tuple[Finding, Prediction]:
    """Find the digit in any picture and read it.

    A picture whose ink reads well without being searched is read as it is. So whoever sends a digit
    alone need not wait for the finder.

    Args:
        find, read: the two networks.
        pixels: uint8 (h, w), (h, w, 3) or (h, w, 4), as `read_pixels` returns them.
    """
    located = crop_ink(pixels)
    if located:
        plain = read([normalize(normalize_stroke_width(located[0]))])[0]
        if is_plain(plain, located[0]):
            return Finding(None, None, located[0]), plain
    return search(find, read, pixels, located)


def is_plain(prediction: Prediction, ink: Array) -> bool:
    """Whether the ink of a picture reads so well as it is that the finder is not asked.

    A digit seldom has more than two parts. What has more may be a digit among other ink.

    Args:
        prediction: of all ink.
        ink: float32 (h, w) in [0, 1], as `find_ink` returns it.
    """
    if prediction.digit_score < PLAIN_SCORE or prediction.confidence < PLAIN_CONFIDENCE:
        return False
    scale = PARTS_SIDE / max(ink.shape)
    size = (max(1, round(scale * ink.shape[1])), max(1, round(scale * ink.shape[0])))
    small = cv2.resize((ink > 0.4).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return cv2.connectedComponents((small > 0.05).view(np.uint8))[0] - 1 <= MOST_PARTS


def search(
    find: Find, read: Read, pixels: Pixels, located: Located | None
) -> tuple[Finding, Prediction]:
    """As `find_digit`, of a picture that does not read well as it is.

    What was found is looked at once more. The answer is the mean of both readings, so that who took
    a shadow or a part of a digit for all of it is not sure of it.

    Args:
        find, read, pixels: as for `find_digit`.
        located: what `crop_ink` returned for the picture.
    """
    found, model_input = best_digit(read, find_digits(find, pixels, located))
    looks = [model_input]
    if found.box is not None and model_input is not None:
        looks.append(input_of(read, look_again(find, pixels, found.box)))
    prediction = mean_of_looks(*read(looks))
    if found.view is not None and model_input is not None:
        sureness = found.view.sureness(found.box or found.view.box)
        trust = PARTIAL_TRUST if found.partial else float(np.interp(sureness, *TRUST))
        prediction = prediction.mix_with_uniform(trust)
    return found, replace(prediction, reason=found.reason)


def mean_of_looks(first: Prediction, *others: Prediction) -> Prediction:
    """The first prediction, with the mean probabilities of all. As far as a further look shows no
    digit, it may be any."""
    further = [p.mix_with_uniform(p.digit_score).probabilities for p in others]
    mean = np.mean([first.probabilities, *further], axis=0)
    return replace(first, probabilities=np.asarray(mean, np.float32))


def best_digit(read: Read, findings: Iterable[Finding]) -> tuple[Finding, Array | None]:
    """The first finding that clearly reads as a digit, or else the one that looks most like one.

    If the finder is sure of none, it is the first of them. A partial finding must read clearly.

    Args:
        read: reads the network's inputs.
        findings: what `find_digits` returns.

    Returns:
        The finding and the network's input made of it, float32 (28, 28) in [0, 1]. The input is
        None if there is no digit.
    """
    best: tuple[Finding, Array | None] | None = None
    highest = -1.0
    unsure: Finding | None = None
    for found in findings:
        if found.sureness < SURE:
            unsure = unsure or found
            continue
        model_input = input_of(read, found)
        prediction = read([model_input])[0]
        if found.box is None and (model_input is None or prediction.is_digit):
            return found, model_input
        if prediction.is_clear and prediction.digit_score >= CERTAIN:
            return found, model_input
        if not found.partial and prediction.digit_score > highest:
            best, highest = (found, model_input), prediction.digit_score
    if unsure and (best is None or best[1] is None):
        return unsure, input_of(read, unsure)
    assert best is not None
    return best


def input_of(read: Read, found: Finding) -> Array | None:
    """Make the network's input of one finding.

    Where the finder would take away a part of a drawing, it is asked how all of it reads. All of it
    is taken if it clearly is a digit, and so is a part that is one. If both are, they are different
    digits and the drawing has several pieces or far more ink, the part is taken: the rest may be an
    underline or a frame. If none is, what looks more like a digit is taken.
    """
    part = None if found.ink is None else normalize(normalize_stroke_width(found.ink))
    if found.whole is None:
        return part
    whole = normalize(normalize_stroke_width(found.whole))
    of_all, of_part = read([whole, part])
    if of_all.is_clear and of_part.is_clear:
        assert whole is not None and part is not None
        one_piece = found.connected and whole.sum() < FAR_MORE * part.sum()
        return whole if one_piece or of_all.digit == of_part.digit else part
    if of_all.is_clear or of_part.is_clear:
        return whole if of_all.is_clear else part
    return whole if of_all.digit_score >= of_part.digit_score else part
