"""UNIPEN: small files for every variant of the format, then the set itself if it is there."""

import tarfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.data import DATA_DIR, needs
from train.data.drawing import Drawing, split_of
from train.data.unipen import read_components, read_file, read_unipen, select_strokes

# Components: 0 down, 1 up with points, 2 down, 3 down without points, 4 down. The .PEN_UP after 2
# has no points and does not count.
INK = """.WRITER_ID ann
.PEN_DOWN
10 100
11 101
12 102
.PEN_UP
13 103
.PEN_DOWN
20 200
21 201
.PEN_UP
.DT 820
.PEN_DOWN
.PEN_UP
.PEN_DOWN
40 400
41 401
42 402
43 403
.PEN_UP
"""
ZERO = [[10, -100], [11, -101], [12, -102]]
TWO = [[20, -200], [21, -201]]
FOUR = [[40, -400], [41, -401], [42, -402], [43, -403]]


def read(ink: str, *segments: str, documentation: str = ".COORD X Y\n") -> list[Drawing]:
    files = {"include/abc/a.doc": documentation, "include/abc/a.dat": ink}
    text = "\n".join([".VERSION 1.0", ".INCLUDE abc/a.doc", ".INCLUDE abc/a.dat", *segments])
    return read_file(text, "abc/abc0/file7", "unipen-1a", files)


def strokes(ranges: str) -> list[list[list[float]]]:
    (drawing,) = read(INK, f'.SEGMENT CHARACTER {ranges} OK "4"')
    return [stroke.tolist() for stroke in drawing.strokes]


def test_without_a_coord_the_columns_are_x_and_y() -> None:
    (drawing,) = read(INK, '.SEGMENT CHARACTER 2 OK "4"', documentation="")
    assert [stroke.tolist() for stroke in drawing.strokes] == [TWO]


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ("0", [ZERO]),
        ("2", [TWO]),
        ("0-2", [ZERO, TWO]),
        ("1-2", [TWO]),
        ("2-4", [TWO, FOUR]),
        ("4:1-4:2", [FOUR[1:3]]),
        ("0:1-2:0", [ZERO[1:], TWO[:1]]),
        ("0:2-4", [ZERO[2:], TWO, FOUR]),
        ("4:3", [FOUR[3:]]),
        ("0,4", [ZERO, FOUR]),
        ("0,2:1-4:0", [ZERO, TWO[1:], FOUR[:1]]),
    ],
)
def test_range(ranges: str, expected: list[list[list[int]]]) -> None:
    assert strokes(ranges) == expected


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        ("X Y", "10 100"),
        ("X Y T", "10 100 7"),
        ("X Y T P", "10 100 7 255"),
        ("Y X", "100 10"),
        ("T X Y", "7 10 100"),
        ("X Y  ", "\t10\t100"),
    ],
)
@pytest.mark.parametrize("included", ["by the writer's file", "by the strokes' file", "in it"])
def test_coord(columns: str, row: str, included: str) -> None:
    ink = f".PEN_DOWN\n{row}\n.PEN_UP\n"
    coord = f".COMMENT before\n.COORD  {columns}\n"
    if included == "in it":
        ink = coord + ink
    files = {"include/a.doc": coord, "include/a.dat": ink}
    text = '.INCLUDE a.dat\n.SEGMENT CHARACTER 0 ? "1"\n'
    if included == "by the writer's file":
        text = ".INCLUDE a.doc\n" + text
    elif included == "by the strokes' file":
        files["include/a.dat"] = ".INCLUDE a.doc\n" + ink
    (drawing,) = read_file(text, "abc/file7", "unipen-1a", files)
    assert [stroke.tolist() for stroke in drawing.strokes] == [[[10, -100]]]
    assert drawing.strokes[0].dtype == np.float32


def test_numbers_outside_strokes_are_no_points() -> None:
    ink = ".H_LINE 5 6\n1 1\n.PEN_DOWN\n2 2\n.START_BOX\n3 3\n.PEN_UP\n.DT 5\n4 4\n"
    components = [(down, points.tolist()) for down, points in read_components(ink, (0, 1))]
    assert components == [(True, [[2, 2]]), (False, [[4, 4]])]


def test_fields() -> None:
    ok, unsure, bad = read(
        INK,
        '.SEGMENT CHARACTER 0 OK "4"',
        '.SEGMENT CHARACTER 2 ? "\\""',
        '.SEGMENT CHARACTER 4 BAD "\\\\"',
    )
    assert (ok.label, ok.quality, ok.writer, ok.source) == ("4", "OK", "abc/ann", "unipen-1a")
    assert (unsure.label, unsure.quality) == ('"', "?")
    assert (bad.label, bad.quality) == ("\\", "BAD")


def test_a_file_without_writer_id_is_a_writer() -> None:
    (drawing,) = read(INK.replace(".WRITER_ID ann", ""), '.SEGMENT CHARACTER 0 OK "4"')
    assert drawing.writer == "abc/file7"


@pytest.mark.parametrize("rest", ['1 OK "4"', '3 OK "4"', '5 OK "4"', '9-12 OK "4"', "0 OK"])
def test_a_segment_without_strokes_is_left_out_with_a_warning(rest: str) -> None:
    segment = f".SEGMENT CHARACTER {rest}"
    with pytest.warns(UserWarning, match=f"unipen-1a abc/abc0/file7: no strokes for '{segment}'"):
        (drawing,) = read(INK, segment, '.SEGMENT CHARACTER 0 OK "5"')
    assert drawing.label == "5"


def test_a_missing_file_is_named() -> None:
    with pytest.warns(UserWarning, match="^unipen-1a abc/x: no file b.dat$"):
        assert read_file(".INCLUDE b.dat", "abc/x", "unipen-1a", {}) == []


def test_selecting_strokes_does_not_change_the_components() -> None:
    components = read_components(INK, (0, 1))
    before = components[4][1].copy()
    select_strokes(components, "4:1-4:2")
    assert np.array_equal(components[4][1], before)


def write_tree(root: Path) -> None:
    for name, text in {
        "data/1a/abc/abc0/file7.dat": '.INCLUDE abc/a.dat\n.SEGMENT CHARACTER 0 OK "4"\n',
        "include/abc/a.doc": ".COORD Y X\n",
        "data/1b/abc/file8.dat": '.INCLUDE abc/a.dat\n.SEGMENT CHARACTER 2 OK "L"\n',
        "include/abc/a.dat": ".INCLUDE abc/a.doc\n" + INK,
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def pack(folder: Path) -> Path:
    write_tree(folder / "work")
    archive = folder / "unipen" / "train_r01_v07-characters.tar.xz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:xz") as tar:
        tar.add(folder / "work", "somewhere")
    return archive


@pytest.mark.parametrize("below", ["", "unipen", "unipen/CDROM/train_r01_v07", "an archive"])
def test_layouts(tmp_path: Path, below: str) -> None:
    if below == "an archive":
        pack(tmp_path)
    else:
        write_tree(tmp_path / below)
    (digit,), (letter,) = read_unipen(tmp_path, "1a"), read_unipen(tmp_path, "1b")
    assert (digit.label, digit.writer) == ("4", "abc/ann")
    assert digit.strokes[0].tolist() == [[100, -10], [101, -11], [102, -12]]
    assert (letter.label, letter.writer, letter.source) == ("L", "abc/ann", "unipen-1b")


def test_no_data(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no UNIPEN .*python -m train download"):
        read_unipen(tmp_path, "1a")


@pytest.mark.parametrize("keep", [0, 10, 400])
def test_a_damaged_archive(tmp_path: Path, keep: int) -> None:
    archive = pack(tmp_path)
    archive.write_bytes(archive.read_bytes()[:keep])
    with pytest.raises(SystemExit, match=r"characters\.tar\.xz is damaged"):
        read_unipen(tmp_path, "1a")


@needs("unipen")
def test_all_of_the_set_is_read() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawings = {s: read_unipen(DATA_DIR, s) for s in ("1a", "1b", "1c", "1d")}
    counts = {section: len(found) for section, found in drawings.items()}
    assert counts == {"1a": 15_953, "1b": 28_069, "1c": 61_360, "1d": 17_286}
    assert all(len(stroke) for found in drawings.values() for d in found for stroke in d.strokes)
    digits = drawings["1a"]
    assert {drawing.label for drawing in digits} == set("0123456789")
    assert len({drawing.writer for drawing in digits}) == 268
    splits = Counter(split_of(drawing.writer) for drawing in digits)
    assert splits == {"train": 12_651, "validation": 1_430, "test": 1_872}
    assert {len(drawing.label) for found in drawings.values() for drawing in found} == {1}
    # 4, 7 and 9 end below where they start, and a 6 ends in its lower half: y grows downwards.
    for label in "4679":
        ends = [d.strokes[-1][-1, 1] for d in digits if d.label == label]
        tops = [d.strokes[0][0, 1] for d in digits if d.label == label]
        assert np.mean(np.array(ends) > np.array(tops)) > 0.9
