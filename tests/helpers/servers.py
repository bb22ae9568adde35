"""Serves the demo, in a process of its own or from the test's, or nginx in front of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.helpers.commands import ROOT
from tests.helpers.waiting import LIMIT, wait_until

if TYPE_CHECKING:
    import gradio as gr


def free_ports(count: int = 1) -> list[int]:
    """`count` different ones on loopback that nobody listens on."""
    with ExitStack() as stack:
        free = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in free:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in free]


@contextmanager
def serve_app(
    folder: Path, code: str = "", signal_at_end: str = "SIGKILL", **variables: str
) -> Iterator[str]:
    """Run app.py with these environment variables until the block ends; its log is in `folder`.

    `code` is Python that runs in its process before it. At the end it gets the signal: SIGKILL,
    or SIGTERM to be stopped as a Space is, which takes seconds.
    """
    port = free_ports()[0]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MNIST_DEMO_")}
    own = {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
        "PYTHONUNBUFFERED": "1",  # the log has everything when the process is killed
    }
    url = f"http://127.0.0.1:{port}/"
    log = folder / "app.log"
    program = f"{code}\nimport runpy\nrunpy.run_path('app.py', run_name='__main__')"
    with log.open("wb") as output:
        app = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=kept | own | variables,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until(lambda: answers(url, app, log))
            yield url
        finally:
            try:
                app.send_signal(signal.Signals[signal_at_end])
                app.wait(LIMIT)
            finally:
                app.kill()
                app.wait()


def answers(url: str, app: subprocess.Popen[bytes], log: Path) -> bool:
    """Whether a server answers yet; the test fails if it has stopped."""
    assert app.poll() is None, f"it stopped:\n{log.read_text()}"
    with suppress(OSError), urllib.request.urlopen(url, timeout=LIMIT):
        return True
    return False


@contextmanager
def serve_here(demo: gr.Blocks) -> Iterator[str]:
    """Serve a page that `build_page` made from this process, until the block ends."""
    from mnist_demo.page.launch import serve

    port = free_ports()[0]
    stay = partial(demo.launch, prevent_thread_lock=True, server_port=port, quiet=True)
    demo.launch = stay  # type: ignore[method-assign]
    serve(demo)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        demo.close()


@contextmanager
def nginx(folder: Path, replicas: list[str], sticky: bool = True) -> Iterator[str]:
    """nginx with docs/nginx.conf, whose ports are replaced; yields its URL."""
    from tests.helpers.programs import path_of

    text = (ROOT / "docs" / "nginx.conf").read_text()
    front = free_ports()[0]
    for port, address in zip((7861, 7862), replicas, strict=True):
        text = text.replace(f"127.0.0.1:{port}", address.split("/")[2])
    text = text.replace("127.0.0.1:7860", f"127.0.0.1:{front}")
    text = text.replace("/tmp/mnist-demo-nginx.pid", str(folder / "nginx.pid"))
    if not sticky:
        text = text.replace("proxy_pass http://sticky", "proxy_pass http://any")
    # What nginx puts aside while it passes it on: the usual places may not be writable.
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(text.replace("http {", "http {\n" + temporary, 1))
    words = [path_of("nginx"), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
    process = subprocess.Popen(words, stderr=(folder / "nginx.log").open("wb"))
    url = f"http://127.0.0.1:{front}/"
    try:
        wait_until(lambda: answers(url, process, folder / "nginx.log"))
        yield url
    finally:
        process.terminate()
        process.wait()
