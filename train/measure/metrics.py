"""The metrics that `evaluate` computes, the table it prints, and metrics.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Key in metrics.json: title of the row, and format of the value.
ROWS = {
    "mnist_test_accuracy": ("MNIST test accuracy", "{:.2%}"),
    "unipen_1a_accuracy": ("held-out writers, UNIPEN 1a", "{:.2%}"),
    "unipen_1a_mistakes": ("- of these, read wrong", "{}"),
    "unipen_1a_mistakes_no_whole_digit": ("- of the wrong ones, no whole digit", "{}"),
    "pendigits_accuracy": ("held-out writers, pendigits-orig", "{:.2%}"),
    "worst_bucket_accuracy": ("worst brush width and size", "{:.2%}"),
    "auroc": ("digits against letters and symbols, AUROC", "{:.4f}"),
    "digits_rejected": ("digits called not a digit", "{:.2%}"),
    "letters_and_symbols_rejected": ("letters and symbols called not a digit", "{:.2%}"),
    "scribbles_and_pairs_rejected": ("scribbles, dots, pairs called not a digit", "{:.2%}"),
    "ece": ("expected calibration error, held-out writers", "{:.2%}"),
    "confident_error_rate": ("wrong with more than 95% confidence, held-out writers", "{:.2%}"),
    "fonts_accuracy": ("held-out fonts", "{:.2%}"),
    "fonts_ece": ("expected calibration error, held-out fonts", "{:.2%}"),
    "fonts_confident_error_rate": ("wrong with more than 95% confidence, held-out fonts", "{:.2%}"),
    "styles_accuracy": ("held-out styles", "{:.2%}"),
    "styles_ece": ("expected calibration error, held-out styles", "{:.2%}"),
    "styles_confident_error_rate": (
        "wrong with more than 95% confidence, held-out styles",
        "{:.2%}",
    ),
    "extremes_accuracy": ("fat, tiny and broken digits of held-out writers", "{:.2%}"),
    "marked_accuracy": ("their digits, underlined or beside a speck", "{:.2%}"),
    "enclosed_rejected": ("their digits in a circle, a frame or brackets: not a digit", "{:.2%}"),
    "displays_accuracy": ("seven-segment displays and print", "{:.2%}"),
    "photos": ("photos", "{:.2%}"),
    "numbers": ("numbers of 2 to 5 digits, fully right", "{:.1%}"),
    "pictures_trained": ("any picture, kinds that are trained on", "{:.1%}"),
    "pictures_other": ("any picture, kinds kept out of training", "{:.1%}"),
    "pictures_sure": ("any picture, answers with more than 95% confidence", "{:.1%}"),
    "browser_mnist_accuracy": ("in the browser: MNIST test accuracy", "{:.2%}"),
    "browser_held_out_accuracy": ("in the browser: held-out writers", "{:.2%}"),
    "browser_max_difference": ("in the browser: largest difference of a probability", "{:.5f}"),
}
# The rows of the README's table; docs/figures.md has all.
HEADLINES = (
    "mnist_test_accuracy", "unipen_1a_accuracy", "worst_bucket_accuracy",
    "letters_and_symbols_rejected", "pictures_other",
)  # fmt: skip


def headlines(results: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Those of `results`, which `all_results` returned, that are in the README's table."""
    return {
        name: {key: row[key] for key in HEADLINES if key in row} for name, row in results.items()
    }


def all_results(metrics: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The metrics of each method by name. What was measured apart is among the released one's.

    `metrics` are what metrics.json holds.
    """
    places = {
        "browser_mnist_accuracy": ("browser", "mnist", "browser_accuracy"),
        "browser_held_out_accuracy": ("browser", "held_out_digits", "browser_accuracy"),
        "browser_max_difference": ("browser", "max_difference", "probabilities"),
        "photos": ("photos", "accuracy"),
        "numbers": ("numbers", "read_right"),
        "pictures_trained": ("pictures", "trained"),
        "pictures_other": ("pictures", "other"),
        "pictures_sure": ("pictures", "precision_at_95"),
    }
    rows = {}
    for key, place in places.items():
        value: Any = metrics
        for name in place:
            value = value.get(name, {})
        if value != {}:
            rows[key] = value
    return metrics["results"] | {"released": metrics["results"]["released"] | rows}


def markdown_table(results: dict[str, dict[str, Any]]) -> str:
    """A Markdown table with a row for each metric of `ROWS` and a column for each method.

    `results` has the metrics of each method by name.
    """
    lines = ["| | " + " | ".join(results) + " |", "|---|" + "---|" * len(results)]
    for key, (title, form) in ROWS.items():
        if any(key in result for result in results.values()):
            cells = [form.format(r[key]) if key in r else "" for r in results.values()]
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def confident_error_rate(probabilities: Array, labels: Array, threshold: float = 0.95) -> float:
    """The share of all digits that are read wrong with a confidence above `threshold`, in [0, 1].

    `probabilities` are (n, 10), `labels` (n,).
    """
    wrong = probabilities.argmax(axis=1) != labels
    return float((wrong & (probabilities.max(axis=1) > threshold)).mean())


def expected_calibration_error(probabilities: Array, labels: Array, bins: int = 15) -> float:
    """The expected calibration error, in [0, 1] (Guo and others, "On Calibration of Modern Neural
    Networks", ICML 2017).

    It is the mean gap between confidence and accuracy over `bins` equal bins of confidence,
    weighted by their counts. `probabilities` are (n, 10), `labels` (n,).
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(index, confidence - right)  # the sum of each bin
    return float(np.abs(gaps).sum() / len(labels))


def add_metric(weights: Path, key: str, value: Any) -> None:
    """Add a value to metrics.json in the folder `weights`, or replace it, see `write_metrics`.

    Raises:
        SystemExit: there is no metrics.json. `evaluate` writes it.
    """
    file = weights / "metrics.json"
    if not file.exists():
        raise SystemExit(f"no {file}: run `python -m train evaluate` first")
    write_metrics(weights, json.loads(file.read_text()) | {key: value})


def write_metrics(weights: Path, metrics: dict[str, Any]) -> None:
    """Write metrics.json into the folder `weights`.

    The pages' tables follow, if these are the repository's weights and were measured on all data.
    """
    (weights / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    if weights == Path("weights") and metrics.get("test_data") == "all":
        write_table(Path("docs/figures.md"), markdown_table(all_results(metrics)))
        write_table(Path("README.md"), markdown_table(headlines(all_results(metrics))))


def write_table(page: Path, table: str) -> None:
    """Replace what is between the two marks in a Markdown page by `table`.

    Raises:
        SystemExit: the page lacks a mark.
    """
    begin, end = "<!-- metrics:begin -->", "<!-- metrics:end -->"
    text = page.read_text()
    if begin not in text or end not in text:
        raise SystemExit(f"{page} lacks the marks {begin} and {end} for the table")
    head, rest = text.split(begin, 1)
    page.write_text(head + begin + "\n" + table + "\n" + end + rest.split(end, 1)[1])
