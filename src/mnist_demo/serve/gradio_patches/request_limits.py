"""Limits on what callers send, and on the files that uploads leave on the disk.

Gradio reads the body of a call into memory, however long it is. It limits the size of an uploaded
file and deletes it after ten minutes (see DELETE_UPLOADS in page/blocks.py). But one request may
bring a thousand files, and a caller may send any number of requests.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from pathlib import Path
from typing import Any

from gradio.routes import file_upload_statuses
from gradio.utils import get_upload_folder
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_UPLOAD_BODY = 21_000_000  # bytes: the largest file that is accepted, and the form around it
MAX_CALL_BODY = 300_000  # bytes of any other request; a drawing takes a few thousand
MAX_JSON_DEPTH = 50  # lists and objects inside each other; a drawing takes five
MAX_QUERY = 300  # characters after the "?" of an upload's address
MAX_TRACKED_UPLOADS = 1000  # uploads whose progress Gradio keeps until somebody asks for it
MAX_DISK = 1_000_000_000  # bytes of all uploaded files
MIN_FILE_COST = 8_000  # bytes that a smaller file counts as; it limits the number of files
DISK_SCAN_SECONDS = 10  # between two looks at the disk
STRAY_FILE_SECONDS = 1200  # age at which files that Gradio never moved to a folder are deleted

# Paths that Gradio serves and that this page does not use. They keep data in memory or on the disk
# for good, fetch addresses for anybody, or never end.
CLOSED_PATHS = (
    "component_server", "deep_link", "dev/", "file=http", "process_recording", "proxy=", "stream/",
    "vibe-",
)  # fmt: skip
TOO_LARGE = "The request body is too large: at most {:,} bytes are read."
TOO_DEEP = (
    f"The JSON is nested too deeply: at most {MAX_JSON_DEPTH} lists and objects may be inside each "
    'other. A call of an endpoint is {"data": [...]} with its inputs in order; ?view=api on the '
    "page lists them."
)
# Without the closing quote for a string that does not end: so each byte is looked at only once.
JSON_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)


class RequestLimits:
    """ASGI middleware: refuses closed paths, large bodies, deep JSON, and uploads past `MAX_DISK`.

    The endpoints under /v1 have limits of their own, see serve/rest_bodies.py.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._disk_used, self._scanned_at = 0, float("-inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path = scope["path"].rstrip("/")
        if path.lstrip("/").removeprefix("gradio_api/").startswith(CLOSED_PATHS):
            return await PlainTextResponse("This is closed here.", 404)(scope, receive, send)
        is_upload = path.endswith("/upload")
        if is_upload or path.endswith("/upload_progress"):
            forget_upload_progress()
            if len(scope["query_string"]) > MAX_QUERY:
                text = f"The address is too long: at most {MAX_QUERY} characters after the path."
                return await PlainTextResponse(text, 414)(scope, receive, send)
        if scope["method"] in ("GET", "HEAD", "OPTIONS") or path.startswith("/v1/"):
            return await self.app(scope, receive, send)

        has_files = is_upload or path.startswith("/gradio_api/mcp")
        limit = MAX_UPLOAD_BODY if has_files else MAX_CALL_BODY
        length = Headers(scope=scope).get("content-length", "" if is_upload else "0")
        response: Response
        if not length.isdecimal():
            text = "An upload must say its length: send a Content-Length."
            response = PlainTextResponse(text, 411)
        elif int(length) > limit:
            response = PlainTextResponse(TOO_LARGE.format(limit), 413)
        elif is_upload and not await self._reserve_disk(int(length)):
            text = "Too many uploads are kept: try again in ten minutes."
            response = PlainTextResponse(text, 429)
            response.headers["Retry-After"] = "600"
        elif has_files:
            return await self.app(scope, limited(receive, limit), send)
        else:
            return await self._call(scope, receive, send)
        response.headers["Connection"] = "close"
        await response(scope, receive, send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the whole body of a call, check it, and hand it on in one piece."""
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > MAX_CALL_BODY:  # sent in chunks, without its length
                response = PlainTextResponse(TOO_LARGE.format(MAX_CALL_BODY), 400)
                response.headers["Connection"] = "close"
                return await response(scope, receive, send)
        is_form = Headers(scope=scope).get("content-type", "").startswith("multipart/")
        if not is_form and json_depth(body) > MAX_JSON_DEPTH:
            return await JSONResponse({"error": TOO_DEEP}, 400)(scope, receive, send)
        unread = True

        async def receive_body() -> Message:
            nonlocal unread
            if not unread:
                return await receive()
            unread = False
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self.app(scope, receive_body, send)

    async def _reserve_disk(self, length: int) -> bool:
        """Whether there is room for `length` bytes more, which then count as used."""
        if time.monotonic() - self._scanned_at > DISK_SCAN_SECONDS:
            self._scanned_at = time.monotonic()
            self._disk_used = await asyncio.to_thread(disk_usage, Path(get_upload_folder()))
        cost = max(length, MIN_FILE_COST)
        if self._disk_used + cost > MAX_DISK:
            return False
        self._disk_used += cost
        return True


def limited(receive: Receive, limit: int) -> Receive:
    """`receive` that raises a ValueError once more than `limit` bytes have arrived."""
    left = limit

    async def receive_limited() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise ValueError("the body is too long")
        return message

    return receive_limited


def json_depth(body: bytes | bytearray) -> int:
    """The most lists and objects that are open at once in the JSON text `body`."""
    depth = deepest = 0
    for bracket in re.findall(rb"[\[\]{}]", JSON_STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def disk_usage(folder: Path) -> int:
    """Bytes of the files in `folder`; deletes what failed uploads left there.

    Gradio moves each upload into a folder of its own and deletes it there. A file that is still
    directly in `folder` after `STRAY_FILE_SECONDS` comes from an upload that broke off.
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
            except OSError:  # Gradio has deleted it meanwhile
                continue
    return used


def forget_upload_progress() -> None:
    """Drop the oldest entries of the progress that Gradio keeps for each upload."""
    entries: dict[str, Any]
    for entries in (file_upload_statuses._statuses, file_upload_statuses._signals):
        while len(entries) > MAX_TRACKED_UPLOADS:
            del entries[next(iter(entries))]
