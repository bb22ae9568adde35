"""The classifier: image in, digit and probabilities out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.arrays import Pixels
from mnist_demo.read.best_digit import is_plain, search
from mnist_demo.read.digit_ink import Located
from mnist_demo.read.images import read_pixels
from mnist_demo.read.lines import Number, read_number
from mnist_demo.read.parallel import map_chunks
from mnist_demo.read.prediction import BLANK, Prediction
from mnist_demo.read.preprocess import crop_ink, normalize, normalize_stroke_width
from mnist_demo.weights import REPOSITORY, Weights, find_weights, repository_weights

BATCH_SIZE = 256  # images in one run of the network; larger batches are not faster
MAX_BYTES_HELD = 50_000_000  # of the pictures that are read together
MIN_PICTURE_SIDE = 40  # pixels; the finder does not look at pictures that are smaller

Array = NDArray[np.float32]


@dataclass(frozen=True)
class _Opened:
    """An image that is decoded.

    Attributes:
        model_input: float32 (28, 28) in [0, 1], made of all its ink; None if there is none.
        to_search: the pixels and what `crop_ink` returned, if the finder may look at them.
    """

    model_input: Array | None
    to_search: tuple[Pixels, Located | None] | None = None

    @property
    def bytes_held(self) -> int:
        return self.to_search[0].nbytes if self.to_search else 0


class Classifier:
    """A SavedModel and the preprocessing that it needs. Several threads may use it at once.

    Attributes:
        weights: where the SavedModel came from.
        has_finder: whether it finds digits in any picture.
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
                environment variables MNIST_DEMO_WEIGHTS_REPO and MNIST_DEMO_WEIGHTS_REVISION name
                the weights. If they are not set, or their weights cannot be loaded, this
                repository's are loaded.
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
        (prediction,) = self._read([self._open(image)])
        assert not isinstance(prediction, ValueError)  # `_open` has raised it
        return prediction

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
        small = max(pixels.shape[:2]) <= MIN_PICTURE_SIDE
        return self.has_finder and not small and not isinstance(image, Mapping)

    def classify_many(self, images: Iterable[Any]) -> list[Prediction]:
        """Read many images in batches, in threads, one for each processor.

        Args:
            images: each is anything that `preprocess` accepts. This may be a generator: few images
                are held at a time, see `map_chunks`.

        Returns:
            A prediction for each image, in the same order.

        Raises:
            ValueError: `preprocess` raised it. The text begins with the image's index, from 0.
        """
        predictions: list[Prediction] = []
        for result in map_chunks(self.classify_each, images):
            if isinstance(result, ValueError):
                raise ValueError(f"image {len(predictions)}: {result}")
            predictions.append(result)
        return predictions

    def classify_each(self, images: Iterable[Any]) -> list[Prediction | ValueError]:
        """Read some images together.

        One batch reads the ink of them all. The finder searches those pictures that it may look at
        (see `looks_at`) and that were not read with confidence.

        Returns:
            For each image, in the same order, its prediction or the error that `preprocess` raised.
        """
        results: list[Prediction | ValueError] = []
        opened: list[_Opened | ValueError] = []
        held = 0
        for image in images:
            try:
                opened.append(self._open(image))
            except ValueError as error:
                opened.append(error)
            held += getattr(opened[-1], "bytes_held", 0)
            if held > MAX_BYTES_HELD:
                results += self._read(opened)
                opened, held = [], 0
        return results + self._read(opened)

    def _open(self, image: Any) -> _Opened:
        pixels = read_pixels(image)
        if pixels is None:
            return _Opened(None)
        located = crop_ink(pixels)
        model_input = None if located is None else normalize(normalize_stroke_width(located[0]))
        if not self.looks_at(image, pixels):
            return _Opened(model_input)
        return _Opened(model_input, (pixels, located))

    def _read(self, opened: Sequence[_Opened | ValueError]) -> list[Prediction | ValueError]:
        good = [image for image in opened if not isinstance(image, ValueError)]
        as_they_are = iter(self.classify_inputs([image.model_input for image in good]))
        results: list[Prediction | ValueError] = []
        for image in opened:
            if isinstance(image, ValueError):
                results.append(image)
                continue
            prediction = next(as_they_are)
            if image.to_search:
                pixels, located = image.to_search
                if not located or not is_plain(prediction, located[0]):
                    prediction = search(self.find, self.classify_inputs, pixels, located)[1]
            results.append(prediction)
        return results

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
