"""Training examples for the number reader: segments of composed numbers, labelled by their digits.

A network that never saw two digits run together, or a digit and a slice of its neighbour, takes
them for a digit of some kind. LeCun and others trained theirs on whole strings for this reason
("Gradient-Based Learning Applied to Document Recognition", 1998, section VI); here the digits'
places are known, so each run can be told to be one of them or none.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import keras
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from tqdm import tqdm

from mnist_demo.read.numbers import Pieces, candidate_segments, find_pieces
from train.data.compose_numbers import Composed, compose_many, upright
from train.fit.examples import NOT_A_DIGIT, Examples, Source, of_split, read_digits

# A segment is a digit if it has at least WHOLE of the digit's ink, and at most SLIVER of its own
# ink is another's. It is no digit if it has at most PART of any digit, or at least FOREIGN of its
# ink is not its main digit's. In between it could be called either, and is left out.
WHOLE, SLIVER, PART, FOREIGN = 0.92, 0.08, 0.6, 0.25
# Half a 4 can be a 1. What the networks that `clean` trained take for a digit with more than this
# probability is left out, as nobody could tell.
ALIKE = 0.45
COUNT = 300  # numbers of each length and gap


def segments(number: Composed) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images uint8 (n, 28, 28) of the segments that are a digit or none, and labels int64 (n,)."""
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
    digits = truth(number, (round(rows * down), round(columns * across)), corner, pieces)
    images, labels = [], []
    for (i, j), model_input in zip(runs, inputs, strict=True):
        label = label_of(pieces, i, j, digits, number.text)
        if label is not None:
            images.append(np.round(model_input * 255).astype(np.uint8))
            labels.append(label)
    return (np.stack(images), np.array(labels, np.int64)) if images else none


def truth(
    number: Composed, shape: tuple[int, ...], corner: tuple[int, int], pieces: Pieces
) -> NDArray[np.bool_]:
    """Which ink of `pieces` belongs to each digit: bool (digits, h, w).

    `shape` and `corner` are of the ink that `locate_ink` found on the number's canvas.
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


def label_of(pieces: Pieces, i: int, j: int, digits: NDArray[np.bool_], text: str) -> int | None:
    """The digit that the pieces from `i` to `j` are, NOT_A_DIGIT, or None if they may be either."""
    own = (pieces.labels > i) & (pieces.labels <= j + 1) & (pieces.ink > 0.4)
    if not own.any():
        return None
    shared = (digits & own).sum(axis=(1, 2))
    held = shared / np.maximum(digits.sum(axis=(1, 2)), 1)
    main = int(held.argmax())
    foreign = 1 - shared[main] / own.sum()
    if held[main] >= WHOLE and foreign <= SLIVER:
        return int(text[main])
    if held[main] <= PART or foreign >= FOREIGN:
        return NOT_A_DIGIT
    return None


def composed(data_dir: Path, cache: Path, seed: int = 0) -> list[Source]:
    """The segments of numbers by training writers: those that are digits, and a like number of
    those that are not.

    Composing takes minutes, so the segments are kept in `cache`.
    """
    file = cache / f"segments-train-{seed}.npz"
    if not file.exists():
        drawings = upright(of_split(read_digits(data_dir), "train"))
        numbers = compose_many(drawings, COUNT, seed)
        cv2.setNumThreads(1)
        with ProcessPoolExecutor() as pool:
            work = pool.map(segments, numbers, chunksize=32)
            done = list(tqdm(work, total=len(numbers), desc="numbers"))
        images = np.concatenate([images for images, _ in done])
        labels = np.concatenate([labels for _, labels in done])
        digits, others = np.flatnonzero(labels >= 0), np.flatnonzero(labels < 0)
        # There are many segments that differ by a speck only.
        others = np.random.default_rng(seed).choice(others, min(len(others), 3 * len(digits)))
        score = digit_probability(images[others], cache)
        kept = np.concatenate([digits, others[score < ALIKE]])
        cache.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part.npz")
        np.savez_compressed(part, images=images[kept], labels=labels[kept])
        part.rename(file)
    with np.load(file) as stored:
        examples = Examples(stored["images"], stored["labels"])
    is_digit = examples.labels != NOT_A_DIGIT
    return [
        Source("digits cut out of numbers", examples[is_digit], 0.4),
        Source("pieces and pairs cut out of numbers", examples[~is_digit], 0.2),
    ]


def digit_probability(images: NDArray[np.uint8], cache: Path) -> NDArray[np.float64]:
    """How much each image looks like a digit, in [0, 1]: the mean of the networks of `clean`.

    Raises:
        SystemExit: `clean` has not run with this cache.
    """
    scores = []
    for name in ("clean-0", "clean-1"):
        file = cache / name / "network.keras"
        if not file.exists():
            raise SystemExit(f"no {file}: run `python -m train clean --cache {cache}` first")
        model = keras.saving.load_model(file, compile=False)
        logits = [
            model(batch[..., np.newaxis].astype(np.float32) / 255, training=False)[1].numpy()[:, 0]
            for batch in np.array_split(images, max(1, len(images) // 500))
        ]
        scores.append(expit(np.concatenate(logits)))
    return np.asarray(np.mean(scores, axis=0), np.float64)
