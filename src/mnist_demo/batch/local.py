"""Reads images on this machine. A process for each processor preprocesses them."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor

from mnist_demo.batch.inputs import Input
from mnist_demo.batch.rows import Row, prepare, read_rows
from mnist_demo.read.classifier import BATCH_SIZE, Classifier
from mnist_demo.read.images import Array


def start_workers() -> ProcessPoolExecutor:
    """Start the processes that preprocess, one for each processor.

    They are spawned, not forked: a fork would copy TensorFlow without its threads.
    """
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(os.cpu_count(), spawn, initializer=start_worker)


def start_worker() -> None:
    """Set up a process: it ignores Ctrl-C, which ends the parent, and ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # Pillow's warnings would break the progress bar
    parent = multiprocessing.parent_process()

    def follow_parent() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow_parent, daemon=True).start()


def classify(inputs: Iterable[Input], classifier: Classifier, pool: Executor) -> Iterator[Row]:
    """Read images. Only a few batches at a time are in memory.

    Args:
        inputs: the images; this may be a generator.
        classifier: reads them in this process.
        pool: the processes that preprocess.

    Returns:
        A row of `SCHEMA` for each image, in the same order.
    """
    running: deque[tuple[list[str], Future[list[Array | str | None]]]] = deque()
    inputs = iter(inputs)
    more = True
    while more or running:
        while more and len(running) < 4 * (os.cpu_count() or 1):
            chunk = list(itertools.islice(inputs, BATCH_SIZE // 4))
            more = bool(chunk)
            if chunk:
                running.append(([item.name for item in chunk], pool.submit(prepare, chunk)))
        if running:
            names, future = running.popleft()
            yield from read_rows(names, future.result(), classifier)
