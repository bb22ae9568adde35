"""Send the page compressed: a phone receives a quarter of the bytes."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send


class PageCompressionMiddleware(GZipMiddleware):
    """ASGI middleware that compresses the page itself.

    Gradio compresses its own scripts and styles. Answers are too short to be worth the time.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["path"] == "/"
        await (super().__call__ if is_page else self.app)(scope, receive, send)
