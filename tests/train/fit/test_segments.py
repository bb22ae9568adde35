"""Training examples cut out of numbers: which of the number reader's segments are digits."""

import numpy as np

from mnist_demo import Classifier
from mnist_demo.read.images import read_pixels
from mnist_demo.read.numbers import candidate_segments, scale_ink, split_ink
from mnist_demo.read.preprocess import crop_ink
from tests.helpers.sketchpad import one_of_each
from train.data.compose_numbers import compose_numbers
from train.fit.examples import NOT_A_DIGIT
from train.fit.segments import digit_masks, labelled_segments, segment_label


def test_digits_apart_are_found_and_their_labels_are_right() -> None:
    numbers = [n for n in compose_numbers(one_of_each(), 2, seed=0) if n.gap == "apart"]
    classifier = Classifier.load()
    found, expected, right = 0, 0, 0
    for number in numbers:
        images, labels = labelled_segments(number)
        assert images.shape == (len(labels), 28, 28) and images.dtype == np.uint8
        digits = images[labels != NOT_A_DIGIT].astype(np.float32) / 255
        read = [prediction.digit for prediction in classifier.classify_inputs(list(digits))]
        right += int((np.array(read) == labels[labels != NOT_A_DIGIT]).sum())
        found += len(set(number.text) & set(map(str, labels)))
        expected += len(set(number.text))
    assert found >= 0.95 * expected
    assert right >= 0.9 * found


def test_a_pair_and_a_piece_are_no_digits() -> None:
    for number in compose_numbers(one_of_each(), 1, seed=1):
        pixels = read_pixels(number.canvas)
        located = None if pixels is None else crop_ink(pixels)
        assert located is not None
        ink, corner = located
        pieces = split_ink(scale_ink(ink))
        digits = digit_masks(number, ink.shape, corner, pieces)
        assert digits.shape == (len(number.text), *pieces.ink.shape)
        # All ink together holds more than one digit.
        assert segment_label(pieces, 0, len(pieces.boxes) - 1, digits, number.text) == NOT_A_DIGIT
        for i, j in candidate_segments(pieces)[0]:
            own = (pieces.labels > i) & (pieces.labels <= j + 1) & (pieces.ink > 0.4)
            most = max(int((digit & own).sum()) for digit in digits)
            if most <= 0.5 * min(int(digit.sum()) for digit in digits) and own.any():
                assert segment_label(pieces, i, j, digits, number.text) == NOT_A_DIGIT
