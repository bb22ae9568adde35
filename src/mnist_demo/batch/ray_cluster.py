"""Reads images on all machines of a Ray cluster.

Ray Data gives chunks of the work to one process for each processor. If a machine is lost, others
read its chunks. Every machine needs this package, and must find the images and the weights at the
same paths as this machine.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from mnist_demo.batch.inputs import FILES_PER_CHUNK, Chunk, chunk_inputs
from mnist_demo.batch.rows import SCHEMA, Row, read_rows
from mnist_demo.read.classifier import Classifier
from mnist_demo.weights import file_checksums

try:
    import ray
    import ray.data
except ModuleNotFoundError as error:
    raise SystemExit(
        f"--ray needs {error.name}, which is not installed: pip install -r requirements-ray.txt"
    ) from None

Source = tuple[str | None, str | None, Any]  # the weights, their revision and checksums


class ChunkReader:
    """Turns chunks into rows, in a process of the cluster."""

    def __init__(self, weights: str | None, revision: str | None, checksums: Any) -> None:
        """Load the weights.

        Raises:
            ValueError: they do not have the `checksums` of the weights on the first machine.
        """
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        self.classifier = Classifier.load(weights, revision)
        if file_checksums(self.classifier.weights.path) != checksums:
            raise ValueError(f"a machine has other weights: {self.classifier.weights}")

    def __call__(self, table: pa.Table) -> Iterator[pa.Table]:
        """Read the chunks in the column "chunk", each as JSON. Yields tables of `SCHEMA`."""
        for text in table["chunk"].to_pylist():
            inputs = chunk_inputs(json.loads(text))
            while some := list(itertools.islice(inputs, FILES_PER_CHUNK)):
                yield pa.Table.from_pylist(read_rows(some, self.classifier), SCHEMA)


def classify(chunks: list[Chunk], source: Source, address: str) -> Iterator[Row]:
    """Read the images of `chunks`, in order.

    Args:
        chunks: the work that is left, see `unfinished`.
        source: the weights, their revision, and what `file_checksums` returns for them.
        address: of the cluster, as HOST:PORT or "auto"; "local" starts Ray on this machine.

    Returns:
        A row of `SCHEMA` for each image.

    Raises:
        SystemExit: there is no cluster at `address`, or it cannot do the work.
    """
    if not chunks:
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
    context.enable_progress_bars = False  # the command has its own
    processors = max(1, int(ray.cluster_resources().get("CPU", 1)))
    pool = ray.data.ActorPoolStrategy(min_size=1, max_size=processors)
    items = [{"chunk": json.dumps(chunk)} for chunk in chunks]
    data = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
        ChunkReader,
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
