"""Training examples for the number reader: segments of composed numbers, labelled by their digits.

A network that never saw two digits together, or a digit with a slice of its neighbour, takes them
for some digit. LeCun and others therefore trained theirs on whole strings ("Gradient-Based Learning
Applied to Document Recognition", 1998, section VI). Here the place of every digit is known, so each
segment can be labelled as one of the digits or as none.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from tqdm import tqdm

from mnist_demo.read.numbers import Pieces, candidate_segments, find_pieces
from train.data.compose_numbers import ComposedNumber, compose_numbers, select_upright
from train.data.writers import read_digits, select_split
from train.fit.examples import NOT_A_DIGIT, Examples, Source, cached_arrays

# A segment is a digit if it holds nearly all of one digit's ink and hardly any other ink.
MIN_DIGIT_COVERAGE = 0.92  # share of the digit's ink that is in the segment
MAX_FOREIGN_SHARE = 0.08  # share of the segment's ink that belongs to other digits
# A segment is no digit if it holds only a part of its main digit, or much of another one.
# Segments between these limits could be called either, so they are left out.
MAX_PART_COVERAGE = 0.6
MIN_FOREIGN_SHARE = 0.25
# Half of a 4 may look like a 1. A part that the networks of `find-label-errors` take for a digit
# with more than this probability is left out.
MAX_DIGIT_PROBABILITY = 0.45
NUMBERS_PER_KIND = 300  # numbers of each length and gap


def labelled_segments(number: ComposedNumber) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The segments of a number that clearly are a digit, or clearly are none.

    Returns:
        Images uint8 (n, 28, 28), preprocessed, and labels int64 (n,), 0 to 9 or NOT_A_DIGIT.
    """
    none = np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.int64)
    try:
        found = find_pieces(number.canvas)
    except ValueError:  # in too many pieces
        return none
    if found is None:
        return none
    pieces, corner, (across, down) = found
    rows, columns = pieces.ink.shape
    runs, inputs = candidate_segments(pieces)
    digits = digit_masks(number, (round(rows * down), round(columns * across)), corner, pieces)
    images, labels = [], []
    for (i, j), model_input in zip(runs, inputs, strict=True):
        label = segment_label(pieces, i, j, digits, number.text)
        if label is not None:
            images.append(np.round(model_input * 255).astype(np.uint8))
            labels.append(label)
    return (np.stack(images), np.array(labels, np.int64)) if images else none


def digit_masks(
    number: ComposedNumber, shape: tuple[int, ...], corner: tuple[int, int], pieces: Pieces
) -> NDArray[np.bool_]:
    """Which ink of `pieces` belongs to each digit of the number: bool (digits, h, w).

    `shape` (rows, columns) and `corner` (column, row) say where the ink is on the number's canvas.
    """
    size = pieces.ink.shape[1], pieces.ink.shape[0]
    x, y = corner
    masks = []
    for digit, (left, top) in zip(number.digits, number.corners, strict=True):
        canvas = np.zeros(number.canvas.shape, np.uint8)
        own = 255 - digit[10:-10, 10:-10]
        canvas[top : top + own.shape[0], left : left + own.shape[1]] = own
        cut = canvas[y : y + shape[0], x : x + shape[1]]
        masks.append(cv2.resize(cut, size, interpolation=cv2.INTER_AREA) > 20)
    return np.stack(masks) & (pieces.ink > 0.4)


def segment_label(
    pieces: Pieces, i: int, j: int, digits: NDArray[np.bool_], text: str
) -> int | None:
    """The label of the segment from piece `i` to piece `j`.

    Args:
        pieces: the pieces of the number.
        i: index of the segment's first piece, from 0.
        j: index of its last piece.
        digits: the `digit_masks` of the number.
        text: the digits of the number.

    Returns:
        0 to 9, NOT_A_DIGIT, or None if it could be called either.
    """
    own = (pieces.labels > i) & (pieces.labels <= j + 1) & (pieces.ink > 0.4)
    if not own.any():
        return None
    shared = (digits & own).sum(axis=(1, 2))
    coverage = shared / np.maximum(digits.sum(axis=(1, 2)), 1)
    main = int(coverage.argmax())
    foreign = 1 - shared[main] / own.sum()
    if coverage[main] >= MIN_DIGIT_COVERAGE and foreign <= MAX_FOREIGN_SHARE:
        return int(text[main])
    if coverage[main] <= MAX_PART_COVERAGE or foreign >= MIN_FOREIGN_SHARE:
        return NOT_A_DIGIT
    return None


def composed(data_dir: Path, cache: Path, seed: int = 0) -> list[Source]:
    """Two sources: segments that are a digit, and segments that are none.

    They are cut out of numbers composed of training writers' digits. Composing takes minutes, so
    the segments are kept in `cache`.

    Raises:
        SystemExit: `find-label-errors` has not run with this cache, or a data set is missing or
            damaged.
    """

    def cut() -> dict[str, NDArray[Any]]:
        drawings = select_upright(select_split(read_digits(data_dir), "train"))
        numbers = compose_numbers(drawings, NUMBERS_PER_KIND, seed)
        cv2.setNumThreads(1)
        with ProcessPoolExecutor() as pool:
            work = pool.map(labelled_segments, numbers, chunksize=32)
            done = list(tqdm(work, total=len(numbers), desc="numbers"))
        images = np.concatenate([images for images, _ in done])
        labels = np.concatenate([labels for _, labels in done])
        digits, others = np.flatnonzero(labels >= 0), np.flatnonzero(labels < 0)
        # Many of these segments differ only by a speck.
        others = np.random.default_rng(seed).choice(others, min(len(others), 3 * len(digits)))
        score = digit_probability(images[others], cache)
        kept = np.concatenate([digits, others[score < MAX_DIGIT_PROBABILITY]])
        return {"images": images[kept], "labels": labels[kept]}

    stored = cached_arrays(cache / f"segments-train-{seed}.npz", cut)
    examples = Examples(stored["images"], stored["labels"])
    is_digit = examples.labels != NOT_A_DIGIT
    return [
        Source("digits cut out of numbers", examples[is_digit], 0.4),
        Source("pieces and pairs cut out of numbers", examples[~is_digit], 0.2),
    ]


def digit_probability(images: NDArray[np.uint8], cache: Path) -> NDArray[np.float64]:
    """How much each image looks like a digit, in [0, 1]: by the networks of `find-label-errors`.

    Raises:
        SystemExit: `find-label-errors` has not run with this cache.
    """
    scores = []
    for name in ("clean-0", "clean-1"):
        file = cache / name / "network.keras"
        if not file.exists():
            raise SystemExit(
                f"no {file}: run `python -m train find-label-errors --cache {cache}` first"
            )
        model = keras.saving.load_model(file, compile=False)
        logits = [
            model(batch[..., np.newaxis].astype(np.float32) / 255, training=False)[1].numpy()[:, 0]
            for batch in np.array_split(images, max(1, len(images) // 500))
        ]
        scores.append(expit(np.concatenate(logits)))
    return np.asarray(np.mean(scores, axis=0), np.float64)
