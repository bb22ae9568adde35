"""The endpoint beside Gradio's: one image in, one answer out, in a single exchange.

Callers that wait are read together, in one run of the network. A caller past the bounds is told to
come back, so that whoever is let in gets an answer soon and memory stays bounded.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import Future
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse
from PIL import Image
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from mnist_demo.read.classifier import Classifier, Prediction
from mnist_demo.read.images import FORMATS, MAX_PIXELS
from mnist_demo.serve.answer import as_json
from mnist_demo.serve.micro_batching import LARGE_IMAGE, MAX_BATCH, MicroBatcher

MAX_BODY = 10_000_000  # bytes of one request's body
MAX_HELD = 64_000_000  # bytes of all bodies that are being received or wait
MAX_WAITING = 256  # callers; at some hundred answers per second they wait for a second
MAX_WAITING_LARGE = 8
BODY_SECONDS = 20  # for the whole body to arrive

SEND = "send a PNG, JPEG, WebP, GIF, BMP or TIFF file as the body, or as the form file 'file'"
TOO_LONG = f"the body is too long: at most {MAX_BODY:,} bytes are read"
TOO_LARGE = f"the image is too large: at most {MAX_PIXELS:,} pixels are read"
BUSY = "too many callers are waiting: try again in a second"
OPEN = {"Access-Control-Allow-Origin": "*"}  # there are no cookies: any page may read the answer


class Guess(BaseModel):
    digit: int
    probability: float


class Answer(BaseModel):
    """What the network makes of the image."""

    digit: int | None = Field(description="The most probable digit; null if the image is blank.")
    confidence: float = Field(description="Its probability; 0 if the image is blank.")
    top: list[Guess] = Field(description="The three best guesses, best first.")
    probabilities: list[float] = Field(description="Of 0 to 9.")
    digit_score: float = Field(description="From 0 to 1: how much it looks like a digit at all.")
    is_digit: bool = Field(description="Whether that is at least 0.5.")
    weights: str = Field(description="Version of the network that answered, and its origin.")


class Refusal(BaseModel):
    error: str = Field(description="What is wrong, and what is accepted.")


REFUSALS = {
    400: "The body is empty, the form has no file, or the image is damaged.",
    408: f"The body did not arrive within {BODY_SECONDS} seconds, or others needed its room.",
    413: f"More than {MAX_BODY:,} bytes or {MAX_PIXELS:,} pixels.",
    415: "The body is not an image that can be read.",
    429: "Too many callers are waiting; Retry-After says for how many seconds to stay away.",
    503: "The network could not be loaded.",
}
IMAGE = {"schema": {"type": "string", "format": "binary"}}
FORM = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}},
    "required": ["file"],
}
BODY = {
    "required": True,
    "content": {
        "image/*": IMAGE,
        "application/octet-stream": IMAGE,
        "multipart/form-data": {"schema": FORM},
    },
}


class Arriving:
    """A body that is being received."""

    def __init__(self, timeout: asyncio.Timeout) -> None:
        self.size = 0
        self._timeout, self._since = timeout, time.monotonic()

    def burden(self) -> float:
        """Who has held the most for the longest makes room: no few slow callers keep out others."""
        return self.size * (time.monotonic() - self._since)

    def leave(self) -> int:
        """Wait for it no longer; returns how many bytes that lets go."""
        size, self.size = self.size, 0
        self._timeout.reschedule(0)
        return size


def rest_app(loading: Future[Classifier]) -> FastAPI:
    """The application that answers `POST /classify`; the page mounts it at /v1."""
    held = 0  # bytes
    arriving: list[Arriving] = []

    def read_small(bodies: Sequence[bytes]) -> list[Any]:
        return read(bodies, loading, LARGE_IMAGE)

    def read_large(bodies: Sequence[bytes]) -> list[Any]:
        return read(bodies, loading, MAX_PIXELS)

    small = MicroBatcher(read_small, MAX_WAITING, MAX_BATCH)
    large = MicroBatcher(read_large, MAX_WAITING_LARGE, 1)
    app = FastAPI(
        title="Draw a digit",
        description="Reads the digit in an image: dark on light or light on dark, anywhere in it.",
        version="1",
        docs_url=None,
        redoc_url=None,
    )

    @app.exception_handler(StarletteHTTPException)
    async def refuse(request: Request, error: StarletteHTTPException) -> JSONResponse:
        headers = {**OPEN, **(error.headers or {})}
        return JSONResponse({"error": error.detail}, error.status_code, headers)

    @app.post(
        "/classify",
        summary="Read the digit in an image file",
        response_model=Answer,
        responses={s: {"model": Refusal, "description": text} for s, text in REFUSALS.items()},
        openapi_extra={"requestBody": BODY},
    )
    async def classify(request: Request) -> JSONResponse:
        nonlocal held
        timeout = asyncio.timeout(BODY_SECONDS)
        own = Arriving(timeout)

        async def stream() -> AsyncGenerator[bytes, None]:
            nonlocal held
            async for chunk in request.stream():
                own.size += len(chunk)
                held += len(chunk)
                if own.size > MAX_BODY:
                    raise hang_up(413, TOO_LONG)
                while held > MAX_HELD:
                    worst = max(own, *arriving, key=Arriving.burden)
                    if worst is own:
                        raise busy()
                    held -= worst.leave()
                    arriving.remove(worst)
                yield chunk

        try:
            length = request.headers.get("content-length", "0")
            if not length.isdecimal() or int(length) > MAX_BODY:
                raise hang_up(413, TOO_LONG)
            try:
                async with timeout:
                    arriving.append(own)
                    body = await receive(request, stream())
            except TimeoutError:
                raise hang_up(408, REFUSALS[408]) from None
            except ClientDisconnect:
                raise hang_up(400, "the body did not arrive in full") from None
            finally:
                if own in arriving:
                    arriving.remove(own)
            if not body:
                raise HTTPException(400, f"there is no image in this: {SEND}")
            try:
                prediction = await small.read(body)
                if prediction is None:
                    prediction = await large.read(body)
            except asyncio.QueueFull:
                raise busy() from None
        finally:
            held -= own.size
        weights = str(loading.result().weights)
        return JSONResponse(as_json(prediction) | {"weights": weights}, headers=OPEN)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(describe())

    return app


def busy() -> HTTPException:
    return HTTPException(429, BUSY, {"Retry-After": "1"})


def hang_up(status: int, text: str) -> HTTPException:
    """A refusal before the whole body is here: the rest is not waited for."""
    return HTTPException(status, text, {"Connection": "close"})


async def receive(request: Request, stream: AsyncGenerator[bytes, None]) -> bytes:
    """The image's file: the body, or the file in it if it is a form."""
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


def read(
    bodies: Sequence[bytes], loading: Future[Classifier], pixels: int
) -> list[Prediction | Exception | None]:
    """A prediction or what is wrong for each image file; None if it has more than `pixels`."""
    try:
        classifier = loading.result()
    except Exception:
        error = HTTPException(503, "the network could not be loaded; the server's log says why")
        return [error] * len(bodies)
    results: list[Prediction | Exception | None] = [None] * len(bodies)
    images: dict[int, Image.Image] = {}
    for i, body in enumerate(bodies):
        try:
            image = open_image(body)
            if image.width * image.height <= pixels:
                images[i] = image
        except HTTPException as error:
            results[i] = error
    for i, found in zip(images, classifier.classify_each(images.values()), strict=True):
        results[i] = HTTPException(400, str(found)) if isinstance(found, ValueError) else found
    return results


def open_image(body: bytes) -> Image.Image:
    """The image, not yet decoded."""
    try:
        image = Image.open(io.BytesIO(body), formats=FORMATS)
    except Image.DecompressionBombError:
        raise HTTPException(413, TOO_LARGE) from None
    except (OSError, ValueError, SyntaxError):
        raise HTTPException(415, f"this is not an image that can be read: {SEND}") from None
    if image.width * image.height > MAX_PIXELS:
        raise HTTPException(413, TOO_LARGE)
    return image


def describe() -> str:
    """The endpoint's documentation, as a page that loads nothing from elsewhere."""
    fields = "".join(
        f"<tr><td><code>{name}</code></td><td>{field.description}"
        for name, field in Answer.model_fields.items()
    )
    refusals = "".join(f"<tr><td>{status}</td><td>{text}" for status, text in REFUSALS.items())
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Draw a digit: plain endpoint</title>
<style>body {{ font: 16px/1.5 system-ui; max-width: 45em; margin: 2em auto; padding: 0 1em }}
td {{ padding: 0 1em 0 0; vertical-align: top }} :root {{ color-scheme: light dark }}</style>
<h1>POST /v1/classify</h1>
<p>Reads the digit in an image file: dark on light or light on dark, anywhere in it. The file is the
body of the request, or the file <code>file</code> of a form. This is also told for programs, in
<a href="openapi.json">openapi.json</a>.</p>
<pre>curl --data-binary @digit.png URL/v1/classify
curl --form file=@digit.png URL/v1/classify</pre>
<input type="file" accept="image/*" aria-label="Try an image file"><pre id="answer"></pre>
<h2>Answer</h2><table>{fields}</table>
<h2>Refusals</h2><p>As <code>{{"error": "what is wrong"}}</code>:</p><table>{refusals}</table>
<script>document.querySelector("input").onchange = async (event) => {{
  const answer = await fetch("classify", {{ method: "POST", body: event.target.files[0] }});
  document.querySelector("#answer").textContent = JSON.stringify(await answer.json(), null, 2);
}};</script></html>"""
