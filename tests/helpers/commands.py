"""Runs the project's commands as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.helpers.waiting import LIMIT

ROOT = Path(__file__).parents[2]


def train(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "train", *map(str, words)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
