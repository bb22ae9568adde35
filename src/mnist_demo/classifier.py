"""The SavedModel behind a plain function: image in, digit and probabilities out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_demo.preprocess import preprocess

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"
BATCH = 256  # images per run of the network: more is no faster, and memory stays flat
# `digit_score` is calibrated so that this threshold calls 0.5% of validation digits "not a digit".
IS_DIGIT = 0.5

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
        return self.digit_score >= IS_DIGIT

    def top(self, k: int = 3) -> list[tuple[int, float]]:
        """The `k` most probable digits with their probabilities; empty when blank."""
        if self.model_input is None:
            return []
        order = np.argsort(-self.probabilities, kind="stable")[:k]
        return [(int(digit), float(self.probabilities[digit])) for digit in order]


BLANK = Prediction(np.zeros(10, np.float32), 0.0, None)


class Classifier:
    """Calls a SavedModel's serving signature; safe to use from several threads."""

    def __init__(self, model: Path) -> None:
        """Load the SavedModel in the folder `model`; ValueError when there is none that fits."""
        import tensorflow as tf  # takes seconds: whoever only preprocesses need not wait for it

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
    def load(cls, path: str | Path | None = None) -> Classifier:
        """The classifier in `path`, a folder that holds `model/`; else the repository's weights.

        Raises:
            ValueError: there is no SavedModel with the classifier's signature.
        """
        return cls(Path(path or WEIGHTS) / "model")

    def classify(self, image: Any) -> Prediction:
        """Read one image: anything that `preprocess` accepts; ValueError on what it does not."""
        return self.classify_many([image])[0]

    def classify_many(self, images: Iterable[Any]) -> list[Prediction]:
        """Read many images in batches; the n-th prediction is the n-th image's."""
        return self.classify_inputs([preprocess(image) for image in images])

    def classify_inputs(self, inputs: Sequence[Array | None]) -> list[Prediction]:
        """Read what `preprocess` returned: float32 (28, 28) in [0, 1], or None when blank."""
        predictions = [BLANK] * len(inputs)
        inked = [i for i, model_input in enumerate(inputs) if model_input is not None]
        for start in range(0, len(inked), BATCH):
            chunk = inked[start : start + BATCH]
            batch = np.stack([inputs[i] for i in chunk])[..., np.newaxis]  # type: ignore[arg-type]
            output = self._run(images=self._tensor(batch))
            probabilities = output["probabilities"].numpy()
            scores = output["digit_score"].numpy()
            for i, row, score in zip(chunk, probabilities, scores, strict=True):
                predictions[i] = Prediction(row, float(score), inputs[i])
        return predictions
