"""How long a test waits for an event.

Every wait is for something that happens, and ends as soon as it does. The limit is only reached
when it never happens. It is long, so that no test fails because a machine is slow.
"""

import time
from collections.abc import Callable

import pytest

LIMIT = 300  # seconds


def wait_until(done: Callable[[], object]) -> None:
    """Return as soon as `done` returns something true; the test fails after `LIMIT` seconds."""
    end = time.monotonic() + LIMIT
    while not done():
        if time.monotonic() > end:
            pytest.fail(f"not within {LIMIT} seconds")
        time.sleep(0.05)
