"""The pipeline from data to weights: its steps run once, in order, and continue after a stop."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from train import pipeline
from train.__main__ import COMMANDS
from train.fit.fit import check_same_config

STEPS = [name for name, _, _ in pipeline.STEPS]
FROM_EXPORT = STEPS[STEPS.index("export") :]


class Runs:
    """In place of the steps' processes: notes their words, and fails at one command."""

    def __init__(self, fails: str = "") -> None:
        self.words: list[list[str]] = []
        self.fails = fails

    def __call__(self, words: list[str]) -> Any:
        assert words[1:3] == ["-m", "train"]
        self.words.append(words[3:])
        return SimpleNamespace(returncode=int(words[3] == self.fails))


@pytest.fixture
def names(tmp_path: Path) -> dict[str, Any]:
    return {"DATA": "data", "RUNS": tmp_path, "WEIGHTS": tmp_path / "weights", "VERSION": "9.9.9"}


def test_every_step_is_a_command_with_its_words(
    names: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs()
    monkeypatch.setattr(subprocess, "run", runs)
    pipeline.run_steps(names, tmp_path / "steps.json")
    commands = ["fit" if name == "polish" else name for name in STEPS]
    assert [words[0] for words in runs.words] == commands
    assert {words[0] for words in runs.words} <= set(COMMANDS)
    assert all(not word.isupper() for words in runs.words for word in words)
    export = next(words for words in runs.words if words[0] == "export")
    assert export[-2:] == ["--version", "9.9.9"]


def test_what_is_done_is_not_done_again_after_a_failure(
    names: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(subprocess, "run", Runs("export"))
    with pytest.raises(SystemExit, match="export failed: run the same command again"):
        pipeline.run_steps(names, tmp_path / "steps.json")
    assert f"step 2 of {len(pipeline.STEPS)}: fit, about" in capsys.readouterr().out
    runs = Runs()
    monkeypatch.setattr(subprocess, "run", runs)
    done = pipeline.run_steps(names, tmp_path / "steps.json")
    assert [words[0] for words in runs.words] == FROM_EXPORT
    assert list(done) == STEPS


def test_another_version_repeats_what_depends_on_it(
    names: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", Runs())
    pipeline.run_steps(names, tmp_path / "steps.json")
    runs = Runs()
    monkeypatch.setattr(subprocess, "run", runs)
    pipeline.run_steps(names | {"VERSION": "9.9.10"}, tmp_path / "steps.json")
    assert [words[0] for words in runs.words] == FROM_EXPORT


def test_a_run_is_not_continued_by_another_config(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    check_same_config(file, {"epochs": 3, "seed": 0})
    file.write_text(json.dumps({"epochs": 3, "seed": 0}))
    check_same_config(file, {"epochs": 5, "seed": 0})
    with pytest.raises(SystemExit, match=r"holds a run with another seed: delete it"):
        check_same_config(file, {"epochs": 3, "seed": 1})
