"""Runs coroutines in tests that share a process with Playwright."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


async def turns() -> None:
    """Let every task run until it waits."""
    for _ in range(100):
        await asyncio.sleep(0)


def run_async(coroutine: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns or raises.

    It runs in a thread of its own, because Playwright's browser keeps an event loop running in the
    main thread.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
