"""Bounds on the files that callers leave on the disc by /gradio_api/upload.

Gradio deletes them after ten minutes, see CACHE in page.py, and bounds each file; but a request may
bring a thousand, and callers any number of requests. The files of links to a page's state, by
/gradio_api/deep_link, it never deletes: there are none here.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from gradio.utils import get_upload_folder
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

MAX_REQUEST = 21_000_000  # bytes: one file of the largest size that is accepted, and its form
MAX_DISC = 1_000_000_000  # bytes of all files
MIN_COST = 8_000  # bytes that even the smallest counts: more in ten minutes than can be answered
FRESH = 10  # seconds for which the disc is not looked through again


class BoundUploads:
    """ASGI middleware: refuses an upload that is too large, or for which there is no room."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._used, self._looked = 0, float("-inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").rstrip("/")
        if scope["type"] != "http" or scope["method"] != "POST" or not path.endswith("/upload"):
            return await self.app(scope, receive, send)
        length = Headers(scope=scope).get("content-length", "")
        if not length.isdecimal():
            text, status = "An upload must say its length: send a Content-Length.", 411
        elif int(length) > MAX_REQUEST:
            text, status = f"The upload is too large: at most {MAX_REQUEST:,} bytes are read.", 413
        elif not await self._take(int(length)):
            text, status = "Too many uploads are kept: try again in ten minutes.", 429
        else:
            return await self.app(scope, receive, send)
        headers = {"Connection": "close"} | ({"Retry-After": "600"} if status == 429 else {})
        await PlainTextResponse(text, status, headers)(scope, receive, send)

    async def _take(self, length: int) -> bool:
        """Whether there is room for `length` bytes more, which then count as used."""
        if time.monotonic() - self._looked > FRESH:
            self._looked = time.monotonic()
            self._used = await asyncio.to_thread(disc_used, Path(get_upload_folder()))
        cost = max(length, MIN_COST)
        if self._used + cost > MAX_DISC:
            return False
        self._used += cost
        return True


def disc_used(folder: Path) -> int:
    """Bytes of the files in `folder`; those that are deleted meanwhile do not count."""
    used = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                used += max((Path(root) / name).stat().st_size, MIN_COST)
            except OSError:
                continue
    return used


def no_links(request: Request) -> PlainTextResponse:
    return PlainTextResponse("There are no links to the state of this page.", 404)


NO_LINKS = Route("/gradio_api/deep_link", no_links)
