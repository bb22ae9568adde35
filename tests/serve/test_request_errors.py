"""Malformed calls of Gradio's endpoints get a clear error, and open and fetch nothing."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from mnist_demo.serve.gradio_patches import queue_limits, request_limits
from tests.helpers.commands import ROOT
from tests.helpers.images import data_url, white_png
from tests.helpers.sketchpad import pen_event
from tests.helpers.static_host import StaticHost
from tests.helpers.waiting import LIMIT

JSON = {"Content-Type": "application/json"}
MARKER = {"meta": {"_type": "gradio.FileData"}}
PICTURE = str(ROOT / "weights" / "confusion.png")  # an image of the server that nobody uploaded
EXPECTED_ERRORS = {
    "classify": "/classify takes one image file",
    "read_number": "/read_number takes one image file",
    "classify_sketch": "/classify_sketch takes one drawing",
}


def post(url: str, body: bytes) -> tuple[int, Any]:
    answer = httpx.post(url, content=body, headers=JSON, timeout=LIMIT)
    return answer.status_code, answer.json()


def error_of(url: str, name: str, data: Any) -> str:
    """The error that the endpoint answers to these inputs."""
    status, answer = post(f"{url}gradio_api/call/{name}", json.dumps({"data": data}).encode())
    assert status == 200, answer
    events = f"{url}gradio_api/call/{name}/{answer['event_id']}"
    text = httpx.get(events, timeout=LIMIT).text
    assert text.startswith("event: error"), text
    assert "Traceback" not in text and PICTURE not in text
    return str(json.loads(text.split("data: ", 1)[1])["error"])


FILES: dict[str, Any] = {
    "a path": {"path": PICTURE, **MARKER},
    "a path without the marker": {"path": PICTURE},
    "a path with another marker": {"path": PICTURE, "meta": {"_type": "file"}},
    "a path with an empty marker": {"path": PICTURE, "meta": None},
    "a path upwards": {"path": "../../../../etc/passwd", **MARKER},
    "a path of Windows": {"path": "C:\\boot.ini", **MARKER},
    "a file address": {"path": "file:///etc/passwd", "url": "file:///etc/passwd", **MARKER},
    "an address": {"path": "{address}", **MARKER},
    "an address beside a path": {"path": "x.png", "url": "{address}", **MARKER},
    "an address without the marker": {"path": "{address}"},
    "an address of a cloud": {"path": "http://169.254.169.254/latest/meta-data", **MARKER},
    "an address as text": "{address}",
    "a number": 5,
    "a list": [[1]],
    "a path that is a number": {"path": 5, **MARKER},
}


@pytest.mark.parametrize("name", EXPECTED_ERRORS)
def test_nothing_is_opened_or_fetched(name: str, app_url: str, one: Path) -> None:
    with StaticHost(one.parent) as internal:  # a server in the app's own network
        for case, file in FILES.items():
            forged = json.loads(json.dumps(file).replace("{address}", f"{internal.url}one.png"))
            payload = {"composite": forged} if name == "classify_sketch" else forged
            assert EXPECTED_ERRORS[name] in error_of(app_url, name, [payload]), case
        assert internal.asked == []


@pytest.mark.parametrize("name", EXPECTED_ERRORS)
def test_wrong_numbers_of_inputs(name: str, app_url: str) -> None:
    for data in ([], [1, 2, 3]):
        assert EXPECTED_ERRORS[name] in error_of(app_url, name, data)


def completed(app_url: str, call: dict[str, Any]) -> dict[str, Any]:
    """The last message about an event of the page."""
    status, answer = post(f"{app_url}gradio_api/queue/join", json.dumps(call).encode())
    assert status == 200, answer
    stream = f"{app_url}gradio_api/queue/data?session_hash={call['session_hash']}"
    lines = httpx.get(stream, timeout=LIMIT).text.splitlines()
    messages = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    return next(m for m in messages if m["msg"] == "process_completed")


def test_an_event_of_the_page_opens_nothing_either(app_url: str) -> None:
    """They have numbers, not names. A program that knows the number can send it anything."""
    config = httpx.get(f"{app_url}config", timeout=LIMIT).json()
    images = {c["id"] for c in config["components"] if c["type"] == "image"}
    events = [e for e in config["dependencies"] if set(e["inputs"]) & images]
    assert len(events) > 2
    for event in events:
        data = [{"path": PICTURE} if i in images else None for i in event["inputs"]]
        call = {"data": data, "fn_index": event["id"], "session_hash": f"forged{event['id']}"}
        done = completed(app_url, call)
        assert not done["success"] and "cannot be read" in done["output"]["error"]


@pytest.mark.parametrize("body", [b'{"data":', b"[1]", b'"x"', b"{}", b"\xff\xfe", b'{"data": 1}'])
def test_bodies_that_are_no_calls(body: bytes, app_url: str) -> None:
    status, answer = post(f"{app_url}gradio_api/call/classify", body)
    assert status == 422
    assert "cannot be read" in answer["error"] and '{"data": [...]}' in answer["error"]


def test_what_there_is_not_is_said(app_url: str) -> None:
    status, answer = post(f"{app_url}gradio_api/call/nothing", b'{"data": []}')
    assert status == 404 and "/classify, /read_number" in answer["error"]
    for event in (9999, -1):
        call: dict[str, Any] = {"data": [], "fn_index": event, "session_hash": "nowhere"}
        status, answer = post(f"{app_url}gradio_api/queue/join", json.dumps(call).encode())
        assert status == 400 and "no such event" in answer["detail"]


CALLS = ["queue/join", "call/classify", "call/v2/classify", "cancel", "reset"]


@pytest.mark.parametrize("path", CALLS)
def test_long_bodies_are_refused_unread(path: str, app_url: str) -> None:
    url = f"{app_url}gradio_api/{path}"
    body = b'{"data": ["' + bytes(request_limits.MAX_CALL_BODY) + b'"]}'
    refused = httpx.post(url, content=body, timeout=LIMIT)
    assert refused.status_code == 413 and "at most 300,000 bytes" in refused.text
    chunked = httpx.post(url, content=iter([body]), headers=JSON, timeout=LIMIT)
    assert chunked.status_code == 400 and "body" in chunked.text.lower()


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
@pytest.mark.parametrize("depth", [60, 300, 5000])
def test_json_that_is_nested_too_deeply_is_refused_with_what_is_accepted(
    path: str, opening: bytes, closing: bytes, depth: int, app_url: str
) -> None:
    nested = opening * depth + b"0" + closing * depth
    body = b'{"fn_index": 0, "session_hash": "deep", "data": [' + nested + b"]}"
    status, answer = post(f"{app_url}gradio_api/{path}", body)
    assert status == 400 and list(answer) == ["error"]
    assert "nested too deeply: at most 50" in answer["error"]
    assert '{"data": [...]}' in answer["error"] and len(answer["error"]) < 250


def test_brackets_in_strings_and_beside_each_other_are_not_nested(app_url: str) -> None:
    text = json.dumps("[" * 200 + '\\"{' * 200)
    for flat in (text, "[" + "[]," * 200 + "0]"):
        body = b'{"data": [' + flat.encode() + b"]}"
        status, answer = post(f"{app_url}gradio_api/call/classify", body)
        assert status == 200 and answer["event_id"]
    began = time.process_time()
    for slow_to_scan in (b'\\"' * 75_000, b'"' * 150_000, b"\\" * 150_000, b"[]" * 75_000):
        request_limits.json_depth(b'"' + slow_to_scan + b"\\")
    assert time.process_time() - began < 2


def test_nothing_is_called_beside_the_queue_which_has_bounds(app_url: str) -> None:
    for path in ("run", "api"):
        status, answer = post(f"{app_url}gradio_api/{path}/classify", b'{"data": [null]}')
        assert status == 404 and "join the queue" in answer["detail"]


def test_a_session_has_no_long_name(app_url: str) -> None:
    call = {"data": [""], "fn_index": 0, "session_hash": "x" * (queue_limits.MAX_SESSION_HASH + 1)}
    status, answer = post(f"{app_url}gradio_api/queue/join", json.dumps(call).encode())
    assert status == 400 and "at most 100 characters" in answer["detail"]


def test_what_gradio_stumbles_over_is_refused_in_words(app_url: str) -> None:
    status, answer = post(f"{app_url}gradio_api/call/v2/nothing", b"{}")
    assert status == 500 and "lists the calls" in answer["error"]


HUGE = data_url(white_png(1001))


@pytest.mark.parametrize(
    ("drawing", "words"),
    [(value, "not an image") for value in (5, None, {"a": 1}, "x,\u00e9", "data:image/png,AAAA")]
    + [(HUGE, "drawing is too large"), ("x" * 260_000, "drawing is too large")],
)
def test_what_is_no_drawing_is_refused_in_words(drawing: Any, words: str, app_url: str) -> None:
    event = pen_event(httpx.get(f"{app_url}config", timeout=LIMIT).json())
    call = {"data": [drawing], "fn_index": event, "session_hash": "scribble"}
    done = completed(app_url, call)
    assert not done["success"] and words in done["output"]["error"]
