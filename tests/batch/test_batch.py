"""Many images from the command line."""

import os
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mnist_demo.batch import command
from mnist_demo.batch.inputs import Input, chunk_names, expand, find_chunks, find_files
from mnist_demo.batch.parts import skip_done, write_part
from mnist_demo.batch.rows import SCHEMA, read_rows
from mnist_demo.read.parallel import map_chunks
from mnist_demo.read.prediction import BLANK
from tests.helpers.commands import classify_here, python
from tests.helpers.images import LABELS, png
from tests.helpers.waiting import LIMIT

PART = 60  # rows in a part of the output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 digits in two levels of folders, a blank image, a damaged file and a text."""
    folder = tmp_path_factory.mktemp("images")
    (folder / "odd").mkdir()
    for i in range(0, 5000, 25):
        name = f"{LABELS[i]}_{i:04}.png"
        (folder / ("odd" if LABELS[i] % 2 else ".") / name).write_bytes(png(i))
    Image.new("L", (40, 40), 255).save(folder / "blank.bmp")
    (folder / "damaged.png").write_bytes(png(0)[:100])
    (folder / "notes.txt").write_text("not looked at")
    return folder


def test_a_folder_a_glob_a_file_and_a_column_in_one_run(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells: list[dict[str, Any] | None] = [{"bytes": png(i), "path": None} for i in (5, 600)]
    cells += [{"bytes": b"x", "path": None}, {"bytes": None, "path": "far/away.png"}, None]
    pq.write_table(pa.table({"drawing": cells}), tmp_path / "in.parquet")
    digit = next(folder.glob("4_*"))
    out = tmp_path / "out" / "answers.parquet"
    paths: list[str | Path] = [folder, f"{folder}/odd/7*", digit, tmp_path / "in.parquet"]
    classify_here(*paths, "--out", out, "--column", "drawing")
    rows = pq.read_table(out).to_pylist()
    assert f"{len(rows):,} images, of which 4 cannot be read" in capsys.readouterr().out
    assert list(out.parent.iterdir()) == [out]

    names = [Path(row["path"]).name for row in rows]
    assert len(rows) == 202 + 20 + 1 + 5
    assert names[222] == digit.name
    assert names[-5:] == [f"in.parquet#{row}" for row in range(5)]
    failed = {Path(row["path"]).name: row for row in rows if row["error"]}
    assert set(failed) == {"damaged.png", "in.parquet#2", "in.parquet#3", "in.parquet#4"}
    path_only = failed["in.parquet#3"]["error"]
    assert path_only == "the row has no bytes, only the path far/away.png"
    assert failed["in.parquet#4"]["error"] == "the row has no image"
    assert "damaged or incomplete" in failed["damaged.png"]["error"]
    assert failed["damaged.png"]["probabilities"] is None
    blank = rows[names.index("blank.bmp")]
    assert (blank["digit"], blank["confidence"], blank["is_digit"]) == (None, 0, False)
    read = [(row, name) for row, name in zip(rows, names, strict=True) if name[1] == "_"]
    assert np.mean([str(row["digit"]) == name[0] for row, name in read]) > 0.95
    for row, _ in read:
        assert len(row["probabilities"]) == 10
        assert row["probabilities"][row["digit"]] == row["confidence"] == max(row["probabilities"])
        assert sum(row["probabilities"]) == pytest.approx(1, abs=1e-4)


def test_globs_and_names_of_any_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b.parquet", "a.parquet", "a.parquet.parts/command.json", "seven.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    shards = [str(tmp_path / name) for name in ("a.parquet", "b.parquet")]
    assert expand(f"{tmp_path}/*.parquet") == shards
    assert expand(f"{tmp_path}/none*.parquet") == [f"{tmp_path}/none*.parquet"]
    assert list(find_files(f"{tmp_path}/**")) == [*shards, str(tmp_path / "seven.png")]

    (tmp_path / "seven.png").rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xe9.png"))
    (chunk,) = find_chunks(str(tmp_path), "")
    assert list(chunk_names(chunk)) == [f"{tmp_path}/\ufffd.png"]

    def locked(folder: str) -> None:
        raise PermissionError(13, "Permission denied", folder)

    monkeypatch.setattr(os, "scandir", locked)
    with pytest.raises(SystemExit, match="cannot be read: Permission denied"):
        list(find_files(str(tmp_path)))


# Kills the command after it has written its first part.
KILLED = f"""
import os, signal
from mnist_demo import __main__
from mnist_demo.batch import command, parts

def write_and_die(*part):
    parts.write_part(*part)
    os.kill(os.getpid(), signal.SIGKILL)

command.write_part, command.ROWS_PER_PART = write_and_die, {PART}
__main__.main()
"""


@pytest.mark.server
def test_a_killed_run_goes_on_where_it_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed after the first part. The next run keeps those rows and adds the others."""
    monkeypatch.setattr(command, "ROWS_PER_PART", PART)
    column = pa.array([png(25 * i) for i in range(3 * PART)])
    pq.write_table(pa.table({"image": column}), tmp_path / "in.parquet", row_group_size=50)
    words = [str(tmp_path / "in.parquet"), "--out", str(tmp_path / "a.parquet")]
    first = subprocess.run([sys.executable, "-c", KILLED, "classify", *words], timeout=LIMIT)
    assert first.returncode == -signal.SIGKILL
    assert not (tmp_path / "a.parquet").exists()
    # A digit that no network gives shows whether what was done is kept.
    part = tmp_path / "a.parquet.parts" / "000000.parquet"
    table = pq.read_table(part)
    assert len(table) == PART
    pq.write_table(table.set_column(1, "digit", pa.array([-1] * PART, pa.int8())), part)

    with pytest.raises(SystemExit, match="other paths or weights"):
        classify_here(folder, "--out", tmp_path / "a.parquet")
    classify_here(*words)
    answers = pq.read_table(tmp_path / "a.parquet")
    numbers = [int(name.partition("#")[2]) for name in answers["path"].to_pylist()]
    assert numbers == list(range(3 * PART))
    digits = np.asarray(answers["digit"].to_numpy())
    assert (digits[:PART] == -1).all()
    assert np.mean(digits[PART:] == LABELS[::25][PART : 3 * PART]) > 0.95


def test_changed_images_are_not_mixed_with_old_answers(tmp_path: Path) -> None:
    write_part(pa.Table.from_pylist([{"path": "a"}, {"path": "b"}], SCHEMA), tmp_path / "0.parquet")
    names = iter("abc")
    assert skip_done(names, tmp_path) == 2
    assert next(names) == "c"
    for changed in ("ac", "a"):
        with pytest.raises(SystemExit, match=r"no longer those .*\(b\)"):
            skip_done(iter(changed), tmp_path)


def test_at_most_a_few_batches_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images are taken as they are read, not all at once."""
    taken = 0

    def items() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield Input(str(taken), b"")

    blank: Any = SimpleNamespace(classify_each=lambda images: [BLANK] * len(images))
    rows = map_chunks(partial(read_rows, classifier=blank), items())
    for number in range(1, 1001):
        assert next(rows)["path"] == str(number)
    assert taken < 1000 + 256 * (os.cpu_count() or 1) + 256


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["nowhere"], "nowhere: no image there"),
        (["nowhere.parquet"], "nowhere.parquet cannot be read"),
        (["{here}/in.parquet"], "has no column image, but x, name"),
        (["{here}"], "no image there"),
        (["{here}/in.parquet", "--column", "name"], "the column name of {here}/in.parquet holds"),
        (["{here}/in.parquet", "--column", "name"], "holds text, not encoded images: give the"),
        (["{here}/in.parquet", "--column", "kind"], "holds text, not encoded images: give the"),
        (["{here}/in.parquet", "--column", "x", "--weights", "nowhere/at all"], "neither a folder"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    words: list[str], text: str, tmp_path: Path
) -> None:
    columns = {"x": [b""], "name": ["a.png"], "kind": pa.array(["a"]).dictionary_encode()}
    pq.write_table(pa.table(columns), tmp_path / "in.parquet")
    with pytest.raises(SystemExit, match=re.escape(text.format(here=tmp_path))):
        classify_here(*[w.format(here=tmp_path) for w in words], "--out", tmp_path / "a.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_an_image_that_breaks_the_reader_costs_only_its_own_row() -> None:
    def classify_each(images: list[Any]) -> list[Any]:
        if "bad" in images:
            raise MemoryError("no room")
        return [BLANK] * len(images)

    broken: Any = SimpleNamespace(classify_each=classify_each)
    rows = read_rows([Input("a", "a"), Input("b", "bad"), Input("c", "c")], broken)
    assert [row["error"] for row in rows] == [None, "no room", None]


def test_nothing_is_overwritten(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("precious")
    with pytest.raises(SystemExit, match="exists already"):
        classify_here(folder, "--out", tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "module", "text"),
    [
        ("pyarrow", "command", "pyarrow, which serving does not: pip install pyarrow tqdm"),
        ("ray", "ray_cluster", "ray, which is not installed: pip install -r requirements-ray.txt"),
    ],
)
def test_a_missing_dependency_is_named(name: str, module: str, text: str) -> None:
    code = f"import sys; sys.modules['{name}'] = None; import mnist_demo.batch.{module}"
    done = python("-c", code)
    assert done.returncode == 1
    assert done.stderr.strip() in (f"This needs {text}", f"--ray needs {text}")
