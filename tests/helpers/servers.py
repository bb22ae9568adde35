"""Serves the demo, in a process of its own or from the test's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.helpers.commands import ROOT
from tests.helpers.ports import free_ports
from tests.helpers.waiting import LIMIT, wait_until

if TYPE_CHECKING:
    import gradio as gr


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
