"""Serves the reader for the browser: its modules, and the network that the server reads with."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from mnist_demo.read.classifier import Classifier

MODULES = Path(__file__).parents[1] / "browser"
NETWORK = "browser.bin"
# Any page may import the modules. A browser asks each time whether a file has changed.
HEADERS = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache"}


class Modules(StaticFiles):
    """The files in `MODULES`."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update(HEADERS)
        return response


def browser_routes(loading: Future[Classifier]) -> list[BaseRoute]:
    """The routes below /browser. Requests of the network wait until `loading` is done."""

    async def network(_: Request) -> Response:
        classifier = await asyncio.wrap_future(loading)
        file = classifier.weights.path / NETWORK
        if not file.is_file():
            return PlainTextResponse("These weights have no network for the browser.", 404, HEADERS)
        return FileResponse(file, headers=HEADERS)

    return [Route(f"/browser/{NETWORK}", network), Mount("/browser", Modules(directory=MODULES))]
