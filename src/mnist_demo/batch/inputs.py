"""Finds the images to read: in files, folders, globs and columns of parquet files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mnist_demo.batch.parts import PARTS_SUFFIX

FILES_PER_CHUNK = 64  # in a chunk, and images read at a time in a cluster
# A chunk of the work is some image files or one row group of a parquet file.
Chunk = dict[str, Any]  # "files", their paths, or "file", "column", "group", "first"; and "rows"

# The usual endings of the files in `mnist_demo.read.decode.formats.FORMATS`.
IMAGE_SUFFIXES = {
    *(".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"),
    *(".pbm", ".pfm", ".pgm", ".pnm", ".ppm"),
}


@dataclass(frozen=True)
class Input:
    """One image to read.

    Attributes:
        name: the image's name in the column "path" of the output.
        source: the path or the bytes of an image file; None if there is none.
        error: why there is none.
    """

    name: str
    source: str | bytes | None
    error: str = ""


def find_chunks(path: str, column: str) -> Iterator[Chunk]:
    """Chunks of the images that `path` names, always in the same order.

    Args:
        path: an image file, a folder, a glob, or a parquet file.
        column: the column of a parquet file that holds the images.

    Raises:
        SystemExit: there is no image, or a folder, a parquet file or its column cannot be read.
    """
    if is_parquet(path):
        metadata = open_parquet(Path(path), column).metadata
        first = 0
        for group in range(metadata.num_row_groups):
            rows = metadata.row_group(group).num_rows
            yield {"file": path, "column": column, "group": group, "first": first, "rows": rows}
            first += rows
        return
    files = find_files(path)
    if not (some := list(islice(files, FILES_PER_CHUNK))):
        raise SystemExit(f"{path}: no image there; files are known by their endings")
    while some:
        yield {"files": some, "rows": len(some)}
        some = list(islice(files, FILES_PER_CHUNK))


def chunk_names(chunk: Chunk) -> Iterator[str]:
    """The names of the chunk's images in the column "path" of the output."""
    if "files" in chunk:
        return map(display_name, chunk["files"])
    first = chunk["first"]
    return (f"{chunk['file']}#{number}" for number in range(first, first + chunk["rows"]))


def unfinished(chunks: list[Chunk], done: int) -> list[Chunk]:
    """The chunks that hold more than the first `done` images; "done" says how many to skip."""
    left = []
    for chunk in chunks:
        if done < chunk["rows"]:
            left.append(chunk | {"done": done})
        done = max(0, done - chunk["rows"])
    return left


def chunk_inputs(chunk: Chunk) -> Iterator[Input]:
    """The images of the chunk, without those to skip.

    Raises:
        SystemExit: a parquet file can no longer be read.
    """
    names = chunk_names(chunk)
    if "files" in chunk:
        inputs = map(Input, names, chunk["files"])
    else:
        inputs = map(row_input, names, read_cells(chunk))
    return islice(inputs, chunk["done"], None)


def display_name(file: str) -> str:
    """`file` with U+FFFD for bytes that are not UTF-8: a file's name can hold any bytes."""
    return os.fsencode(file).decode("utf-8", "replace")


def is_parquet(path: str) -> bool:
    """Whether `path` names parquet files, by its suffix."""
    return Path(path).suffix == ".parquet"


def expand(path: str) -> list[str]:
    """The parquet files that a quoted glob matches; for any other path, the path alone."""
    if is_parquet(path) and not Path(path).exists():
        return matching(path) or [path]
    return [path]


def matching(pattern: str) -> list[str]:
    """The sorted paths that match the glob `pattern`, in which ** stands for any folders."""
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - may be absolute


def find_files(path: str) -> Iterator[str]:
    """The image files at `path`: a file, a folder with all below it, or a glob.

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
        unfinished = f".parquet{PARTS_SUFFIX}{os.sep}"  # the unfinished output of a run
        for name in matching(path):
            if os.path.isfile(name) and unfinished not in name:  # noqa: PTH113
                yield name


def stop(error: OSError) -> None:
    """Raise SystemExit for a folder that cannot be read."""
    raise SystemExit(f"{error.filename} cannot be read: {error.strerror}")


def read_cells(chunk: Chunk) -> Iterator[Any]:
    """The cells of a row group of a parquet file.

    Each holds the bytes of an image file, either as binary or as a struct {"bytes", "path"}, as in
    data sets on the Hugging Face Hub.
    """
    column = chunk["column"]
    source = open_parquet(Path(chunk["file"]), column)
    for batch in source.iter_batches(64, row_groups=[chunk["group"]], columns=[column]):
        yield from batch.column(0).to_pylist()


def row_input(name: str, cell: object) -> Input:
    """The image in one cell. If the cell has no bytes, the input's error says why."""
    data = cell.get("bytes") if isinstance(cell, dict) else cell
    if isinstance(data, bytes):
        return Input(name, data)
    if isinstance(cell, dict) and cell.get("path"):
        return Input(name, None, f"the row has no bytes, only the path {cell['path']}")
    return Input(name, None, "the row has no image")


def open_parquet(file: Path, column: str) -> pq.ParquetFile:
    """Open a parquet file and check that it can hold images in `column`.

    Raises:
        SystemExit: the file cannot be read, it has no such column, or the column holds text.
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
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if kind in (pa.string(), pa.large_string(), pa.string_view()):
        raise SystemExit(
            f"the column {column} of {file} holds text, not encoded images: give the paths of the "
            "images themselves (files, a folder or a quoted glob), or choose a column of encoded "
            "image files with --column"
        )
    return source
