"""Plots of what `evaluate` measures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

from train.data.gallery import save_figure

Array = NDArray[Any]


def confusion(labels: Array, probabilities: Array, file: Path) -> None:
    """Plot the confusion matrix of held-out digits: `labels` (n,), `probabilities` (n, 10)."""
    read = probabilities.argmax(axis=1)
    wrong = confusion_matrix(labels, read, labels=range(10))
    np.fill_diagonal(wrong, 0)
    figure, axes = plt.subplots(figsize=(5, 5))
    ConfusionMatrixDisplay.from_predictions(
        labels,
        read,
        labels=range(10),
        ax=axes,
        cmap="Oranges",
        colorbar=False,
        # Shades are for mistakes. All of the diagonal is dark.
        im_kw={"vmax": 2 * max(1, wrong.max())},
        text_kw={"fontsize": 7},
    )
    axes.set(xlabel="read as", ylabel="written as")
    axes.set_title("Digits of writers never seen in training")
    save_figure(figure, file)


def reliability(labels: Array, probabilities: Array, file: Path, bins: int = 10) -> None:
    """Plot the reliability diagram: the share read right against the confidence.

    `labels` are (n,), `probabilities` (n, 10). Every bin has as many digits as the others, as most
    digits are read with a confidence near 1: bins of equal width would be all but empty. Bars are
    Wilson's 95% intervals of the shares.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    parts = np.array_split(confidence.argsort(), bins)
    means = np.array([min(confidence[part].mean(), 1 - 1e-6) for part in parts])  # below 1: logit
    shares = np.array([right[part].mean() for part in parts])
    counts = [(int(right[part].sum()), len(part)) for part in parts]
    intervals = np.array([binomtest(*pair).proportion_ci(method="wilson") for pair in counts])
    figure, axes = plt.subplots(figsize=(5, 4))
    axes.plot(means, means, "--", color="grey", linewidth=1, label="as sure as it should be")
    bars = np.abs(intervals - shares[:, np.newaxis]).T
    label = f"about {len(labels) // bins} digits each, 95% interval"
    axes.errorbar(means, shares, bars, fmt="o", markersize=4, capsize=3, label=label)
    axes.set(xscale="logit", xlabel="confidence, mean of the bin", ylabel="share read right")
    axes.set_xticks([0.9, 0.99, 0.999, 0.9999], ["0.9", "0.99", "0.999", "0.9999"])
    axes.set_title("Is it as sure as it should be?")
    axes.legend(fontsize=7, loc="lower right")
    save_figure(figure, file)


def brush_widths(buckets: dict[str, dict[tuple[float, int], float]], file: Path) -> None:
    """Plot accuracy against the brush's radius, with a line for each size and method.

    `buckets` has the accuracy in [0, 1] of each method, by radius and size in canvas pixels.
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
