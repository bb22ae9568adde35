"""Opens the page in a browser, and says what must be seen on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Frame, Page, expect

from mnist_demo.page.i18n import TEXTS, translate
from tests.helpers.sketchpad import Drawing

FIRST = "#guesses button:first-of-type dt"  # the best guess
PAPER = "#number_sketch"  # of the Numbers tab
# Ends when the page has not changed for half a second.
STILL = """() => new Promise(done => {
    let timer = setTimeout(done, 500);
    const changes = { childList: true, subtree: true, attributes: true, characterData: true };
    new MutationObserver(() => {
        clearTimeout(timer);
        timer = setTimeout(done, 500);
    }).observe(document.body, changes);
})"""

# What moves on the page by itself, as a number; see https://web.dev/articles/cls.
WATCH_SHIFTS = """window.shift = 0; new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""


@contextmanager
def visit(browser: Browser, url: str, width: int, height: int, **options: Any) -> Iterator[Page]:
    """The page at `url` in a window of that size, for a visitor of its own."""
    with browser.new_context(viewport={"width": width, "height": height}, **options) as context:
        page = context.new_page()
        page.goto(url)
        yield page


@contextmanager
def visit_and_watch(browser: Browser, url: str, width: int, height: int) -> Iterator[Page]:
    """As `visit`, in English. Layout shifts add up in `window.shift`, and no script may fail."""
    with visit(browser, "about:blank", width, height, locale="en") as page:
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.add_init_script(WATCH_SHIFTS)
        page.goto(url)
        yield page
        assert errors == []


def expect_digit(place: Page | Frame, digit: int) -> None:
    expect(place.locator(FIRST)).to_have_text(str(digit))
    expect(place.locator("#verdict")).to_have_text(translate("sure", None, digit))
    expect(place.locator("#guesses .confidence")).to_have_count(3)


def expect_blank(page: Page) -> None:
    expect(page.locator("#verdict")).to_have_text(TEXTS["en"]["blank"])
    expect(page.locator(FIRST)).to_have_count(0)
    expect(page.locator("#seen img")).to_have_count(0)


def side_by_side(*drawings: Drawing) -> Drawing:
    """Drawings next to each other on the tab's paper, which is 800 by 400."""
    strokes = [
        [[x * 0.6 + 250 * i, y * 0.6 + 80] for x, y in stroke]
        for i, drawing in enumerate(drawings)
        for stroke in drawing["strokes"]
    ]
    return {"canvas": 800, "strokes": strokes}


def expect_number(page: Page, text: str) -> None:
    expect(page.locator("#number_verdict strong")).to_have_text(text)
    expect(page.locator("#number_digits li")).to_have_count(len(text))
