"""The REST endpoint: POST /v1/classify takes one image and answers at once.

Callers that wait share a run of the network. A caller past the limits is told to come back, so that
memory stays bounded and everybody else gets an answer soon.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse
from PIL import Image
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as StarletteHTTPException

from mnist_demo.read.classifier import Classifier
from mnist_demo.read.decode.files import ImageTooLargeError, RefusedKindError, open_image
from mnist_demo.read.decode.formats import FORMATS_OR, MAX_PIXELS
from mnist_demo.read.prediction import Prediction
from mnist_demo.serve.micro_batching import LARGE_IMAGE, MAX_BATCH, MicroBatcher
from mnist_demo.serve.rest_bodies import MAX_BODY, TOO_SLOW, BodyReceiver, busy

MAX_WAITING = 256  # callers; at a few hundred answers per second they wait for a second
MAX_WAITING_LARGE = 8  # callers with an image of more than LARGE_IMAGE pixels
DOCS_PAGE = Path(__file__).with_name("rest.html")

SEND = f"send a {FORMATS_OR} file as the body, or as the form file 'file'"
TOO_LARGE = f"the image is too large: at most {MAX_PIXELS:,} pixels are read"
ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}  # there are no cookies: any page may read it


class Guess(BaseModel):
    digit: int
    probability: float


class Answer(BaseModel):
    """What the network reads in the image."""

    digit: int | None = Field(description="The most probable digit; null if there is none.")
    confidence: float = Field(description="Its probability; 0 if there is none.")
    top: list[Guess] = Field(description="The three best guesses, best first.")
    probabilities: list[float] = Field(description="Of 0 to 9.")
    digit_score: float = Field(description="From 0 to 1: how much it looks like a digit at all.")
    is_digit: bool = Field(description="Whether that is at least 0.5.")
    reason: str = Field(
        description='"no digit" or "several digits", of which `digit` is the largest; "" if there '
        "is one digit, or if the image is blank."
    )
    weights: str = Field(description="Version of the network that answered, and its origin.")


class Refusal(BaseModel):
    error: str = Field(description="What is wrong, and what is accepted.")


REFUSALS = {
    400: "The body is empty, the form has no file, or the image is damaged.",
    408: TOO_SLOW,
    413: f"More than {MAX_BODY:,} bytes or {MAX_PIXELS:,} pixels.",
    415: "The body is not an image that can be read.",
    429: "Too many callers are waiting; Retry-After says for how many seconds to stay away.",
    503: "The network could not be loaded.",
}
BINARY = {"schema": {"type": "string", "format": "binary"}}
FORM = {"type": "object", "properties": {"file": BINARY["schema"]}, "required": ["file"]}
REQUEST_BODY = {  # as OpenAPI describes it
    "required": True,
    "content": {
        "image/*": BINARY,
        "application/octet-stream": BINARY,
        "multipart/form-data": {"schema": FORM},
    },
}


def rest_app(loading: Future[Classifier]) -> FastAPI:
    """The application that answers `POST /classify`; app.py mounts it at /v1."""
    bodies = BodyReceiver()

    read = partial(classify_files, loading)
    small = MicroBatcher(partial(read, LARGE_IMAGE), MAX_WAITING, MAX_BATCH)
    large = MicroBatcher(partial(read, MAX_PIXELS), MAX_WAITING_LARGE, 1)
    app = FastAPI(
        title="Draw a digit",
        description="Reads the digit in an image: dark on light or light on dark, anywhere in it.",
        version="1",
        docs_url=None,
        redoc_url=None,
    )

    @app.exception_handler(StarletteHTTPException)
    async def refuse(request: Request, error: StarletteHTTPException) -> JSONResponse:
        headers = {**ANY_ORIGIN, **(error.headers or {})}
        return JSONResponse({"error": error.detail}, error.status_code, headers)

    @app.post(
        "/classify",
        summary="Read the digit in an image file",
        response_model=Answer,
        responses={s: {"model": Refusal, "description": text} for s, text in REFUSALS.items()},
        openapi_extra={"requestBody": REQUEST_BODY},
    )
    async def classify(request: Request) -> JSONResponse:
        async with bodies.receive(request) as file:
            if not file:
                raise HTTPException(400, f"there is no image in this: {SEND}")
            try:
                prediction = await small.submit(file)
                if prediction is None:
                    prediction = await large.submit(file)
            except asyncio.QueueFull:
                raise busy() from None
        weights = str(loading.result().weights)
        return JSONResponse(prediction.as_json() | {"weights": weights}, headers=ANY_ORIGIN)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """The endpoint's documentation, which loads nothing from elsewhere."""
        rows = [(f"<code>{key}</code>", f.description) for key, f in Answer.model_fields.items()]
        page = DOCS_PAGE.read_text(encoding="utf-8").replace("<!-- fields -->", table_rows(rows))
        return HTMLResponse(page.replace("<!-- errors -->", table_rows(REFUSALS.items())))

    return app


def classify_files(
    loading: Future[Classifier], max_pixels: int, files: Sequence[bytes]
) -> list[Prediction | Exception | None]:
    """For each image file a prediction or an error; None if it has more than `max_pixels`."""
    try:
        classifier = loading.result()
    except Exception:
        error = HTTPException(503, "the network could not be loaded; the server's log says why")
        return [error] * len(files)
    results: list[Prediction | Exception | None] = [None] * len(files)
    images: dict[int, Image.Image] = {}
    for i, file in enumerate(files):
        try:
            image = open_image(io.BytesIO(file))
            if image.width * image.height > MAX_PIXELS:
                raise ImageTooLargeError
            if image.width * image.height <= max_pixels:
                images[i] = image
        except ImageTooLargeError:
            results[i] = HTTPException(413, TOO_LARGE)
        except RefusedKindError as refused:
            results[i] = HTTPException(415, str(refused))
        except ValueError:
            results[i] = HTTPException(415, f"this is not an image that can be read: {SEND}")
    for i, found in zip(images, classifier.classify_each(images.values()), strict=True):
        results[i] = HTTPException(400, str(found)) if isinstance(found, ValueError) else found
    return results


def table_rows(rows: Iterable[tuple[object, object]]) -> str:
    return "".join(f"<tr><td>{name}</td><td>{text}</td></tr>" for name, text in rows)
