"""Make the released weights from the data sets: run every step of the training in turn.

After an interruption, the same command continues. A finished step is not repeated, unless it or a
step that it needs would now run with other arguments.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from mnist_demo.files import write_whole
from train.arguments import add_data_dir
from train.measure.metrics import add_metric


class Step(NamedTuple):
    """A step of the training.

    Attributes:
        name: unique.
        minutes: on two cores. They only serve to tell how much time is left.
        command: the words after `python -m train`. Words in capitals are replaced by this command's
            own arguments.
        needs: the names of the steps whose results it takes.
    """

    name: str
    minutes: int
    command: str
    needs: tuple[str, ...] = ()


PLACES = "--data-dir DATA --cache RUNS"
LEARN = (
    f"fit {PLACES} --mislabelled RUNS/mislabelled.json"
    " --weight-decay 0.05 --dropout 0.2 --distillation 0.5"
)
TEST = "--data-dir DATA --weights WEIGHTS --split test"
RECORD_EVERY = 10  # seconds
# The C library gives the memory of large tensors back after each use, unless it is told to keep it.
# Keeping it makes a step of the detector's training 15% faster at first and 6% later, one of `fit`
# 2%. Other systems ignore this.
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**33),
    "MALLOC_TOP_PAD_": str(2**28),
}
STEPS = (
    Step("find-label-errors", 21, f"find-label-errors {PLACES} --out RUNS/mislabelled.json"),
    Step(
        "fit",
        47,
        f"{LEARN} --out RUNS/release --epochs 14 --learning-rate 3e-3",
        ("find-label-errors",),
    ),
    # Images that are distorted half as much, at the end, are more like those that people draw.
    Step(
        "classifier",
        16,
        f"{LEARN} --out RUNS/polish --epochs 5 --learning-rate 5e-4 --augmentation-strength 0.5"
        " --start RUNS/release/network.keras",
        ("fit",),
    ),
    Step("detector", 119, f"detector {PLACES} --out RUNS/detector --scenes 48000 --epochs 52"),
    Step(
        "export",
        1,
        f"export {PLACES} --run RUNS/polish --detector RUNS/detector/detector.keras"
        " --out WEIGHTS --version VERSION",
        ("classifier", "detector"),
    ),
    Step("evaluate", 6, f"evaluate {PLACES} --weights WEIGHTS", ("export",)),
    Step("textbook", 1, f"textbook {PLACES} --weights WEIGHTS", ("evaluate",)),
    Step("evaluate-photos", 8, f"evaluate-photos {TEST}", ("evaluate",)),
    Step("evaluate-numbers", 1, f"evaluate-numbers {TEST} --count 50", ("evaluate",)),
    Step("evaluate-pictures", 5, f"evaluate-pictures {TEST} --count 100", ("evaluate",)),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    names = [step.name for step in STEPS]
    parser.add_argument(
        "goal", nargs="?", choices=names, help="a step: it and what it needs are run, not all steps"
    )
    add_data_dir(parser)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of what is made")
    parser.add_argument("--out", type=Path, default=Path("weights"))
    parser.add_argument("--version", default="3.2.0", help="name of these weights")


def run(args: argparse.Namespace) -> None:
    if args.data_dir is None:
        raise SystemExit("give the folder of the data sets: --data-dir DIR, or MNIST_DEMO_DATA")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped: the same command continues"))
    args.runs.mkdir(parents=True, exist_ok=True)
    names = {"DATA": args.data_dir, "RUNS": args.runs, "WEIGHTS": args.out, "VERSION": args.version}
    done = run_steps(steps_for(args.goal), names, args.runs / "steps.json")
    minutes = {name: round(step["seconds"] / 60, 1) for name, step in done.items()}
    total = round(sum(minutes.values()), 1)
    if args.goal:
        print(f"{args.goal} is done, in {total} minutes: {minutes}")
    else:
        add_metric(args.out, "step_minutes", minutes | {"all": total, "processor": processor()})
        print(f"{args.out} holds version {args.version}, made in {total} minutes")


def steps_for(goal: str | None) -> list[Step]:
    """The steps that lead to `goal`, in order; all if it is None."""
    if goal is None:
        return list(STEPS)
    found = {goal}
    for step in reversed(STEPS):
        if step.name in found:
            found.update(step.needs)
    return [step for step in STEPS if step.name in found]


def run_steps(steps: list[Step], names: dict[str, Any], record: Path) -> dict[str, dict[str, Any]]:
    """Run the steps that are not done yet.

    Args:
        steps: in order.
        names: the values of the words in capitals in their commands.
        record: JSON file that lists all steps that were begun. It is written every few seconds.

    Returns:
        For each of `steps`, the "words" of its command and its duration in "seconds", the time
        before an interruption too.

    Raises:
        SystemExit: a step failed. It has printed the reason.
    """
    begun: dict[str, dict[str, Any]] = json.loads(record.read_text()) if record.exists() else {}
    fill = partial(re.sub, "|".join(names), lambda found: str(names[found[0]]))
    for number, step in enumerate(steps, 1):
        words = [fill(word) for word in step.command.split()]
        entry = begun.get(step.name)
        if entry is None or entry["words"] != words:
            _forget(step.name, begun)
            entry = begun[step.name] = {"words": words, "seconds": 0, "finished": False}
        elif entry["finished"]:
            print(f"step {number} of {len(steps)}: {step.name} is done", flush=True)
            continue
        left = sum(later.minutes for later in steps[number - 1 :])
        print(
            f"step {number} of {len(steps)}: {step.name}, about {step.minutes} minutes of the "
            f"{left} left",
            flush=True,
        )
        before, began, status = entry["seconds"], time.monotonic(), None
        with closing(_run(words)) as states:
            for status in states:
                entry["seconds"] = before + round(time.monotonic() - began)
                entry["finished"] = status == 0
                with write_whole(record) as part:
                    part.write_text(json.dumps(begun, indent=1) + "\n")
        if status:
            raise SystemExit(f"{step.name} failed: run the same command again to continue there")
    return {step.name: begun[step.name] for step in steps}


def _run(words: list[str]) -> Generator[int | None]:
    """Run a command of this package; yields its exit status every few seconds, None till it ends.

    It is a process of its own, as TensorFlow never gives memory back. When this iterator is closed,
    the process and those that it began are stopped.
    """
    status = None
    command = [sys.executable, "-m", "train", *words]
    environment = os.environ | KEEP_MEMORY
    with subprocess.Popen(command, env=environment, start_new_session=True) as process:
        try:
            while status is None:
                with suppress(subprocess.TimeoutExpired):
                    status = process.wait(RECORD_EVERY)
                yield status
        finally:
            if status is None:
                os.killpg(process.pid, signal.SIGKILL)


def _forget(name: str, begun: dict[str, dict[str, Any]]) -> None:
    """Take out of `begun` a step and all that used its old result."""
    begun.pop(name, None)
    for step in STEPS:
        if name in step.needs:
            _forget(step.name, begun)


def processor() -> str:
    """The processor's name and the number of its cores."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    return f"{found[1] if found else platform.processor()}, {os.cpu_count()} cores"
