"""Where the full data sets are, for the tests that need them."""

import os
from pathlib import Path

import pytest

DATA_DIR = Path(os.environ.get("MNIST_DEMO_DATA") or Path(__file__).parents[1] / "data")


def needs(folder: str) -> pytest.MarkDecorator:
    """Skip unless `folder` of the data is there; `python -m train download` fetches it."""
    there = (DATA_DIR / folder).is_dir()
    return pytest.mark.skipif(not there, reason=f"no {folder} data: set MNIST_DEMO_DATA")
