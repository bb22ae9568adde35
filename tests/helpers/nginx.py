"""Starts nginx in front of replicas, configured as docs/nginx.conf says."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.commands import ROOT
from tests.helpers.ports import free_ports
from tests.helpers.programs import path_of
from tests.helpers.servers import answers
from tests.helpers.waiting import wait_until


@contextmanager
def nginx(folder: Path, replicas: list[str], sticky: bool = True) -> Iterator[str]:
    """nginx with docs/nginx.conf, whose ports are replaced; yields its URL."""
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
