"""How well the demo serves a crowd, and how large a crowd its replicas carry.

    python -m bench.load                 50 visitors and 20 programs: load.json and load.png
    python -m bench.load --replicas 1 2  more and more visitors: capacity.json

Replicas run behind nginx, with docs/nginx.conf. They carry a number of visitors if nothing fails
and the p95 of a stroke's answer is at most ten times the p50 of a single visitor, measured before
in the same run. The number doubles until that no longer holds; then the last gap is halved once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from matplotlib.figure import Figure

from bench.crowd import VISITOR_PAUSE, Crowd, Pause
from bench.servers import (
    BENCH_FOLDER,
    describe_machine,
    digit_png,
    fetch,
    run_server,
    wait_for_answer,
)
from tests.helpers.servers import nginx

MAX_P95 = 10  # times the p50 of one visitor
FIRST_VISITORS, MAX_VISITORS = 25, 1600

Row = dict[str, Any]


def figures(crowd: Crowd) -> dict[str, Row]:
    """Of each kind of request: how many, how many failed, and percentiles in milliseconds."""
    rows = {}
    for name, times in sorted(crowd.times.items()):
        p50, p95 = np.percentile(times, [50, 95]).round(1).tolist()
        failed = sum(count for (kind, _), count in crowd.failures.items() if kind == name)
        rows[name] = {"requests": len(times), "failed": failed, "p50_ms": p50, "p95_ms": p95}
        rows[name]["p95_to_p50"] = round(p95 / max(p50, 1), 2)
    return rows


@contextmanager
def demo(replicas: int) -> Iterator[tuple[str, list[psutil.Process]]]:
    """The address and the processes of the demo: replicas behind nginx, or one alone for 0."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [stack.enter_context(run_server("app.py")) for _ in range(max(1, replicas))]
        for app, url, _ in servers:  # once it answers, the network is loaded
            wait_for_answer(partial(fetch, f"{url}v1/classify", digit_png()), app)
        urls = [url for _, url, _ in servers]
        front = stack.enter_context(nginx(folder, (urls * 2)[:2])) if replicas else urls[0]
        yield front, [psutil.Process(app.pid) for app, _, _ in servers]


async def measure_load(url: str, server: psutil.Process, seconds: float) -> tuple[Row, Any]:
    """What a crowd meets; and the server's memory, float64 (n, 2), minutes and MB."""
    crowd, memory, began = Crowd(url), [], time.monotonic()
    staying = asyncio.create_task(crowd.stay(50, 20, seconds))
    while not staying.done():
        memory.append(((time.monotonic() - began) / 60, server.memory_info().rss / 2**20))
        await asyncio.wait([staying], timeout=1)
    await staying
    minutes, megabytes = np.array(memory).T
    half = len(memory) // 2  # the first half fills caches
    slope = float(np.polyfit(minutes[half:], megabytes[half:], 1)[0])
    return {
        "minutes": seconds / 60,
        "figures": figures(crowd),
        "failures": [f"{n} x {name}: {text}" for (name, text), n in crowd.failures.items()],
        "memory_mb": {
            "idle": round(megabytes[0]),
            "end": round(megabytes[-1]),
            "slope_per_minute_in_the_second_half": round(slope, 2),
        },
    }, np.array(memory)


def measure_capacity(url: str, servers: list[psutil.Process], seconds: float) -> Row:
    """How many visitors the replicas behind `url` carry."""

    def step(visitors: int, pause: Pause = VISITOR_PAUSE) -> Row:
        crowd = Crowd(url, pause, count_arrivals=False)
        before = [sum(server.cpu_times()[:2]) for server in servers]
        asyncio.run(crowd.stay(visitors, 0, seconds))
        used = [sum(s.cpu_times()[:2]) - was for s, was in zip(servers, before, strict=True)]
        stroke = figures(crowd)["stroke"]
        row = {
            "visitors": visitors,
            "strokes": stroke["requests"],
            "failed": crowd.failures.total(),
            "p50_ms": stroke["p50_ms"],
            "p95_ms": stroke["p95_ms"],
            "cpu_seconds_of_each_replica": [round(value, 1) for value in used],
        }
        print(f"{len(servers)} replicas: {row}", file=sys.stderr, flush=True)
        return row

    step(1, (0.2, 0.4))  # to warm up: it is not counted
    alone = step(1, (0.2, 0.4))["p50_ms"]
    steps = ramp(step, lambda row: carried(row, alone))
    best = max((row["visitors"] for row in steps if carried(row, alone)), default=0)
    return {"p50_ms_of_one_visitor": alone, "steps": steps, "carried": best}


def carried(row: Row, alone: float) -> bool:
    """Whether the step `row` met the limit; `alone` is the p50 of one visitor in milliseconds."""
    return not row["failed"] and row["p95_ms"] <= MAX_P95 * alone


def ramp(step: Callable[[int], Row], good: Callable[[Row], bool]) -> list[Row]:
    """The rows of `step` for more and more visitors, until one is not `good`; then one half-way."""
    rows = [step(FIRST_VISITORS)]
    while good(rows[-1]) and rows[-1]["visitors"] < MAX_VISITORS:
        rows.append(step(2 * rows[-1]["visitors"]))
    if len(rows) > 1 and not good(rows[-1]):
        rows.append(step((rows[-2]["visitors"] + rows[-1]["visitors"]) // 2))
    return rows


def table(replicas: dict[str, Row]) -> str:
    """What each number of replicas carries, in Markdown."""
    lines = ["| replicas | visitors carried | p95 there, over p50 of one visitor | failed |"]
    lines.append("|---|---|---|---|")
    for count, found in replicas.items():
        row = next((r for r in found["steps"] if r["visitors"] == found["carried"]), None)
        over = f"{row['p95_ms'] / found['p50_ms_of_one_visitor']:.1f}x" if row else "-"
        lines.append(f"| {count} | {found['carried']} | {over} | {row['failed'] if row else '-'} |")
    return "\n".join(lines)


def plot(memory: Any, file: Path) -> None:
    """Draw the server's memory: float64 (n, 2), minutes and MB."""
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(*memory.T)
    axes.set(xlabel="minutes", ylabel="server's memory, MB", ylim=(0, None))
    figure.savefig(file, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.load")
    parser.add_argument("--replicas", type=int, nargs="+", choices=(1, 2), default=[])
    parser.add_argument("--seconds", type=float, help="of the test (300), or of each step (20)")
    parser.add_argument("--out", type=Path, default=BENCH_FOLDER)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    stored: Row = {"machine": describe_machine()}
    if args.replicas:
        stored |= {"bound": MAX_P95, "replicas": {}}
        for count in args.replicas:
            with demo(count) as (url, servers):
                capacity = measure_capacity(url, servers, args.seconds or 20)
            stored["replicas"][str(count)] = capacity
        print(table(stored["replicas"]))
    else:
        with demo(0) as (url, servers):
            found, memory = asyncio.run(measure_load(url, servers[0], args.seconds or 300))
        plot(memory, args.out / "load.png")
        print(json.dumps(found, indent=1))
        stored |= found
    file = args.out / ("capacity.json" if args.replicas else "load.json")
    file.write_text(json.dumps(stored, indent=1) + "\n")
    sys.exit(bool(stored.get("failures")))


if __name__ == "__main__":
    main()
