"""Health, metrics, logs and headers of the served demo."""

import json
import re
from concurrent.futures import Future
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from mnist_demo import Classifier
from mnist_demo.serve.monitoring import MonitoringMiddleware, monitoring_routes
from tests.helpers.images import data_url, encode
from tests.helpers.rest import metrics, post
from tests.helpers.sketchpad import pen_event
from tests.helpers.waiting import LIMIT, wait_until

pytestmark = pytest.mark.server


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=LIMIT)


def test_health_and_readiness(app_url: str) -> None:
    wait_until(lambda: get(f"{app_url}readyz").is_success)
    assert get(f"{app_url}healthz").text == "ok\n"
    ready = get(f"{app_url}readyz").json()
    assert ready["ready"] is True and "from the repository" in ready["weights"]


def test_not_ready_while_loading_or_when_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_DEMO_HEALTH", "1")
    loading: Future[Classifier] = Future()
    client = TestClient(Starlette(routes=monitoring_routes(loading, lambda: 0)))
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503 and "loading" in client.get("/readyz").text
    loading.set_exception(ValueError("/a/path"))
    answer = client.get("/readyz")
    assert answer.status_code == 503 and "/a/path" not in answer.text
    assert client.get("/metrics").status_code == 404  # not switched on


def test_metrics_count_answers_errors_and_the_version_on_every_way_in(
    app_url: str, app_folder: Path, tmp_path: Path
) -> None:
    image = tmp_path / "white.png"
    Image.new("L", (40, 40), 255).save(image)
    cut = tmp_path / "cut.png"  # it opens, but cannot be decoded
    cut.write_bytes(encode(Image.effect_noise((40, 40), 90))[:900])
    client = Client(app_url, verbose=False)
    before = metrics(app_url)
    assert post(app_url, image.read_bytes())[1]["digit"] is None
    assert post(app_url, b"no image")[0] == 415
    client.predict(handle_file(image), api_name="/classify")
    for broken in (cut, Path(__file__)):
        with pytest.raises((AppError, ValueError)):
            client.predict(handle_file(broken), api_name="/classify")
    stroke(app_url, image.read_bytes())
    stroke(app_url, cut.read_bytes())
    after = metrics(app_url)

    def grown(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    for endpoint in ("/v1/classify", "/classify", "page"):
        assert grown(f'mnist_demo_answers_total{{endpoint="{endpoint}"}}') == 1
        labels = f'endpoint="{endpoint}",kind="unreadable"'
        assert grown(f"mnist_demo_errors_total{{{labels}}}") == 1
        assert grown(f'mnist_demo_answer_seconds_count{{endpoint="{endpoint}"}}') == 1
        assert grown(f'mnist_demo_answer_seconds_bucket{{endpoint="{endpoint}",le="+Inf"}}') == 1
    opened = 'endpoint="opening a file",kind="unreadable"'
    assert grown(f"mnist_demo_errors_total{{{opened}}}") == 1
    assert after["mnist_demo_queue_length"] == 0
    (model,) = (name for name in after if name.startswith("mnist_demo_model_info"))
    version = re.findall(r'[{,]version="(.*?)"', model)[0]
    assert get(f"{app_url}readyz").json()["weights"].startswith(f"version {version} ")
    lines = [line for line in (app_folder / "app.log").read_text().splitlines() if line[:1] == "{"]
    records = [json.loads(line) for line in lines]
    assert {(r["endpoint"], r["outcome"]) for r in records} >= {
        (endpoint, outcome)
        for endpoint in ("/v1/classify", "/classify", "page")
        for outcome in ("answer", "unreadable")
    }
    assert all(set(r) == {"time", "endpoint", "outcome", "milliseconds"} for r in records)


def stroke(url: str, png: bytes) -> None:
    """Send a stroke as the page does, and wait for its answer."""
    event = pen_event(get(f"{url}config").json())
    body = {"data": [data_url(png)], "fn_index": event, "session_hash": "visitor"}
    httpx.post(f"{url}gradio_api/queue/join", json=body, timeout=LIMIT).raise_for_status()
    get(f"{url}gradio_api/queue/data?session_hash=visitor").raise_for_status()


COUNTERS: dict[int, tuple[str, dict[str, str]]] = {
    429: ("mnist_demo_refusals_total", {}),
    503: ("mnist_demo_errors_total", {"kind": "failure"}),
    404: ("mnist_demo_errors_total", {"kind": "unreadable"}),
}


@pytest.mark.parametrize("status", COUNTERS)
def test_refusals_and_failures_are_counted_apart(status: int) -> None:
    def count(name: str, labels: dict[str, str]) -> float:
        return REGISTRY.get_sample_value(name, {"endpoint": "/v1/classify"} | labels) or 0

    before = [count(*counter) for counter in COUNTERS.values()]
    TestClient(MonitoringMiddleware(PlainTextResponse("", status))).post("/v1/classify")
    grown = [count(*COUNTERS[kind]) - was for kind, was in zip(COUNTERS, before, strict=True)]
    assert grown == [status == kind for kind in COUNTERS]


def test_headers_protect_and_still_allow_embedding(app_url: str) -> None:
    for path in ("", "v1/docs", "config"):
        headers = get(app_url + path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors *" in headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in headers
