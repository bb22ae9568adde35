"""Reads pendigits-orig, UCI's "Pen-Based Recognition of Handwritten Digits" (10.24432/C5MG6K)."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train.data.drawing import Drawing

FILE = "pendigits-orig.tra"


def read_pendigits(data_dir: Path) -> list[Drawing]:
    """All digits of the training part, whose file is in `data_dir` or below it, perhaps gzipped."""
    for folder in (data_dir / "pendigits", data_dir):
        for file in (folder / f"{FILE}.gz", folder / FILE):
            if file.exists():
                content = file.read_bytes()
                try:
                    return parse(gzip.decompress(content) if file.suffix == ".gz" else content)
                except (OSError, EOFError, zlib.error, ValueError) as error:
                    raise SystemExit(f"{file} cannot be read ({error}): get it again") from None
    raise SystemExit(f"no {FILE} in {data_dir}: run `python -m train download --data-dir DIR`")


def parse(content: bytes) -> list[Drawing]:
    """Every segment: its label, its writer's number, and its strokes with y turned downwards."""
    numbered: list[tuple[int, str, list[NDArray[np.float32]]]] = []
    for segment in content.decode("latin-1").split(".SEGMENT DIGIT")[1:]:
        label = re.search(r'"(\d)"', segment)
        comment = re.search(r"\.COMMENT\s+\d+\s+(\d+)", segment)
        if label is None or comment is None:
            raise ValueError(f"a segment of {FILE} lacks its label or writer: {segment[:60]!r}")
        strokes = []
        for part in segment.split(".PEN_DOWN")[1:]:
            points = np.array(part.split(".PEN_UP")[0].split(), np.float32).reshape(-1, 2)
            strokes.append(points * np.array([1, -1], np.float32))
        numbered.append((int(comment[1]), label[1], strokes))
    writers = {number: i for i, number in enumerate(sorted({n for n, _, _ in numbered}))}
    return [
        Drawing(label, f"pendigits/{writers[number]}", "pendigits", "?", strokes)
        for number, label, strokes in numbered
    ]
