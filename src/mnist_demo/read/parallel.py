"""Work in threads on chunks of a long input, few of which are held at a time."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

PREFETCH = 64  # items for each processor that are held at a time

T = TypeVar("T")
R = TypeVar("R")


def map_chunks(function: Callable[[list[T]], list[R]], items: Iterable[T]) -> Iterator[R]:
    """What `function` returns for chunks of `items`, in their order.

    There is a thread for each processor. Where `items` is a generator, at most `PREFETCH` of its
    items for each processor are held at a time.
    """
    processors = os.cpu_count() or 1
    running: deque[Future[list[R]]] = deque()
    items = iter(items)
    pool = ThreadPoolExecutor(processors)
    try:
        while chunk := list(itertools.islice(items, PREFETCH // 2)):
            running.append(pool.submit(function, chunk))
            del chunk
            # A thread may hold its chunk for a moment longer than until its result is there.
            if len(running) >= 2 * processors - 1:
                yield from running.popleft().result()
        while running:
            yield from running.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
