"""Where the images come from: files, folders, globs and columns of parquet files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mnist_demo.batch.parts import PARTS_SUFFIX

IMAGE_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


@dataclass(frozen=True)
class Input:
    """One image to read.

    Attributes:
        name: what stands in the column "path" of its row.
        source: the path of its file, or the bytes of the file; None if there are none.
        error: why `source` is None.
    """

    name: str
    source: str | bytes | None
    error: str = ""


def find_inputs(path: str, column: str) -> Iterator[Input]:
    """The images that `path` names, always in the same order.

    Args:
        path: a file, a folder, a glob, or a parquet file.
        column: of a parquet file, the column that holds the images.
    """
    if is_parquet(path):
        yield from find_rows(Path(path), column)
    else:
        yield from map(file_input, find_files(path))


def file_input(file: str) -> Input:
    return Input(display_name(file), file)


def display_name(file: str) -> str:
    """`file` as UTF-8, as the answers are. The name of a file can hold any bytes."""
    return os.fsencode(file).decode("utf-8", "replace")


def is_parquet(path: str) -> bool:
    return Path(path).suffix == ".parquet"


def expand(path: str) -> list[str]:
    """The parquet files that a quoted glob names; anything else as it is."""
    if is_parquet(path) and not Path(path).exists():
        return matching(path) or [path]
    return [path]


def matching(pattern: str) -> list[str]:
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - may be absolute


def find_files(path: str) -> Iterator[str]:
    """The image files that `path`, no parquet file, names.

    Raises:
        SystemExit: a folder cannot be read.
    """
    if Path(path).is_dir():
        for folder, folders, names in os.walk(path, onerror=stop):
            folders.sort()
            for name in sorted(names):
                if Path(name).suffix.lower() in IMAGE_SUFFIXES:
                    yield str(Path(folder, name))
    elif Path(path).exists():
        yield path
    else:
        unfinished = f".parquet{PARTS_SUFFIX}{os.sep}"  # what this run or another one is writing
        for name in matching(path):
            if os.path.isfile(name) and unfinished not in name:  # noqa: PTH113
                yield name


def stop(error: OSError) -> None:
    raise SystemExit(f"{error.filename} cannot be read: {error.strerror}")


def find_rows(
    file: Path, column: str, groups: list[int] | None = None, first: int = 0
) -> Iterator[Input]:
    """The images in a column of a parquet file.

    A cell holds an encoded image file, or is Hugging Face's {"bytes": ..., "path": ...}.

    Args:
        file: the parquet file.
        column: name of the column.
        groups: the row groups to read; all of them if None.
        first: the number of the first row in `groups`.
    """
    number = first
    batches = open_parquet(file, column).iter_batches(64, row_groups=groups, columns=[column])
    for batch in batches:
        for cell in batch.column(0).to_pylist():
            yield row_input(f"{file}#{number}", cell)
            number += 1


def row_input(name: str, cell: object) -> Input:
    """One cell as an input, which has an error if the cell holds no encoded image."""
    data = cell.get("bytes") if isinstance(cell, dict) else cell
    if isinstance(data, bytes):
        return Input(name, data)
    if isinstance(cell, dict) and cell.get("path"):
        return Input(name, None, f"the row has no bytes, only the path {cell['path']}")
    return Input(name, None, "the row has no image")


def open_parquet(file: Path, column: str) -> pq.ParquetFile:
    """The file, once its column is found to hold images.

    Raises:
        SystemExit: the file cannot be read, lacks the column, or the column holds something else.
    """
    try:
        source = pq.ParquetFile(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise SystemExit(f"{file} cannot be read: {error}") from None
    schema = source.schema_arrow
    if column not in schema.names:
        names = ", ".join(schema.names)
        raise SystemExit(f"{file} has no column {column}, but {names}: choose one with --column")
    kind = schema.field(column).type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        raise SystemExit(
            f"the column {column} of {file} holds text, not encoded images: give the image files "
            "themselves, a folder or a glob, or choose another column with --column"
        )
    return source


def count(path: str) -> int:
    """How many images `path` names.

    Raises:
        SystemExit: there is none, or a parquet file cannot be read.
    """
    if is_parquet(path):
        try:
            return int(pq.read_metadata(path).num_rows)
        except (OSError, pa.ArrowInvalid) as error:
            raise SystemExit(f"{path} cannot be read: {error}") from None
    number = sum(1 for _ in find_files(path))
    if not number:
        raise SystemExit(f"{path}: no image there; files are known by their endings")
    return number
