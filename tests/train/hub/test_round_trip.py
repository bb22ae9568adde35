"""A trained network is pushed to the Hub, and a running demo serves it from there."""

import re
import urllib.request
from pathlib import Path

import pytest
from gradio_client import Client, handle_file

from mnist_demo import Classifier
from tests.helpers.commands import train_here
from tests.helpers.hub_standin import WRITER, Hub
from tests.helpers.images import mnist_png
from tests.helpers.servers import serve_app
from tests.helpers.waiting import LIMIT

REPO = "someone/digits"


@pytest.mark.training
def test_train_push_serve_and_classify(sample_run: Path, tmp_path: Path, hub: Hub) -> None:
    drawings = [tmp_path / f"{digit}.png" for digit in range(10)]
    for digit, path in enumerate(drawings):
        path.write_bytes(mnist_png(digit, 11))
    on_hub = hub.environment(tmp_path)
    words = ("--weights", sample_run / "weights", "--repo", REPO, "--create", "--private")
    pushed = train_here("push", *words)
    pin = re.search(r"MNIST_DEMO_WEIGHTS_REPO=(\S+) MNIST_DEMO_WEIGHTS_REVISION=(\S+)", pushed)
    assert pin
    variables = {"MNIST_DEMO_WEIGHTS_REPO": pin[1], "MNIST_DEMO_WEIGHTS_REVISION": pin[2]}

    with serve_app(tmp_path, **on_hub, **variables) as url:
        client = Client(url, verbose=False)
        answers = [client.predict(handle_file(p), api_name="/classify") for p in drawings]
        shown = [
            urllib.request.urlopen(url + path, timeout=LIMIT).read().decode()
            for path in ("", "config", "gradio_api/info")
        ]
    assert {answer["weights"] for answer in answers} == {f"version 0.0.1 from {REPO}@{pin[2]}"}
    trained = Classifier.load(sample_run / "weights").classify_many(drawings)
    for answer, prediction in zip(answers, trained, strict=True):
        assert answer["digit"] == prediction.digit
        assert answer["probabilities"] == pytest.approx(prediction.probabilities, abs=1e-4)
    right = sum(answer["digit"] == digit for digit, answer in enumerate(answers))
    assert right >= 8  # of 10, after a training of seconds
    log = (tmp_path / "app.log").read_text()
    assert not any(WRITER in text for text in (*shown, log, pushed))
    assert all(WRITER not in headers for headers in hub.storage_headers)
