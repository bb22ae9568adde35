"""Styles of writing digits: how many there are, how they vary, and how they are painted."""

import json
from collections import Counter

import numpy as np
import pytest

from train.data.contact_sheet import style_rows
from train.paint.styles import DIGITS, FOLDER, paint_styles, read_styles, through, write

SPLITS = ("train", "validation", "test")


def test_there_are_styles_of_every_digit_in_every_split() -> None:
    styles = {split: read_styles(split) for split in SPLITS}
    names = [style.name for split in SPLITS for style in styles[split]]
    assert len(set(names)) == len(names) >= 96
    # A third is never trained on.
    assert len(styles["test"]) + len(styles["validation"]) >= len(names) / 3
    assert len(styles["test"]) >= 28
    total = Counter(style.digit for split in SPLITS for style in styles[split])
    assert min(total.values()) >= 9
    for split, fewest in (("train", 5), ("validation", 1), ("test", 2)):
        count = Counter(style.digit for style in styles[split])
        assert sorted(count) == list(range(10)) and min(count.values()) >= fewest
    for style in [style for split in SPLITS for style in styles[split]]:
        assert style.about and style.strokes
        assert all(stroke.ndim == 2 and len(stroke) >= 2 for stroke in style.strokes)


def test_every_style_in_the_files_is_in_a_split_and_named_after_its_digit() -> None:
    files = sorted(FOLDER.glob("*.json"))
    assert [file.stem for file in files] == sorted(DIGITS)
    stored = [style for file in files for style in json.loads(file.read_text(encoding="utf-8"))]
    # A style with a misspelt split would be in none.
    assert len(stored) == sum(len(read_styles(split)) for split in SPLITS)
    for split in SPLITS:
        for style in read_styles(split):
            assert style.name.startswith(f"{DIGITS[style.digit]}-")


@pytest.mark.parametrize("split", SPLITS)
def test_every_style_is_written_in_its_box(split: str) -> None:
    for style in read_styles(split):
        rng = np.random.default_rng(0)
        for _ in range(5):
            strokes = write(style, rng)
            assert len(strokes) == len(style.strokes)
            points = np.concatenate(strokes)
            assert points.dtype == np.float32 and np.isfinite(points).all()
            assert np.ptp(points[:, 1]) > 0.7 and np.abs(points).max() < 2


def test_a_curve_goes_through_its_points_and_keeps_its_corners() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    for corner in (False, True):
        curve = through(points, np.array([False, corner, False]))
        for point in points:
            assert np.abs(curve - point).sum(axis=1).min() < 1e-9
        # Only a corner keeps to the straight lines.
        off = np.minimum(np.abs(curve[:, 1]), np.abs(curve[:, 0] - 1)).max()
        assert (off < 1e-9) == corner


def test_paintings_have_ink_and_their_style_s_label() -> None:
    images, labels = paint_styles("validation", 3, seed=1)
    styles = read_styles("validation")
    assert images.shape == (3 * len(styles), 28, 28) and images.dtype == np.uint8
    assert (images.reshape(len(images), -1).max(axis=1) == 255).all()
    assert labels.tolist() == [style.digit for style in styles for _ in range(3)]
    assert np.array_equal(images, paint_styles("validation", 3, seed=1)[0])
    assert len({image.tobytes() for image in images}) > len(styles)


def test_the_contact_sheet_shows_all() -> None:
    rows = style_rows(times=1)
    assert len(rows) == sum(len(read_styles(split)) for split in SPLITS)
    assert all(row.shape == (280, 280) and row.dtype == np.uint8 for row in rows.values())
