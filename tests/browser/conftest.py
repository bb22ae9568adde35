"""The static edition, served once for all tests that only look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.static_host import StaticHost, static_edition


@pytest.fixture(scope="session")
def edition() -> Iterator[StaticHost]:
    with static_edition() as host:
        yield host
