"""Files are written whole or not at all."""

from pathlib import Path

import pytest

from mnist_demo.files import write_whole


def test_the_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "file"
    with write_whole(file) as part:
        part.write_text("whole")
        assert not file.exists()
    assert [path.name for path in file.parent.iterdir()] == ["file"]
    assert file.read_text() == "whole"


def test_the_old_file_stays_after_an_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def fail_half_way() -> None:
        with write_whole(file) as part:
            part.write_text("new")
            raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        fail_half_way()
    assert file.read_text() == "old"
