"""The rows of `python -m mnist_demo classify --ray`, made on all machines of a Ray cluster.

Ray Data hands chunks of the work to one process for each processor, and hands those of a machine
that is lost to another. A chunk is some files, or one row group of a parquet file: each machine
needs this package, and must find the images and the weights under the same names as this one.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from mnist_demo.batch import command as batch
from mnist_demo.read.classifier import Classifier
from mnist_demo.weights import file_checksums

try:
    import ray
    import ray.data
except ModuleNotFoundError as error:
    raise SystemExit(
        f"--ray needs {error.name}, which is not installed: pip install -r requirements-ray.txt"
    ) from None

FILES = 64  # in a chunk, and images read at a time
Chunk = dict[str, Any]  # "files", their names; or "file", "column", "group", "first", and "rows"
Source = tuple[str | None, str | None, Any]  # the weights, their revision and checksums


def chunks(path: str, column: str) -> Iterator[Chunk]:
    """The work that `path` names, in the order of `batch.find`."""
    if Path(path).suffix == ".parquet":
        metadata = batch.open_parquet(Path(path), column).metadata
        first = 0
        for group in range(metadata.num_row_groups):
            rows = metadata.row_group(group).num_rows
            yield {"file": path, "column": column, "group": group, "first": first, "rows": rows}
            first += rows
    else:
        files = batch.find_files(path)
        while some := list(itertools.islice(files, FILES)):
            yield {"files": some}


def names(chunk: Chunk) -> list[str]:
    """What stands in the column "path" of the chunk's rows."""
    if "files" in chunk:
        return [batch.name_of(file) for file in chunk["files"]]
    first = chunk["first"]
    return [f"{chunk['file']}#{number}" for number in range(first, first + chunk["rows"])]


def items(chunk: Chunk) -> Iterator[batch.Item]:
    if "files" in chunk:
        return ((batch.name_of(file), file) for file in chunk["files"])
    group = [chunk["group"]]
    return batch.find_rows(Path(chunk["file"]), chunk["column"], group, chunk["first"])


class Reader:
    """Lives in a process of the cluster, and turns chunks into rows."""

    def __init__(self, weights: str | None, revision: str | None, checksums: Any) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        self.classifier = Classifier.load(weights, revision)
        if file_checksums(self.classifier.weights.path) != checksums:
            raise ValueError(f"a machine has other weights: {self.classifier.weights}")

    def __call__(self, table: pa.Table) -> Iterator[pa.Table]:
        for text in table["chunk"].to_pylist():
            chunk = json.loads(text)
            images = itertools.islice(items(chunk), chunk["done"], None)
            while some := list(itertools.islice(images, FILES)):
                inputs = batch.prepare([image for _, image in some])
                rows = batch.read([name for name, _ in some], inputs, self.classifier)
                yield pa.Table.from_pylist(list(rows), batch.SCHEMA)


def classify(work: list[Chunk], done: int, source: Source, address: str) -> Iterator[batch.Row]:
    """The rows of `work` but for the first `done`, in order.

    Raises SystemExit where there is no cluster at `address`, or it cannot do the work.
    """
    left = []
    for chunk in work:
        rows = len(names(chunk))
        if done < rows:
            left.append({"chunk": json.dumps(chunk | {"done": done})})
        done = max(0, done - rows)
    if not left:
        return
    try:
        if address == "local":
            ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        else:
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise SystemExit(f"no Ray cluster at {address}: {error}") from None
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False  # there is one of images
    processors = max(1, int(ray.cluster_resources().get("CPU", 1)))
    pool = ray.data.ActorPoolStrategy(min_size=1, max_size=processors)
    data = ray.data.from_items(left, override_num_blocks=len(left)).map_batches(
        Reader,
        fn_constructor_args=source,
        batch_size=1,
        batch_format="pyarrow",
        compute=pool,
        num_cpus=1,
    )
    try:
        tables: Iterator[Any] = iter(data.iter_batches(batch_size=None, batch_format="pyarrow"))
        for table in tables:
            yield from table.to_pylist()
    except ray.exceptions.RayError as error:
        raise SystemExit(f"Ray gave up: {str(error).strip().splitlines()[-1]}") from None
    finally:
        ray.shutdown()
