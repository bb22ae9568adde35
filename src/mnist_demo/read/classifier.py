"""The classifier: image in, digit and probabilities out."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.arrays import Pixels
from mnist_demo.read.best_digit import Prepared, find_digit
from mnist_demo.read.images import read_pixels
from mnist_demo.read.lines import Number, read_number
from mnist_demo.read.preprocess import even_strokes, find_ink, normalise
from mnist_demo.weights import REPOSITORY, Weights, find_weights, repository_weights

BATCH_SIZE = 256  # images in one run of the network; larger batches are not faster
PREFETCH = 64  # images for each processor that `classify_many` holds at a time
# `digit_score` is calibrated so that 0.5% of validation digits fall below this threshold.
DIGIT_THRESHOLD = 0.5
CLEAR = 0.8  # confidence from which a digit is clear enough to look no further
SMALLEST_PICTURE = 40  # pixels; the finder does not look at pictures without a longer side

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Prediction:
    """The network's answer for one image.

    Attributes:
        probabilities: float32 (10,), of the digits 0 to 9; their sum is 1. All are 0 if there is
            no digit.
        digit_score: in [0, 1], how much the image looks like a digit at all; 0 if there is none.
        model_input: float32 (28, 28) in [0, 1], the network's input; None if there is no digit.
        reason: why there is none: "no digit", "too faint" or "too small"; "" if there is one, or if
            the image is blank.
    """

    probabilities: Array
    digit_score: float
    model_input: Array | None
    reason: str = ""

    @property
    def digit(self) -> int | None:
        """The most probable digit; None if there is none."""
        return None if self.model_input is None else int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """The probability of `digit`, in [0, 1]; 0 if there is none."""
        return float(self.probabilities.max())

    @property
    def is_digit(self) -> bool:
        """Whether the image looks like a digit at all; False if there is none."""
        return self.digit_score >= DIGIT_THRESHOLD

    @property
    def is_clear(self) -> bool:
        """Whether the image looks like a digit, and clearly like this one."""
        return self.is_digit and self.confidence >= CLEAR

    def top(self, k: int = 3) -> list[tuple[int, float]]:
        """The `k` most probable digits with their probabilities; empty if there are none."""
        if self.model_input is None:
            return []
        order = np.argsort(-self.probabilities, kind="stable")[:k]
        return [(int(digit), float(self.probabilities[digit])) for digit in order]


BLANK = Prediction(np.zeros(10, np.float32), 0.0, None)


class Classifier:
    """A SavedModel and the preprocessing that it needs. Several threads may use it at once.

    Attributes:
        weights: where the SavedModel came from.
        has_finder: whether it finds digits in any picture. The first versions did not.
    """

    def __init__(self, weights: Weights) -> None:
        """Load the SavedModel in `weights`.

        Raises:
            ValueError: there is none, or its signature lacks an output.
        """
        import tensorflow as tf  # takes seconds, and `preprocess` alone does not need it

        self.weights = weights
        model = weights.path / "model"
        if not (model / "saved_model.pb").is_file():
            raise ValueError(f"no SavedModel in {model}")
        # The signature works only while the object that it was loaded from exists.
        self._model = tf.saved_model.load(str(model))
        self._run = self._model.signatures["serving_default"]
        self._finder = self._model.signatures.get("find")
        self.has_finder = self._finder is not None
        missing = {"probabilities", "digit_score"} - set(self._run.structured_outputs)
        if missing:
            raise ValueError(f"the SavedModel in {model} does not return {', '.join(missing)}")
        self._tensor = tf.constant

    @classmethod
    def load(cls, source: str | Path | None = None, revision: str | None = None) -> Classifier:
        """Load the weights that `find_weights` chooses.

        Args:
            source: a folder that holds model/, or a Hub repository "OWNER/NAME". If None, the
                environment variables MNIST_DEMO_REPO and MNIST_DEMO_REVISION name the weights. If
                they are not set, or their weights cannot be loaded, this repository's are loaded.
            revision: the full sha of a commit on the Hub.

        Raises:
            ValueError: `source` cannot be reached, or is no SavedModel of a classifier.
        """
        weights = find_weights(source, revision)
        if weights.path == REPOSITORY:
            return cls(weights)
        try:
            classifier = cls(weights)
            classifier._check_outputs()
        except Exception as error:
            text = f"{weights.origin} cannot be loaded: " + str(error).partition("\n")[0]
            if source is not None:
                raise ValueError(text) from error
            return cls(repository_weights(text))
        return classifier

    def _check_outputs(self) -> None:
        """Read one image. The graph may not return what its signature promises: ValueError."""
        prediction = self.classify_inputs([np.eye(28, dtype=np.float32)])[0]
        if prediction.probabilities.shape != (10,) or not np.isfinite(prediction.digit_score):
            raise ValueError("the SavedModel does not return ten probabilities and a score")

    def find(self, picture: Pixels) -> Array:
        """What each pixel of a picture shows.

        Args:
            picture: uint8 (h, w, 3); h and w are multiples of 16.

        Returns:
            float32 (h, w, classes) in [0, 1], the probabilities of `finder.CLASSES`.
        """
        scaled = picture[np.newaxis].astype(np.float32) / 255
        assert self._finder is not None
        return np.asarray(self._finder(pictures=self._tensor(scaled))["shares"].numpy()[0])

    def classify(self, image: Any) -> Prediction:
        """Read the digit in any picture, in any form that `preprocess` accepts.

        Raises:
            ValueError: `preprocess` would raise it.
        """
        return self.classify_prepared([self.prepare(image)])[0]

    def read_number(self, image: Any) -> Number:
        """Read the digits in any picture, line by line, in any form that `preprocess` accepts.

        Raises:
            ValueError: `preprocess` would raise it, or the ink has too many pieces for a number.
        """
        return read_number(self, image)

    def looks_at(self, image: Any, pixels: Pixels) -> bool:
        """Whether the finder looks at `image`, whose pixels `read_pixels` returned.

        It does not look at drawings from a Sketchpad, whose owner sees what is read and can erase,
        nor at small pictures, which hold nothing but a digit.
        """
        small = max(pixels.shape[:2]) <= SMALLEST_PICTURE
        return self.has_finder and not small and not isinstance(image, Mapping)

    def prepare(self, image: Any) -> Prepared:
        """Make the network's input of any picture.

        The finder looks at it first, see `looks_at`.

        Raises:
            ValueError: `preprocess` would raise it.
        """
        pixels = read_pixels(image)
        if pixels is None:
            return Prepared(None)
        if self.looks_at(image, pixels):
            return find_digit(self.find, self.classify_inputs, pixels)[1]
        ink = find_ink(pixels)
        return Prepared(None if ink is None else normalise(even_strokes(ink)))

    def classify_many(self, images: Iterable[Any]) -> list[Prediction]:
        """Read many images in batches.

        Threads, one for each processor, preprocess the next images while the network reads.

        Args:
            images: each is anything that `preprocess` accepts. This may be a generator: at most
                `PREFETCH` images for each processor are held at a time.

        Returns:
            A prediction for each image, in the same order.

        Raises:
            ValueError: `preprocess` raised it. The text begins with the image's index, from 0.
        """
        predictions: list[Prediction] = []
        running: deque[Future[list[Prepared]]] = deque()
        numbered = enumerate(images)
        processors = os.cpu_count() or 1
        pool = ThreadPoolExecutor(processors)
        try:
            while chunk := list(itertools.islice(numbered, PREFETCH // 2)):
                running.append(pool.submit(self._prepare_chunk, chunk))
                del chunk
                if len(running) == 2 * processors:
                    predictions += self.classify_prepared(running.popleft().result())
            for future in running:
                predictions += self.classify_prepared(future.result())
        finally:
            pool.shutdown(cancel_futures=True)
        return predictions

    def classify_each(self, images: Iterable[Any]) -> list[Prediction | ValueError]:
        """Read a few images together.

        Returns:
            For each image, in the same order, its prediction or the error that `preprocess` raised.
        """
        prepared: list[Prepared | ValueError] = []
        for image in images:
            try:
                prepared.append(self.prepare(image))
            except ValueError as error:
                prepared.append(error)
        good = [image for image in prepared if not isinstance(image, ValueError)]
        predictions = iter(self.classify_prepared(good))
        return [image if isinstance(image, ValueError) else next(predictions) for image in prepared]

    def classify_prepared(self, prepared: Sequence[Prepared]) -> list[Prediction]:
        """Read images that `prepare` returned, in the same order."""
        inputs = [look for image in prepared for look in (image.model_input, *image.looks)]
        predictions = iter(self.classify_inputs(inputs))
        return [
            _mean(list(itertools.islice(predictions, 1 + len(image.looks))), image.reason)
            for image in prepared
        ]

    def classify_inputs(self, inputs: Sequence[Array | None]) -> list[Prediction]:
        """Read images that are preprocessed already.

        Args:
            inputs: what `preprocess` returned: float32 (28, 28) in [0, 1], or None if blank.

        Returns:
            A prediction for each input, in the same order.
        """
        predictions = [BLANK] * len(inputs)
        inked = [(i, image) for i, image in enumerate(inputs) if image is not None]
        for start in range(0, len(inked), BATCH_SIZE):
            chunk = inked[start : start + BATCH_SIZE]
            batch = np.stack([image for _, image in chunk])[..., np.newaxis]
            output = self._run(images=self._tensor(batch))
            probabilities = output["probabilities"].numpy()
            scores = output["digit_score"].numpy()
            for (i, image), row, score in zip(chunk, probabilities, scores, strict=True):
                predictions[i] = Prediction(row, float(score), image)
        return predictions

    def _prepare_chunk(self, chunk: list[tuple[int, Any]]) -> list[Prepared]:
        """Prepare numbered images; a ValueError names the image by its number."""
        inputs = []
        for index, image in chunk:
            try:
                inputs.append(self.prepare(image))
            except ValueError as error:
                raise ValueError(f"image {index}: {error}") from None
        return inputs


def _mean(looks: Sequence[Prediction], reason: str) -> Prediction:
    """The first prediction, with the mean probabilities of all. As far as a further look shows no
    digit, it may be any."""
    first, *others = looks
    if not others:
        return replace(first, reason=reason)
    further = [p.digit_score * p.probabilities + (1 - p.digit_score) / 10 for p in others]
    mean = np.mean([first.probabilities, *further], axis=0)
    return replace(first, probabilities=np.asarray(mean, np.float32), reason=reason)
