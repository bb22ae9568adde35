"""The table of what we change in Gradio fits the Gradio that is installed, and our tests."""

import pkgutil
import re
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.routes import file_upload_statuses

from mnist_demo.serve import gradio_patches

README = Path(gradio_patches.__file__).with_name("README.md")
SOURCES = README.parents[2]
TEXT = README.read_text(encoding="utf-8")
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and "| in Gradio |" not in line]
TESTS = sorted(set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", TEXT)))
PATCHED = sorted(set(re.findall(r"`(gradio\.[\w.]+)`", TEXT)))


def test_the_table_was_written_for_the_installed_gradio() -> None:
    (version,) = re.findall(r"written for Gradio \*\*([\d.]+)\*\*", TEXT)
    assert gr.__version__ == version, f"Gradio is another version: read {README}"


@pytest.mark.parametrize(("file", "test"), TESTS)
def test_every_test_in_the_table_exists(file: str, test: str) -> None:
    (path,) = Path(__file__).parents[1].rglob(file)
    assert f"def {test}(" in path.read_text(encoding="utf-8")


def test_every_row_names_a_test_and_a_file_of_ours() -> None:
    assert len(ROWS) > 15
    for row in ROWS:
        _, ours, _, _, tests = row.strip("| ").split(" | ")
        assert re.search(r"`(test_\w+\.py)::(test_\w+)`", tests), row
        file, *functions = re.findall(r"`([\w.]+)`", ours)
        (found,) = [*README.parent.glob(file), *(SOURCES / "page").glob(file)]
        for name in functions:
            assert name in found.read_text(encoding="utf-8"), row


@pytest.mark.parametrize("name", PATCHED)
def test_every_patched_attribute_exists_in_gradio(name: str) -> None:
    """Also those that only objects have, not their classes."""
    page = gr.Blocks()
    objects: dict[str, Any] = {
        "gradio.blocks.Blocks": page,
        "gradio.queueing.Queue": page._queue,
        "gradio.route_utils.FileUploadProgress": file_upload_statuses,
    }
    owner, _, attribute = name.rpartition(".")
    found = pkgutil.resolve_name(owner)
    assert owner not in objects or isinstance(objects[owner], found)
    assert hasattr(objects.get(owner, found), attribute)


def test_all_patches_are_in_one_folder() -> None:
    """A method that is replaced needs this remark for mypy."""
    patched = {
        file.parent for file in SOURCES.rglob("*.py") if "[method-assign" in file.read_text("utf-8")
    }
    assert patched == {README.parent}
