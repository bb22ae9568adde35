"""Writes files so that an interrupted command leaves no half-written one behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """Give a temporary path to write a file or folder to, and rename it to `path` at the end.

    The folder that `path` is in is created. If the block raises, `path` stays as it was. A folder
    that is in the way must be removed in the block.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    yield part
    part.replace(path)
