"""Keeps the unfinished output, so that a stopped run can continue.

It is a folder of parquet files, the parts. Its file command.json says what they were made from.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mnist_demo.files import write_whole

PARTS_SUFFIX = ".parts"  # added to the output's name, it is the folder's name


def check_same_command(file: Path, command: dict[str, Any]) -> None:
    """Check that the parts were made by the same command; the first run writes it to `file`.

    Raises:
        SystemExit: `file` holds another command.
    """
    if not file.exists():
        with write_whole(file) as unfinished:
            unfinished.write_text(json.dumps(command))
    elif json.loads(file.read_text()) != command:
        raise SystemExit(
            f"{file.parent} is of a run with other paths or weights: delete it to start afresh"
        )


def skip_done(names: Iterator[str], parts: Path) -> int:
    """Advance `names`, of all images in order, past those that are in the folder `parts`.

    Returns:
        The number of images in `parts`.

    Raises:
        SystemExit: the images in `parts` are not those that `names` begins with.
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


def write_part(table: pa.Table, file: Path) -> None:
    """Write one part."""
    with write_whole(file) as unfinished:
        pq.write_table(table, unfinished)


def merge_parts(parts: Path, out: Path, schema: pa.Schema) -> int:
    """Merge the parts into the parquet file `out`, and delete them.

    Returns:
        The number of rows that have an error.
    """
    failed = 0
    with write_whole(out) as unfinished, pq.ParquetWriter(unfinished, schema) as writer:
        for part in sorted(parts.glob("*.parquet")):
            table = pq.read_table(part, schema=schema, partitioning=None)
            failed += len(table) - table["error"].null_count
            writer.write_table(table)
    shutil.rmtree(parts)
    return failed
