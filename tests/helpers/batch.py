"""Runs `python -m mnist_demo classify`, and makes images for it."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import mnist_demo.batch.command as batch_command
from tests.helpers.images import IMAGES, encode


def png(index: int) -> bytes:
    return encode(Image.fromarray(255 - IMAGES[index].reshape(28, 28).astype(np.uint8)), "PNG")


def run(*words: str | Path) -> None:
    """Run the command in this process; SystemExit if it cannot do what it is told."""
    parser = argparse.ArgumentParser()
    batch_command.add_arguments(parser)
    batch_command.run(parser.parse_args([*map(str, words)]))
