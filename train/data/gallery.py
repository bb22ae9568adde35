"""Pictures of many images, each under its title."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def plot_misread_digits(images: Array, labels: Array, probabilities: Array, file: Path) -> None:
    """Plot up to 80 digits that were read wrong, those with the highest confidence first.

    Args:
        images: uint8 (n, 28, 28), white on black.
        labels: (n,), what they are.
        probabilities: (n, 10), how they were read.
        file: the PNG to write.
    """
    read = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(read != labels)
    wrong = wrong[np.argsort(-probabilities.max(axis=1)[wrong])][:80]
    titles = [f"{labels[i]} read {read[i]} {probabilities[i].max():.2f}" for i in wrong]
    plot_images(list(255 - images[wrong]), titles, 10, file)


def plot_images(
    images: Sequence[Array], titles: Sequence[str], columns: int, file: Path, width: float = 1
) -> None:
    """Plot images in rows, each under its title.

    Args:
        images: uint8, (h, w) or (h, w, 3).
        titles: one for each.
        columns: images in a row.
        file: the PNG to write.
        width: of an image on the plot, in inches. It is an inch high, or lower.
    """
    rows = max(1, -(-len(images) // columns))
    figure, grid = plt.subplots(rows, columns, figsize=(columns * width, rows * 1.1), squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for axes, image, title in zip(grid.flat, images, titles, strict=False):
        axes.imshow(image, cmap="gray", vmin=0, vmax=255)
        axes.set_title(title, fontsize=6)
    save_figure(figure, file)


def save_figure(figure: Any, file: Path) -> None:
    """Write a plot to `file`, creating its folder if necessary, and close the plot."""
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110, bbox_inches="tight")
    plt.close(figure)
