"""Callers that share a run of the network."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from mnist_demo.serve.micro_batching import MicroBatcher
from tests.helpers.aio import run_async, turns
from tests.helpers.waiting import LIMIT


def test_an_error_with_one_item_does_not_fail_the_others() -> None:
    first = threading.Event()
    runs = []

    def divide(items: Sequence[int]) -> list[float]:
        assert first.wait(LIMIT)
        runs.append(list(items))
        return [1 / item for item in items]

    async def ask() -> list[float | BaseException]:
        batcher = MicroBatcher(divide, max_waiting=3, max_batch=8)
        calls = [asyncio.ensure_future(batcher.submit(item)) for item in (1, 2, 0, 4, 5)]
        await turns()
        first.set()
        return await asyncio.gather(*calls, return_exceptions=True)

    answers = run_async(ask())
    assert runs == [[1], [2, 0, 4], [2], [0], [4]]
    assert answers[:2] == [1, 0.5] and answers[3] == 0.25
    assert isinstance(answers[2], ZeroDivisionError)
    assert isinstance(answers[4], asyncio.QueueFull)  # three wait already


def test_a_lone_caller() -> None:
    batcher = MicroBatcher(lambda items: [1 / i for i in items], max_waiting=1, max_batch=1)
    assert run_async(batcher.submit(1)) == 1
    with pytest.raises(ZeroDivisionError):
        run_async(batcher.submit(0))
