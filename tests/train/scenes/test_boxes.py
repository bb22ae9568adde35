"""The boxes of characters in painted scenes, and in views of them."""

import numpy as np
import pytest

from mnist_demo.read.detect import CHARACTERS
from train.scenes.camera import Camera, boxes_of
from train.scenes.hands import Hands
from train.scenes.kinds import Plan
from train.scenes.picture import Picture
from train.scenes.scenes import paint_scene
from train.scenes.sheets import LAYOUTS, SIDE, Pen, paint_sheet
from train.scenes.views import MAX_BOXES, SQUARE, WIDE, labels, stacked, view_of

HANDS = Hands("train")


def outside(picture: np.ndarray, boxes: np.ndarray, margin: int = 2) -> np.ndarray:
    """The dark pixels of a picture that are in no box."""
    dark = picture.mean(axis=2) < 128
    for _, left, top, right, bottom, _ in boxes:
        rows = slice(max(0, int(top) - margin), int(bottom) + margin + 1)
        dark[rows, max(0, int(left) - margin) : int(right) + margin + 1] = False
    return dark


@pytest.mark.parametrize("tilt", [0.0, 12.0])
def test_all_ink_of_a_number_is_in_the_boxes_of_its_digits(tilt: float) -> None:
    plan = Plan(content="number", hand="style", size=0.4, camera=Camera(tilt=tilt))
    for seed in range(5):
        scene = paint_scene(plan, HANDS, np.random.default_rng(seed), scale=2)
        if tilt == 0:
            assert "".join(CHARACTERS[int(box[0])] for box in scene.boxes) == scene.text
        assert not outside(scene.picture, scene.boxes).any()
        sides = scene.boxes[:, 3:5] - scene.boxes[:, 1:3]
        assert (sides > 3).all() and (sides.max(axis=1) < 90).all()


def test_what_is_cut_off_is_seen_in_part() -> None:
    picture = Picture.blank((50, 100), (1, 1, 1))
    part = picture.part(20, 10, 60, 40)
    whole = np.ones((20, 10), np.float32)
    part.record("3", whole, (0, 0))
    part.record("4", whole, (55, 0))  # half of it is beyond the edge
    part.record("5", whole, (70, 0))
    three, four = picture.characters
    assert (three.sign, three.share) == ("3", 1.0) and three.points.min(axis=0).tolist() == [
        20.5,
        10.5,
    ]
    assert four.share == pytest.approx(0.5, abs=0.1) and four.points[:, 0].max() < 80


def test_the_letters_of_a_word_have_boxes_and_its_digits_are_known() -> None:
    picture = Picture.blank((20, 60), (1, 1, 1))
    word = np.zeros((10, 30), np.float32)
    word[:, [1, 2, 8, 9, 15, 16]] = 1
    picture.record_letters(word, (5, 5), "a 7:")
    assert [character.sign for character in picture.characters] == ["x", "7", ":"]
    assert [c.points[:, 0].min() for c in picture.characters] == [6.5, 13.5, 20.5]
    picture.record_letters(word, (5, 5), "abcd")  # two of its letters touch
    assert {character.sign for character in picture.characters[3:]} == {"x"}


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: str(layout.__name__))
def test_every_layout_is_written(layout: object) -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        sheet = Picture.blank((SIDE, SIDE), (1, 1, 1))
        hand = HANDS.pick("any", rng)
        layout(Pen(sheet, hand, HANDS, (0, 0, 0), rng), 30.0, rng)  # type: ignore[operator]
        assert bool(sheet.characters) == (layout.__name__ != "nothing")  # type: ignore[attr-defined]


def test_sheets_are_painted_alike_from_a_seed() -> None:
    first, again = (paint_sheet(HANDS, np.random.default_rng(1)) for _ in range(2))
    assert first.picture.shape == (SIDE, SIDE, 3) and np.array_equal(first.picture, again.picture)
    assert np.array_equal(first.boxes, again.boxes)
    seen = set()
    for seed in range(40):
        boxes = paint_sheet(HANDS, np.random.default_rng(seed)).boxes
        seen |= set(boxes[:, 0].astype(int))
        assert (boxes[:, 1:3] > -1).all() and (boxes[:, 3:5] < SIDE + 1).all()
        assert (boxes[:, 5] > 0).all() and (boxes[:, 5] <= 1).all()
    assert seen >= set(range(10)) | {len(CHARACTERS) - 1}


def test_a_view_has_the_boxes_where_the_characters_are() -> None:
    picture = np.full((200, 300, 3), 255, np.uint8)
    picture[50:110, 80:120] = 0
    boxes = np.array([[7, 80, 50, 120, 110, 1]], np.float32)
    rng = np.random.default_rng(0)
    for shape in (SQUARE, WIDE):
        for _ in range(50):
            view, found = view_of((picture, boxes), shape, rng)
            assert view.shape == (*shape, 3) and found.shape == (MAX_BOXES, 6)
            rows, columns = np.nonzero(view[..., 0] < 128)
            if found[0, 5] > 0:
                ends = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
                np.testing.assert_allclose(found[0, 1:5], ends, atol=1.5)


def test_what_is_too_small_or_cut_off_may_be_overlooked() -> None:
    boxes = np.array(
        [[1, 10, 10, 14, 17, 1], [11, 30, 10, 33, 13, 1], [2, -20, 40, 20, 80, 1],
         [3, 60, 40, 90, 80, 0.5], [4, 60, 90, 90, 120, 1], [5, -50, 0, -2, 20, 1]],
        np.float32,
    )  # fmt: skip
    found = labels(boxes, (0, 0, 128, 128), SQUARE)
    assert found[:6, [0, 5]].tolist() == [[1, -1], [11, 1], [2, -1], [3, -1], [4, 1], [0, 0]]


def test_views_below_each_other_keep_their_boxes() -> None:
    view = np.zeros((32, 256, 3), np.uint8)
    boxes = np.zeros((MAX_BOXES, 6), np.float32)
    boxes[0] = 3, 10, 5, 20, 25, 1
    picture, found = stacked([(view, boxes), (view, boxes)])
    assert picture.shape == (64, 256, 3)
    assert found[:3].tolist() == [[3, 10, 5, 20, 25, 1], [3, 10, 37, 20, 57, 1], [0] * 6]


def test_what_is_painted_over_is_gone() -> None:
    picture = Picture.blank((50, 100), (1, 1, 1))
    for x in (5, 60):
        picture.record("3", np.ones((20, 10), np.float32), (x, 10))
    picture.part(40, 0, 60, 50).fill(10, 0, 30, 50, (0, 0, 0))
    (left,) = picture.characters
    assert left.points[:, 0].max() < 40


def test_ink_that_is_as_light_as_its_paper_may_be_overlooked() -> None:
    picture = Picture.blank((50, 100), (1, 1, 1))
    cover = np.zeros((20, 14), np.float32)
    cover[:, 6:9] = 1
    for x, grey in ((5, 0.99), (60, 0.5)):
        picture.ink(cover, (grey, grey, grey), (x, 10))
        picture.record("1", cover, (x, 10))
    boxes = boxes_of(picture, Camera(), np.round(255 * picture.rgb).astype(np.uint8))
    assert boxes[:, 5].tolist() == [0.5, 1.0]
    assert boxes[1, 1:5].tolist() == [66, 10, 69, 30]


def test_brackets_around_a_digit_are_other_characters() -> None:
    for seed in range(6):
        plan = Plan(hand="style", size=0.4, marks=("written brackets",))
        scene = paint_scene(plan, HANDS, np.random.default_rng(seed), scale=2)
        (digit,) = (box for box in scene.boxes if box[0] < 10)
        others = [box for box in scene.boxes if box is not digit and box[0] >= 10]
        assert {CHARACTERS[int(box[0])] for box in others} <= {"x"}
        assert all(box[3] <= digit[1] or box[1] >= digit[3] for box in others)
        assert not outside(scene.picture, scene.boxes, 4).any()


def test_segments_that_are_off_are_ink_of_no_character() -> None:
    hand = HANDS.pick("display", np.random.default_rng(0))
    sheets = []
    for unlit in (None, (0.7, 0.7, 0.7)):
        sheet = Picture.blank((60, 60), (1, 1, 1))
        Pen(sheet, hand, HANDS, (0, 0, 0), np.random.default_rng(0), unlit).write(
            "1", 10, 10, 40, 0.1
        )
        sheets.append(sheet)
    plain, with_segments = sheets
    (one,), (same,) = plain.characters, with_segments.characters
    assert np.array_equal(one.points, same.points)
    changed = (plain.rgb != with_segments.rgb).any(axis=2)
    assert changed.sum() > 20 and (with_segments.rgb[changed] >= 0.69).all()
