"""Make the released weights from the data sets: run every step of the training in turn.

After an interruption, the same command continues. A finished step is not repeated, unless it or a
step before it would now run with other arguments.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from train.arguments import add_data_dir
from train.measure.metrics import add_metric

LEARN = (
    "fit --data-dir DATA --cache RUNS --mislabelled RUNS/mislabelled.json"
    " --weight-decay 0.05 --dropout 0.2 --distillation 0.5"
)
TEST = "--data-dir DATA --weights WEIGHTS --split test"
# Each step: its name, minutes on two cores, and the words after `python -m train`. Words in
# capitals are replaced by this command's own arguments. The minutes only serve to tell how much
# time is left.
STEPS = (
    (
        "find-label-errors",
        15,
        "find-label-errors --data-dir DATA --cache RUNS --out RUNS/mislabelled.json",
    ),
    ("fit", 90, f"{LEARN} --out RUNS/release --epochs 36 --learning-rate 3e-3"),
    # Images that are distorted half as much, at the end, are more like those that people draw.
    (
        "polish",
        20,
        f"{LEARN} --out RUNS/polish --epochs 8 --learning-rate 5e-4 --augmentation-strength 0.5"
        " --start RUNS/release/network.keras",
    ),
    ("finder", 180, "finder --data-dir DATA --cache RUNS --out RUNS/finder --epochs 35"),
    (
        "export",
        1,
        "export --data-dir DATA --cache RUNS --run RUNS/polish --finder RUNS/finder --out WEIGHTS"
        " --version VERSION",
    ),
    ("evaluate", 10, "evaluate --data-dir DATA --cache RUNS --weights WEIGHTS"),
    ("textbook", 2, "textbook --data-dir DATA --cache RUNS --weights WEIGHTS"),
    ("prices", 4, "prices --data-dir DATA --weights WEIGHTS --store"),
    ("evaluate-photos", 4, f"evaluate-photos {TEST}"),
    ("evaluate-numbers", 3, f"evaluate-numbers {TEST} --count 50"),
    ("evaluate-pictures", 12, f"evaluate-pictures {TEST} --count 100"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of what is made")
    parser.add_argument("--out", type=Path, default=Path("weights"))
    parser.add_argument("--version", default="2.4.1", help="name of these weights")


def run(args: argparse.Namespace) -> None:
    if args.data_dir is None:
        raise SystemExit("give the folder of the data sets: --data-dir DIR, or MNIST_DEMO_DATA")
    args.runs.mkdir(parents=True, exist_ok=True)
    names = {
        "DATA": args.data_dir,
        "RUNS": args.runs,
        "WEIGHTS": args.out,
        "VERSION": args.version,
    }
    done = run_steps(names, args.runs / "steps.json")
    minutes = {name: round(step["seconds"] / 60, 1) for name, step in done.items()}
    total = round(sum(minutes.values()), 1)
    add_metric(args.out, "step_minutes", minutes | {"all": total, "processor": processor()})
    print(f"{args.out} holds version {args.version}, made in {total} minutes")


def run_steps(names: dict[str, Any], record: Path) -> dict[str, dict[str, Any]]:
    """Run the steps that are not done yet.

    Args:
        names: the values of the words in capitals in `STEPS`.
        record: JSON file that lists the finished steps. It is written after every step.

    Returns:
        For each step, the "words" of its command and its duration in "seconds".

    Raises:
        SystemExit: a step failed. It has printed the reason.
    """
    before: dict[str, Any] = json.loads(record.read_text()) if record.exists() else {}
    done: dict[str, dict[str, Any]] = {}
    for number, (name, minutes, command) in enumerate(STEPS, 1):
        words = [_fill(word, names) for word in command.split()]
        old = before.get(name)
        if old and old["words"] == words and len(done) == number - 1:
            done[name] = old
            print(f"step {number} of {len(STEPS)}: {name} is done", flush=True)
            continue
        before = {}  # later steps used the old result of this step
        left = sum(later for _, later, _ in STEPS[number - 1 :])
        print(
            f"step {number} of {len(STEPS)}: {name}, about {minutes} minutes of the {left} left",
            flush=True,
        )
        began = time.monotonic()
        # A process for each step, as TensorFlow never gives memory back.
        status = subprocess.run([sys.executable, "-m", "train", *words]).returncode
        if status:
            raise SystemExit(f"{name} failed: run the same command again to continue there")
        done[name] = {"words": words, "seconds": round(time.monotonic() - began)}
        record.write_text(json.dumps(done, indent=1) + "\n")
    return done


def _fill(word: str, names: dict[str, Any]) -> str:
    return re.sub("|".join(names), lambda found: str(names[found[0]]), word)


def processor() -> str:
    """The processor's name and the number of its cores."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    return f"{found[1] if found else platform.processor()}, {os.cpu_count()} cores"
