"""The unfinished output: a folder of parquet files from which a stopped run goes on.

The folder also holds command.json, which says what the parts were made from.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

PARTS_SUFFIX = ".parts"  # the folder is called like the file to write, with this behind


def check_same_command(file: Path, command: dict[str, Any]) -> None:
    """SystemExit unless the run that left `file` was started with the same `command`."""
    if not file.exists():
        with write_whole(file) as unfinished:
            unfinished.write_text(json.dumps(command))
    elif json.loads(file.read_text()) != command:
        raise SystemExit(
            f"{file.parent} is of a run with other paths or weights: delete it to start afresh"
        )


def skip_done(names: Iterator[str], parts: Path) -> int:
    """Take from `names` those of the images that are in `parts`; returns how many these are.

    Raises:
        SystemExit: other images are in `parts` than `names` begins with.
    """
    done = 0
    for part in sorted(parts.glob("*.parquet")):
        for name in pq.read_table(part, columns=["path"], partitioning=None)["path"].to_pylist():
            if next(names, "") != name:
                raise SystemExit(
                    f"the images are no longer those {parts} was made of ({name}): delete it to "
                    "start afresh"
                )
            done += 1
    return done


@contextmanager
def write_whole(file: Path) -> Iterator[Path]:
    """A path to write to. It becomes `file` at the end: there is all of the file, or none."""
    unfinished = file.with_name(file.name + ".unfinished")
    yield unfinished
    unfinished.replace(file)


def write_part(table: pa.Table, file: Path) -> None:
    with write_whole(file) as unfinished:
        pq.write_table(table, unfinished)


def merge_parts(parts: Path, out: Path, schema: pa.Schema) -> int:
    """Put the parts together in `out` and delete them; returns how many rows have an error."""
    failed = 0
    with write_whole(out) as unfinished, pq.ParquetWriter(unfinished, schema) as writer:
        for part in sorted(parts.glob("*.parquet")):
            table = pq.read_table(part, schema=schema, partitioning=None)
            failed += len(table) - table["error"].null_count
            writer.write_table(table)
    shutil.rmtree(parts)
    return failed
