"""Health, metrics, logs and headers of the served demo."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mnist_demo import Classifier
from mnist_demo.watch import watch_routes
from tests.conftest import serve_app

ON = {"MNIST_DEMO_HEALTH": "1", "MNIST_DEMO_METRICS": "1", "MNIST_DEMO_LOG": "json"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("watched")


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with serve_app(folder, **ON) as url:
        for _ in range(600):
            with suppress(urllib.error.HTTPError):
                get(f"{url}readyz")
                break
            time.sleep(0.2)
        yield url


def get(url: str, body: bytes | None = None) -> Any:
    return urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=30)


def test_health_and_readiness(url: str) -> None:
    assert get(f"{url}healthz").read() == b"ok\n"
    ready = json.load(get(f"{url}readyz"))
    assert ready["ready"] is True and "from the repository" in ready["weights"]


def test_not_ready_while_loading_or_when_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_DEMO_HEALTH", "1")
    loading: Future[Classifier] = Future()
    client = TestClient(Starlette(routes=watch_routes(loading, lambda: 0)))
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503 and "loading" in client.get("/readyz").text
    loading.set_exception(ValueError("/a/path"))
    answer = client.get("/readyz")
    assert answer.status_code == 503 and "/a/path" not in answer.text
    assert client.get("/metrics").status_code == 404  # not switched on


def test_metrics_count_answers_errors_and_the_version(
    url: str, folder: Path, tmp_path: Path
) -> None:
    image = tmp_path / "white.png"
    Image.new("L", (40, 40), 255).save(image)
    before = values(url)
    assert json.load(get(f"{url}v1/classify", image.read_bytes()))["digit"] is None
    with pytest.raises(urllib.error.HTTPError):
        get(f"{url}v1/classify", b"no image")
    Client(url, verbose=False).predict(handle_file(image), api_name="/classify")
    after = values(url)

    def grown(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert grown('mnist_demo_answers_total{endpoint="/v1/classify"}') == 1
    assert grown('mnist_demo_errors_total{endpoint="/v1/classify"}') == 1
    assert grown('mnist_demo_answers_total{endpoint="page"}') == 1
    assert grown('mnist_demo_answer_seconds_count{endpoint="/v1/classify"}') == 1
    assert "mnist_demo_queue_length" in after
    assert any(name.startswith("mnist_demo_model_info") for name in after)
    lines = [line for line in (folder / "app.log").read_text().splitlines() if line[:1] == "{"]
    records = [json.loads(line) for line in lines]
    assert {(r["endpoint"], r["outcome"]) for r in records} >= {
        ("/v1/classify", "answer"),
        ("/v1/classify", "error"),
        ("page", "answer"),
    }
    assert all(set(r) == {"time", "endpoint", "outcome", "milliseconds"} for r in records)


def values(url: str) -> dict[str, float]:
    text = get(f"{url}metrics").read().decode()
    rows = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in rows}


def test_headers_protect_and_still_allow_embedding(url: str) -> None:
    for path in ("", "v1/docs", "config"):
        headers = get(url + path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors *" in headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in headers


def test_nothing_is_on_unless_asked_for(app_url: str) -> None:
    for path in ("healthz", "readyz", "metrics"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(app_url + path)
