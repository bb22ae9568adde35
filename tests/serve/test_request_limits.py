"""Uploads do not fill the disk, and paths that the page does not use are closed."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from mnist_demo import Classifier
from mnist_demo.page import blocks as page
from mnist_demo.serve.gradio_patches import request_limits
from mnist_demo.serve.gradio_patches.request_limits import RequestLimits
from tests.helpers.images import mnist_png
from tests.helpers.servers import serve_here
from tests.helpers.waiting import LIMIT, wait_until

UPLOAD = "/gradio_api/upload"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """An app that keeps each upload as a file; 3 MB of them are accepted."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(request_limits, "MAX_DISK", 3_000_000)
    monkeypatch.setattr(request_limits, "MIN_FILE_COST", 64_000)
    monkeypatch.setattr(request_limits, "MAX_UPLOAD_BODY", 2_000_000)

    async def keep(request: Request) -> PlainTextResponse:
        body = await request.body()
        (tmp_path / str(len(list(tmp_path.iterdir())))).write_bytes(body)
        return PlainTextResponse("kept")

    routes = [Route(path, keep, methods=["POST"]) for path in (UPLOAD, "/other")]
    with TestClient(Starlette(routes=routes, middleware=[Middleware(RequestLimits)])) as client:
        yield client


@pytest.mark.parametrize("scan_seconds", [-1, 1000])  # the disk is scanned each time, or only once
def test_thousands_of_small_uploads_are_refused_past_a_bound(
    client: TestClient, scan_seconds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_limits, "DISK_SCAN_SECONDS", scan_seconds)
    statuses = [client.post(UPLOAD, content=b"x").status_code for _ in range(100)]
    assert statuses == [200] * 46 + [429] * 54  # 46 times 64,000
    refused = client.post(UPLOAD, content=b"x")
    assert "try again in ten minutes" in refused.text and refused.headers["Retry-After"] == "600"
    assert len(list(tmp_path.iterdir())) == 46
    assert client.post("/other", content=b"x").status_code == 200  # all else goes on
    for file in tmp_path.iterdir():  # as Gradio does after ten minutes
        file.unlink()
    monkeypatch.setattr(request_limits, "DISK_SCAN_SECONDS", -1)
    assert client.post(UPLOAD, content=b"x").status_code == 200


def test_large_uploads_and_those_of_unknown_length_are_refused(
    client: TestClient, tmp_path: Path
) -> None:
    assert client.post(UPLOAD, content=bytes(1_900_000)).status_code == 200
    assert client.post(UPLOAD, content=bytes(1_900_000)).status_code == 429
    refused = client.post(UPLOAD, content=bytes(2_000_001))
    assert refused.status_code == 413 and "at most 2,000,000 bytes" in refused.text
    refused = client.post(UPLOAD + "/", content=iter([b"x"]))
    assert refused.status_code == 411 and "Content-Length" in refused.text
    assert len(list(tmp_path.iterdir())) == 1


CLOSED = [
    ("POST", "gradio_api/component_server"),  # where Sketchpads upload drawings, our page never
    ("POST", "gradio_api/component_server/"),
    ("GET", "gradio_api/deep_link?session_hash=mine"),
    ("POST", "gradio_api/process_recording"),
    ("GET", "gradio_api/file=http://example.com/a.png"),
    ("GET", "gradio_api/file=https://example.com/a.png"),
    ("GET", "gradio_api/proxy=https://example.hf.space/"),
    ("GET", "gradio_api/dev/reload"),
    ("POST", "gradio_api/vibe-edit/"),
    ("POST", "gradio_api/stream/nothing"),
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_paths_that_the_page_does_not_use_are_closed(method: str, path: str, app_url: str) -> None:
    answer = httpx.request(method, app_url + path, timeout=LIMIT)
    assert answer.status_code == 404 and answer.text == "This is closed here."


def test_what_broken_uploads_leave_is_deleted_after_a_while(tmp_path: Path) -> None:
    (tmp_path / "a folder of Gradio's").mkdir()
    files = [tmp_path / "old", tmp_path / "new", tmp_path / "a folder of Gradio's" / "old"]
    for file in files:
        file.write_bytes(bytes(10_000))
        if file.name == "old":
            os.utime(file, (0, 0))
    assert request_limits.disk_usage(tmp_path) == 20_000
    assert [file.exists() for file in files] == [False, True, True]


def test_the_progress_of_uploads_is_forgotten(
    app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_limits, "MAX_TRACKED_UPLOADS", 10)
    progress = request_limits.file_upload_statuses
    for n in range(30):
        progress.track(str(n))
    request_limits.forget_upload_progress()
    assert list(progress._statuses) == list(progress._signals) == [str(n) for n in range(20, 30)]
    url = f"{app_url}gradio_api/upload_progress"
    long = httpx.get(url, params={"upload_id": "x" * 301}, timeout=LIMIT)
    assert long.status_code == 414 and "at most 300 characters" in long.text


def test_the_demo_deletes_what_was_uploaded(
    classifier: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "DELETE_UPLOADS", (1, 1))  # seconds, in place of ten minutes
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    demo = page.build_page(lambda: classifier)
    with serve_here(demo) as home, httpx.Client(base_url=home, timeout=LIMIT) as http:
        files = {"files": ("a.png", mnist_png(7))}
        path = http.post("gradio_api/upload", files=files).json()[0]
        assert Path(path).is_relative_to(tmp_path)
        call = {"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}]}
        event = http.post("gradio_api/call/classify", json=call).json()["event_id"]
        assert "complete" in http.get(f"gradio_api/call/classify/{event}").text
        wait_until(lambda: not any(file.is_file() for file in tmp_path.rglob("*")))
