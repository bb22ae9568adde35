"""Measure the demo against baselines in the same run; write results.json and ratios.png.

Every figure is a ratio. Its two sides are measured in turn, so that it holds on a noisy machine.
The median of all rounds counts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
from matplotlib.figure import Figure

from bench.in_process import measure_in_process
from bench.pen_latency import browser_rounds
from bench.servers import (
    BENCH_FOLDER,
    ROOT,
    Pair,
    describe_machine,
    digit_png,
    fetch,
    run_server,
    wait_for_answer,
)

IMPORTS = "import gradio, tensorflow, time; print('ready', flush=True); time.sleep(60)"
# Key in results.json: what is measured, its baseline, "at most" or "at least", the limit, the aim.
ROWS: dict[str, tuple[str, str, str, float, float]] = {
    "first_answer": ("start to first answer", "both imports", "at most", 1.25, 1.0),
    "page_served": ("start to page served", "empty gradio app", "at most", 1.3, 1.1),
    "one_client": ("/classify, one client", "constant function", "at most", 1.2, 1.05),
    "pen_up": ("pen-up to Label", "stock Sketchpad, constant", "at most", 1.3, 1.1),
    "rate": ("/classify a second, 64 clients", "constant function", "at least", 0.95, 1.3),
    "plain_rate": ("/v1/classify a second, 64 clients", "the same", "at least", 5, 10),
    "network": ("one image through the network", "keras predict", "at most", 1 / 20, 1 / 50),
    "preprocess": ("preprocess a 560x560 sketch", "decode its PNG", "at most", 2, 1),
    "photo": ("read a photo of 12 megapixels", "decode it", "at most", 1.8, 1.2),
    "photo_of_number": ("read a photo of a number", "decode it", "at most", 1.8, 1.2),
    "memory": ("memory while serving", "both imports", "at most", 1.2, 1.05),
    "many": ("each of 10,000 by classify_many", "one by one", "at most", 1, 0.5),
    "busy": ("processors at work meanwhile", "processors", "at least", 0.8, 0.95),
}


def measure_starts(png: bytes) -> dict[str, Pair]:
    """Seconds from the start of a process, and bytes of memory."""
    with run_server("app.py") as (process, url, started):
        page = wait_for_answer(lambda: fetch(url), process) - started
        answer = wait_for_answer(lambda: fetch(f"{url}v1/classify", png), process) - started
        for _ in range(50):
            fetch(f"{url}v1/classify", png)
        memory = psutil.Process(process.pid).memory_info().rss
    with run_server("-m", "bench.baseline_apps", "empty") as (process, url, started):
        stock_page = wait_for_answer(lambda: fetch(url), process) - started
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


@contextmanager
def both_servers(kind: str, png: bytes) -> Iterator[tuple[str, str]]:
    """The addresses of the demo and of the baseline `kind`, which both answer by then."""
    with (
        run_server("app.py") as (app, ours, _),
        run_server("-m", "bench.baseline_apps", kind) as (other, stock, _),
    ):
        wait_for_answer(partial(fetch, f"{ours}v1/classify", png), app)
        wait_for_answer(partial(fetch, stock), other)
        yield ours, stock


def run_clients(url: str, kind: str, image: Path, count: int, seconds: float) -> dict[str, float]:
    """What `bench.clients` measures, in a process of its own."""
    words = [sys.executable, "-m", "bench.clients", url, kind, str(image), str(count), str(seconds)]
    output = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    result: dict[str, float] = json.loads(output)
    return result


def measure_calls(
    ours: str, stock: str, image: Path, seconds: float, ours_first: bool
) -> dict[str, Pair]:
    """Seconds of a call by a single client, and answers per second to 64 clients."""
    order = [ours, stock] if ours_first else [stock, ours]
    one_client = {url: run_clients(url, "gradio", image, 1, seconds)["p50"] for url in order}
    rate = {url: run_clients(url, "gradio", image, 64, seconds)["per_second"] for url in order}
    rest_rate = run_clients(ours, "rest", image, 64, seconds)["per_second"]
    return {
        "one_client": (one_client[ours], one_client[stock]),
        "rate": (rate[ours], rate[stock]),
        "plain_rate": (rest_rate, rate[stock]),
    }


def ratio(pairs: list[Pair]) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(ours / baseline for ours, baseline in pairs)


def met(name: str, value: float) -> str:
    """Says "aim" if `value` meets the row's aim, else "yes" if it meets the limit, else "NO"."""
    _, _, direction, limit, aim = ROWS[name]
    for word, bound in (("aim", aim), ("yes", limit)):
        if value <= bound if direction == "at most" else value >= bound:
            return word
    return "NO"


def table(results: dict[str, list[Pair]]) -> str:
    """The ratios as a table in Markdown."""
    lines = ["| figure | baseline | ratio | limit | aim | met |", "|---|---|---|---|---|---|"]
    for name, (what, baseline, direction, limit, aim) in ROWS.items():
        if name in results:
            value = ratio(results[name])
            cells = f"{value:.3g}x | {direction} {limit:.3g}x | {aim:.3g}x | {met(name, value)}"
            lines.append(f"| {what} | {baseline} | {cells} |")
    return "\n".join(lines)


def plot(results: dict[str, list[Pair]], file: Path) -> None:
    """Draw the ratios as bars, with the limits beside them."""
    names = [name for name in ROWS if name in results][::-1]
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplots()
    for y, name in enumerate(names):
        value, limit = ratio(results[name]), ROWS[name][3]
        axes.barh(y, value, color="#2a7" if met(name, value) != "NO" else "#c43")
        axes.plot([limit, limit], [y - 0.4, y + 0.4], color="black")
    axes.set_xscale("log")
    labels = [f"{ROWS[name][0]}: {ROWS[name][2]}" for name in names]
    axes.set_yticks(range(len(names)), labels)
    axes.set_xlabel("ratio to the baseline; the black line is the limit")
    figure.savefig(file, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6, help="for which each rate is measured")
    parser.add_argument("--out", type=Path, default=BENCH_FOLDER)
    args = parser.parse_args()
    machine = describe_machine()
    results: dict[str, list[Pair]] = {name: [] for name in ROWS}

    def add(step: str, pairs: dict[str, Pair]) -> None:
        for name, pair in pairs.items():
            results[name].append(pair)
        ratios = {name: f"{ours / base:.3g}x" for name, (ours, base) in pairs.items()}
        print(step, ratios, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "digit.png"
        png = digit_png()
        image.write_bytes(png)
        measure_starts(png)  # not counted: only the first start reads the packages from the disk
        for n in range(args.rounds):
            add(f"start {n + 1}/{args.rounds}", measure_starts(png))
        for n in range(args.rounds):
            # New servers in each round: a stock server gets slower with each event it remembers.
            with both_servers("constant", png) as (ours, stock):
                pairs = measure_calls(ours, stock, image, args.seconds, ours_first=n % 2 == 0)
            add(f"calls {n + 1}/{args.rounds}", pairs)
        with both_servers("sketch", png) as (ours, stock):
            for pair in browser_rounds(ours, stock, args.rounds):
                add("browser", {"pen_up": pair})
    results |= measure_in_process(args.rounds)
    text = table(results)
    print("\n" + text)
    stored = {
        "machine": machine,
        "ratios": {name: round(ratio(pairs), 4) for name, pairs in results.items()},
        "met": {name: met(name, ratio(pairs)) for name, pairs in results.items()},
        "rounds": results,
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "results.json").write_text(json.dumps(stored, indent=1) + "\n")
    plot(results, args.out / "ratios.png")


if __name__ == "__main__":
    main()
