"""Pictures of many images, each under its title."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from numpy.typing import NDArray

Array = NDArray[Any]


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
