"""A picture of the images that were read wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def plot_misread_digits(images: Array, labels: Array, probabilities: Array, file: Path) -> None:
    """The digits that were read wrong, those with the highest confidence first.

    Args:
        images: (n, 28, 28), white on black.
        labels: (n,), what they are.
        probabilities: (n, 10), how they were read.
        file: the PNG to write.
    """
    read = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(read != labels)
    wrong = wrong[np.argsort(-probabilities.max(axis=1)[wrong])][:80]
    figure, grid = plt.subplots(8, 10, figsize=(10, 9))
    for axes in grid.flat:
        axes.axis("off")
    for axes, i in zip(grid.flat, wrong, strict=False):
        axes.imshow(images[i], cmap="gray_r")
        axes.set_title(f"{labels[i]} read {read[i]} {probabilities[i].max():.2f}", fontsize=6)
    save_figure(figure, file)


def save_figure(figure: Any, file: Path) -> None:
    """Write a plot to `file`, in a folder that is made if it is not there, and close it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110, bbox_inches="tight")
    plt.close(figure)
