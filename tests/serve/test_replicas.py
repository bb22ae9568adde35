"""Two processes of the demo behind nginx, as docs/nginx.conf says; one is killed on the way."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest
from gradio_client import Client, handle_file
from playwright.sync_api import Browser, Route

from tests.helpers.pages import expect_blank, expect_digit, visit
from tests.helpers.servers import nginx, serve_app
from tests.helpers.sketchpad import draw
from tests.helpers.waiting import LIMIT
from train.paint.own_drawings import load

pytestmark = pytest.mark.server


def kill(replica: str) -> None:
    port = int(replica.split("/")[2].split(":")[1])
    for connection in psutil.net_connections("tcp"):
        if connection.status == "LISTEN" and connection.laddr.port == port and connection.pid:
            os.kill(connection.pid, signal.SIGKILL)
            return
    pytest.fail(f"nothing listens at {replica}")


@contextmanager
def crowd(url: str, body: bytes) -> Iterator[None]:
    """Programs that ask without a pause as long as the block lasts."""
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            with suppress(httpx.HTTPError):
                asked(url, body)

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(ask)
        try:
            yield
        finally:
            over.set()


def asked(url: str, body: bytes) -> tuple[int, str]:
    """The digit that /v1/classify reads, and the replica that did."""
    answer = httpx.post(f"{url}v1/classify", content=body, timeout=LIMIT).raise_for_status()
    return answer.json()["digit"], answer.headers["X-Replica"].split(", ")[-1]


def test_two_replicas_serve_everything_and_survive_one(
    browser: Browser, one: Path, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        folders = [tmp_path / name for name in ("first", "second", "front", "loose")]
        for folder in folders:
            folder.mkdir()
        replicas = [stack.enter_context(serve_app(folder)) for folder in folders[:2]]
        url = stack.enter_context(nginx(folders[2], replicas))
        loose = stack.enter_context(nginx(folders[3], replicas, sticky=False))
        for where in (url, loose):  # one exchange needs no stickiness
            answers = [asked(where, one.read_bytes()) for _ in range(8)]
            assert {answer for answer, _ in answers} == {1}
            assert min(Counter(replica for _, replica in answers).values()) >= 2

        client = Client(url, verbose=False)
        assert client.predict(handle_file(one), api_name="/classify")["digit"] == 1

        page = stack.enter_context(visit(browser, "about:blank", 640, 900))
        response = page.goto(f"{url}?embed=1")
        assert response
        serving = response.headers["x-replica"]
        draw(page, load("five"))
        expect_digit(page, 5)
        page.get_by_role("button", name="Clear").click()
        expect_blank(page)
        # The replica dies once it has accepted the stroke, and before the page hears the answer.
        killed: list[str] = []

        def kill_first(route: Route) -> None:
            if not killed:
                killed.append(serving)
                kill(next(replica for replica in replicas if serving in replica))
            route.continue_()

        page.route("**/queue/data?*", kill_first)
        loads: list[str] = []
        page.on("load", lambda _: loads.append("again"))
        with crowd(url, one.read_bytes()):
            draw(page, load("seven"))
            expect_digit(page, 7)  # which the other replica read, without another stroke
        assert killed and not loads
        page.get_by_role("button", name="Clear").click()
        expect_blank(page)
        left = {asked(url, one.read_bytes()) for _ in range(6)}
        assert len(left) == 1 and serving not in str(left)
        again = Client(url, verbose=False)
        assert again.predict(handle_file(one), api_name="/classify")["digit"] == 1
