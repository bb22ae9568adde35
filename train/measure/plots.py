"""Plots of what `evaluate` measures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from train.data.gallery import save_figure

Array = NDArray[Any]


def confusion(labels: Array, probabilities: Array, file: Path) -> None:
    """Plot the confusion matrix of held-out digits: `labels` (n,), `probabilities` (n, 10)."""
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (labels, probabilities.argmax(axis=1)), 1)
    figure, axes = plt.subplots(figsize=(5, 5))
    wrong = np.where(np.eye(10, dtype=bool), 0, counts)
    axes.imshow(wrong, cmap="Oranges")
    for i, j in np.ndindex(10, 10):
        if counts[i, j]:
            colour = "white" if wrong[i, j] > wrong.max() / 2 else "black"
            axes.text(j, i, str(counts[i, j]), ha="center", va="center", fontsize=7, color=colour)
    axes.set(xticks=range(10), yticks=range(10), xlabel="read as", ylabel="written as")
    axes.set_title("Digits of writers never seen in training")
    save_figure(figure, file)


def reliability(labels: Array, probabilities: Array, file: Path, bins: int = 15) -> None:
    """Plot the reliability diagram: the share read right against the confidence.

    `labels` are (n,), `probabilities` (n, 10).
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    used = [b for b in range(bins) if (index == b).any()]
    figure, axes = plt.subplots(figsize=(5, 4))
    axes.plot([0, 1], [0, 1], "--", color="grey", linewidth=1)
    x = [confidence[index == b].mean() for b in used]
    axes.plot(x, [right[index == b].mean() for b in used], "o-")
    for position, b in zip(x, used, strict=True):
        axes.annotate(str((index == b).sum()), (position, 0.02), fontsize=6, ha="center")
    axes.set(xlabel="confidence (below: number of digits)", ylabel="share read right")
    axes.set(xlim=(0, 1.02), ylim=(0, 1.05), title="Is it as sure as it should be?")
    save_figure(figure, file)


def brush_widths(buckets: dict[str, dict[tuple[float, int], float]], file: Path) -> None:
    """Plot accuracy against the brush's radius, with a line for each size and reader.

    `buckets` has the accuracy in [0, 1] of each reader, by radius and size in canvas pixels.
    """
    figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
    for name, style in zip(buckets, ("-", ":", "--"), strict=False):
        sizes = sorted({size for _, size in buckets[name]})
        for size, colour in zip(sizes, ("C0", "C1", "C2", "C3"), strict=False):
            points = sorted((r, a) for (r, s), a in buckets[name].items() if s == size)
            label = f"{name}, {size:g} px"
            axes.plot(*zip(*points, strict=True), style, color=colour, marker=".", label=label)
    axes.set(xlabel="brush radius, pixels of a canvas 280 wide", ylabel="share read right")
    figure.legend(fontsize=6, ncols=len(buckets), loc="outside lower center", handlelength=4)
    save_figure(figure, file)
