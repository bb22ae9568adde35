"""The pipeline from data to weights: its steps run once, in order, and continue after a stop."""

import itertools
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from train import pipeline
from train.__main__ import COMMANDS
from train.fit.epochs import check_same_config

STEPS = [step.name for step in pipeline.STEPS]
FROM_EXPORT = STEPS[STEPS.index("export") :]


Run = Callable[..., list[list[str]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A function that runs the steps, one of which may fail, and returns the words of each."""

    def run(fails: str = "", version: str = "9.9.9", goal: str | None = None) -> list[list[str]]:
        commands: list[list[str]] = []

        def process(words: list[str], **options: Any) -> Any:
            assert words[1:3] == ["-m", "train"]
            commands.append(words[3:])
            wait = lambda _: int(words[3] == fails)  # noqa: E731
            return nullcontext(SimpleNamespace(wait=wait))

        monkeypatch.setattr(subprocess, "Popen", process)
        names = {"DATA": "data", "RUNS": tmp_path, "WEIGHTS": tmp_path / "w", "VERSION": version}
        pipeline.run_steps(pipeline.steps_for(goal), names, tmp_path / "steps.json")
        return commands

    return run


def test_every_step_is_a_command_with_its_words(run: Run) -> None:
    commands = run()
    expected = ["fit" if name == "classifier" else name for name in STEPS]
    assert [words[0] for words in commands] == expected
    assert {words[0] for words in commands} <= set(COMMANDS)
    assert all(not word.isupper() for words in commands for word in words)
    export = next(words for words in commands if words[0] == "export")
    assert export[-2:] == ["--version", "9.9.9"]


def test_what_is_done_is_not_done_again_after_a_failure(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="export failed: run the same command again"):
        run("export")
    assert f"step 2 of {len(pipeline.STEPS)}: fit, about" in capsys.readouterr().out
    assert [words[0] for words in run()] == FROM_EXPORT
    assert list(json.loads((tmp_path / "steps.json").read_text())) == STEPS


def test_the_time_before_an_interruption_counts(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count(step=60)  # a minute for each look at it
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    record = tmp_path / "steps.json"
    for fails, finished, seconds in (("export", False, 60), ("", True, 120)):
        with suppress(SystemExit):
            run(fails)
        entry = json.loads(record.read_text())["export"]
        assert (entry["finished"], entry["seconds"]) == (finished, seconds)


def test_a_step_and_what_it_began_are_stopped_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, written = os.pipe()
    steps: list[subprocess.Popen[bytes]] = []

    class Endless(subprocess.Popen[bytes]):
        def __init__(self, words: list[str], **options: Any) -> None:
            code = "import os, time; os.fork(); print(flush=True); time.sleep(3600)"
            super().__init__([words[0], "-c", code], stdout=written, **options)
            os.close(written)
            steps.append(self)

        def wait(self, timeout: float | None = None) -> int:
            if timeout is not None:
                assert os.read(output, 1) + os.read(output, 1) == b"\n\n", "both processes run"
                raise KeyboardInterrupt  # while the command looks at the step
            return super().wait()

    monkeypatch.setattr(subprocess, "Popen", Endless)
    names = {"DATA": "data", "RUNS": tmp_path, "WEIGHTS": tmp_path / "w", "VERSION": "9.9.9"}
    with pytest.raises(KeyboardInterrupt):
        pipeline.run_steps(pipeline.steps_for("detector"), names, tmp_path / "steps.json")
    assert [step.returncode for step in steps] == [-signal.SIGKILL]
    assert os.read(output, 1) == b"", "no process is left that could write"
    os.close(output)


def test_another_version_repeats_what_depends_on_it(run: Run) -> None:
    run()
    assert [words[0] for words in run(version="9.9.10")] == FROM_EXPORT


def test_a_goal_runs_what_it_needs_and_keeps_the_rest(run: Run) -> None:
    assert [words[0] for words in run(goal="detector")] == ["detector"]
    assert [words[0] for words in run(goal="classifier")] == ["find-label-errors", "fit", "fit"]
    assert [words[0] for words in run()] == FROM_EXPORT


def test_a_step_that_runs_again_is_followed_by_what_used_it(run: Run, tmp_path: Path) -> None:
    run()
    record = tmp_path / "steps.json"
    done = json.loads(record.read_text())
    done["detector"]["words"].append("--epochs=1")
    record.write_text(json.dumps(done))
    assert [words[0] for words in run()] == ["detector", *FROM_EXPORT]


def test_a_run_is_not_continued_by_another_config(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    check_same_config(file, {"epochs": 3, "seed": 0})
    file.write_text(json.dumps({"epochs": 3, "seed": 0}))
    check_same_config(file, {"epochs": 5, "seed": 0})
    with pytest.raises(SystemExit, match=r"holds a run with another seed: delete it"):
        check_same_config(file, {"epochs": 3, "seed": 1})
