"""The pages keep what they say: to a Space, to a caller, and about the accuracy."""

import json
import re
from pathlib import Path

import yaml

from docs.how_it_works import FOLDER, PICTURES
from tests.helpers.commands import ROOT, python
from tests.helpers.images import mnist_png
from train.measure.metrics import HEADLINES, ROWS, all_results, headlines, markdown_table

README = (ROOT / "README.md").read_text(encoding="utf-8")
FILES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "bench/README.md")),
    *(ROOT / "docs").glob("*.md"),
]
PAGES = "".join(page.read_text(encoding="utf-8") for page in FILES)
METRICS = json.loads((ROOT / "weights" / "metrics.json").read_text())


def test_the_python_blocks_run_as_they_stand(app_url: str, tmp_path: Path) -> None:
    (tmp_path / "digit.png").write_bytes(mnist_png(6, 3, 200))
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        run = python("-c", block, cwd=tmp_path, environment={"DEMO_URL": app_url})
        assert run.returncode == 0, run.stderr
        answer = [line for line in run.stdout.splitlines() if not line.startswith("Loaded as API")]
        assert answer[0].startswith("6 "), run.stdout


def test_commands_exist() -> None:
    """Every make target and subcommand that the pages name."""
    rules = re.findall(r"^([a-z][a-z -]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    targets = {target for rule in rules for target in rule.split()}
    named = set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", PAGES, re.MULTILINE))
    assert named >= {"run", "test"} and named <= targets, named - targets
    listing = python("-m", "train", "--help").stdout
    commands = set(re.findall(r"-m train ([a-z][a-z-]*)", PAGES))
    assert {"fit", "export", "evaluate"} <= commands
    for command in commands:
        assert re.search(rf"^  {command} ", listing, re.MULTILINE), command


def test_pictures_and_pages_exist() -> None:
    for page in [*FILES, ROOT / "CHANGELOG.md"]:
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), (page.name, link)


def test_the_tables_are_what_was_measured() -> None:
    everything = all_results(METRICS)
    for page, results in (("README.md", headlines(everything)), ("docs/figures.md", everything)):
        text = (ROOT / page).read_text(encoding="utf-8")
        table = text.split("<!-- metrics:begin -->")[1].split("<!-- metrics:end -->")[0].strip()
        assert table == markdown_table(results)
        assert len(table.splitlines()) == 2 + len(results["released"].keys() & ROWS.keys())
    missing = set(HEADLINES) - headlines(everything)["released"].keys()
    # The test data are looked at once for each release, not for what comes before it.
    assert not missing or "rc" in METRICS["version"], "a headline has no figure"


def test_the_newest_release_is_that_of_the_weights() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[(\d\S+)\] - ", changes, re.MULTILINE)[0] == METRICS["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(citation["version"]) == METRICS["version"]
    assert {"cff-version", "message", "title", "authors", "license"} <= citation.keys()


def test_how_it_works_shows_every_picture_that_is_made() -> None:
    page = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    shown = re.findall(r"\]\(how-it-works/(\w+)\.png\)", page)
    assert shown == list(PICTURES)
    for name in shown:
        assert (FOLDER / f"{name}.png").stat().st_size < 60_000
