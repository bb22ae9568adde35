"""Find the digits, signs and other characters in a picture, and put them in lines.

A detector looks at views of the picture: first at all of it, then closer as long as what it finds
is small, then once more at each line. It has one output for every STRIDE x STRIDE pixels of a view.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

# What the detector tells apart. "x" is any other character: a letter, a symbol, a tick.
CHARACTERS = (*"0123456789", *".,:-/+\u00d7\u00f7=%$", "x")
SIGNS = CHARACTERS[10:-1]
STRIDE = 4  # pixels of a view for one output
OUTPUTS = 1 + len(CHARACTERS) + 4
STEP = 32  # the sides of a view are multiples of it

AREA = 128 * 128  # pixels of the first view; of a long picture the shorter side has 64 at least
CLOSER = (4, 16)  # times as many pixels have the next views of the whole picture
SMALL = 16  # pixels of a view: what is smaller is looked at again
# Pixels of a view that a line's digits have at the last look. With 56, 85.8 instead of 84.5% of 800
# composed validation numbers are read right, but 72 instead of 78% of 60 on a ruled line.
LINE_HEIGHT = 46
MAX_SIDE = 1024  # pixels of a view
MAX_LINES = 9  # that are looked at again
MIN_SCORE = 0.1  # of what is a detection at all
SCORE = 0.5  # score from which a character is there ...
# ... in a line that has one of this score: less sure ones alone are the grain of the paper. 100% of
# 60 empty validation sheets are read right with 0.8, 98 with 0.75, 95 with 0.7, 88 without; of
# 1,200 photos of a digit 97.5, 98.0, 98.1 and 98.3.
LINE_SCORE = 0.75
NEAR = 0.6  # weight of the look from near; 0.5 and 0.7 find a digit on more empty sheets

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels
# Takes a view, uint8 (h, w, 3), and returns float32 (h / STRIDE, w / STRIDE, OUTPUTS): the logit
# that the middle of a character is there, the logits of CHARACTERS, and the logarithms of the
# distances from there to the box's left, top, right and bottom, in strides.
Detector = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True)
class Detection:
    """A character in a picture.

    Attributes:
        box: where it is.
        score: probability that a character is there, in [0, 1].
        probabilities: of each of CHARACTERS if one is there; float32 (22,) in [0, 1], sum 1.
    """

    box: Box
    score: float
    probabilities: NDArray[np.float32]

    @property
    def sign(self) -> str:
        """The most probable of CHARACTERS."""
        return CHARACTERS[int(self.probabilities.argmax())]

    @property
    def digit_score(self) -> float:
        """Probability that a digit is there, in [0, 1]."""
        return self.score * float(self.probabilities[:10].sum())

    @property
    def height(self) -> float:
        """Of the box, in pixels."""
        return self.box[3] - self.box[1]

    @property
    def size(self) -> float:
        """The height in pixels, or half of the width if that is more: a 1 may be a flat stroke."""
        return max(self.height, (self.box[2] - self.box[0]) / 2)


def find_lines(detector: Detector, picture: NDArray[np.uint8]) -> list[list[Detection]]:
    """All characters in a picture, uint8 (h, w, 3): in lines from top to bottom, left to right."""
    height, width = picture.shape[:2]
    whole = (0.0, 0.0, float(width), float(height))
    scale = view_scale(height, width, AREA)
    found = look(detector, picture, whole, scale)
    for times in CLOSER:
        sure = [d.size * scale for d in found if d.score > SCORE]
        if (sure and np.median(sure) >= SMALL) or scale >= 1:
            break
        large = [d for d in found if d.size * scale >= SMALL]
        scale = view_scale(height, width, times * AREA)
        found = without_doubles(large + look(detector, picture, whole, scale))
    lines = in_lines([d for d in found if d.score > 0.5 * SCORE])
    lines.sort(key=lambda line: -max(d.score for d in line))
    seen = [d for line in lines[MAX_LINES:] for d in line]
    for line in lines[:MAX_LINES]:
        seen += _look_again(detector, picture, line)
    lines = in_lines(without_doubles([d for d in seen if d.score > SCORE]))
    return [line for line in lines if max(d.score for d in line) > LINE_SCORE]


def _look_again(
    detector: Detector, picture: NDArray[np.uint8], line: Sequence[Detection]
) -> list[Detection]:
    """The characters of a line after a look from near."""
    high = float(np.median([d.size for d in line]))
    low, top = (min(d.box[i] for d in line) for i in (0, 1))
    right, bottom = (max(d.box[i] for d in line) for i in (2, 3))
    region = (low - 0.9 * high, top - 0.5 * high, right + 0.9 * high, bottom + 0.5 * high)
    near = look(detector, picture, region, LINE_HEIGHT / high)
    near = [d for d in near if top < (d.box[1] + d.box[3]) / 2 < bottom]
    result, left = [], list(line)
    for d in near:
        same = [before for before in left if are_same(before.box, d.box)]
        if same:
            before = max(same, key=lambda other: overlap(other.box, d.box))
            left.remove(before)
            mixed = (1 - NEAR) * before.probabilities + NEAR * d.probabilities
            score = (1 - NEAR) * before.score + NEAR * d.score
            result.append(replace(d, score=score, probabilities=mixed))
        else:
            result.append(replace(d, score=NEAR * d.score))
    return result + [replace(d, score=(1 - NEAR) * d.score) for d in left]


def view_scale(height: int, width: int, area: int) -> float:
    """How many pixels of a view one pixel of a picture gets, for a view of `area` pixels."""
    long = min(8.0, max(height, width) / min(height, width))
    return float((max(area, area / 4 * long) / (height * width)) ** 0.5)


def look(
    detector: Detector, picture: NDArray[np.uint8], region: Box, scale: float
) -> list[Detection]:
    """What is in a region of a picture, which may reach beyond the edges; in pixels of the picture.

    The view has `scale` pixels for one of the picture, but at most MAX_SIDE along a side.
    """
    x0, y0 = round(region[0]), round(region[1])
    x1, y1 = max(round(region[2]), x0 + 2), max(round(region[3]), y0 + 2)
    scale = min(scale, MAX_SIDE / (x1 - x0), MAX_SIDE / (y1 - y0))
    shape = max(STRIDE, round((y1 - y0) * scale)), max(STRIDE, round((x1 - x0) * scale))
    view = cut(picture, (x0, y0, x1, y1), shape)
    below, beside = -shape[0] % STEP, -shape[1] % STEP
    view = np.asarray(cv2.copyMakeBorder(view, 0, below, 0, beside, cv2.BORDER_REPLICATE), np.uint8)
    times = np.array([(x1 - x0) / shape[1], (y1 - y0) / shape[0]] * 2)
    corner = np.array([x0, y0, x0, y0])
    found = peaks(detector(view))
    return [replace(d, box=tuple((corner + times * d.box).tolist())) for d in found]


def peaks(output: NDArray[np.float32]) -> list[Detection]:
    """The detections in a detector's output, in pixels of the view, the most probable first."""
    logits = output[..., 0]
    around = cv2.dilate(logits, np.ones((3, 3), np.uint8))  # the highest of the nine around
    rows, columns = np.nonzero((logits >= around) & (logits > np.log(MIN_SCORE / (1 - MIN_SCORE))))
    order = np.argsort(-logits[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    at = output[rows, columns]
    middles = (np.stack([columns, rows], axis=1) + 0.5) * STRIDE
    reach = np.exp(np.clip(at[:, -4:], -3, 4)) * STRIDE
    boxes = np.hstack([middles - reach[:, :2], middles + reach[:, 2:]])
    shares = np.exp(at[:, 1:-4] - at[:, 1:-4].max(axis=1, initial=-np.inf, keepdims=True))
    shares = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    scores = 1 / (1 + np.exp(-at[:, 0]))
    found = zip(boxes.tolist(), scores.tolist(), shares, strict=True)
    return without_doubles([Detection(tuple(box), score, own) for box, score, own in found])


def without_doubles(found: Sequence[Detection]) -> list[Detection]:
    """Of detections that mean the same, the most probable one."""
    kept: list[Detection] = []
    for d in sorted(found, key=lambda d: -d.score):
        if not any(are_same(d.box, k.box) or _is_part(d, k) for k in kept):
            kept.append(d)
    return kept


def _is_part(one: Detection, other: Detection) -> bool:
    """Whether two digits cannot be beside each other: one lies in the other."""
    smaller = min(_area(one.box), _area(other.box))
    both_digits = one.sign.isdigit() and other.sign.isdigit()
    return both_digits and _shared(one.box, other.box) > 0.7 * smaller


def are_same(one: Box, other: Box) -> bool:
    """Whether two boxes are around the same thing: they overlap, or their middles are near."""
    if overlap(one, other) > 0.4:
        return True
    apart = [abs(one[i] + one[i + 2] - other[i] - other[i + 2]) / 2 for i in (0, 1)]
    sides = [max(one[i + 2] - one[i], other[i + 2] - other[i]) for i in (0, 1)]
    return apart[0] < 0.25 * sides[0] and apart[1] < 0.25 * sides[1]


def overlap(one: Box, other: Box) -> float:
    """The intersection over union of two boxes, in [0, 1]."""
    both = _shared(one, other)
    return both / max(_area(one) + _area(other) - both, 1e-6)


def _shared(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, wide) * max(0.0, high)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def in_lines(found: Sequence[Detection]) -> list[list[Detection]]:
    """Detections in lines.

    One belongs to a line if its middle is at the height of the line's digits, and, if it is no
    sign, it is neither twice as large as they nor half as large.
    """
    lines: list[list[Detection]] = []
    for d in sorted(found, key=lambda d: (not d.sign.isdigit(), d.box[1] + d.box[3])):
        middle = (d.box[1] + d.box[3]) / 2
        for line in lines:
            digits = [o for o in line if o.sign.isdigit()] or line
            size = float(np.median([o.size for o in digits]))
            if d.sign not in SIGNS and not size / 2 < d.size < 2 * size:
                continue
            top, bottom = (float(np.mean([o.box[i] for o in digits])) for i in (1, 3))
            room = (0.1 if d.sign.isdigit() else 0.25) * (bottom - top)
            if top - room < middle < bottom + room:
                line.append(d)
                break
        else:
            lines.append([d])
    lines.sort(key=lambda line: float(np.mean([d.box[1] for d in line])))
    return [sorted(line, key=lambda d: d.box[0] + d.box[2]) for line in lines]


def whole_pixels(region: Box) -> tuple[int, int, int, int]:
    """The region in whole pixels, of which it has one at least."""
    x0, y0 = round(region[0]), round(region[1])
    return x0, y0, max(round(region[2]), x0 + 1), max(round(region[3]), y0 + 1)


def cut(picture: NDArray[np.uint8], region: Box, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """A region of a picture at the size `shape`. Beyond the edges the picture goes on as there."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = whole_pixels(region)
    part = picture[max(0, y0) : min(height, y1), max(0, x0) : min(width, x1)]
    beyond = (max(0, -y0), max(0, y1 - height), max(0, -x0), max(0, x1 - width))
    if max(beyond):
        part = np.asarray(cv2.copyMakeBorder(part, *beyond, cv2.BORDER_REPLICATE), np.uint8)
    times = min(part.shape[0] // (2 * shape[0]), part.shape[1] // (2 * shape[1]))
    if times > 1:  # to shrink by a whole number is much faster
        rows, columns = part.shape[0] // times, part.shape[1] // times
        part = part[: times * rows, : times * columns]
        reduced = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
        part = np.asarray(reduced, np.uint8)
    shrinks = part.shape[0] >= shape[0] and part.shape[1] >= shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, shape[::-1], interpolation=how), np.uint8)
