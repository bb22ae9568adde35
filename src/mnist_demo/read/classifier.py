"""The classifier: image in, digit and probabilities out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.decode.arrays import Pixels
from mnist_demo.read.decode.images import decode
from mnist_demo.read.detect import Detection, cut, find_lines
from mnist_demo.read.lines import Number, digit_of, number_of
from mnist_demo.read.network import Network
from mnist_demo.read.parallel import map_chunks
from mnist_demo.read.prediction import BLANK, Prediction
from mnist_demo.read.preprocess import on_paper, to_model_input
from mnist_demo.read.second_opinion import with_second_opinion
from mnist_demo.weights import REPOSITORY, Weights, find_weights, repository_weights

MAX_BYTES_HELD = 50_000_000  # of the pictures that are read together
SMALL = 40  # pixels; a picture whose longer side has no more holds nothing but a digit
# Score and confidence from which the ink of a picture is one digit without doubt: 205 of 206
# validation pictures of all kinds that read so well were read right.
PLAIN_SCORE, PLAIN_CONFIDENCE = 0.97, 0.99
SHOWN_SIDE = 480  # pixels of the longer side of a picture that is shown

Array = NDArray[np.float32]


class _Opened:
    """An image that is decoded, and what its ink is.

    Attributes:
        image: its pixels.
        model_input: float32 (28, 28) in [0, 1], made of all its ink; None if there is none.
    """

    def __init__(self, image: Any, side: int | None = None) -> None:
        """See `decode`."""
        self.image = decode(image, side)
        pixels = self.image.pixels
        self.model_input = to_model_input(pixels)
        self.bytes_held = 0 if pixels is None else pixels.nbytes

    def reads_well(self, of_ink: Prediction) -> bool:
        """Whether `of_ink`, the prediction for all ink, is the answer.

        It is for a drawing, and for ink in a picture that is too small to hold anything else. For
        any other picture, it is if it leaves no doubt.
        """
        pixels = self.image.pixels
        if pixels is None or self.image.is_drawing:
            return True
        if max(pixels.shape[:2]) <= SMALL and self.model_input is not None:
            return True
        return of_ink.digit_score >= PLAIN_SCORE and of_ink.confidence >= PLAIN_CONFIDENCE


@dataclass(frozen=True)
class Reading:
    """All that was read in a picture.

    Attributes:
        prediction: what `Classifier.classify` returns for it.
        number: what `Classifier.read_number` returns for it.
        picture: uint8 (h, w, 3), at most `SHOWN_SIDE` high and wide; None if there is none.
        scale: how many pixels of the image, in which the number's boxes are, one of these shows.
    """

    prediction: Prediction
    number: Number
    picture: Pixels | None = None
    scale: float = 1.0


class Classifier:
    """A SavedModel and the preprocessing that it needs. Several threads may use it at once.

    Attributes:
        weights: where the SavedModel came from.
        network: the two networks of the SavedModel.
    """

    def __init__(self, weights: Weights) -> None:
        """Load the SavedModel in `weights`.

        Raises:
            ValueError: there is none, or a signature or an output is missing.
        """
        self.weights = weights
        self.network = Network(weights.path / "model")

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
        prediction = self.network.classify([np.eye(28, dtype=np.float32)])[0]
        if prediction.probabilities.shape != (10,) or not np.isfinite(prediction.digit_score):
            raise ValueError("the SavedModel does not return ten probabilities and a score")
        find_lines(self.network.detect, np.zeros((64, 64, 3), np.uint8))

    def classify(self, image: Any) -> Prediction:
        """Read the digit in any picture, in any form that `preprocess` accepts.

        The ink of a Sketchpad's drawing, of a small picture, and ink that is one digit without
        doubt is read by the network for 28x28 images. Any other picture is read by the detector.

        Raises:
            ValueError: `preprocess` would raise it.
        """
        (prediction,) = self._read([_Opened(image)])
        assert not isinstance(prediction, ValueError)  # `_Opened` has raised it
        return prediction

    def read_number(self, image: Any) -> Number:
        """Read the digits in any picture, line by line, in any form that `preprocess` accepts.

        Raises:
            ValueError: `preprocess` would raise it.
        """
        opened = decode(image)
        if opened.pixels is None:
            return Number([])
        return number_of(self._find_lines(on_paper(opened.pixels)), opened.scale)

    def read_picture(self, image: Any) -> Reading:
        """Read whatever is in a picture, and keep it for those who want to look.

        A JPEG that is not loaded yet is decoded at a fraction of its size.

        Raises:
            ValueError: `preprocess` would raise it.
        """
        opened = _Opened(image, side=3 * SHOWN_SIDE)
        if opened.image.pixels is None:
            return Reading(BLANK, Number([]))
        colour = on_paper(opened.image.pixels)
        lines = self._find_lines(colour)
        (plain,) = self.network.classify([opened.model_input])
        prediction = plain if opened.reads_well(plain) else digit_of(lines)
        shown = max(1.0, max(colour.shape) / SHOWN_SIDE)
        height, width = colour.shape[:2]
        size = max(1, round(height / shown)), max(1, round(width / shown))
        picture = cut(colour, (0, 0, width, height), size)
        scale = opened.image.scale
        return Reading(prediction, number_of(lines, scale), picture, scale * shown)

    def _find_lines(self, picture: Pixels) -> list[list[Detection]]:
        """The characters in a picture, uint8 (h, w, 3), in lines; both networks read each digit."""
        lines = find_lines(self.network.detect, picture)
        return with_second_opinion(lines, picture, self.network.classify)

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
        """Read some images together. One batch reads the ink of them all.

        Returns:
            For each image, in the same order, its prediction or the error that `preprocess` raised.
        """
        results: list[Prediction | ValueError] = []
        opened: list[_Opened | ValueError] = []
        held = 0
        for image in images:
            try:
                opened.append(_Opened(image))
            except ValueError as error:
                opened.append(error)
            held += getattr(opened[-1], "bytes_held", 0)
            if held > MAX_BYTES_HELD:
                results += self._read(opened)
                opened, held = [], 0
        return results + self._read(opened)

    def _read(self, opened: Sequence[_Opened | ValueError]) -> list[Prediction | ValueError]:
        good = [one for one in opened if not isinstance(one, ValueError)]
        of_ink = iter(self.network.classify([one.model_input for one in good]))
        results: list[Prediction | ValueError] = []
        for one in opened:
            if isinstance(one, ValueError):
                results.append(one)
                continue
            prediction = next(of_ink)
            if not one.reads_well(prediction):
                assert one.image.pixels is not None
                colour = on_paper(one.image.pixels)
                prediction = digit_of(self._find_lines(colour))
            results.append(prediction)
        return results
