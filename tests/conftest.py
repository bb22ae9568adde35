"""What several test files need: a Hub, weights, the served app, a browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import huggingface_hub
import pytest
from filelock import FileLock
from playwright.sync_api import Browser, Page

from mnist_demo import Classifier
from mnist_demo.page.launch import serve
from mnist_demo.weights.hub import file_checksums
from tests.hub_standin import WRITER, Hub
from tests.ports import free_ports
from tests.programs import open_browser
from tests.static_host import StaticHost


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub on loopback to which huggingface_hub is turned in this process, logged in to write."""
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


def write_model(folder: Path, digit: int = 3, classes: int = 10) -> None:
    """A SavedModel with the classifier's signature to which everything looks like `digit`."""
    import tensorflow as tf

    class Reader(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = tf.Variable(10 * tf.one_hot(digit, classes))

        @tf.function(input_signature=[tf.TensorSpec((None, 28, 28, 1), tf.float32, name="images")])
        def serve(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
            total = tf.reduce_sum(images, axis=[1, 2, 3])
            logits = total[:, tf.newaxis] * 0.0 + self.bias
            return {"probabilities": tf.nn.softmax(logits), "digit_score": tf.sigmoid(total)}

    reader = Reader()
    tf.saved_model.save(reader, str(folder), signatures={"serving_default": reader.serve})


def write_metrics(weights: Path, version: str = "1.2.0") -> None:
    metrics = {
        "version": version,
        "parameters": 10,
        "data": "all",
        "files": file_checksums(weights),
        "results": {"released": {"mnist_test_accuracy": 0.9971, "auroc": 0.98, "ece": 0.004}},
    }
    (weights / "metrics.json").write_text(json.dumps(metrics))


@pytest.fixture(scope="session")
def _weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "weights"
    write_model(folder / "model")
    (folder / "browser.bin").write_bytes(b"\2\0\0\0{}")  # nothing here reads it
    write_metrics(folder)
    (folder / "confusion.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    return folder


@pytest.fixture
def weights(_weights: Path, tmp_path: Path) -> Path:
    """A folder with weights whose version is 1.2.0 and which read everything as a 3."""
    import shutil

    return Path(shutil.copytree(_weights, tmp_path / "weights"))


ROOT = Path(__file__).parents[1]


def train(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "train", *map(str, words)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a short training on the sample, made by the three commands a user runs."""
    return once_for_all_workers(tmp_path_factory, "sample", train_on_sample)


def once_for_all_workers(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]
) -> Path:
    """A folder that `make` fills once, for all of pytest's workers."""
    common = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent
    folder = common / name
    with FileLock(common / f"{name}.lock"):
        if not folder.exists():
            unfinished = common / f"{name}.unfinished"
            make(unfinished)
            unfinished.rename(folder)
    return folder


def train_on_sample(folder: Path) -> None:
    data = ("--data", "sample")
    fit = train("fit", *data, "--out", folder / "run", "--epochs", "12", "--width", "32")
    assert fit.returncode == 0, fit.stderr[-2000:]
    assert "epoch 12/12" in fit.stdout
    where = ("--run", folder / "run", "--out", folder / "weights", "--version", "0.0.1")
    export = train("export", *data, *where)
    assert export.returncode == 0, export.stderr[-2000:]
    evaluate = train("evaluate", *data, "--weights", folder / "weights")
    assert evaluate.returncode == 0, evaluate.stderr[-2000:]


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo as `make run` serves it, with the repository's weights, on a free port."""
    with serve_app(tmp_path_factory.mktemp("app")) as url:
        yield url


@contextmanager
def serve_app(folder: Path, code: str = "", **variables: str) -> Iterator[str]:
    """Run app.py with these environment variables until the block ends; its log is in `folder`.

    `code` is Python that runs in its process before it.
    """
    port = free_ports()[0]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MNIST_DEMO_")}
    own = {"GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(folder / "uploads")}
    url = f"http://127.0.0.1:{port}/"
    log = folder / "app.log"
    with log.open("wb") as output:
        app = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"{code}\nimport runpy\nrunpy.run_path('app.py', run_name='__main__')",
            ],
            cwd=ROOT,
            env=kept | own | variables,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            for _ in range(600):
                with suppress(OSError), urllib.request.urlopen(url, timeout=10):
                    break
                assert app.poll() is None, f"app.py stopped:\n{log.read_text()}"
                time.sleep(0.2)
            else:
                pytest.fail(f"app.py did not answer within two minutes:\n{log.read_text()}")
            yield url
        finally:
            app.terminate()
            try:
                app.wait(10)
            except subprocess.TimeoutExpired:
                app.kill()
                app.wait()


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


def wait_until(done: Callable[[], bool]) -> None:
    """Return as soon as `done` says so; the test fails after a minute."""
    for _ in range(1200):
        if done():
            return
        time.sleep(0.05)
    pytest.fail("not within a minute")


@contextmanager
def serve_here(demo: gr.Blocks) -> Iterator[str]:
    """Serve a page that `build_page` made from this process, until the block ends."""
    port = free_ports()[0]
    stay = partial(demo.launch, prevent_thread_lock=True, server_port=port, quiet=True)
    demo.launch = stay  # type: ignore[method-assign]
    serve(demo)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        demo.close()


@contextmanager
def visit(browser: Browser, url: str, width: int, height: int, **options: Any) -> Iterator[Page]:
    """The page at `url` in a window of that size, for a visitor of its own."""
    with browser.new_context(viewport={"width": width, "height": height}, **options) as context:
        page = context.new_page()
        page.goto(url)
        yield page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A machine without a Chromium fails the tests: they skip nothing."""
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def finder(classifier: Classifier) -> Classifier:
    """The module's own `classifier`, for tests that need a finder in its weights."""
    if not classifier.has_finder:
        pytest.skip("the repository's weights have no finder")
    return classifier
