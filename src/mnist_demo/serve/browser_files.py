"""Serves the reader for the browser: its modules, and the networks that lie beside the server's."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from mnist_demo.read.classifier import Classifier
from mnist_demo.weights.hub import BROWSER, TEXTBOOK

MODULES = Path(__file__).parents[1] / "browser"
# Any page may import the modules. A browser asks each time whether a file has changed.
HEADERS = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache"}


class Modules(StaticFiles):
    """The files in `MODULES`."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update(HEADERS)
        return response


def browser_routes(loading: Future[Classifier]) -> list[BaseRoute]:
    """The routes below /browser. Requests of a network wait until `loading` is done."""

    async def network(request: Request) -> Response:
        classifier = await asyncio.wrap_future(loading)
        file = classifier.weights.path / request.url.path.rpartition("/")[2]
        if not file.is_file():
            return PlainTextResponse("These weights have no such network.", 404, HEADERS)
        return FileResponse(file, headers=HEADERS)

    networks = [Route(f"/browser/{name}", network) for name in (BROWSER, TEXTBOOK)]
    return [*networks, Mount("/browser", Modules(directory=MODULES))]
