"""What the measurements share: server processes, a drawing, the machine's description."""

from __future__ import annotations

import io
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
from PIL import Image

from tests.helpers.servers import free_ports

ROOT = Path(__file__).parents[1]
BENCH_FOLDER = Path(__file__).parent

Pair = tuple[float, float]  # ours and the baseline's


@contextmanager
def run_server(*words: str) -> Iterator[tuple[subprocess.Popen[bytes], str, float]]:
    """Run a Python process that serves; gives the process, its URL, and when it was started."""
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


def wait_for_answer(ask: Callable[[], Any], process: subprocess.Popen[bytes]) -> float:
    """Call `ask` until it raises no error; returns the time of that, of time.perf_counter."""
    while process.poll() is None:
        with suppress(OSError, urllib.error.URLError):
            ask()
            return time.perf_counter()
        time.sleep(0.01)
    raise SystemExit("a server stopped before it answered")


def fetch(url: str, body: bytes | None = None) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=60) as response:
        return bytes(response.read())


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


def photo_jpeg(digits: int = 1) -> bytes:
    """The same 7, or several of them, in a photo of 12 megapixels with a camera's noise."""
    rng = np.random.default_rng(0)
    gray = 190 + rng.normal(0, 4, (3024, 4032)).astype(np.float32)
    for i in range(digits):
        x = 1700 + 500 * i - 250 * (digits - 1)
        gray[1200:1800, x : x + 600] -= 0.6 * sketch(600)[:, :, 3]
    jpeg = io.BytesIO()
    Image.fromarray(np.clip(gray, 0, 255).astype(np.uint8)).convert("RGB").save(jpeg, "JPEG")
    return jpeg.getvalue()


def describe_machine() -> dict[str, Any]:
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
