"""Send the page compressed: a phone receives a quarter of the bytes."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send


class PageCompressionMiddleware:
    """ASGI middleware that compresses the page itself.

    Gradio compresses its own scripts and styles. Answers are too short to be worth the time.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._compressed_app = GZipMiddleware(app, compresslevel=4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["path"] == "/"
        await (self._compressed_app if is_page else self.app)(scope, receive, send)
