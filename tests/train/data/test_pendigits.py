"""pendigits-orig: a small file, then the set itself if it is there."""

import gzip
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.data import DATA_DIR, needs
from train.data.drawing import split_of
from train.data.pendigits import parse, read_pendigits

TEXT = b""".INCLUDE        dene.doc

.LEXICON "0" "1" "2" "3" "4" "5" "6" "7" "8" "9"
.HIERARCHY      DIGIT

.SEGMENT DIGIT    0 ? "8"
.COMMENT 8 12  224
.PEN_DOWN
 267  333
 266  342
.PEN_UP
.DT 100

.SEGMENT DIGIT    1-2 ? "4"
.COMMENT 4 7  1
.PEN_DOWN
 10  90
.PEN_UP
.DT 100
.PEN_DOWN
 20  80
 21  70
.PEN_UP
.DT 100
"""
pack = partial(gzip.compress, mtime=0)


def test_parse() -> None:
    eight, four = parse(TEXT)
    assert (eight.label, eight.source, eight.quality) == ("8", "pendigits", "?")
    assert eight.strokes[0].tolist() == [[267, -333], [266, -342]]
    assert eight.strokes[0].dtype == np.float32
    assert [stroke.tolist() for stroke in four.strokes] == [[[10, -90]], [[20, -80], [21, -70]]]
    # Writers are numbered from 0, in the order of their numbers in the file.
    assert (four.writer, eight.writer) == ("pendigits/0", "pendigits/1")


@pytest.mark.parametrize("name", ["pendigits/pendigits-orig.tra.gz", "pendigits-orig.tra"])
def test_the_file_may_be_gzipped(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(gzip.compress(TEXT) if name.endswith(".gz") else TEXT)
    assert [drawing.label for drawing in read_pendigits(tmp_path)] == ["8", "4"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pack(TEXT)[:60], "end-of-stream"),
        (TEXT, "Not a gzipped file"),
        (pack(TEXT.replace(b".COMMENT 8", b".REMARK 8")), "lacks its label or writer"),
        (pack(TEXT.replace(b" 266", b"")), "reshape"),
    ],
)
def test_a_damaged_file(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "pendigits-orig.tra.gz").write_bytes(content)
    with pytest.raises(SystemExit, match=rf"tra\.gz cannot be read \(.*{reason}.*\): get it again"):
        read_pendigits(tmp_path)


def test_no_data(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no pendigits-orig\.tra in .*python -m train download"):
        read_pendigits(tmp_path)


@needs("pendigits")
def test_all_of_the_set_is_read() -> None:
    drawings = read_pendigits(DATA_DIR)
    assert len(drawings) == 7_494 and all(drawing.strokes for drawing in drawings)
    assert {drawing.writer for drawing in drawings} == {f"pendigits/{i}" for i in range(30)}
    splits = Counter(split_of(drawing.writer) for drawing in drawings)
    assert splits == {"train": 5_497, "validation": 747, "test": 1_250}
    points = np.concatenate([stroke for drawing in drawings for stroke in drawing.strokes])
    assert points[:, 0].min() >= 0 and points[:, 0].max() <= 500
    assert points[:, 1].min() >= -500 and points[:, 1].max() <= 0
