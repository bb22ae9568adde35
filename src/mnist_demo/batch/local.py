"""Reads images on this machine. A thread for each processor prepares them."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from mnist_demo.batch.inputs import Input
from mnist_demo.batch.rows import Row, prepare, read_rows
from mnist_demo.read.best_digit import Prepared
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
    running: deque[tuple[list[str], Future[list[Prepared | str]]]] = deque()
    inputs = iter(inputs)
    more = True
    pool = ThreadPoolExecutor(processors)
    try:
        while more or running:
            while more and len(running) < 4 * processors:
                chunk = list(itertools.islice(inputs, BATCH_SIZE // 4))
                more = bool(chunk)
                if chunk:
                    names = [item.name for item in chunk]
                    running.append((names, pool.submit(prepare, chunk, classifier)))
            if running:
                names, future = running.popleft()
                yield from read_rows(names, future.result(), classifier)
    finally:
        pool.shutdown(cancel_futures=True)
