"""Recipes are compared on validation data, and the table shows the deviation between seeds."""

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from train.data.mnist import read_sample
from train.fit import compare
from train.fit.examples import NOT_A_DIGIT, Examples, Source


def test_the_command_trains_measures_and_writes_its_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = Examples(*read_sample()[0])
    sources = [Source("sample", examples)]
    others = Examples(255 - examples.images[:50], examples.labels[:50] * 0 + NOT_A_DIGIT)
    validation = {"mnist": examples[:300], "digits": examples[:200], "others": others}
    monkeypatch.setattr(compare, "load", lambda *_: (sources, validation))
    monkeypatch.setattr(compare, "composed", lambda *_: [])
    monkeypatch.setattr(compare, "PLAIN", replace(compare.PLAIN, epochs=1, width=16, batch=100))
    monkeypatch.setattr(compare, "SEEDS", (0,))
    monkeypatch.setattr(compare, "SHARE", 0.5)
    chosen = {"dropout of 0.5": compare.VARIATIONS["dropout of 0.5"]}
    monkeypatch.setattr(compare, "VARIATIONS", chosen)
    page = tmp_path / "recipes.md"
    page.write_text("above\n<!-- metrics:begin -->\n<!-- metrics:end -->\nbelow\n")
    args = Namespace(data_dir=None, cache=tmp_path, out=tmp_path / "recipes.json", page=page)
    compare.run(args)
    text = page.read_text()
    assert text.startswith("above") and text.endswith("below\n")
    assert "| plain, seeds: 1 | " in text and "| dropout of 0.5 | " in text and "±" in text
    assert "| mnist | pens | letters refused |" in text
    plain = tmp_path / "compare" / "plain, seed 0" / "network.keras"
    written = plain.stat().st_mtime_ns
    compare.run(args)
    assert plain.stat().st_mtime_ns == written, "a finished run is not repeated"


def test_mean_and_deviation_are_over_the_seeds() -> None:
    rows = {f"plain, seed {i}": {"mnist": share} for i, share in enumerate((0.98, 0.99, 1.0))}
    lines = compare.table(rows | {"other": {"mnist": 0.5}}).splitlines()
    assert lines[2] == "| plain, seeds: 3 | 99.00 ± 1.00 |"
    assert lines[3] == "| other | 50.00 |"
