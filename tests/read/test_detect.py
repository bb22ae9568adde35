"""How a picture is looked at with a detector. A stand-in finds grey rectangles, not characters."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_demo.read.detect import (
    CHARACTERS,
    MAX_SIDE,
    OUTPUTS,
    STRIDE,
    Detection,
    are_same,
    cut,
    find_lines,
    in_lines,
    overlap,
    peaks,
    without_doubles,
)

views: list[tuple[int, int]] = []


def stand_in(view: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Finds rectangles whose grey is 8 times the index of a character, from 8 pixels' height on."""
    views.append((view.shape[0], view.shape[1]))
    output = np.full((view.shape[0] // STRIDE, view.shape[1] // STRIDE, OUTPUTS), -9, np.float32)
    dark = (view[..., 0] < 230).astype(np.uint8)
    _, _, parts, middles = cv2.connectedComponentsWithStats(dark)
    for (left, top, wide, high, _), (x, y) in list(zip(parts, middles, strict=True))[1:]:
        if high < 8:
            continue
        row, column = int(y / STRIDE), int(x / STRIDE)
        grey = int(np.median(view[top : top + high, left : left + wide, 0]))
        at = STRIDE * column + 2, STRIDE * row + 2
        reach = at[0] - left, at[1] - top, left + wide - at[0], top + high - at[1]
        output[row, column, 0] = 3.0
        output[row, column, 1 + round(grey / 8)] = 5.0
        output[row, column, -4:] = np.log(np.maximum(reach, 1) / STRIDE)
    return output


def picture_of(*rows: str, high: int = 40, size: tuple[int, int] = (300, 400)) -> NDArray[np.uint8]:
    picture = np.full((*size, 3), 255, np.uint8)
    for i, row in enumerate(rows):
        for j, sign in enumerate(row):
            if sign != " ":
                y, x = 10 + i * 3 * high // 2, 20 + j * 3 * high // 2
                picture[y : y + high, x : x + high // 2 + 2] = 8 * CHARACTERS.index(sign)
    return picture


def texts(lines: list[list[Detection]]) -> list[str]:
    return ["".join(d.sign for d in line) for line in lines]


@pytest.mark.parametrize(
    ("rows", "high", "size"),
    [
        (("3",), 40, (300, 400)),
        (("3", "1+4=5"), 40, (300, 400)),
        (("12", "  5", "$7x"), 25, (400, 300)),
        (("40%",), 20, (1200, 1600)),  # a sixtieth of the longer side
        (("98", "76"), 30, (900, 1600)),
        (("2",), 20, (40, 60)),
        ((), 20, (100, 100)),
    ],
)
def test_characters_are_found_in_lines(
    rows: tuple[str, ...], high: int, size: tuple[int, int]
) -> None:
    views.clear()
    lines = find_lines(stand_in, picture_of(*rows, high=high, size=size))
    assert texts(lines) == [row.replace(" ", "") for row in rows]
    assert len(views) <= 12
    assert all(side % 32 == 0 and side <= MAX_SIDE for view in views for side in view)
    for line in lines:
        for d in line:
            assert d.height == pytest.approx(high, abs=max(3.0, 0.1 * high))
            assert 0.4 < d.score <= 1 and d.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_a_long_picture_is_seen_at_a_readable_size() -> None:
    views.clear()
    assert texts(find_lines(stand_in, picture_of("31415926", size=(60, 900)))) == ["31415926"]
    assert min(views[0]) >= 32


def test_a_detection_is_where_the_output_is_highest() -> None:
    output = np.full((8, 8, OUTPUTS), -9, np.float32)
    output[2, 3, 0], output[2, 4, 0], output[6, 6, 0] = 2, 1, -1
    output[..., 1 + 7] = 4
    output[..., -4:] = np.log(2)
    best, other = peaks(output)
    assert best.sign == "7" and best.box == pytest.approx((6, 2, 22, 18))
    assert best.score == pytest.approx(1 / (1 + np.exp(-2))) and other.score < best.score
    assert best.digit_score == pytest.approx(best.score * best.probabilities[:10].sum())
    assert peaks(np.full((8, 8, OUTPUTS), -9, np.float32)) == []


def detection(box: tuple[float, float, float, float], score: float = 0.9, sign: str = "3"):  # type: ignore[no-untyped-def]
    shares = np.zeros(len(CHARACTERS), np.float32)
    shares[CHARACTERS.index(sign)] = 1
    return Detection(box, score, shares)


def test_of_doubles_the_more_probable_stays() -> None:
    large, part = detection((0, 0, 20, 30)), detection((2, 16, 18, 30), 0.5)
    moved, beside = detection((1, 1, 22, 31), 0.95), detection((22, 0, 42, 30), 0.3)
    assert without_doubles([large, part, moved, beside]) == [moved, beside]
    dot = detection((8, 22, 12, 28), 0.5, ".")
    assert without_doubles([large, dot]) == [large, dot]


def test_overlap_and_likeness_of_boxes() -> None:
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 2, 2), (3, 0, 5, 2)) == 0
    assert are_same((0, 0, 10, 10), (1, 1, 9, 9)) and not are_same((0, 0, 10, 10), (8, 0, 18, 10))


def test_signs_belong_to_the_line_of_their_digits() -> None:
    digits = [detection((x, 10, x + 20, 50)) for x in (0, 60)]
    dot = detection((40, 46, 46, 52), sign=".")
    below = [detection((x, 60, x + 20, 100), sign="4") for x in (70, 5)]
    lines = in_lines([*below, dot, *digits])
    assert texts(lines) == ["3.3", "44"]


def test_beyond_its_edges_a_picture_goes_on() -> None:
    picture = np.zeros((10, 10, 3), np.uint8)
    picture[:, 9] = 200
    view = cut(picture, (0, 0, 20, 20), (20, 20))
    assert (view[:, 9:] == 200).all() and (view[:, :9] == 0).all()
