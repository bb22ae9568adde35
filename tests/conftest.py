"""What several test files need: a Hub, weights, the served app, a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from PIL import Image

from mnist_demo import Classifier
from tests.helpers.commands import train_here
from tests.helpers.hub_standin import WRITER, Hub
from tests.helpers.servers import serve_app
from tests.helpers.static_host import StaticHost, static_edition

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# What takes long to import, as TensorFlow does, is imported where it is needed: the process that
# hands the tests out needs none of it.

# Pages draw five frames a second, and Sketchpads at half the resolution: these draw by WebGL, where
# each frame takes up to half a second of the processor without a graphics card.
DRAW_LITTLE = """{
    const frame = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (draw) => setTimeout(() => frame(draw), 200);
    if (devicePixelRatio === 1) Object.defineProperty(window, "devicePixelRatio", { value: 0.5 });
}"""
MARKERS = {"browser": "browser", "app_url": "server", "sample_run": "training"}


@pytest.hookimpl(tryfirst=True)  # before pytest selects by markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that takes one of these fixtures, itself or through another."""
    for item in items:
        for fixture, marker in MARKERS.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub on loopback to which huggingface_hub is turned in this process, logged in to write."""
    import huggingface_hub

    constants = huggingface_hub.constants
    with Hub() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", WRITER)
        # huggingface_hub tries again for half a minute; not so the tests.
        soon = SimpleNamespace(sleep=lambda seconds: None)
        for module in ("utils._http", "file_download"):
            monkeypatch.setattr(f"huggingface_hub.{module}.time", soon)
        yield hub
    huggingface_hub.close_session()


@pytest.fixture(scope="session")
def _weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.helpers.weights import write_metrics, write_model

    folder = tmp_path_factory.mktemp("made") / "weights"
    write_model(folder / "model")
    for name in ("browser.bin", "textbook.bin"):
        (folder / name).write_bytes(b"\2\0\0\0{}")  # nothing here reads it
    write_metrics(folder)
    (folder / "confusion.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    return folder


@pytest.fixture
def weights(_weights: Path, tmp_path: Path) -> Path:
    """A folder with weights whose version is 1.2.0 and which read everything as a 3."""
    return Path(shutil.copytree(_weights, tmp_path / "weights"))


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a short training on the sample, made by the three commands that a user runs.

    One of pytest's workers makes them for all.
    """
    common = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent
    folder = common / "sample"
    with FileLock(common / "sample.lock"):
        if not folder.exists():
            train_on_sample(unfinished := common / "sample.unfinished")
            unfinished.rename(folder)
    return folder


def train_on_sample(folder: Path) -> None:
    data = ("--data", "sample")
    size = ("--epochs", "3", "--width", "16", "--batch", "64")
    quick = ("--learning-rate", "5e-3", "--augmentation-strength", "0")
    printed = train_here("fit", *data, "--out", folder / "run", *size, *quick)
    assert "epoch 3/3: loss" in printed and "mnist accuracy" in printed
    where = ("--run", folder / "run", "--out", folder / "weights", "--version", "0.0.1")
    train_here("export", *data, *where)
    train_here("evaluate", *data, "--weights", folder / "weights")


@pytest.fixture(scope="session")
def app_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the served demo has its log, app.log, and the corrections, in kept/."""
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="session")
def app_url(app_folder: Path) -> Iterator[str]:
    """The demo with the repository's weights on a free port, with all that can be switched on."""
    switches = ("MNIST_DEMO_HEALTH", "MNIST_DEMO_METRICS")
    variables = dict.fromkeys(switches, "1") | {
        "MNIST_DEMO_LOG": "json",
        "MNIST_DEMO_FEEDBACK_DIR": str(app_folder / "kept"),
    }
    with serve_app(app_folder, **variables) as url:
        yield url


@pytest.fixture
def publish(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """A function that puts HTML on another site than the demo's, and returns its address."""
    with StaticHost(tmp_path) as site:

        def write(html: str) -> str:
            page = (
                f'<!doctype html><html lang="en"><meta charset="utf-8"><title>A post</title>{html}'
            )
            (tmp_path / "post.html").write_text(page)
            return f"{site.url}post.html"

        yield write


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A machine without a Chromium fails the tests: they skip nothing."""
    from tests.helpers.programs import open_browser

    with open_browser() as browser:
        new_context = browser.new_context

        def that_draws_little(**options: Any) -> BrowserContext:
            context = new_context(**options)
            context.add_init_script(DRAW_LITTLE)
            return context

        browser.new_context = that_draws_little  # type: ignore[method-assign]
        yield browser


@pytest.fixture(scope="session")
def opened(browser: Browser, app_url: str) -> Iterator[Page]:
    """The page, for all tests that need no window of their own."""
    from tests.helpers.pages import visit

    with visit(browser, app_url, 1280, 900) as page:
        yield page


@pytest.fixture
def page(opened: Page) -> Page:
    """The page at its first tab, without what the test before has drawn."""
    from tests.helpers.pages import expect_blank

    opened.get_by_role("tab", name="Draw").click()
    opened.get_by_role("button", name="Clear").click()
    expect_blank(opened)
    return opened


@pytest.fixture(scope="session")
def edition() -> Iterator[StaticHost]:
    """The static edition, for all tests that only look at it."""
    with static_edition() as host:
        yield host


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image file of a 1, 100 pixels wide and high."""
    canvas = Image.new("L", (100, 100), 255)
    canvas.paste(0, (47, 20, 55, 80))
    canvas.save(path := tmp_path_factory.mktemp("one") / "one.png")
    return path


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """The released one."""
    return Classifier.load()
