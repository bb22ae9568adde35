"""Runs the project's commands as a user does."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.helpers.hub_standin import READER, WRITER
from tests.helpers.waiting import LIMIT

ROOT = Path(__file__).parents[2]


def train_here(*words: str | Path) -> str:
    """Run a command of `train` in this process, which spares importing TensorFlow.

    Returns what the command printed.
    """
    from train.__main__ import main

    argv = [str(word) for word in words]
    with contextlib.redirect_stdout(io.StringIO()) as printed, patch("sys.argv", ["train", *argv]):
        main(argv)
    return printed.getvalue()


def train_refused(*words: str | Path) -> str:
    """The error with which a command of `train` ends: one line, without a token."""
    with pytest.raises(SystemExit) as caught:
        train_here(*words)
    text = caught.value.code
    assert isinstance(text, str)  # Python prints a string and exits with 1
    assert "\n" not in text and WRITER not in text and READER not in text
    return text


def classify_here(*words: str | Path) -> None:
    """Run `python -m mnist_demo classify` in this process."""
    from mnist_demo.__main__ import main

    with patch("sys.argv", ["mnist_demo", "classify", *map(str, words)]):
        main()


def python(
    *words: str | Path, cwd: Path = ROOT, environment: Mapping[str, str] = {}
) -> subprocess.CompletedProcess[str]:
    """What `python WORDS` printed, in a process of its own."""
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
