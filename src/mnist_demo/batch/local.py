"""Reads images on this machine: a process for each processor prepares images for the network."""

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
    """Processes that preprocess. They are not forked: TensorFlow's threads would be missing."""
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(os.cpu_count(), spawn, initializer=start_worker)


def start_worker() -> None:
    """Leave Ctrl-C to the parent, and do not outlive it when it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # Pillow's, about damaged files, would tear the progress bar
    parent = multiprocessing.parent_process()

    def follow_parent() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow_parent, daemon=True).start()


def classify(inputs: Iterable[Input], classifier: Classifier, pool: Executor) -> Iterator[Row]:
    """A row for each image, in order; a few batches at a time are in memory."""
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
