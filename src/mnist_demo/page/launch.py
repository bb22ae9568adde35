"""Serves the page: the arguments for Gradio's `launch`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import gradio as gr
from fastapi.exceptions import RequestValidationError
from gradio.route_utils import FnIndexInferError
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from mnist_demo.page.i18n import t
from mnist_demo.page.theme import theme
from mnist_demo.serve.gradio_patches.queue_limits import MAX_SESSIONS
from mnist_demo.serve.gradio_patches.request_errors import (
    handle_invalid_body,
    handle_unexpected_error,
    handle_unknown_endpoint,
)
from mnist_demo.serve.gradio_patches.request_limits import RequestLimits
from mnist_demo.serve.monitoring import MonitoringMiddleware, PageCompressionMiddleware

FOLDER = Path(__file__).parent


def serve(page: gr.Blocks, routes: Sequence[BaseRoute] = ()) -> None:
    """Serve until interrupted, on 127.0.0.1:7860 unless Gradio's environment variables differ.

    `routes` take precedence over Gradio's own.
    """
    page.launch(
        app_kwargs={
            "routes": list(routes),
            "middleware": [
                Middleware(MonitoringMiddleware),
                Middleware(PageCompressionMiddleware, compresslevel=4),
                Middleware(RequestLimits),
            ],
            "exception_handlers": {
                RequestValidationError: handle_invalid_body,
                FnIndexInferError: handle_unknown_endpoint,
                Exception: handle_unexpected_error,
            },
        },
        i18n=t,
        theme=theme(),
        css_paths=FOLDER / "page.css",
        head=head(),
        footer_links=["api", "gradio", "settings"],
        mcp_server=find_spec("mcp") is not None,  # the endpoints as tools for agents
        run_history=False,
        enable_monitoring=False,
        max_file_size="20mb",
        state_session_capacity=MAX_SESSIONS,
        ssr_mode=False,
        pwa=False,
    )


def head() -> str:
    """The scripts and styles that must be loaded before Gradio's own scripts, as HTML."""
    palette = (FOLDER.parent / "browser" / "palette.css").read_text(encoding="utf-8")
    scheme = ":root { color-scheme: light; } .dark { color-scheme: dark; }"
    parts = [f"<style>\n{palette}{scheme}\n</style>\n"]
    for name in ("embed", "retry"):
        script = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
        style = (FOLDER / f"{name}.css").read_text(encoding="utf-8")
        parts.append(f"<script>\n{script}</script>\n<style>\n{style}</style>\n")
    return "".join(parts)
