"""Where weights come from: a folder, the Hub on loopback, and the repository when these fail."""

import json
import logging
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mnist_demo import Classifier
from mnist_demo.weights import REPOSITORY, find_weights, resolve
from tests.helpers.hub_standin import WRITER, Hub
from tests.helpers.images import mnist_png
from tests.helpers.rest import post
from tests.helpers.servers import serve_app
from tests.helpers.weights import write_metrics, write_model

REPO = "someone/digits"
SHA = "0123456789abcdef0123456789abcdef01234567"
INK = np.eye(28, dtype=np.float32)


@pytest.fixture
def sha(hub: Hub, weights: Path) -> str:
    """The commit of these weights on the Hub, in the repository `REPO`."""
    return hub.store(REPO, weights)


def ask_for(monkeypatch: pytest.MonkeyPatch, sha: str) -> None:
    """Set the two variables, as the owner of a Space does."""
    monkeypatch.setenv("MNIST_DEMO_WEIGHTS_REPO", REPO)
    monkeypatch.setenv("MNIST_DEMO_WEIGHTS_REVISION", sha)


def change(weights: Path, **facts: Any) -> None:
    path = weights / "metrics.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


def test_the_repository_unless_asked_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MNIST_DEMO_WEIGHTS_REPO", raising=False)
    found = find_weights()
    assert (found.path, found.origin, found.note) == (REPOSITORY, "the repository", "")


def test_the_package_has_the_version_of_its_weights() -> None:
    project = tomllib.loads((REPOSITORY.parent / "pyproject.toml").read_text())["project"]
    assert find_weights(REPOSITORY).version == project["version"]


def test_a_folder(weights: Path) -> None:
    classifier = Classifier.load(weights)
    assert str(classifier.weights) == "version 1.2.0 from weights"
    assert classifier.classify(INK).digit == 3
    change(weights, files={"model/saved_model.pb": {"bytes": 1, "sha256": ""}})
    assert find_weights(weights).version == "unknown"


def test_what_is_no_source() -> None:
    for source, revision in (("/nowhere", None), ("digits", SHA)):
        with pytest.raises(ValueError, match="neither a folder nor a Hub repository OWNER/NAME"):
            find_weights(source, revision)


@pytest.mark.parametrize("revision", [None, "main", "1.2.0", SHA[:12], SHA.upper(), SHA + "0"])
def test_only_a_full_sha_pins(revision: str | None) -> None:
    with pytest.raises(ValueError, match="full sha of a commit"):
        find_weights(REPO, revision)


def test_from_the_hub_and_then_from_the_cache(sha: str, hub: Hub, weights: Path) -> None:
    classifier = Classifier.load(REPO, revision=sha)
    assert str(classifier.weights) == f"version 1.2.0 from {REPO}@{sha}"
    assert classifier.classify(INK).digit == 3
    asked = len(hub.requests)
    assert find_weights(REPO, sha).path == classifier.weights.path
    assert len(hub.requests) == asked
    hub.stop()
    assert find_weights(REPO, sha).version == "1.2.0"


def test_only_what_is_needed_is_fetched(sha: str, weights: Path) -> None:
    found = find_weights(REPO, sha)
    names = {path.relative_to(found.path).as_posix() for path in found.path.rglob("*.*")}
    metrics = json.loads((weights / "metrics.json").read_text())
    assert names == {"metrics.json", *metrics["files"]}
    assert (found.path / "browser.bin").read_bytes() == (weights / "browser.bin").read_bytes()


def test_versions_without_a_network_for_the_browser_are_read(hub: Hub, weights: Path) -> None:
    (weights / "browser.bin").unlink()
    (weights / "textbook.bin").unlink()
    write_metrics(weights)
    found = find_weights(REPO, hub.store(REPO, weights))
    assert found.version == find_weights(weights).version == "1.2.0"
    assert not list(found.path.glob("*.bin"))


def test_a_private_repository(hub: Hub, weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sha = hub.store(REPO, weights, private=True)
    find_weights(REPO, sha)
    assert not any(WRITER in headers for headers in hub.storage_headers)
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(weights.parent / "other"))
    with pytest.raises(ValueError, match="or the token has no access"):
        find_weights(REPO, sha)


FAULTS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "429": ("HEAD", "/resolve/", {"status": 429}, "too many requests"),
    "500": ("HEAD", "/resolve/", {"status": 500}, "fault of its own (500)"),
    "500 at the storage": ("GET", "/objects/", {"status": 500}, "fault of its own (500)"),
    "cut half-way down": ("GET", "/objects/", {"cut": True}, "connection to the Hub broke off"),
    "corrupt": ("GET", "/objects/", {"corrupt": True}, "browser.bin is not the file that metrics"),
    "corrupt metrics": ("GET", "metrics.json", {"corrupt": True}, "metrics.json is damaged"),
    "token refused": ("HEAD", "/resolve/", {"status": 401}, "does not accept the token"),
    "forbidden": ("HEAD", "/resolve/", {"status": 403}, "no permission"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_repository_serves_when_the_hub_fails(
    sha: str,
    hub: Hub,
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    method, path, fault, text = FAULTS[name]
    ask_for(monkeypatch, sha)
    hub.fail(method, path, **fault)
    found = find_weights()
    assert (found.path, found.origin) == (REPOSITORY, "the repository")
    assert f"{REPO} cannot be served" in found.note and text in found.note
    assert "\n" not in found.note
    assert found.note in str(found)  # which every answer names
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert any(found.note in record.getMessage() for record in warned)
    assert WRITER not in caplog.text + str(found)
    assert not list(weights.parent.glob("cache/**/*.incomplete"))
    with pytest.raises(ValueError, match=text.partition("(")[0]):
        find_weights(REPO, sha)  # these were asked for: these, or an error
    hub.faults.clear()
    assert find_weights().version == "1.2.0"


def never_answer(hub: Hub, patch: pytest.MonkeyPatch) -> None:
    patch.setattr("mnist_demo.weights.hub.TIMEOUT", 0.1)
    hub.fail("HEAD", "/resolve/", silent=True)


# What is done to the Hub and the settings, and what the page then says.
NOTES: list[tuple[Callable[[Hub, pytest.MonkeyPatch], object], str]] = [
    (lambda hub, patch: patch.setenv("MNIST_DEMO_WEIGHTS_REVISION", SHA), "no such revision"),
    (lambda hub, patch: hub.repos.clear(), f"there is no {REPO} on the Hub"),
    (lambda hub, patch: hub.stop(), "the Hub cannot be reached"),
    (never_answer, "the Hub does not answer"),
    (
        lambda hub, patch: patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True),
        "HF_HUB_OFFLINE forbids to ask",
    ),
]


@pytest.mark.parametrize(("change", "note"), NOTES)
def test_why_the_repository_serves(
    hub: Hub,
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Hub, pytest.MonkeyPatch], object],
    note: str,
) -> None:
    ask_for(monkeypatch, hub.store(REPO, weights))
    change(hub, monkeypatch)
    assert note in find_weights().note


@pytest.mark.server
def test_the_demo_starts_without_the_hub(hub: Hub, tmp_path: Path) -> None:
    variables = hub.environment(tmp_path)
    variables |= {"MNIST_DEMO_WEIGHTS_REPO": REPO, "MNIST_DEMO_WEIGHTS_REVISION": SHA}
    hub.stop()
    with serve_app(tmp_path, **variables) as url:
        _, answer, _ = post(url, mnist_png(7, 11))
    reason = f"{REPO} cannot be served: the Hub cannot be reached"
    assert answer["digit"] == 7
    assert "from the repository" in answer["weights"] and reason in answer["weights"]
    assert f"Serving the repository's weights: {reason}" in (tmp_path / "app.log").read_text()


def test_wrong_variables(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_for(monkeypatch, "main")
    assert "the full sha of a commit" in find_weights().note
    monkeypatch.setenv("MNIST_DEMO_WEIGHTS_REPO", "digits")
    assert "give OWNER/NAME" in find_weights().note
    assert hub.requests == []


def test_the_older_names_of_the_variables(
    hub: Hub, weights: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MNIST_DEMO_REPO", REPO)
    monkeypatch.setenv("MNIST_DEMO_REVISION", hub.store(REPO, weights))
    assert find_weights().origin.startswith(REPO)
    assert "MNIST_DEMO_REPO is now called MNIST_DEMO_WEIGHTS_REPO" in caplog.text


def test_a_package_without_the_repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(resolve, "REPOSITORY", tmp_path / "weights")
    with pytest.raises(ValueError, match="no weights of its own: set MNIST_DEMO_WEIGHTS_REPO"):
        find_weights()


def test_full_disk(sha: str, hub: Hub, weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_for(monkeypatch, sha)
    commit = hub.repos["models", REPO].at(sha)
    assert commit is not None
    # What huggingface_hub writes to before it has the whole file, on a device that is always full.
    name = SimpleNamespace(hex="0" * 32)
    monkeypatch.setattr("huggingface_hub.file_download.uuid", SimpleNamespace(uuid4=lambda: name))
    blobs = weights.parent / "cache" / "models--someone--digits" / "blobs"
    blobs.mkdir(parents=True)
    digest = commit.files["model/saved_model.pb"].sha256
    (blobs / f"{digest}.00000000.incomplete").symlink_to("/dev/full")
    assert "No space left on device" in find_weights().note
    assert not list(blobs.glob("*.incomplete"))
    assert not (blobs / digest).exists()
    assert find_weights().version == "1.2.0"


def test_a_cut_that_lasts_one_request_is_resumed(sha: str, hub: Hub) -> None:
    hub.fail("GET", "/objects/", times=1, cut=True)
    assert find_weights(REPO, sha).version == "1.2.0"


@pytest.mark.parametrize("name", ["browser.bin", "model/saved_model.pb"])
def test_a_damaged_cache_is_mended_or_not_used(
    sha: str, hub: Hub, weights: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    file = find_weights(REPO, sha).path / name
    file.write_bytes(b"damaged")
    assert find_weights(REPO, sha).version == "1.2.0"
    assert file.read_bytes() == (weights / name).read_bytes()
    file.unlink()
    ask_for(monkeypatch, sha)
    hub.stop()
    assert find_weights().origin == "the repository"


def test_size_is_checked_before_the_download(hub: Hub, weights: Path) -> None:
    metrics = json.loads((weights / "metrics.json").read_text())
    digest = metrics["files"]["model/saved_model.pb"]["sha256"]
    metrics["files"]["model/saved_model.pb"]["bytes"] = 100
    change(weights, files=metrics["files"])
    with pytest.raises(ValueError, match="more than the 100 it may have"):
        find_weights(REPO, hub.store(REPO, weights))
    metrics["files"]["model/saved_model.pb"]["bytes"] = 30_000_000
    change(weights, files=metrics["files"])
    with pytest.raises(ValueError, match="bytes are too many"):
        find_weights(REPO, hub.store("someone/digits", weights))
    (weights / "metrics.json").write_text(" " * 2_000_000)
    with pytest.raises(ValueError, match=r"metrics\.json has 2000000 bytes"):
        find_weights(REPO, hub.store(REPO, weights))
    assert not any(request.startswith(f"GET /objects/{digest}") for request in hub.requests)


FOREIGN = ["../../evil", "model/../evil", "/evil", "model/assets/words.txt", "model/keras.pkl"]


@pytest.mark.parametrize("name", [*FOREIGN, "model/browser.bin", "textbook.bin/evil"])
def test_files_that_are_no_part_of_a_model(hub: Hub, weights: Path, name: str) -> None:
    metrics = json.loads((weights / "metrics.json").read_text())
    change(weights, files=metrics["files"] | {name: {"bytes": 1, "sha256": ""}})
    with pytest.raises(ValueError, match="which is no part of the weights"):
        find_weights(REPO, hub.store(REPO, weights))


def test_a_file_more_in_the_cache_is_not_trusted(sha: str) -> None:
    (find_weights(REPO, sha).path / "model/saved_model.cpb").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"saved_model\.cpb is not listed"):
        find_weights(REPO, sha)


def test_a_model_that_does_not_keep_its_promise(
    hub: Hub, weights: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its checksums are right and so is the signature it declares; it returns 11 probabilities."""
    from tensorflow.core.protobuf import saved_model_pb2

    write_model(tmp_path / "wide/model", classes=11)
    path = tmp_path / "wide/model/saved_model.pb"
    saved_model = saved_model_pb2.SavedModel()
    saved_model.ParseFromString(path.read_bytes())
    signature = saved_model.meta_graphs[0].signature_def["serving_default"]
    signature.outputs["probabilities"].tensor_shape.dim[1].size = 10
    path.write_bytes(saved_model.SerializeToString())
    write_metrics(tmp_path / "wide")
    sha = hub.store(REPO, tmp_path / "wide")
    with pytest.raises(ValueError, match="does not return ten probabilities"):
        Classifier.load(REPO, sha)
    for module in ("weights.resolve", "read.classifier"):
        monkeypatch.setattr(f"mnist_demo.{module}.REPOSITORY", weights)
    ask_for(monkeypatch, sha)
    classifier = Classifier.load()
    assert classifier.weights.origin == "the repository"
    assert "ten probabilities" in classifier.weights.note
    assert classifier.classify(INK).digit == 3
