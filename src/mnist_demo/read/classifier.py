"""The SavedModel behind a plain function: image in, digit and probabilities out."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.preprocess import preprocess
from mnist_demo.weights import REPOSITORY, Weights, find_weights, repository_weights

BATCH_SIZE = 256  # images per run of the network: more is no faster, and memory stays flat
PREFETCH = 64  # images for each processor that `classify_many` takes before they are read
# `digit_score` is calibrated so that this threshold calls 0.5% of validation digits "not a digit".
DIGIT_THRESHOLD = 0.5

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Prediction:
    """What the network makes of one image.

    Attributes:
        probabilities: float32 (10,), summing to 1; all zero when the image is blank.
        digit_score: in [0, 1], how much it looks like a digit at all; 0 when blank.
        model_input: float32 (28, 28) in [0, 1], what the network saw; None when blank.
    """

    probabilities: Array
    digit_score: float
    model_input: Array | None

    @property
    def digit(self) -> int | None:
        """The most probable digit, None when the image is blank."""
        return None if self.model_input is None else int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """The probability of `digit`, 0 when blank."""
        return float(self.probabilities.max())

    @property
    def is_digit(self) -> bool:
        return self.digit_score >= DIGIT_THRESHOLD

    def top(self, k: int = 3) -> list[tuple[int, float]]:
        """The `k` most probable digits with their probabilities; empty when blank."""
        if self.model_input is None:
            return []
        order = np.argsort(-self.probabilities, kind="stable")[:k]
        return [(int(digit), float(self.probabilities[digit])) for digit in order]


BLANK = Prediction(np.zeros(10, np.float32), 0.0, None)


class Classifier:
    """Calls a SavedModel's serving signature; safe to use from several threads."""

    def __init__(self, weights: Weights) -> None:
        """Load the SavedModel in `weights`; ValueError when there is none that fits."""
        import tensorflow as tf  # takes seconds: whoever only preprocesses need not wait for it

        self.weights = weights
        model = weights.path / "model"
        if not (model / "saved_model.pb").is_file():
            raise ValueError(f"no SavedModel in {model}")
        # The signature lives only as long as the object that it was loaded from.
        self._model = tf.saved_model.load(str(model))
        self._run = self._model.signatures["serving_default"]
        missing = {"probabilities", "digit_score"} - set(self._run.structured_outputs)
        if missing:
            raise ValueError(f"the SavedModel in {model} does not return {', '.join(missing)}")
        self._tensor = tf.constant

    @classmethod
    def load(cls, source: str | Path | None = None, revision: str | None = None) -> Classifier:
        """The classifier with the weights that `find_weights` finds.

        Args:
            source: a folder that holds `model/`, or a Hub repository "OWNER/NAME"; else the
                repository's weights, or those that MNIST_DEMO_REPO and MNIST_DEMO_REVISION name.
            revision: the full sha of a commit on the Hub.

        Raises:
            ValueError: `source` cannot be had, or is no SavedModel with the classifier's signature.
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
        """Read one image: a graph can promise a signature that it does not keep."""
        prediction = self.classify_inputs([np.eye(28, dtype=np.float32)])[0]
        if prediction.probabilities.shape != (10,) or not np.isfinite(prediction.digit_score):
            raise ValueError("the SavedModel does not return ten probabilities and a score")

    def classify(self, image: Any) -> Prediction:
        """Read one image: anything that `preprocess` accepts; ValueError on what it does not."""
        return self.classify_inputs([preprocess(image)])[0]

    def classify_many(self, images: Iterable[Any]) -> list[Prediction]:
        """Read many images in batches; the n-th prediction is the n-th image's.

        A thread for each processor preprocesses while the network reads what is ready. `images` may
        be a generator: at most `PREFETCH` images for each processor are held, besides the predictions.

        Raises:
            ValueError: as of `preprocess`, with the image's index, counted from 0.
        """
        predictions: list[Prediction] = []
        running: deque[Future[list[Array | None]]] = deque()
        numbered = enumerate(images)
        processors = os.cpu_count() or 1
        pool = ThreadPoolExecutor(processors)
        try:
            while chunk := list(itertools.islice(numbered, PREFETCH // 2)):
                running.append(pool.submit(_preprocess_chunk, chunk))
                del chunk
                if len(running) == 2 * processors:
                    predictions += self.classify_inputs(running.popleft().result())
            for future in running:
                predictions += self.classify_inputs(future.result())
        finally:
            pool.shutdown(cancel_futures=True)
        return predictions

    def classify_each(self, images: Iterable[Any]) -> list[Prediction | ValueError]:
        """Read a few images together; what `preprocess` does not accept gets its error."""
        inputs: list[Array | ValueError | None] = []
        for image in images:
            try:
                inputs.append(preprocess(image))
            except ValueError as error:
                inputs.append(error)
        good = [image for image in inputs if not isinstance(image, ValueError)]
        predictions = iter(self.classify_inputs(good))
        return [image if isinstance(image, ValueError) else next(predictions) for image in inputs]

    def classify_inputs(self, inputs: Sequence[Array | None]) -> list[Prediction]:
        """Read what `preprocess` returned: float32 (28, 28) in [0, 1], or None when blank."""
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


def _preprocess_chunk(chunk: list[tuple[int, Any]]) -> list[Array | None]:
    inputs = []
    for index, image in chunk:
        try:
            inputs.append(preprocess(image))
        except ValueError as error:
            raise ValueError(f"image {index}: {error}") from None
    return inputs
