"""Health checks, metrics, logs, security headers and compression.

Environment variables switch on what an operator needs:

MNIST_DEMO_HEALTH=1   /healthz says that the process serves, /readyz that the network is loaded
MNIST_DEMO_METRICS=1  /metrics, in the text format of Prometheus
MNIST_DEMO_LOG=json   a line of JSON on standard error for each answer, without image data
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime

from prometheus_client import Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mnist_demo.read.classifier import Classifier

ANSWERS = Counter("mnist_demo_answers", "Images answered", ["endpoint"])
ERRORS = Counter(
    "mnist_demo_errors",
    "Images without an answer; kind is unreadable (the image) or failure (of the server)",
    ["endpoint", "kind"],
)
REFUSALS = Counter("mnist_demo_refusals", "Callers refused because too many wait", ["endpoint"])
SECONDS = Histogram(
    "mnist_demo_answer_seconds",
    "Time from the request to its answer",
    ["endpoint"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 20),
)
QUEUE_LENGTH = Gauge("mnist_demo_queue_length", "Events that wait in Gradio's queue")
MODEL = Info("mnist_demo_model", "The network that answers")

# With these headers any page may still embed the demo, and the Picture tab may ask for the camera.
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "permissions-policy": "geolocation=(), microphone=(), payment=(), usb=()",
    "content-security-policy": "frame-ancestors *; object-src 'none'; base-uri 'self'",
}


@contextmanager
def monitor(endpoint: str) -> Iterator[None]:
    """Count and time an answer of `endpoint`, which is found inside the `with` block.

    A ValueError that leaves the block means that the image is unreadable. Any other exception is a
    failure.
    """
    began = time.perf_counter()
    outcome = "failure"
    try:
        yield
        outcome = "answer"
    except ValueError:
        outcome = "unreadable"
        raise
    finally:
        record_outcome(endpoint, outcome, time.perf_counter() - began)


def record_outcome(endpoint: str, outcome: str, seconds: float) -> None:
    """Count an outcome, and log it if that is switched on.

    Args:
        endpoint: its path, or "page".
        outcome: "answer", "refusal", "unreadable" or "failure".
        seconds: from the request to its answer.
    """
    if outcome == "answer":
        ANSWERS.labels(endpoint).inc()
        SECONDS.labels(endpoint).observe(seconds)
    elif outcome == "refusal":
        REFUSALS.labels(endpoint).inc()
    else:
        ERRORS.labels(endpoint, outcome).inc()
    if os.environ.get("MNIST_DEMO_LOG") == "json":
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "endpoint": endpoint,
            "outcome": outcome,
            "milliseconds": round(1000 * seconds, 1),
        }
        print(json.dumps(line), file=sys.stderr, flush=True)


class MonitoringMiddleware:
    """ASGI middleware: sets security headers on every response, and counts /v1/classify."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        began = time.perf_counter()
        status = 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, text in SECURITY_HEADERS.items():
                    headers.setdefault(name, text)
                if status == 503:  # Gradio's queue is full
                    headers.setdefault("retry-after", "5")
            await send(message)

        try:
            await self.app(scope, receive, send_on)
        finally:
            if scope["path"] == "/v1/classify" and scope["method"] == "POST":
                kinds = {429: "refusal"} | dict.fromkeys(range(500, 600), "failure")
                outcome = "answer" if status < 400 else kinds.get(status, "unreadable")
                record_outcome("/v1/classify", outcome, time.perf_counter() - began)


class PageCompressionMiddleware(GZipMiddleware):
    """ASGI middleware that compresses the page itself: a phone receives a quarter of the bytes.

    Gradio compresses its own scripts and styles. Answers are too short to be worth the time.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["path"] == "/"
        await (super().__call__ if is_page else self.app)(scope, receive, send)


def monitoring_routes(
    loading: Future[Classifier], queue_length: Callable[[], int]
) -> list[BaseRoute]:
    """The routes that the environment switches on.

    `queue_length` returns how many events wait in Gradio's queue.
    """

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        if not loading.done():
            return JSONResponse({"ready": False, "why": "the network is loading"}, 503)
        if loading.exception():
            return JSONResponse({"ready": False, "why": "the network could not be loaded"}, 503)
        return JSONResponse({"ready": True, "weights": str(loading.result().weights)})

    async def metrics(request: Request) -> Response:
        QUEUE_LENGTH.set(queue_length())
        if loading.done() and not loading.exception():
            weights = loading.result().weights
            MODEL.info({"version": weights.version, "origin": weights.origin})
        return Response(generate_latest(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    routes: list[BaseRoute] = []
    if os.environ.get("MNIST_DEMO_HEALTH") == "1":
        routes += [Route("/healthz", healthz), Route("/readyz", readyz)]
    if os.environ.get("MNIST_DEMO_METRICS") == "1":
        routes.append(Route("/metrics", metrics))
    return routes
