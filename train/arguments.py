"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def add_data_dir(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """--data-dir: the folder of the data sets, from MNIST_DEMO_DATA unless given."""
    folder = os.environ.get("MNIST_DEMO_DATA") or default
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=None if folder is None else Path(folder),
        help="folder of the data sets (default: MNIST_DEMO_DATA)",
    )


def add_measurement(parser: argparse.ArgumentParser) -> None:
    """What every command takes that measures the weights on one split of the data."""
    add_data_dir(parser, "data")
    add_weights(parser)
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    parser.add_argument("--seed", type=int, default=0)


def add_cache(parser: argparse.ArgumentParser) -> None:
    """--cache: where painted strokes and runs are kept."""
    parser.add_argument(
        "--cache", type=Path, default=Path("runs"), help="folder of painted strokes and runs"
    )


def add_weights(parser: argparse.ArgumentParser) -> None:
    """--weights: the folder of the SavedModel."""
    parser.add_argument(
        "--weights", type=Path, default=Path("weights"), help="folder that holds model/"
    )
