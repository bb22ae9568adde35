"""Receive the bodies of the REST endpoint, within limits on their size, sum and time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

MAX_BODY = 10_000_000  # bytes of one request's body
MAX_HELD = 64_000_000  # bytes of all bodies that are being received or wait for the network
BODY_SECONDS = 20  # for the whole body to arrive

TOO_LONG = f"the body is too long: at most {MAX_BODY:,} bytes are read"
TOO_SLOW = f"The body did not arrive within {BODY_SECONDS} seconds, or others needed its room."
BUSY = "too many callers are waiting: try again in a second"


class ArrivingBody:
    """A body that is being received."""

    def __init__(self, timeout: asyncio.Timeout) -> None:
        self.size = 0  # bytes
        self._timeout, self._since = timeout, time.monotonic()

    def cost(self) -> float:
        """Its bytes times the seconds since it began: the most costly body makes room for others.

        So a few slow callers cannot keep everybody else out.
        """
        return self.size * (time.monotonic() - self._since)

    def give_up(self) -> int:
        """Stop waiting for it; returns how many bytes that frees."""
        size, self.size = self.size, 0
        self._timeout.reschedule(0)
        return size


class BodyReceiver:
    """Receives bodies, and counts the bytes of all that are held at the moment."""

    def __init__(self) -> None:
        self._held = 0  # bytes
        self._arriving: list[ArrivingBody] = []

    @asynccontextmanager
    async def receive(self, request: Request) -> AsyncIterator[bytes]:
        """The image file in `request`, which counts as held until the block ends.

        Raises:
            HTTPException: with status 400, 408, 413 or 429; its detail says what is wrong.
        """
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            raise hang_up(413, TOO_LONG)
        timeout = asyncio.timeout(BODY_SECONDS)
        body = ArrivingBody(timeout)
        try:
            try:
                async with timeout:
                    self._arriving.append(body)
                    file = await read_file(request, self._stream(request, body))
            except TimeoutError:
                raise hang_up(408, TOO_SLOW) from None
            except ClientDisconnect:
                raise hang_up(400, "the body did not arrive in full") from None
            finally:
                if body in self._arriving:
                    self._arriving.remove(body)
            yield file
        finally:
            self._held -= body.size

    async def _stream(self, request: Request, body: ArrivingBody) -> AsyncGenerator[bytes, None]:
        async for chunk in request.stream():
            body.size += len(chunk)
            self._held += len(chunk)
            if body.size > MAX_BODY:
                raise hang_up(413, TOO_LONG)
            while self._held > MAX_HELD:
                costliest = max(body, *self._arriving, key=ArrivingBody.cost)
                if costliest is body:
                    raise busy()
                self._held -= costliest.give_up()
                self._arriving.remove(costliest)
            yield chunk


async def read_file(request: Request, stream: AsyncGenerator[bytes, None]) -> bytes:
    """The image file: the whole body, or the form's `file` if the body is a form."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return b"".join([chunk async for chunk in stream])
    try:
        parser = MultiPartParser(request.headers, stream, max_files=1, max_fields=9)
        form = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400, f"the form cannot be read: {error.message}") from None
    try:
        file = form.get("file")
        return await file.read() if isinstance(file, UploadFile) else b""
    finally:
        await form.close()


def busy() -> HTTPException:
    return HTTPException(429, BUSY, {"Retry-After": "1"})


def hang_up(status: int, text: str) -> HTTPException:
    """A refusal before the whole body has arrived: the rest is not waited for."""
    return HTTPException(status, text, {"Connection": "close"})
