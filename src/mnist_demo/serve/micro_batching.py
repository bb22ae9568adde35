"""Callers that wait share a run of the network: thirty images take little longer than one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

LARGE_IMAGE = 1_000_000  # pixels; unpacking more takes long, and much memory: one at a time
MAX_BATCH = 32  # images in one run


class MicroBatcher:
    """Work that waits for one thread, which takes as much at once as there is."""

    def __init__(self, read: Callable[[Sequence[Any]], list[Any]], bound: int, together: int):
        """`read` returns an answer or an exception for each item; at most `bound` wait, of which it
        gets up to `together` at once."""
        self.waiting: deque[tuple[Any, asyncio.Future[Any]]] = deque()
        self._read, self._bound, self._together = read, bound, together
        self._thread = ThreadPoolExecutor(1)
        self._busy = False
        self._work: asyncio.Task[None]

    async def read(self, item: Any) -> Any:
        """What `read` returned for `item`; raises it if it is an exception.

        Raises:
            asyncio.QueueFull: as many wait as may.
        """
        if len(self.waiting) >= self._bound:
            raise asyncio.QueueFull
        loop = asyncio.get_running_loop()
        if self._busy:
            answer: asyncio.Future[Any] = loop.create_future()
            self.waiting.append((item, answer))
            return await answer
        self._busy = True
        try:  # nobody else: without a task's turns of the event loop
            (result,) = await loop.run_in_executor(self._thread, self._read, [item])
        finally:
            if self.waiting:
                self._work = asyncio.create_task(self._empty())
            else:
                self._busy = False
        if isinstance(result, Exception):
            raise result
        return result

    def _read_each(self, items: Sequence[Any]) -> list[Any]:
        """What goes wrong with one of them, not foreseen by `read`, is not the others' matter."""
        try:
            return self._read(items)
        except Exception as error:
            return [error] if len(items) == 1 else [self._read_each([item])[0] for item in items]

    async def _empty(self) -> None:
        loop = asyncio.get_running_loop()
        while self.waiting:
            count = min(len(self.waiting), self._together)
            chunk = [self.waiting.popleft() for _ in range(count)]
            items = [item for item, _ in chunk]
            results = await loop.run_in_executor(self._thread, self._read_each, items)
            for (_, answer), result in zip(chunk, results, strict=True):
                if answer.done():
                    continue  # its caller has hung up
                if isinstance(result, Exception):
                    answer.set_exception(result)
                else:
                    answer.set_result(result)
        self._busy = False
