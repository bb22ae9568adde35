"""Callers who share a run of the network."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
from anyio.from_thread import start_blocking_portal

from mnist_demo.serve.micro_batching import MicroBatcher


def test_what_goes_wrong_with_one_is_not_the_matter_of_the_others() -> None:
    first = threading.Event()
    runs = []

    def read(items: Sequence[int]) -> list[float]:
        assert first.wait(10)
        runs.append(list(items))
        return [1 / item for item in items]

    async def ask() -> list[float | BaseException]:
        queue = MicroBatcher(read, bound=3, together=8)
        calls = [asyncio.ensure_future(queue.read(item)) for item in (1, 2, 0, 4, 5)]
        await asyncio.sleep(0.05)
        first.set()
        return await asyncio.gather(*calls, return_exceptions=True)

    with start_blocking_portal() as portal:
        answers = portal.call(ask)
    assert runs == [[1], [2, 0, 4], [2], [0], [4]]
    assert answers[:2] == [1, 0.5] and answers[3] == 0.25
    assert isinstance(answers[2], ZeroDivisionError)
    assert isinstance(answers[4], asyncio.QueueFull)  # three wait already


@pytest.mark.parametrize("item", [0, 1])
def test_a_lone_caller(item: int) -> None:
    queue = MicroBatcher(lambda items: [1 / i for i in items], bound=1, together=1)
    with start_blocking_portal() as portal:
        if item:
            assert portal.call(queue.read, item) == 1
        else:
            with pytest.raises(ZeroDivisionError):
                portal.call(queue.read, item)
