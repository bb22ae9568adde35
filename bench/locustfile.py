"""The users of the load test, for locust: visitors that draw, and programs that call the endpoints.

Each user sends digits that it knows and checks each answer. An answer that belongs to another user
counts as a failure.
"""

from __future__ import annotations

import base64
import io
import json
import os
import random
import time
import uuid
from collections.abc import Iterable
from typing import Any

from locust import HttpUser, between, task
from PIL import Image

from tests.helpers.sketchpad import pen_event
from train.paint.own_drawings import load, strokes_of
from train.paint.strokes import draw

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def picture(name: str) -> tuple[int, bytes]:
    """The label and the PNG of one of our own drawings."""
    drawing = load(name)
    png = io.BytesIO()
    Image.fromarray(draw(strokes_of(drawing), drawing["radius"], drawing["canvas"])).save(
        png, "PNG"
    )
    return int(drawing["label"]), png.getvalue()


PICTURES = [picture(name) for name in NAMES]


class Visitor(HttpUser):
    """Opens the page and draws a stroke every few seconds, over Gradio's queue like the page."""

    fixed_count = int(os.environ.get("VISITORS", "50"))
    wait_time = between(*map(float, os.environ.get("PAUSE", "2 5").split()))

    def on_start(self) -> None:
        self.session = uuid.uuid4().hex
        self.client.headers["User-Agent"] = self.session  # nginx tells visitors apart by it
        self.client.get("/", name="page")
        config = self.client.get("/config", name="config").json()
        self.event = pen_event(config)

    @task
    def stroke(self) -> None:
        label, png = random.choice(PICTURES)
        url = "data:image/png;base64," + base64.b64encode(png).decode()
        body = {"data": [url], "fn_index": self.event, "session_hash": self.session}
        began = time.perf_counter()
        wrong: Exception | None = None
        try:
            self.client.post("/gradio_api/queue/join", json=body, name="joined").raise_for_status()
            path = f"/gradio_api/queue/data?session_hash={self.session}"
            with self.client.get(path, name="heard", stream=True, catch_response=True) as stream:
                output = completed(stream.iter_lines())
            words = "" if output is None else str(output["data"][0])
            if f" {label}." not in words and f" {label}," not in words:
                wrong = ValueError(f"drew a {label}, was told {words[:60]!r}")
        except OSError as error:
            wrong = error
        self.environment.events.request.fire(
            request_type="GRADIO",
            name="stroke",
            response_time=1000 * (time.perf_counter() - began),
            response_length=0,
            exception=wrong,
        )


def completed(lines: Iterable[bytes]) -> dict[str, Any] | None:
    """The event's output, read from the stream of its session; None if it failed."""
    found = None
    for line in lines:
        if line.startswith(b"data:"):
            event = json.loads(line[5:])
            if event["msg"] == "process_completed":
                found = event["output"] if event["success"] else None
            if event["msg"] == "close_stream":
                break
    return found


class Caller(HttpUser):
    """A program that calls the endpoints again and again, and waits when it is told to."""

    fixed_count = 20
    wait_time = between(0.2, 0.6)

    @task
    def call_rest(self) -> None:
        label, png = random.choice(PICTURES)
        with self.client.post("/v1/classify", data=png, catch_response=True) as response:
            if response.status_code == 429 and "Retry-After" in response.headers:
                return response.success()
            if not response.ok:
                return response.failure(f"{response.status_code}")
            digit = response.json()["digit"]
            if digit != label:
                return response.failure(f"sent a {label}, was told {digit}")
            response.success()

    @task
    def call_gradio(self) -> None:
        """Upload a file, call /classify and fetch the answer, as gradio_client does."""
        label, png = random.choice(PICTURES)
        files = {"files": ("digit.png", png)}
        path = self.client.post("/gradio_api/upload", files=files, name="upload").json()[0]
        body = {"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}]}
        call = "/gradio_api/call/classify"
        with self.client.post(call, json=body, name="asked", catch_response=True) as response:
            if response.status_code == 503 and "Retry-After" in response.headers:
                return response.success()
            response.raise_for_status()
            event = response.json()["event_id"]
        with self.client.get(f"{call}/{event}", name="/classify", catch_response=True) as response:
            if "event: complete" not in response.text or f'"digit": {label},' not in response.text:
                return response.failure(f"sent a {label}, was told {response.text[:60]!r}")
            response.success()
