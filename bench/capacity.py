"""How many drawing visitors one replica carries, and two; writes capacity.json.

`python -m bench.capacity --replicas 1 2`. The replicas run behind nginx, with docs/nginx.conf. A
visitor draws a stroke every 2 to 5 seconds (see locustfile.py). A number of visitors is carried if
nothing fails and the p95 of a stroke's answer is at most ten times the p50 of a single visitor,
measured before in the same run. The number doubles until that no longer holds; then the last gap is
halved once.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from bench.servers import (
    BENCH_FOLDER,
    ROOT,
    describe_machine,
    digit_png,
    fetch,
    run_server,
    wait_for_answer,
)
from tests.helpers.nginx import nginx

MAX_P95 = 10  # times the p50 of one visitor
FIRST_VISITORS = 25
MAX_VISITORS = 1600


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.capacity", description=__doc__)
    parser.add_argument("--replicas", type=int, nargs="+", choices=(1, 2), default=[1, 2])
    parser.add_argument(
        "--seconds",
        type=float,
        default=20,
        help="for which each step is measured, once all visitors are there",
    )
    parser.add_argument("--out", type=Path, default=BENCH_FOLDER)
    args = parser.parse_args()
    stored: dict[str, Any] = {"machine": describe_machine(), "bound": MAX_P95, "replicas": {}}
    for count in args.replicas:
        stored["replicas"][str(count)] = measure_replicas(count, args.seconds)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "capacity.json").write_text(json.dumps(stored, indent=1) + "\n")
    print(table(stored))


def measure_replicas(replicas: int, seconds: float) -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = []
        for _ in range(replicas):
            app, url, _ = stack.enter_context(run_server("app.py"))
            servers.append((app, url))
        for app, url in servers:
            wait_for_answer(lambda url=url: fetch(f"{url}v1/classify", digit_png()), app)  # type: ignore[misc]
        urls = [url for _, url in servers]
        front = stack.enter_context(nginx(folder, (urls * 2)[:2]))
        processes = [psutil.Process(app.pid) for app, _ in servers]

        def step(visitors: int, **environment: str) -> dict[str, Any]:
            row = run_locust(front, visitors, seconds, folder, processes, environment)
            print(f"{replicas} replicas: {row}", file=sys.stderr, flush=True)
            return row

        step(1, PAUSE="0.2 0.4")  # to warm up: it is not counted
        alone = step(1, PAUSE="0.2 0.4")["p50_ms"]
        steps = ramp(lambda visitors: step(visitors), lambda row: carried(row, alone))
    best = max((row["visitors"] for row in steps if carried(row, alone)), default=0)
    return {"p50_ms_of_one_visitor": alone, "steps": steps, "carried": best}


def carried(row: dict[str, Any], alone: float) -> bool:
    """Whether the step `row` met the limit; `alone` is the p50 of one visitor in milliseconds."""
    return not row["failed"] and row["p95_ms"] <= MAX_P95 * alone


def ramp(step: Any, good: Any) -> list[dict[str, Any]]:
    """The rows of `step` for more and more visitors, until one is not `good`; then one half-way."""
    rows = [step(FIRST_VISITORS)]
    while good(rows[-1]) and rows[-1]["visitors"] < MAX_VISITORS:
        rows.append(step(2 * rows[-1]["visitors"]))
    if len(rows) > 1 and not good(rows[-1]):
        rows.append(step((rows[-2]["visitors"] + rows[-1]["visitors"]) // 2))
    return rows


def run_locust(
    url: str,
    visitors: int,
    seconds: float,
    folder: Path,
    servers: list[psutil.Process],
    environment: dict[str, str],
) -> dict[str, Any]:
    """One step: the figures of a stroke once all visitors are there, and the replicas' CPU time."""
    rate = 20  # visitors that arrive in each second
    words = ["-m", "locust", "-f", "bench/locustfile.py", "--headless", "--host", url.rstrip("/")]
    words += ["-u", str(visitors), "-r", str(rate), "-t", f"{seconds + visitors / rate:.0f}s"]
    words += ["--reset-stats", "--stop-timeout", "20", "--csv", f"{folder}/locust", "Visitor"]
    own = {"VISITORS": str(visitors)} | environment
    before = [sum(server.cpu_times()[:2]) for server in servers]
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=os.environ | own, capture_output=True, text=True
    )
    used = [sum(s.cpu_times()[:2]) - was for s, was in zip(servers, before, strict=True)]
    with (folder / "locust_stats.csv").open() as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    if "stroke" not in rows:
        raise SystemExit(f"no stroke was answered:\n{done.stderr[-2000:]}")
    stroke = rows["stroke"]
    return {
        "visitors": visitors,
        "strokes": int(stroke["Request Count"]),
        "failed": int(rows["Aggregated"]["Failure Count"]),
        "p50_ms": float(stroke["50%"]),
        "p95_ms": float(stroke["95%"]),
        "cpu_seconds_of_each_replica": [round(value, 1) for value in used],
    }


def table(stored: dict[str, Any]) -> str:
    lines = [
        "| replicas | visitors carried | p95 there, over p50 of one visitor | failed |",
        "|---|---|---|---|",
    ]
    for count, found in stored["replicas"].items():
        row = next((r for r in found["steps"] if r["visitors"] == found["carried"]), None)
        over = f"{row['p95_ms'] / found['p50_ms_of_one_visitor']:.1f}x" if row else "-"
        lines.append(f"| {count} | {found['carried']} | {over} | {row['failed'] if row else '-'} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
