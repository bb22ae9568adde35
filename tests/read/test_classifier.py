"""Many images at once."""

import os
import weakref
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_demo import Classifier, Prediction, preprocess
from mnist_demo.read.parallel import PREFETCH
from tests.helpers.images import IMAGES, LABELS


def test_many_images_are_answered_in_order_while_few_are_held(classifier: Classifier) -> None:
    """A digit in nine of ten images, a blank in the tenth."""
    count = 10 * PREFETCH * (os.cpu_count() or 1) + 7
    gone: list[int] = []
    most = 0

    def images() -> Iterator[NDArray[np.uint8]]:
        nonlocal most
        for i in range(count):
            image = (IMAGES[i * 7 % 5000].reshape(28, 28) * (i % 10 > 0)).astype(np.uint8)
            weakref.finalize(image, gone.append, i)
            most = max(most, i + 1 - len(gone))
            yield image
            del image

    predictions = classifier.classify_many(images())
    assert len(predictions) == count
    assert all((p.digit is None) == (i % 10 == 0) for i, p in enumerate(predictions))
    digits = [(p.digit, LABELS[i * 7 % 5000]) for i, p in enumerate(predictions) if i % 10]
    assert np.mean([read == label for read, label in digits]) > 0.97
    assert most <= PREFETCH * (os.cpu_count() or 1) + 1  # this one is being taken
    alone = classifier.classify(IMAGES[7 * 7].reshape(28, 28).astype(np.uint8))
    np.testing.assert_allclose(predictions[7].probabilities, alone.probabilities, atol=1e-5)


def test_an_error_names_the_image(classifier: Classifier) -> None:
    good = np.zeros((28, 28), np.uint8)
    with pytest.raises(ValueError, match=r"^image 100: an array of shape \(3,\) is no image"):
        classifier.classify_many([*[good] * 100, np.zeros(3, np.uint8), *[good] * 500])
    with pytest.raises(ValueError, match=r"^an array of shape \(3,\)"):
        classifier.classify(np.zeros(3, np.uint8))
    assert classifier.classify_many([]) == []


def test_what_cannot_be_read_costs_its_neighbours_nothing(classifier: Classifier) -> None:
    digits = [IMAGES[i].reshape(28, 28).astype(np.uint8) for i in (100, 4000)]
    blank = np.zeros((28, 28), np.uint8)
    one, bad, none, two = classifier.classify_each([digits[0], np.zeros(3), blank, digits[1]])
    assert isinstance(bad, ValueError) and "an array of shape (3,)" in str(bad)
    for found, image in ((one, digits[0]), (none, blank), (two, digits[1])):
        assert isinstance(found, Prediction)
        alone = classifier.classify(image)
        assert found.digit == alone.digit
        np.testing.assert_allclose(found.probabilities, alone.probabilities, atol=1e-5)


def test_a_small_picture_without_clear_paper_is_read_by_the_detector(
    classifier: Classifier,
) -> None:
    """Its frame varies so much, from light to dark, that the preprocessing finds no ink."""
    shade = np.linspace(150, 30, 28)[:, np.newaxis] + np.array([-10, 0, 15])
    right = []
    for i in range(50, 5000, 100):
        ink = IMAGES[i].reshape(28, 28, 1) / 255
        picture = (shade + (240 - shade) * ink).astype(np.uint8)
        assert preprocess(picture) is None
        prediction = classifier.classify(picture)
        right.append(prediction.is_digit and prediction.digit == LABELS[i])
    assert np.mean(right) > 0.85
