"""The SavedModel: a network that reads one digit's ink, and one that finds digits in pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.decode.arrays import Pixels
from mnist_demo.read.prediction import BLANK, Prediction

BATCH_SIZE = 256  # images in one run of the network; larger batches are not faster
# Signatures of the SavedModel, and what they return.
SIGNATURES = {"serving_default": {"probabilities", "digit_score"}, "detect": {"characters"}}

Array = NDArray[np.float32]


class Network:
    """The two networks of a SavedModel. Several threads may use them at once."""

    def __init__(self, model: Path) -> None:
        """Load the SavedModel in the folder `model`.

        Raises:
            ValueError: there is none, or a signature or an output is missing.
        """
        import tensorflow as tf  # takes seconds, and `preprocess` alone does not need it

        if not (model / "saved_model.pb").is_file():
            raise ValueError(f"no SavedModel in {model}")
        # The signatures work only while the object that they were loaded from exists.
        self._model = tf.saved_model.load(str(model))
        for name, outputs in SIGNATURES.items():
            found = self._model.signatures.get(name)
            missing = outputs - set(found.structured_outputs if found else ())
            if missing:
                raise ValueError(
                    f"the SavedModel in {model} does not return {', '.join(sorted(missing))}: "
                    "weights of version 3.0.0 or later are needed"
                )
        self._classify = self._model.signatures["serving_default"]
        self._detect = self._model.signatures["detect"]
        self._tensor = tf.constant

    def classify(self, inputs: Sequence[Array | None]) -> list[Prediction]:
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
            output = self._classify(images=self._tensor(batch))
            probabilities = output["probabilities"].numpy()
            scores = output["digit_score"].numpy()
            for (i, image), row, score in zip(chunk, probabilities, scores, strict=True):
                predictions[i] = Prediction(row, float(score), image)
        return predictions

    def detect(self, view: Pixels) -> Array:
        """What stands where in a view, see `mnist_demo.read.detect.Detector`.

        Args:
            view: uint8 (h, w, 3); h and w are multiples of 32.

        Returns:
            float32 (h / 4, w / 4, OUTPUTS).
        """
        scaled = view[np.newaxis].astype(np.float32) / 255
        return np.asarray(self._detect(views=self._tensor(scaled))["characters"].numpy()[0])
