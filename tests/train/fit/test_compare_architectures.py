"""Networks are compared at equal steps on validation data only, and a finished one is kept."""

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import shift
from scipy.special import log_softmax

from train.data.mnist import read_sample
from train.fit import compare_architectures as compare
from train.fit.examples import NOT_A_DIGIT, Examples, Source
from train.fit.export import fit_temperature, logits
from train.fit.model import build


@pytest.fixture(scope="module")
def examples() -> Examples:
    return Examples(*read_sample()[0])


@pytest.fixture(scope="module")
def validation(examples: Examples) -> dict[str, Examples]:
    others = Examples(255 - examples.images[:50], examples.labels[:50] * 0 + NOT_A_DIGIT)
    return {"mnist": examples[:300], "digits": examples[:200], "others": others}


def test_the_command_trains_measures_and_writes_its_table(
    examples: Examples,
    validation: dict[str, Examples],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sources = [Source("sample", examples)]
    monkeypatch.setattr(compare, "load", lambda *_: (sources, validation))
    monkeypatch.setattr(compare, "composed", lambda *_: [])
    monkeypatch.setattr(compare, "RECIPE", replace(compare.RECIPE, epochs=1, batch=50))
    monkeypatch.setattr(compare, "SHARE", 0.05)
    monkeypatch.setattr(compare, "TIMING_ROUNDS", 1)
    monkeypatch.setattr(compare, "REPEATED", ("reference",))
    chosen = {name: compare.ARCHITECTURES[name] for name in ("reference", "separable")}
    monkeypatch.setattr(compare, "ARCHITECTURES", chosen)
    page = tmp_path / "architectures.md"
    page.write_text("above\n<!-- metrics:begin -->\n<!-- metrics:end -->\nbelow\n")
    args = Namespace(data_dir=None, cache=tmp_path, out=tmp_path / "architectures.json", page=page)
    compare.run(args)
    text = page.read_text()
    assert text.startswith("above") and text.endswith("below\n")
    lines = {line.split(" | ")[0]: line for line in text.splitlines()}
    assert "| 377,339 | 30.5 | 1.00 | 1.00 | 1.00 |" in lines["| reference"]
    assert "±" in lines["| reference"] and "±" not in lines["| separable"]
    written = [path.stat().st_mtime_ns for path in tmp_path.rglob("network.keras")]
    assert len(written) == 3
    compare.run(args)
    again = [path.stat().st_mtime_ns for path in tmp_path.rglob("network.keras")]
    assert again == written, "a finished run is not repeated"


def test_three_looks_are_those_of_the_release(validation: dict[str, Examples]) -> None:
    model = build(16)
    found = compare.validation_metrics(model, validation)
    which = logits(model, validation["mnist"].images)[0]
    labels = validation["mnist"].labels
    assert found["mnist_3"] == pytest.approx((which.argmax(axis=1) == labels).mean(), abs=0.01)
    which /= fit_temperature([(which, labels)])
    expected = -log_softmax(which, axis=1)[np.arange(len(labels)), labels].mean()
    assert found["mnist_cross_entropy_3"] == pytest.approx(expected, rel=1e-4)


def test_a_look_from_one_pixel_away(examples: Examples) -> None:
    images = examples.images[:5]
    moved = shift(images, (0, -1, 1), order=0)
    np.testing.assert_array_equal(compare.shift_images(images, 1, -1), moved)


def test_means_are_over_the_seeds_and_costs_relative() -> None:
    def row(share: float, *seconds: float) -> dict[str, object]:
        keys = ("mnist", "mnist_cross_entropy", "pens", "pens_cross_entropy", "letters_refused")
        figures = {f"{key}_{n}": share for key in keys for n in (1, 2, 3)}
        names = ("training_step", "one_image", "batch")
        cost = {"parameters": 1000, "multiplications": 2_000_000}
        return cost | {"seconds": dict(zip(names, seconds, strict=True)), "seeds": [figures]}

    reference, other = row(0.98, 2.0, 4.0, 8.0), row(0.5, 1.0, 3.0, 8.0)
    reference["seeds"] += row(1.0, 0.0, 0.0, 0.0)["seeds"]  # type: ignore[operator]
    lines = compare.table({"reference": reference, "other": other}).splitlines()
    assert lines[2].startswith("| reference | 1,000 | 2.0 | 1.00 | 1.00 | 1.00 | 99.00 / 99.00 /")
    assert "/ 99.00 ± 1.00 |" in lines[2]
    assert lines[3].startswith(
        "| other | 1,000 | 2.0 | 0.50 | 0.75 | 1.00 | 50.00 / 50.00 / 50.00 |"
    )
