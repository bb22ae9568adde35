"""Makes something once for all of pytest's workers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def once_for_all_workers(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]
) -> Path:
    """A folder that `make` fills once, for all of pytest's workers."""
    common = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent
    folder = common / name
    with FileLock(common / f"{name}.lock"):
        if not folder.exists():
            unfinished = common / f"{name}.unfinished"
            make(unfinished)
            unfinished.rename(folder)
    return folder
