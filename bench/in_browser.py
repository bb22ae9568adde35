"""Measure the reader for the browser in Chromium; write in_browser.json.

The static edition and the Gradio page are opened in turn, in the same run.
"""

from __future__ import annotations

import json
import statistics
from typing import Any

from playwright.sync_api import Browser

from bench.servers import BENCH_FOLDER, describe_machine, fetch, run_server, wait_for_answer
from tests.helpers.programs import open_browser
from tests.helpers.static_host import StaticHost, static_edition
from train.paint.own_drawings import load

ROUNDS = 7  # of opening each page
# Reads a drawing 200 times in the page's own thread, so that nothing but the reading counts.
READINGS = """async ([base, strokes]) => {
  const [{ Reader }, { paintStroke }] = await Promise.all(
    ["reader", "digit-pad"].map((name) => import(`${base}browser/${name}.js`)));
  const reader = await Reader.load(`${base}browser/browser.bin`);
  const canvas = Object.assign(document.createElement("canvas"), { width: 400, height: 400 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  for (const stroke of strokes) paintStroke(context, stroke, 14);
  const times = [];
  for (let i = 0; i < 200; i++) {
    const { data } = context.getImageData(0, 0, 400, 400);
    const before = performance.now();
    reader.read(data, 400);
    times.push(performance.now() - before);
  }
  return times;
}"""
# Moves a pen 60 times; for each, milliseconds until the bars have changed.
MOVES = """async () => {
  const pad = document.querySelector("digit-pad");
  await pad.ready;
  const square = pad.shadowRoot.querySelector(".square");
  const { left, top, width } = square.getBoundingClientRect();
  const send = (type, i) => square.dispatchEvent(new PointerEvent(type, {
    clientX: left + width * (0.3 + 0.1 * Math.sin(i / 6)), clientY: top + width * (0.2 + i / 100),
    pointerId: 1, isPrimary: true, bubbles: true, composed: true }));
  const times = [];
  send("pointerdown", 0);
  for (let i = 1; i <= 60; i++) {
    await new Promise((done) => setTimeout(done, 30));
    const before = performance.now();
    const changed = new Promise((done) => pad.addEventListener("input", done, { once: true }));
    send("pointermove", i);
    await changed;
    times.push(performance.now() - before);
  }
  send("pointerup", 60);
  return times;
}"""


# The network's maps and the textbook network, which are open on a wide screen.
CLOSE = """() => {
  for (const element of document.querySelectorAll("#inside, #textbook")) {
    element.removeAttribute("open");
  }
}"""


def percentiles(times: list[float]) -> dict[str, float]:
    """The median and the 95th percentile of `times` in milliseconds."""
    p95 = statistics.quantiles(times, n=20)[-1]
    return {"p50": round(statistics.median(times), 1), "p95": round(p95, 1)}


def seconds_to_bars(browser: Browser, url: str, is_static: bool) -> float:
    """From opening the page until a stroke can be read, in seconds.

    On the Gradio page it ends when the square and the bars are there. Its network may still be
    loading, which would take longer.
    """
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(url, wait_until="commit")
        if is_static:
            page.wait_for_function("() => customElements.get('digit-pad') !== undefined")
            page.evaluate("document.querySelector('digit-pad').ready")
        else:
            page.wait_for_function("() => document.querySelector('#sketch canvas')?.clientWidth")
            page.locator("#live digit-answer .digit").wait_for()
        return float(page.evaluate("performance.now()")) / 1000


def measure(gradio: str, static: StaticHost) -> dict[str, Any]:
    with open_browser() as browser:
        with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
            page = context.new_page()
            page.goto(static.url)
            page.wait_for_load_state("networkidle")
            first_visit = {"requests": len(static.asked), "bytes": static.sent}
            all_open = percentiles(page.evaluate(MOVES)[5:])
            page.evaluate(CLOSE)
            moves = percentiles(page.evaluate(MOVES)[5:])
            page.goto(f"{gradio}browser/README.md")
            readings = percentiles(page.evaluate(READINGS, [gradio, load("eight")["strokes"]])[20:])
        opened = [
            (seconds_to_bars(browser, static.url, True), seconds_to_bars(browser, gradio, False))
            for _ in range(ROUNDS)
        ]
    return {
        "one_reading_ms": readings,
        "move_to_bars_ms": moves,
        "move_to_bars_all_open_ms": all_open,
        "opened_to_bars": round(statistics.median(ours / page for ours, page in opened), 3),
        "opened_to_bars_seconds": [[round(value, 2) for value in pair] for pair in opened],
        "static_first_visit": first_visit,
    }


def main() -> None:
    machine = describe_machine()
    with static_edition() as static, run_server("app.py") as (process, url, _):
        wait_for_answer(lambda: fetch(url), process)
        fetch(f"{url}browser/browser.bin")
        results = measure(url, static)
    print(json.dumps(results, indent=1))
    report = {"machine": machine} | results
    (BENCH_FOLDER / "in_browser.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
