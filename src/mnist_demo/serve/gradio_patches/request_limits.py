"""Bounds on what callers send, and on the files that they leave on the disc.

Gradio reads the body of a call, however long, into memory. Files that came by /gradio_api/upload it
deletes after ten minutes, see CACHE in page.py, and bounds each; but a request may bring a
thousand, and callers any number of requests.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

from gradio.routes import file_upload_statuses
from gradio.utils import get_upload_folder
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_UPLOAD_BODY = 21_000_000  # bytes: one file of the largest size that is accepted, and its form
MAX_CALL_BODY = 300_000  # bytes of any other request; a drawing takes some thousand
MAX_QUERY = 300  # characters after the path of what has to do with uploads
MAX_TRACKED_UPLOADS = 1000  # uploads whose progress Gradio keeps until somebody asks
STRAY_FILE_SECONDS = (
    1200  # seconds after which a file that Gradio has not even given a folder is deleted
)
# Ways that Gradio opens and this page does not go: they leave files on the disc for good, fetch
# addresses for anybody, or do not end.
CLOSED_PATHS = ("deep_link", "dev/", "file=http", "process_recording", "proxy=", "stream/", "vibe-")
MAX_DISK = 1_000_000_000  # bytes of all files
MIN_FILE_COST = (
    8_000  # bytes that even the smallest counts: more in ten minutes than can be answered
)
DISK_SCAN_SECONDS = 10  # seconds for which the disc is not looked through again


class RequestLimits:
    """ASGI middleware: refuses too long a body, and an upload for which there is no room."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._used, self._looked = 0, float("-inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").rstrip("/")
        if path.lstrip("/").removeprefix("gradio_api/").startswith(CLOSED_PATHS):
            return await PlainTextResponse("This is closed here.", 404)(scope, receive, send)
        upload = path.endswith("/upload")
        if upload or path.endswith("/upload_progress"):
            forget_upload_progress()
            if len(scope["query_string"]) > MAX_QUERY:
                text = f"The address is too long: at most {MAX_QUERY} characters after the path."
                return await PlainTextResponse(text, 414)(scope, receive, send)
        reads = scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS")
        if not reads or path.startswith("/v1/"):  # which has bounds of its own
            return await self.app(scope, receive, send)
        most = MAX_UPLOAD_BODY if upload or path.startswith("/gradio_api/mcp") else MAX_CALL_BODY
        length = Headers(scope=scope).get("content-length", "" if upload else "0")
        left = most

        async def receive_bounded() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:  # sent in chunks, without its length
                raise ValueError("the body is too long")
            return message

        if not length.isdecimal():
            text, status = "An upload must say its length: send a Content-Length.", 411
        elif int(length) > most:
            text, status = f"The request is too large: at most {most:,} bytes are read.", 413
        elif upload and not await self._take(int(length)):
            text, status = "Too many uploads are kept: try again in ten minutes.", 429
        else:
            return await self.app(scope, receive_bounded, send)
        headers = {"Connection": "close"} | ({"Retry-After": "600"} if status == 429 else {})
        await PlainTextResponse(text, status, headers)(scope, receive, send)

    async def _take(self, length: int) -> bool:
        """Whether there is room for `length` bytes more, which then count as used."""
        if time.monotonic() - self._looked > DISK_SCAN_SECONDS:
            self._looked = time.monotonic()
            self._used = await asyncio.to_thread(disk_usage, Path(get_upload_folder()))
        cost = max(length, MIN_FILE_COST)
        if self._used + cost > MAX_DISK:
            return False
        self._used += cost
        return True


def disk_usage(folder: Path) -> int:
    """Bytes of the files in `folder`; those that are deleted meanwhile do not count.

    Gradio deletes those that it has moved to folders of their own; what an upload leaves that broke
    off, or was no upload, is deleted here.
    """
    used = 0
    for root, _, files in os.walk(folder):
        for name in files:
            file = Path(root) / name
            try:
                found = file.stat()
                if Path(root) == folder and time.time() - found.st_mtime > STRAY_FILE_SECONDS:
                    file.unlink()
                else:
                    used += max(found.st_size, MIN_FILE_COST)
            except OSError:
                continue
    return used


def forget_upload_progress() -> None:
    kept: dict[str, Any]
    for kept in (file_upload_statuses._statuses, file_upload_statuses._signals):
        while len(kept) > MAX_TRACKED_UPLOADS:
            del kept[next(iter(kept))]
