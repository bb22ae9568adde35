"""Metrics, calibration, label issues, and the table in README.md."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from train.fit.export import fit_temperature
from train.fit.label_errors import find_label_issues
from train.measure import plots
from train.measure.inputs import prepare_inputs
from train.measure.metrics import (
    add_metric,
    expected_calibration_error,
    markdown_table,
    write_metrics,
)
from train.paint.strokes import Brush


def test_calibration_error_of_known_cases() -> None:
    labels = np.zeros(100, np.int64)
    sure = np.tile(np.eye(10)[0], (100, 1))
    assert expected_calibration_error(sure, labels) == 0
    assert expected_calibration_error(sure, labels + 1) == pytest.approx(1)
    # Confidence 0.8, right in 60 of 100: a gap of 0.2 in a single bin.
    probabilities = np.full((100, 10), 0.2 / 9)
    probabilities[:, 0] = 0.8
    labels[60:] = 1
    assert expected_calibration_error(probabilities, labels) == pytest.approx(0.2)


def test_temperature_undoes_overconfidence() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20000, 10))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (probabilities.cumsum(axis=1) > rng.random((20000, 1))).argmax(axis=1)
    assert fit_temperature([(3 * logits, labels)]) == pytest.approx(3, rel=0.05)
    few = logits[:2000], labels[:2000]
    both = fit_temperature([(3 * logits, labels), few])
    assert both == pytest.approx(3**0.5, rel=0.2), "a small set counts as much as a large one"


def test_a_label_is_an_issue_only_if_another_digit_is_confident() -> None:
    probabilities = np.full((40, 10), 0.02)
    labels = np.arange(40) % 10
    probabilities[np.arange(40), labels] = 0.82
    labels[3] = 7  # a certain 3 called 7
    probabilities[5] = 0.09  # an uncertain 5, read as a 6 if anything
    probabilities[5, 6] = 0.19
    assert find_label_issues(probabilities, labels).tolist() == [3]


def test_inputs_of_the_release_and_the_baselines() -> None:
    line = [np.array([[0, 0], [0, 10]], np.float32)]
    ours, resized, placed = prepare_inputs((line, Brush(0.5, 60)), seed=0)
    assert ours.max() == placed.max() == 255
    assert resized.max() < 60, "a hairline all but vanishes when the canvas is resized"
    assert (ours > 127).sum() > (placed > 127).sum(), "thickened to MNIST's stroke width"


def test_the_pages_follow_every_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("docs").mkdir()
    readme, page = Path("README.md"), Path("docs/figures.md")
    for file in (readme, page):
        file.write_text("a\n<!-- metrics:begin -->\nold\n<!-- metrics:end -->\nz\n")
    Path("weights").mkdir()
    with pytest.raises(SystemExit, match="run `python -m train evaluate` first"):
        add_metric(Path("weights"), "photos", {})
    metrics = {"results": {"released": {"mnist_test_accuracy": 0.5}}, "test_data": "sample"}
    write_metrics(Path("weights"), metrics)
    assert "old" in readme.read_text(), "a measurement on the sample is not the release's"
    write_metrics(Path("weights"), metrics | {"test_data": "all"})
    text = readme.read_text()
    assert "| MNIST test accuracy | 50.00% |" in text
    assert text.startswith("a\n<!-- metrics:begin -->\n|")
    assert text.endswith("|\n<!-- metrics:end -->\nz\n")
    add_metric(Path("weights"), "photos", {"accuracy": 0.5})
    add_metric(Path("weights"), "photos", {"accuracy": 0.25})
    written = json.loads(Path("weights/metrics.json").read_text())
    assert written == metrics | {"test_data": "all", "photos": {"accuracy": 0.25}}
    assert "| photos | 25.00% |" in page.read_text() and "photos" not in readme.read_text()
    pictures = {"trained": 0.75, "other": 0.5, "precision_at_95": 1.0}
    add_metric(Path("weights"), "pictures", pictures)
    assert "| any picture, kinds kept out of training | 50.0% |" in readme.read_text()
    assert "| 50.00% |  |" in markdown_table(
        {"released": {"mnist_test_accuracy": 0.5}, "other": {}}
    )
    readme.write_text("no marks")
    with pytest.raises(SystemExit, match="lacks the marks"):
        write_metrics(Path("weights"), metrics | {"test_data": "all"})


def test_the_plots_are_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=200)
    probabilities = np.eye(10)[np.where(rng.random(200) < 0.9, labels, 3)]
    plots.confusion(labels, probabilities, tmp_path / "confusion.png")
    plots.reliability(labels, probabilities, tmp_path / "reliability.png")
    for name in ("confusion", "reliability"):
        assert np.ptp(np.asarray(Image.open(tmp_path / f"{name}.png").convert("L"))) > 100
