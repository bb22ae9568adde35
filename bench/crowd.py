"""Visitors who draw and programs that call the endpoints, all at once.

They send digits that they know. An answer with another digit counts as a failure.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import random
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import aiohttp
from PIL import Image

from bench.clients import gradio_call, rest_call, upload
from tests.helpers.sketchpad import pen_event
from train.paint.own_drawings import load, strokes_of
from train.paint.strokes import draw

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
Pause = tuple[float, float]  # seconds, at least and at most
VISITOR_PAUSE, PROGRAM_PAUSE = (2.0, 5.0), (0.2, 0.6)  # between two strokes, and between two calls
ARRIVALS = 10  # in a second
ERRORS = (aiohttp.ClientError, OSError, ValueError)


class Crowd:
    """Who uses the demo at `url`, and what they met.

    Attributes:
        times: of each kind of request, the milliseconds until its answers.
        failures: how often each kind of request met each error.
    """

    def __init__(self, url: str, pause: Pause = VISITOR_PAUSE, count_arrivals: bool = True) -> None:
        self.url, self.pause, self.count_arrivals = url, pause, count_arrivals
        self.pictures = [picture(name) for name in DIGITS]
        self.times: dict[str, list[float]] = defaultdict(list)
        self.failures: Counter[tuple[str, str]] = Counter()

    async def stay(self, visitors: int, programs: int, seconds: float) -> None:
        """Let all come, and stay until `seconds` after the last has come."""
        people = [self.visit] * visitors + [self.call] * programs
        self.all_there = time.monotonic() + len(people) / ARRIVALS
        self.end = self.all_there + seconds

        async def come(i: int) -> None:
            await asyncio.sleep(i / ARRIVALS)
            headers = {"User-Agent": uuid.uuid4().hex}  # nginx tells visitors apart by it
            # The server closes a connection that has rested for five seconds. A request at that
            # moment fails; browsers send it again.
            connector = aiohttp.TCPConnector(keepalive_timeout=1)
            async with aiohttp.ClientSession(
                self.url, headers=headers, connector=connector
            ) as http:
                await people[i](http)

        await asyncio.gather(*map(come, range(len(people))))

    async def repeat(self, task: Callable[[], Awaitable[None]], pause: Pause) -> None:
        while time.monotonic() < self.end:
            with suppress(*ERRORS):  # `timed` has noted it
                await task()
            await asyncio.sleep(random.uniform(*pause))

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Note how long the block takes, and an error that leaves it."""
        began = time.monotonic()
        counts = self.count_arrivals or began > self.all_there
        try:
            yield
        except ERRORS as error:
            self.failures[name, str(error) or type(error).__name__] += counts
            raise
        finally:
            if counts:
                self.times[name].append(1000 * (time.monotonic() - began))

    async def visit(self, http: aiohttp.ClientSession) -> None:
        """Open the page and draw on it, over Gradio's queue like the page."""
        session = uuid.uuid4().hex
        with self.timed("page"):
            await (await http.get("/")).read()
        with self.timed("config"):
            event = pen_event(await (await http.get("/config")).json())

        async def stroke() -> None:
            label, png = random.choice(self.pictures)
            url = "data:image/png;base64," + base64.b64encode(png).decode()
            body = {"data": [url], "fn_index": event, "session_hash": session}
            with self.timed("stroke"):
                (await http.post("/gradio_api/queue/join", json=body)).raise_for_status()
                stream = await http.get(f"/gradio_api/queue/data?session_hash={session}")
                words = sentence(await stream.text())
                if f" {label}." not in words and f" {label}," not in words:
                    raise ValueError(f"drew a {label}, was told {words[:60]!r}")

        await self.repeat(stroke, self.pause)

    async def call(self, http: aiohttp.ClientSession) -> None:
        """Call the endpoints in turn."""

        async def calls() -> None:
            label, png = random.choice(self.pictures)
            await self.ask("/v1/classify", label, partial(rest_call, http, "/", png))
            with self.timed("upload"):
                path = await upload(http, "/", png)
            await self.ask("/classify", label, partial(gradio_call, http, "/", path))

        await self.repeat(calls, PROGRAM_PAUSE)

    async def ask(self, name: str, label: int, call: Callable[[], Awaitable[Any]]) -> None:
        """Call the endpoint `name` with a picture of `label`. To be told to wait is no failure."""
        with self.timed(name):
            try:
                digit = (await call())["digit"]
            except aiohttp.ClientResponseError as error:
                if error.status in (429, 503) and "Retry-After" in (error.headers or {}):
                    return
                raise
            if digit != label:
                raise ValueError(f"sent a {label}, was told {digit}")


def picture(name: str) -> tuple[int, bytes]:
    """The label and the PNG of one of our own drawings."""
    drawing, png = load(name), io.BytesIO()
    pixels = draw(strokes_of(drawing), drawing["radius"], drawing["canvas"])
    Image.fromarray(pixels).save(png, "PNG")
    return int(drawing["label"]), png.getvalue()


def sentence(stream: str) -> str:
    """The page's sentence about a stroke, out of its session's stream; "" if there is none."""
    for line in stream.splitlines():
        event = json.loads(line[5:]) if line.startswith("data:") else {}
        if event.get("msg") == "process_completed" and event["success"]:
            return str(event["output"]["data"][0])
    return ""
