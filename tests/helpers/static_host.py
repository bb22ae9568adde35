"""A web host that serves files and nothing else."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mnist_demo.browser.build_static import build


class StaticHost:
    """A web host on loopback for the files in `root`. `url` is the address of `folder` in it.

    It notes what it is asked for, and how many bytes it sends.
    """

    def __init__(self, root: Path, folder: str = "") -> None:
        self.asked: list[str] = []
        self.elsewhere = ""  # address of a host to which requests for .bin and .wasm are redirected
        self.sent = 0
        self.max_age = 0  # seconds for which a browser need not ask again; 0 leaves it to it
        handler = partial(Handler, directory=str(root))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.host = self  # type: ignore[attr-defined]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        path = f"{quote(folder)}/" if folder else ""
        self.url = f"http://127.0.0.1:{self.server.server_port}/{path}"

    def __enter__(self) -> StaticHost:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def static_edition() -> Iterator[StaticHost]:
    """A host of the static edition, until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        with StaticHost(Path(folder)) as host:
            yield host


class Handler(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript"}

    def do_GET(self) -> None:
        self.server.host.asked.append(self.path)  # type: ignore[attr-defined]
        elsewhere = self.server.host.elsewhere  # type: ignore[attr-defined]
        if elsewhere and self.path.endswith((".bin", ".wasm")):
            self.send_response(302)
            self.send_header("Location", elsewhere + self.path)
            self.end_headers()
        else:
            super().do_GET()

    def do_HEAD(self) -> None:
        self.server.host.asked.append(self.path)  # type: ignore[attr-defined]
        super().do_HEAD()

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        if age := self.server.host.max_age:  # type: ignore[attr-defined]
            self.send_header("Cache-Control", f"max-age={age}")
        super().end_headers()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        content = source.read()
        self.server.host.sent += len(content)  # type: ignore[attr-defined]
        outputfile.write(content)

    def log_message(self, *args: Any) -> None:
        pass
