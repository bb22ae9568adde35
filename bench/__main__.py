"""Measure the demo against baselines in the same run; write results.json and ratios.png.

Every figure is a ratio, its two sides measured in turn, so that it holds on a noisy machine. The
median of the rounds counts.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np
import psutil
from PIL import Image

from tests.ports import free_ports

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
IMPORTS = "import gradio, tensorflow, time; print('ready', flush=True); time.sleep(60)"
# Name: what is measured, against what, "at most" or "at least", the limit, the aim.
ROWS: dict[str, tuple[str, str, str, float, float]] = {
    "first_answer": ("start to first answer", "both imports", "at most", 1.25, 1.0),
    "page_served": ("start to page served", "empty gradio app", "at most", 1.3, 1.1),
    "one_client": ("/classify, one client", "constant function", "at most", 1.2, 1.05),
    "pen_up": ("pen-up to Label", "stock Sketchpad, constant", "at most", 1.3, 1.1),
    "rate": ("/classify a second, 64 clients", "constant function", "at least", 0.95, 1.3),
    "plain_rate": ("/v1/classify a second, 64 clients", "the same", "at least", 5, 10),
    "network": ("one image through the network", "keras predict", "at most", 1 / 20, 1 / 50),
    "preprocess": ("preprocess a 560x560 sketch", "decode its PNG", "at most", 2, 1),
    "memory": ("memory while serving", "both imports", "at most", 1.2, 1.05),
}

Pair = tuple[float, float]  # ours and the baseline's


@contextmanager
def running(*words: str) -> Iterator[tuple[subprocess.Popen[bytes], str, float]]:
    """A Python process that serves: the process, its URL, and when it was started."""
    port = free_ports()[0]
    own = {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False"}
    with tempfile.TemporaryDirectory() as folder:
        own |= {"GRADIO_TEMP_DIR": folder, "MNIST_DEMO_FEEDBACK_DIR": folder}
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=os.environ | own,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process, f"http://127.0.0.1:{port}/", started
        finally:
            process.kill()
            process.wait()


def until(answers: Callable[[], Any], process: subprocess.Popen[bytes]) -> float:
    """Ask until it answers; returns when that was."""
    while process.poll() is None:
        with suppress(OSError, urllib.error.URLError):
            answers()
            return time.perf_counter()
        time.sleep(0.01)
    raise SystemExit("a server stopped before it answered")


def get(url: str, body: bytes | None = None) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=60) as response:
        return bytes(response.read())


def starts(png: bytes) -> dict[str, Pair]:
    """Times from the start of a process, in seconds, and memory in bytes."""
    with running("app.py") as (process, url, started):
        page = until(lambda: get(url), process) - started
        answer = until(lambda: get(f"{url}v1/classify", png), process) - started
        for _ in range(50):
            get(f"{url}v1/classify", png)
        memory = psutil.Process(process.pid).memory_info().rss
    with running("-m", "bench.stock", "empty") as (process, url, started):
        stock_page = until(lambda: get(url), process) - started
    started = time.perf_counter()
    bare = subprocess.Popen([sys.executable, "-c", IMPORTS], stdout=subprocess.PIPE)
    assert bare.stdout
    bare.stdout.readline()
    imports = time.perf_counter() - started
    bare_memory = psutil.Process(bare.pid).memory_info().rss
    bare.kill()
    return {
        "first_answer": (answer, imports),
        "page_served": (page, stock_page),
        "memory": (memory, bare_memory),
    }


def clients(url: str, kind: str, image: Path, count: int, seconds: float) -> dict[str, float]:
    words = [sys.executable, "-m", "bench.clients", url, kind, str(image), str(count), str(seconds)]
    output = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    result: dict[str, float] = json.loads(output)
    return result


def calls(ours: str, stock: str, image: Path, seconds: float, ours_first: bool) -> dict[str, Pair]:
    """Seconds of one call by one client; answers per second to 64 clients."""
    order = [ours, stock] if ours_first else [stock, ours]
    alone = {url: clients(url, "gradio", image, 1, seconds)["p50"] for url in order}
    crowd = {url: clients(url, "gradio", image, 64, seconds)["per_second"] for url in order}
    plain = clients(ours, "plain", image, 64, seconds)["per_second"]
    return {
        "one_client": (alone[ours], alone[stock]),
        "rate": (crowd[ours], crowd[stock]),
        "plain_rate": (plain, crowd[stock]),
    }


WATCH = """() => {
  const value = "#guesses [data-testid=label-output-value]";  // the progress stands beside it
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
    """Seconds from pen-up to the changed Label on a page with a Sketchpad; median of strokes."""
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
        page.evaluate(WATCH)
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
    from playwright.sync_api import sync_playwright

    from tests.browser import HINT, find

    path = find() or sys.exit(HINT)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        pairs = []
        for _ in range(rounds):
            times = []
            for url in (ours, stock):
                page = chromium.new_page(viewport={"width": 1280, "height": 900})
                page.goto(url)
                times.append(pen_up(page, url == ours))
                page.close()
            pairs.append((times[0], times[1]))
        chromium.close()
    return pairs


def inner(rounds: int) -> dict[str, list[Pair]]:
    """Inside this process: the network against Keras, preprocessing against decoding."""
    from mnist_demo import Classifier, preprocess
    from train.model import build

    image = np.zeros((28, 28), np.float32)
    image[5:23, 12:15] = 1
    classifier, model = Classifier.load(), build()
    canvas = sketch(560)
    png = io.BytesIO()
    Image.fromarray(canvas).save(png, "PNG")

    def decode() -> None:
        Image.open(io.BytesIO(png.getvalue())).load()

    def ours() -> None:
        classifier.classify_inputs([image])

    def keras() -> None:
        model.predict(image[np.newaxis, ..., np.newaxis], verbose=0)

    results: dict[str, list[Pair]] = {"network": [], "preprocess": []}
    for _ in range(rounds + 1):
        results["network"].append((timed(ours, 50), timed(keras, 10)))
        results["preprocess"].append((timed(lambda: preprocess(canvas), 30), timed(decode, 30)))
    return {name: pairs[1:] for name, pairs in results.items()}  # the first one warms up


def timed(action: Callable[[], Any], count: int) -> float:
    times = []
    for _ in range(count):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def sketch(side: int) -> Any:
    """A 7 as the Sketchpad gives it: uint8 (side, side, 4), black on transparent."""
    canvas = np.zeros((side, side, 4), np.uint8)
    points = (np.array([[0.25, 0.25], [0.7, 0.22], [0.45, 0.8]]) * side).astype(np.int32)
    cv2.polylines(canvas, [points], False, (0, 0, 0, 255), side // 14, cv2.LINE_AA)
    return canvas


def digit_png() -> bytes:
    """The same 7 as an image file, dark on white."""
    png = io.BytesIO()
    Image.fromarray(255 - sketch(280)[:, :, 3]).save(png, "PNG")
    return png.getvalue()


def ratio(pairs: list[Pair]) -> float:
    return statistics.median(ours / baseline for ours, baseline in pairs)


def met(name: str, value: float) -> str:
    """Whether `value` meets the row's limit or its aim."""
    _, _, way, limit, aim = ROWS[name]
    for word, bound in (("aim", aim), ("yes", limit)):
        if value <= bound if way == "at most" else value >= bound:
            return word
    return "NO"


def table(results: dict[str, list[Pair]]) -> str:
    lines = ["| figure | baseline | ratio | limit | aim | met |", "|---|---|---|---|---|---|"]
    for name, (what, against, way, limit, aim) in ROWS.items():
        if name in results:
            value = ratio(results[name])
            cells = f"{value:.3g}x | {way} {limit:.3g}x | {aim:.3g}x | {met(name, value)}"
            lines.append(f"| {what} | {against} | {cells} |")
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", info.read_text()) if info.exists() else []
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "time": datetime.now(UTC).isoformat(timespec="minutes"),
    }


def plot(results: dict[str, list[Pair]], file: Path) -> None:
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = [name for name in ROWS if name in results][::-1]
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for y, name in enumerate(names):
        value, limit = ratio(results[name]), ROWS[name][3]
        axes.barh(y, value, color="#2a7" if met(name, value) != "NO" else "#c43")
        axes.plot([limit, limit], [y - 0.4, y + 0.4], color="black")
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), [ROWS[name][0] for name in names])
    axes.set_xlabel("ratio to the baseline; the black line is the limit")
    figure.savefig(file, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6, help="of each measurement of a rate")
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    description = machine()
    results: dict[str, list[Pair]] = {name: [] for name in ROWS}

    def add(step: str, pairs: dict[str, Pair]) -> None:
        for name, pair in pairs.items():
            results[name].append(pair)
        print(
            step, {name: f"{ours / base:.3g}x" for name, (ours, base) in pairs.items()}, flush=True
        )

    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "digit.png"
        png = digit_png()
        image.write_bytes(png)
        for n in range(args.rounds):
            add(f"start {n + 1}/{args.rounds}", starts(png))
        for n in range(args.rounds):
            # Afresh each time: a stock server gets slower with the events that it remembers.
            with (
                running("app.py") as (app, ours, _),
                running("-m", "bench.stock", "constant") as (other, stock, _),
            ):
                until(partial(get, f"{ours}v1/classify", png), app)
                until(partial(get, stock), other)
                pairs = calls(ours, stock, image, args.seconds, ours_first=n % 2 == 0)
            add(f"calls {n + 1}/{args.rounds}", pairs)
        with (
            running("app.py") as (app, ours, _),
            running("-m", "bench.stock", "sketch") as (other, stock, _),
        ):
            until(lambda: get(f"{ours}v1/classify", png), app)
            until(lambda: get(stock), other)
            for pair in browser_rounds(ours, stock, args.rounds):
                add("browser", {"pen_up": pair})
    results |= inner(args.rounds)
    text = table(results)
    print("\n" + text)
    stored = {
        "machine": description,
        "ratios": {name: round(ratio(pairs), 4) for name, pairs in results.items()},
        "met": {name: met(name, ratio(pairs)) for name, pairs in results.items()},
        "rounds": results,
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "results.json").write_text(json.dumps(stored, indent=1) + "\n")
    plot(results, args.out / "ratios.png")


if __name__ == "__main__":
    main()
