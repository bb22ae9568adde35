"""A web host that serves files and nothing else."""

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


class StaticHost(ThreadingHTTPServer):
    """A web host on loopback for the files in `root`. `url` is the address of `folder` in it.

    It notes what it is asked for, and how many bytes it sends.
    """

    def __init__(self, root: Path, folder: str = "") -> None:
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(root)))
        self.asked: list[str] = []
        self.elsewhere = ""  # address of a host to which requests for .bin and .wasm are redirected
        self.sent = 0
        self.max_age = 0  # seconds for which a browser need not ask again; 0 leaves it to it
        path = f"{quote(folder)}/" if folder else ""
        self.url = f"http://127.0.0.1:{self.server_port}/{path}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


@contextmanager
def static_edition() -> Iterator[StaticHost]:
    """A host of the static edition, until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        with StaticHost(Path(folder)) as host:
            yield host


class Handler(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript"}
    server: StaticHost

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.server.elsewhere and self.path.endswith((".bin", ".wasm")):
            self.send_response(302)
            self.send_header("Location", self.server.elsewhere + self.path)
            self.end_headers()
        else:
            super().do_GET()

    def do_HEAD(self) -> None:
        self.server.asked.append(self.path)
        super().do_HEAD()

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        if age := self.server.max_age:
            self.send_header("Cache-Control", f"max-age={age}")
        super().end_headers()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        content = source.read()
        self.server.sent += len(content)
        outputfile.write(content)

    def log_message(self, *args: Any) -> None:
        pass
