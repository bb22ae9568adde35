"""A load test of five minutes: 50 drawing visitors and 20 programs; writes load.json and load.png.

`python -m bench.load --minutes 5`. The users are in locustfile.py.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
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


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--out", type=Path, default=BENCH_FOLDER)
    args = parser.parse_args()
    description = describe_machine()
    seconds = 60 * args.minutes
    with run_server("app.py") as (app, url, _), tempfile.TemporaryDirectory() as folder:
        # Once it answers, the network is loaded. Visitors of a cold start would only wait longer.
        wait_for_answer(lambda: fetch(f"{url}v1/classify", digit_png()), app)
        server = psutil.Process(app.pid)
        idle = server.memory_info().rss
        words = ["-m", "locust", "-f", "bench/locustfile.py"]
        words += ["--headless", "--host", url.rstrip("/")]
        words += ["-u", "70", "-r", "10", "-t", f"{seconds:.0f}s", "--stop-timeout", "20"]
        words += ["--csv", f"{folder}/locust", "--only-summary"]
        locust = subprocess.Popen([sys.executable, *words], cwd=ROOT)
        memory = []
        began = time.monotonic()
        while locust.poll() is None:
            memory.append((time.monotonic() - began, server.memory_info().rss / 2**20))
            time.sleep(1)
        with Path(folder, "locust_stats.csv").open() as file:
            rows = {row["Name"]: row for row in csv.DictReader(file)}
        with Path(folder, "locust_failures.csv").open() as file:
            failures = [f"{row['Occurrences']} x {row['Error']}" for row in csv.DictReader(file)]
    # A stroke takes two requests, which count as one.
    left_out = ("Aggregated", "joined", "heard", "asked")
    figures = {name: summary(row) for name, row in rows.items() if name not in left_out}
    if missing := {"stroke", "/v1/classify", "/classify"} - set(figures):
        sys.exit(f"no figures of {', '.join(sorted(missing))}: the log above says why")
    # The slope of the second half: the first half fills caches.
    times, megabytes = np.array(memory)[len(memory) // 2 :].T
    slope = float(np.polyfit(times / 60, megabytes, 1)[0])
    stored = {
        "machine": description,
        "minutes": args.minutes,
        "figures": figures,
        "failures": failures,
        "memory_mb": {
            "idle": round(idle / 2**20),
            "end": round(memory[-1][1]),
            "slope_per_minute_in_the_second_half": round(slope, 2),
        },
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "load.json").write_text(json.dumps(stored, indent=1) + "\n")
    plot(memory, args.out / "load.png")
    print("\n| | requests | failed | p50 ms | p95 ms | p95/p50 |\n|---|---|---|---|---|---|")
    for name, row in figures.items():
        print(f"| {name} | " + " | ".join(str(value) for value in row.values()) + " |")
    print(f"\nmemory: {stored['memory_mb']}\nfailures: {failures or 'none'}")
    sys.exit(bool(failures))


def summary(row: dict[str, str]) -> dict[str, Any]:
    p50, p95 = float(row["50%"]), float(row["95%"])
    return {
        "requests": int(row["Request Count"]),
        "failed": int(row["Failure Count"]),
        "p50_ms": p50,
        "p95_ms": p95,
        "p95_to_p50": round(p95 / max(p50, 1), 2),
    }


def plot(memory: list[tuple[float, float]], file: Path) -> None:
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    seconds, megabytes = np.array(memory).T
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    axes.plot(seconds / 60, megabytes)
    axes.set(xlabel="minutes", ylabel="server's memory, MB", ylim=(0, None))
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    main()
