"""Reads images on this machine. There is a thread for each processor."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from mnist_demo.batch.inputs import Input
from mnist_demo.batch.rows import Row, read_rows
from mnist_demo.read.classifier import BATCH_SIZE, Classifier


def classify(inputs: Iterable[Input], classifier: Classifier) -> Iterator[Row]:
    """Read images. Only a few batches at a time are in memory.

    Args:
        inputs: the images; this may be a generator.
        classifier: reads them.

    Returns:
        A row of `SCHEMA` for each image, in the same order.
    """
    processors = os.cpu_count() or 1
    running: deque[Future[list[Row]]] = deque()
    inputs = iter(inputs)
    more = True
    pool = ThreadPoolExecutor(processors)
    try:
        while more or running:
            while more and len(running) < 4 * processors:
                chunk = list(itertools.islice(inputs, BATCH_SIZE // 4))
                more = bool(chunk)
                if chunk:
                    running.append(pool.submit(read_rows, chunk, classifier))
            if running:
                yield from running.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
