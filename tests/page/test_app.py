"""The served demo, called by gradio_client and over plain HTTP."""

import json
import threading
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from mnist_demo import Classifier
from mnist_demo.page.blocks import build_page
from tests.helpers.hub_standin import Hub
from tests.helpers.images import mnist_png, white_png
from tests.helpers.servers import serve_app, serve_here
from tests.helpers.waiting import LIMIT, wait_until


@pytest.fixture(scope="module")
def client(app_url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(app_url, verbose=False, download_files=tmp_path_factory.mktemp("downloads"))


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A real MNIST image of each digit, as someone would send it: dark on light and enlarged."""
    folder = tmp_path_factory.mktemp("digits")
    for digit in range(10):
        (folder / f"{digit}.png").write_bytes(mnist_png(digit))
    return sorted(folder.iterdir())


def test_classify_reads_an_image_file_of_each_digit(client: Client, digits: list[Path]) -> None:
    for digit, path in enumerate(digits):
        answer = client.predict(handle_file(path), api_name="/classify")
        assert answer["digit"] == digit
        assert answer["is_digit"] is True
        assert 0 <= answer["digit_score"] <= 1
        assert len(answer["probabilities"]) == 10
        assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert answer["confidence"] == max(answer["probabilities"])
        assert answer["probabilities"].index(answer["confidence"]) == digit
        best = sorted(answer["probabilities"], reverse=True)[:3]
        assert [guess["probability"] for guess in answer["top"]] == best
        assert answer["top"][0]["digit"] == digit


def test_classify_sketch_reads_a_drawing(client: Client, digits: list[Path]) -> None:
    label = client.predict({"composite": handle_file(digits[4])}, api_name="/classify_sketch")
    assert label["label"] == "4"
    assert label["confidences"][0]["label"] == "4"
    assert len(label["confidences"]) == 3


def test_blank_paper_has_no_digit(client: Client, tmp_path: Path) -> None:
    Image.new("RGB", (200, 200), "white").save(tmp_path / "white.png")
    Image.new("RGBA", (200, 200), (0, 0, 0, 0)).save(tmp_path / "transparent.png")
    for name in ("white.png", "transparent.png"):
        image = handle_file(tmp_path / name)
        answer = client.predict(image, api_name="/classify")
        assert (answer["digit"], answer["confidence"], answer["top"]) == (None, 0, [])
        assert not client.predict({"composite": image}, api_name="/classify_sketch")


BAD = {
    "a text": (lambda: b"Dear reader", "not an image that can be read: send a PNG, JPEG"),
    "a PDF": (lambda: b"%PDF-1.7", "is a PDF; save the page as PNG or JPEG first"),
    "half a file": (lambda: mnist_png(0)[:400], "damaged or incomplete"),
    "a bomb": (lambda: white_png(30_000), "too large: at most 24,000,000 pixels"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_read_is_refused_in_words(client: Client, tmp_path: Path, case: str) -> None:
    make, text = BAD[case]
    (tmp_path / "letter.png").write_bytes(make())
    assert (tmp_path / "letter.png").stat().st_size < 200_000
    file = handle_file(tmp_path / "letter.png")
    for payload, endpoint in ((file, "/classify"), ({"composite": file}, "/classify_sketch")):
        with pytest.raises(AppError, match=text):
            client.predict(payload, api_name=endpoint)


def test_nothing_is_no_image_and_a_plain_file_no_drawing(
    client: Client, digits: list[Path]
) -> None:
    with pytest.raises(AppError, match="not an image that can be read: send a PNG, JPEG"):
        client.predict(None, api_name="/classify")
    for payload in (handle_file(digits[0]), None):
        with pytest.raises(AppError, match=r'send \{"composite": handle_file\(path\)\}'):
            client.predict(payload, api_name="/classify_sketch")


def test_plain_http(app_url: str, digits: list[Path]) -> None:
    files = {"files": ("a.png", digits[3].read_bytes(), "image/png")}
    with httpx.Client(base_url=f"{app_url}gradio_api/", timeout=LIMIT) as http:
        image = {"path": http.post("upload", files=files).json()[0]}
        image["meta"] = {"_type": "gradio.FileData"}
        for endpoint, payload, field, digit in (
            ("call/classify", image, "digit", 3),
            ("call/classify_sketch", {"composite": image}, "label", "3"),
        ):
            event = http.post(endpoint, json={"data": [payload]}).json()["event_id"]
            *_, name, data = http.get(f"{endpoint}/{event}").text.strip().splitlines()
            assert name == "event: complete"
            assert json.loads(data.removeprefix("data: "))[0][field] == digit


def test_the_endpoints_are_documented_and_nothing_else(app_url: str) -> None:
    described = httpx.get(f"{app_url}gradio_api/info", timeout=LIMIT).json()
    endpoints = described["named_endpoints"]
    inputs = {name: [p["parameter_name"] for p in e["parameters"]] for name, e in endpoints.items()}
    assert inputs == {
        "/classify": ["image"],
        "/classify_sketch": ["drawing"],
        "/read_number": ["image"],
    }
    assert "probabilities" in endpoints["/classify"]["description"]
    assert "composite" in endpoints["/classify_sketch"]["description"]


def test_the_page_is_sent_compressed_to_who_can_unpack_it(app_url: str) -> None:
    packed = httpx.get(app_url, headers={"Accept-Encoding": "gzip"})
    plain = httpx.get(app_url, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) < 0.4 * int(plain.headers["content-length"])
    assert packed.text == plain.text


def test_the_page_is_there_before_the_network() -> None:
    arrived = threading.Event()

    def load() -> Classifier:
        arrived.wait(LIMIT)
        return Classifier.load()

    with serve_here(build_page(load)) as url:
        assert "Draw a digit" in httpx.get(url, timeout=LIMIT).text
        for path in ("healthz", "readyz", "metrics"):  # off unless asked for
            assert httpx.get(url + path, timeout=LIMIT).status_code == 404
        client = Client(url, verbose=False)
        job = client.submit({"composite": None, "id": "nobody"}, api_name="/classify_sketch")
        assert not job.done()
        arrived.set()
        assert not job.result(timeout=LIMIT)  # nothing was drawn


def test_a_network_that_cannot_be_loaded_is_said_so(digits: list[Path]) -> None:
    def load() -> Classifier:
        raise ValueError("no SavedModel in weights/model")

    with serve_here(build_page(load)) as url:
        client = Client(url, verbose=False)
        with pytest.raises(AppError, match="network could not be loaded"):
            client.predict(handle_file(digits[0]), api_name="/classify")


# It stands for a network that takes long to load: the server must not wait for it when it stops.
SLOW_LOADING = """
import sys, time
sys.path.insert(0, "src")
from mnist_demo import Classifier
Classifier.load = lambda: time.sleep(3600)
"""


@pytest.mark.server
@pytest.mark.parametrize("code", ["", SLOW_LOADING], ids=["loaded", "loading"])
def test_the_last_corrections_are_sent_when_a_space_is_stopped(
    hub: Hub, tmp_path: Path, digits: list[Path], code: str
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "first.jsonl").write_text("{}\n")
    variables = hub.environment(tmp_path) | {
        "MNIST_DEMO_FEEDBACK_DIR": str(kept),
        "MNIST_DEMO_FEEDBACK_REPO": "owner/corrections",
    }

    def sent() -> set[str]:
        repo = hub.repos.get(("datasets", "owner/corrections"))
        return set(commit.files) if repo and (commit := repo.at("main")) else set()

    with serve_app(tmp_path, code, signal_at_end="SIGTERM", **variables) as url:
        wait_until(lambda: "data/first.jsonl" in sent())
        if not code:
            httpx.post(f"{url}v1/classify", content=digits[3].read_bytes(), timeout=LIMIT)
        (kept / "last.jsonl").write_text("{}\n")  # the next commit would be in five minutes
    assert {"data/first.jsonl", "data/last.jsonl"} <= sent()
