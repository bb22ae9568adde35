"""The page in a browser, opened once for all tests that do not need a window of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def opened(browser: Browser, app_url: str) -> Iterator[Page]:
    from tests.helpers.pages import visit

    with visit(browser, app_url, 1280, 900) as page:
        yield page


@pytest.fixture
def page(opened: Page) -> Page:
    """The page at its first tab, without what the test before has drawn."""
    from tests.helpers.pages import expect_blank

    opened.get_by_role("tab", name="Draw").click()
    opened.get_by_role("button", name="Clear").click()
    expect_blank(opened)
    return opened
