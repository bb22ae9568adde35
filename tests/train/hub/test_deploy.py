"""`python -m train deploy` against a Hub on loopback."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import SpaceCard

from tests.helpers.commands import train_here, train_refused
from tests.helpers.hub_standin import READER, WRITER, Hub
from train.hub import deploy

SPACE, REPO = "Some.One/draw_a_digit", "someone/digits"
ROOT = deploy.ROOT
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def project(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project with the files that a Space needs, and with others that must not be sent."""
    root = tmp_path / "project"
    texts = {
        "README.md": README,
        "requirements.txt": "# comment\ngradio==6.31.0\n",
        "app.py": "import mnist_demo",
        "src/mnist_demo/__init__.py": "",
        "src/mnist_demo/page.css": "body {}",
        "src/mnist_demo/__pycache__/page.pyc": "x",
        "src/mnist_demo/.env": f"HF_TOKEN={WRITER}",
        "src/mnist_demo.egg-info/PKG-INFO": "x",
    }
    others = ("LICENSE", "Makefile", "tests/test_x.py", "train/fit.py", "runs/log", "data/mnist.gz")
    texts |= dict.fromkeys(others, "x")
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    weights.rename(root / "weights")
    (root / "weights/training.json").write_text("{}")
    monkeypatch.setattr(deploy, "ROOT", root)
    return root


run = partial(train_here, "deploy", "--space", SPACE)
refusal = partial(train_refused, "deploy", "--space", SPACE)


def test_only_what_the_space_needs(hub: Hub, project: Path) -> None:
    printed = run("--create")
    space = hub.repos["spaces", SPACE]
    assert len(space.commits) == 2
    assert set(space.commits[-1].files) == {
        ".gitattributes", "LICENSE", "README.md", "app.py", "requirements.txt",
        "src/mnist_demo/__init__.py", "src/mnist_demo/page.css",
        "weights/browser.bin", "weights/confusion.png", "weights/metrics.json",
        "weights/model/fingerprint.pb", "weights/model/saved_model.pb", "weights/textbook.bin",
        "weights/model/variables/variables.data-00000-of-00001",
        "weights/model/variables/variables.index",
    }  # fmt: skip
    assert space.variables == {}
    assert f"{hub.url}/spaces/{SPACE}" in printed
    assert '<iframe src="https://some-one-draw-a-digit.hf.space"' in printed


def test_pinned_weights(hub: Hub, project: Path) -> None:
    sha = hub.store(REPO, project / "weights")
    run("--create", "--repo", REPO, "--revision", sha)
    space = hub.repos["spaces", SPACE]
    assert space.variables == {"MNIST_DEMO_WEIGHTS_REPO": REPO, "MNIST_DEMO_WEIGHTS_REVISION": sha}
    card = SpaceCard(space.commits[-1].files["README.md"].data.decode())
    assert card.data["models"] == [REPO]
    assert card.data["datasets"] == ["ylecun/mnist"]
    repo, names, revision = card.data["preload_from_hub"][0].split()
    assert (repo, revision) == (REPO, sha)
    assert {"metrics.json", "model/saved_model.pb", "browser.bin"} <= set(names.split(","))
    assert "confusion.png" not in names
    assert card.data["python_version"] == "3.12"
    assert card.data["emoji"] == "✏️"
    assert "\n# Draw a digit\n" in card.text
    assert (project / "README.md").read_text(encoding="utf-8") == README
    # A second run changes nothing, so the Space is not restarted.
    hub.requests.clear()
    run("--repo", REPO, "--revision", sha)
    assert len(space.commits) == 2
    assert f"POST /api/spaces/{SPACE}/variables" not in hub.requests


def test_weights_that_the_space_could_not_serve(hub: Hub, project: Path) -> None:
    hub.store(REPO, project / "weights")
    assert "no such revision" in refusal("--create", "--repo", REPO, "--revision", "0" * 40)
    assert ("spaces", SPACE) not in hub.repos
    assert "full sha" in refusal("--repo", REPO, "--revision", "main")
    assert "go together" in refusal("--repo", REPO)


def test_a_dry_run_sends_no_request(
    hub: Hub, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    printed = run("--dry-run", "--repo", REPO, "--revision", "0" * 40)
    assert "weights/model/saved_model.pb" in printed
    assert ".env" not in printed
    assert hub.requests == []


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("6.31.0", "6.30.0", "sdk_version is '6.30.0', not '6.31.0'"),
        (
            "reads the digit that you draw",
            "x" * 61,
            "short_description has 84 characters, more than 60",
        ),
        ("yellow", "orange", "colorFrom is 'orange', not 'red' or"),
        ("gray", "[gray]", "colorTo is ['gray'], not 'red' or"),
        ('"3.12"', "3.12", "python_version is 3.12, not '3.11' or '3.12'"),
        ('"3.12"', '"3.9"', "python_version is '3.9'"),
        ("sdk: gradio", "sdk: docker", "sdk is 'docker', not 'gradio'"),
        ("license:", "licence:", "no such key as licence; license is missing"),
        ("title: Draw", "title: 'Draw", "while scanning a quoted scalar"),
        ("title: Draw a digit\n", "", "title is missing"),
        ("---\n", "", "title is missing"),
    ],
)
def test_front_matter(hub: Hub, project: Path, old: str, new: str, text: str) -> None:
    (project / "README.md").write_text(README.replace(old, new), encoding="utf-8")
    assert text in refusal("--create")
    assert hub.requests == []


def test_the_projects_own_front_matter_and_files() -> None:
    assert deploy.check_front_matter(ROOT) == []
    sent = deploy.files_to_upload(ROOT)
    assert "src/mnist_demo/page/blocks.py" in sent
    assert not [name for name in sent if name.startswith(("tests", "train", "docs", "."))]
    deploy.check_secrets(sent)


def test_secrets_are_not_sent(hub: Hub, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "app.py").write_text(f"token = '{READER}'")
    assert "app.py holds an access token" in refusal("--create")
    monkeypatch.setenv("HF_TOKEN", "of-another-form")
    (project / "app.py").write_text("token = 'of-another-form'")
    assert "app.py holds an access token" in refusal("--create")
    assert hub.repos == {}


def test_something_needed_is_missing(project: Path) -> None:
    (project / "requirements.txt").unlink()
    assert "no requirements.txt" in refusal("--dry-run")


FAULTS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "429": ("POST", "/preupload/", {"status": 429}, "too many requests"),
    "500": ("POST", "/commit/", {"status": 500}, "(500)"),
    "cut half-way up": ("PUT", "/objects/", {"cut": True}, "connection to the Hub broke off"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_failure_leaves_nothing_half_written(hub: Hub, project: Path, name: str) -> None:
    method, path, fault, text = FAULTS[name]
    space = hub.create(SPACE, "spaces")
    sha = hub.store(REPO, project / "weights")
    (project / "weights/confusion.png").write_bytes(b"\0another")  # to be uploaded
    hub.fail(method, path, **fault)
    assert text in refusal("--repo", REPO, "--revision", sha)
    assert len(space.commits) == 1
    assert space.variables == {}


def test_missing_variables_are_set_by_the_next_run(hub: Hub, project: Path) -> None:
    space = hub.create(SPACE, "spaces")
    sha = hub.store(REPO, project / "weights")
    hub.fail("POST", "/variables", times=1, status=500)
    assert "not the variables" in refusal("--repo", REPO, "--revision", sha)
    run("--repo", REPO, "--revision", sha)
    assert space.variables["MNIST_DEMO_WEIGHTS_REVISION"] == sha
    assert len(space.commits) == 2


def test_no_space(hub: Hub, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"there is no {SPACE} on the Hub" in refusal()
    hub.free_account = True
    assert "asks for a paid plan: Gradio Spaces need a PRO subscription" in refusal("--create")
    monkeypatch.setenv("HF_TOKEN", READER)
    assert "no permission" in refusal("--create")
    monkeypatch.setenv("HF_TOKEN", "")
    assert "There is no token" in refusal()
    assert hub.repos == {}


def test_no_network(hub: Hub, project: Path) -> None:
    hub.stop()
    assert "the Hub cannot be reached" in refusal()


def test_a_static_space_needs_no_paid_plan(hub: Hub, project: Path) -> None:
    hub.free_account = True
    printed = run("--static", "--create")
    space = hub.repos["spaces", SPACE]
    assert space.sdk == "static"
    files = space.commits[-1].files
    (release,) = {name.split("/")[0] for name in files if "/" in name}
    assert {name for name in files if "/" not in name} == {
        ".gitattributes", "LICENSE", "README.md", "digit-pad.js", "index.html", "service-worker.js"
    }  # fmt: skip
    assert f'src="{release}/page.js"' in files["index.html"].data.decode()
    network = (project / "weights/browser.bin").read_bytes()
    assert files[f"{release}/browser.bin"].data == network
    card = SpaceCard(files["README.md"].data.decode())
    assert (card.data["sdk"], card.data["app_file"]) == ("static", "index.html")
    assert (card.data["title"], card.data["emoji"]) == ("Draw a digit", "✏️")
    assert set(card.data.to_dict()) <= deploy.FRONT_MATTER_KEYS - {"sdk_version", "python_version"}
    assert '<iframe src="https://some-one-draw-a-digit.static.hf.space"' in printed
    assert not [request for request in hub.requests if "/variables" in request]


def test_one_edition_takes_the_others_place(hub: Hub, project: Path) -> None:
    run("--create")
    space = hub.repos["spaces", SPACE]
    files = space.commits[-1].files
    space.commit("by hand", files | {"notes.md": files["LICENSE"]})
    run("--static")
    static = set(space.commits[-1].files)
    assert not {"app.py", "requirements.txt", "weights/metrics.json"} & static
    (project / "weights/browser.bin").write_bytes(b"another")
    run("--static")
    newer = set(space.commits[-1].files)
    assert newer & static == {
        ".gitattributes", "LICENSE", "README.md", "digit-pad.js", "index.html", "notes.md",
        "service-worker.js",
    }  # fmt: skip
    run()
    assert set(space.commits[-1].files) == set(files) | {"notes.md"}
    (project / "src/mnist_demo/page.css").unlink()
    run()
    assert "src/mnist_demo/page.css" not in space.commits[-1].files
    assert "notes.md" in space.commits[-1].files


def test_what_a_static_space_cannot_have(hub: Hub, project: Path) -> None:
    assert "--hardware cannot go with --static" in refusal("--static", "--hardware", "cpu-basic")
    text = refusal("--static", "--repo", REPO, "--revision", "0" * 40)
    assert "--repo and --revision cannot go with --static" in text
    (project / "README.md").write_text(README.replace("license:", "licence:"), encoding="utf-8")
    assert "license is missing" in refusal("--static")
    (project / "weights/browser.bin").unlink()
    assert "cannot be built" in refusal("--static", "--dry-run")
    assert hub.requests == []
