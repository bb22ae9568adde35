"""The time from pen-up to the answer, as a visitor sees it in a browser."""

from __future__ import annotations

import statistics
from typing import Any

from bench.servers import Pair
from tests.helpers.programs import open_browser

WATCH_LABEL = """() => {
  // The heading, or the best guess where there is none. The progress stands beside it.
  const value = "#guesses :is([data-testid=label-output-value], dt)";
  const text = () => document.querySelector(value)?.textContent;
  const before = text();
  window.up = window.changed = null;
  const lift = () => (window.up = performance.now());
  addEventListener("pointerup", lift, { capture: true, once: true });
  const observer = new MutationObserver(() => {
    if (window.up === null || text() === before) return;
    window.changed = performance.now();
    observer.disconnect();
  });
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def pen_up(page: Any, ours: bool) -> float:
    """The median of the seconds from pen-up to the changed Label, on a page with a Sketchpad."""
    page.locator("canvas").first.wait_for()
    page.wait_for_timeout(2000)
    if not ours:
        page.locator(".toolbar-wrap button").first.click()
    box = page.locator("canvas").first.bounding_box()
    side = min(box["width"], box["height"])  # the stock page's canvas is wider than its paper
    left = box["x"] + (box["width"] - side) / 2
    times = []
    for stroke in range(6):
        x, y = left + side * (0.25 + 0.1 * stroke), box["y"] + side * 0.3
        page.evaluate(WATCH_LABEL)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 5, y + side * 0.4, steps=5)
        page.mouse.up()
        page.wait_for_function("window.changed !== null", timeout=20_000)
        times.append(page.evaluate("window.changed - window.up") / 1000)
        page.wait_for_timeout(1000)  # further answers to the same stroke are not the next one's
        if ours:  # the answer to a second stroke could be the same, and the Label not change
            page.locator("#clear").click()
            page.wait_for_timeout(1000)
    return statistics.median(times[1:])


def browser_rounds(ours: str, stock: str, rounds: int) -> list[Pair]:
    pairs = []
    with open_browser() as chromium:
        for _ in range(rounds):
            times = []
            for url in (ours, stock):
                page = chromium.new_page(viewport={"width": 1280, "height": 900})
                page.goto(url)
                times.append(pen_up(page, url == ours))
                page.close()
            pairs.append((times[0], times[1]))
    return pairs
