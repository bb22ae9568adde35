"""Runs `python -m mnist_demo classify`, and makes images for it."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from tests.helpers.images import IMAGES
from tests.helpers.waiting import LIMIT


def png(index: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(255 - IMAGES[index].reshape(28, 28).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "mnist_demo", "classify", *map(str, words)]


def classify(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=LIMIT)
