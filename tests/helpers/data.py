"""Where the full data sets are, for the tests that need them; and archives of small ones."""

import io
import os
import tarfile
from pathlib import Path

import pytest

DATA_DIR = Path(os.environ.get("MNIST_DEMO_DATA") or Path(__file__).parents[1] / "data")


def tar_of(members: dict[str, bytes]) -> bytes:
    """A gzipped tar archive with these files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def needs(folder: str) -> pytest.MarkDecorator:
    """Skip unless `folder` of the data is there; `python -m train download` fetches it."""
    there = (DATA_DIR / folder).is_dir()
    return pytest.mark.skipif(not there, reason=f"no {folder} data: set MNIST_DEMO_DATA")
