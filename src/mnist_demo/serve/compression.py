"""The page itself is sent compressed: to a phone, a quarter of the bytes."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send


class PageCompressionMiddleware:
    """ASGI middleware. Gradio compresses its scripts and styles; answers are not worth the time."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._compressed = GZipMiddleware(app, compresslevel=4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = scope["type"] == "http" and scope["path"] == "/"
        await (self._compressed if page else self.app)(scope, receive, send)
