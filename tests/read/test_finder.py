"""The finder: what it tells apart, and the ink that goes on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_demo import Classifier, preprocess
from mnist_demo.read.best_digit import best_digit, find_digit, input_of, mean_of_looks, search
from mnist_demo.read.digit_ink import (
    Finding,
    find_digits,
    inked,
    is_clean,
    is_drawing,
    pieces,
)
from mnist_demo.read.finder import (
    AREA,
    CLASSES,
    DIGIT,
    OTHER,
    PAPER,
    STEP,
    View,
    classes_of,
    finder_size,
    slivers,
    whole_digits,
)
from mnist_demo.read.lines import Line, Number, compared, is_enclosed
from mnist_demo.read.measure_ink import measure_ink
from mnist_demo.read.places import digit_boxes
from mnist_demo.read.preprocess import crop_ink, find_ink
from mnist_demo.read.signs import text_of, without_signs
from mnist_demo.read.split_lines import split_lines
from mnist_demo.weights import REPOSITORY
from mnist_demo.weights.graph import SIGNATURES, check_model
from train.paint.own_drawings import load, strokes_of
from train.paint.strokes import draw
from train.scenes.hands import Hands
from train.scenes.kinds import KINDS, plan_of
from train.scenes.scenes import paint_scene

SIDE = 128


def canvas_of(name: str, side: int = SIDE) -> NDArray[np.uint8]:
    """A drawing of our own in dark ink on white: uint8 (side, side)."""
    strokes = [stroke * (side / 400) for stroke in strokes_of(load(name))]
    return draw(strokes, 0.03 * side, side)


def view_of(digit: NDArray[np.bool_], other: NDArray[np.bool_] | None = None) -> View:
    """What a perfect finder would see: digits and other ink where they are."""
    classes = np.where(digit, DIGIT, PAPER)
    if other is not None:
        classes = np.where(other & ~digit, OTHER, classes)
    height, width = classes.shape
    shares = np.eye(len(CLASSES), dtype=np.float32)[classes]
    return View((0, 0, width, height), shares, classes_of(shares))


def ink_in(picture: NDArray[np.uint8], view: View) -> NDArray[np.bool_]:
    return inked(crop_ink(picture), picture.shape, view)


def test_the_graph_check_knows_how_many_classes_there_are() -> None:
    assert SIGNATURES["find"][1]["shares"][-1] == len(CLASSES)
    check_model(REPOSITORY / "model")


@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (3000, 4000), (60, 600), (5, 2000), (900, 9)])
def test_every_picture_is_seen_at_about_one_size(shape: tuple[int, int]) -> None:
    rows, columns = finder_size(*shape)
    assert rows % STEP == columns % STEP == 0
    most = 64 * 64 * 8  # of a long line of writing
    assert 0.7 * AREA <= rows * columns <= 1.35 * (most if max(shape) > 4 * min(shape) else AREA)
    if 0.1 < shape[0] / shape[1] < 10:
        assert rows / columns == pytest.approx(shape[0] / shape[1], rel=0.3)


def test_ink_alone_on_even_paper_goes_on_as_it_is() -> None:
    canvas = canvas_of("four-open")
    view = view_of(canvas < 128)
    assert is_clean(view, ink_in(canvas, view))
    framed = canvas.copy()
    framed[2:5] = 0
    seen = view_of(canvas < 128, framed < canvas)
    assert not is_clean(seen, ink_in(framed, seen))
    shaded = (canvas * np.linspace(0.5, 1, SIDE)).astype(np.uint8)
    assert not is_clean(view, ink_in(shaded, view)), "what the light does is no ink"


def test_a_letter_is_a_drawing_and_a_grid_is_none() -> None:
    canvas = canvas_of("eight")
    nothing = np.zeros((SIDE, SIDE), np.bool_)
    letter = view_of(nothing, canvas < 128)
    assert is_drawing(letter, ink_in(canvas, letter)) and not digit_boxes(letter)
    grid = np.full((SIDE, SIDE), 255, np.uint8)
    grid[::16] = grid[:, ::16] = 0
    paper = view_of(nothing, grid < 128)
    assert not is_drawing(paper, ink_in(grid, paper))


def test_only_the_digit_s_ink_is_measured_on_paper_of_any_colour() -> None:
    canvas = canvas_of("five")
    digit = canvas < 128
    line = np.zeros_like(digit)
    line[100:104] = True
    light = np.linspace(0.5, 1, SIDE)[:, np.newaxis]
    for paper, ink in (((240, 235, 220), (30, 40, 160)), ((20, 60, 40), (230, 230, 220))):
        picture = np.where((digit | line)[..., np.newaxis], ink, paper) * light[..., np.newaxis]
        measured = measure_ink(view_of(digit, line), picture.astype(np.uint8))
        assert measured is not None
        assert measured[digit].mean() > 0.9
        away = ~digit & ~line
        assert measured[away].mean() < 0.03 and measured[line & ~digit].mean() < 0.1
    faint = np.where(digit[..., np.newaxis], 245, 250).repeat(3, axis=2).astype(np.uint8)
    assert measure_ink(view_of(digit), faint) is None


def test_the_uncertain_end_of_a_stroke_belongs_to_its_digit() -> None:
    digit = np.zeros((SIDE, SIDE), np.bool_)
    digit[20:100, 60:64] = True
    end = np.zeros_like(digit)
    end[100:108, 60:64] = True
    assert (view_of(digit, end).classes[digit | end] == DIGIT).all()
    end[100:104, 20:108] = True  # a line below it that touches it
    assert (view_of(digit, end).classes[end] == OTHER).all()


def test_the_largest_digit_comes_first_with_its_parts() -> None:
    digit = np.zeros((SIDE, SIDE), np.bool_)
    digit[40:90, 50:56] = digit[40:46, 58:80] = True  # two parts of one
    digit[5:20, 5:9] = True  # another, smaller and far away
    assert digit_boxes(view_of(digit)) == [(50, 40, 80, 90), (5, 5, 9, 20)]
    assert digit_boxes(view_of(digit), 1) == [(50, 40, 80, 90)]


def test_flat_pieces_of_digits_that_continue_other_ink_are_slivers() -> None:
    classes = np.full((60, 60), PAPER, np.uint8)
    classes[10:40, 20:24] = DIGIT
    classes[45:47, 5:50] = OTHER  # an underline
    classes[45:47, 30:36] = DIGIT  # a part of it that the finder takes for a digit's
    classes[10:12, 30:40] = DIGIT  # a stroke of a digit, as the roof of a 5
    found = slivers(classes)
    assert found.sum() == 12 and found[45:47, 30:36].all()
    assert not slivers(np.full((60, 60), PAPER, np.uint8)).any()


def test_a_part_of_a_circle_that_is_taken_for_a_digit_s_may_be_left_out() -> None:
    """As 2.3.0's finder took a third of many circles for digits'."""
    picture = canvas_of("six")
    six = picture < 128
    ring = cv2.circle(np.zeros((SIDE, SIDE), np.uint8), (SIDE // 2, SIDE // 2), 60, (1,), 2) > 0
    picture[ring] = 0
    seen_as_digit = six | (ring & (np.arange(SIDE)[:, np.newaxis] < 20))

    def find(part: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert part.shape[:2] == (SIDE, SIDE)
        return view_of(seen_as_digit, ring).shares

    first, second = itertools.islice(find_digits(find, picture, crop_ink(picture)), 2)
    assert first.ink is not None and second.ink is not None and second.box is not None
    assert first.ink.shape[0] > second.ink.shape[0], "the first has a part of the circle"
    rows, columns = np.nonzero(six)
    expected = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert np.abs(np.subtract(second.box, expected)).max() <= 2


def test_a_stroke_that_the_finder_is_less_sure_of_may_be_left_out(classifier: Classifier) -> None:
    picture = canvas_of("six")
    six = picture < 128
    bar = np.zeros((SIDE, SIDE), np.bool_)
    bar[24:29, 10:120] = bar[100:105, 10:120] = True
    picture[bar] = 0
    shares = view_of(six | bar).shares
    shares[bar & ~six] = 0.6 * np.eye(len(CLASSES))[DIGIT] + 0.4 * np.eye(len(CLASSES))[OTHER]

    def find(part: NDArray[np.uint8]) -> NDArray[np.float32]:
        return shares if part.shape[:2] == (SIDE, SIDE) else classifier.find(part)

    all_of_it, six_alone = find_digits(find, picture, crop_ink(picture))
    assert all_of_it.box is None and not all_of_it.partial and six_alone.partial
    read = classifier.classify_inputs
    assert not read([input_of(read, all_of_it)])[0].is_digit
    found, model_input = best_digit(read, [all_of_it, six_alone])
    assert found is six_alone and read([model_input])[0].digit == 6
    prediction = search(find, read, picture, crop_ink(picture))[1]
    assert prediction.digit == 6 and prediction.confidence < 0.95, "nobody can be sure of it"


def test_small_writing_is_looked_at_from_near() -> None:
    """From afar, 2.4.0's finder took small digits in photos for other ink."""
    paper = np.linspace(120, 230, 4 * SIDE).astype(np.uint8)  # in failing light
    picture = np.tile(paper, (4 * SIDE, 1))
    picture[300:364, 200:264] = np.minimum(picture[300:364, 200:264], canvas_of("six", 64))
    areas = []

    def find(part: NDArray[np.uint8]) -> NDArray[np.float32]:
        areas.append(part.shape[0] * part.shape[1])
        ink = part[:, :, 0] < 100
        shares = view_of(ink).shares
        if ink.mean() < 0.02:  # from afar
            shares[ink] = 0.3 * np.eye(len(CLASSES))[DIGIT] + 0.7 * np.eye(len(CLASSES))[OTHER]
        return shares

    found = next(iter(find_digits(find, picture, crop_ink(picture))))
    assert len(areas) == 3 and found.ink is not None and found.box is not None
    assert np.abs(np.subtract(found.box, (218, 310, 246, 354))).max() <= 10


def rows_of(ink: NDArray[np.float32]) -> list[tuple[int, int]]:
    """The first row and the row after the last of each line."""
    return [(y, y + len(line)) for (_, y), line in split_lines(ink)]


def test_lines_of_writing_are_told_from_parts_of_digits() -> None:
    ink = np.zeros((200, 100), np.float32)
    ink[0:80, 10:20] = ink[110:200, 10:20] = 1
    assert rows_of(ink) == [(0, 80), (110, 200)]
    ink[80:105, 10:20] = 1  # only 5 rows are left: a broken stroke
    assert rows_of(ink) == [(0, 200)]
    wide = np.zeros((100, 200), np.float32)
    wide[0:48], wide[50:100] = 1, 1  # hardly any white, but wider than a digit
    assert rows_of(wide) == [(0, 48), (50, 100)]
    ink[:] = 0
    ink[0:20] = ink[40:200] = 1  # a roof above the rest of a 5
    assert rows_of(ink) == [(0, 200)]


def test_lines_may_reach_into_each_other() -> None:
    ink = np.zeros((100, 60), np.float32)
    ink[0:55, 0:10] = ink[0:45, 20:30] = 1  # as where a 7 hangs down
    ink[60:100, 0:10] = ink[50:95, 20:30] = 1
    assert rows_of(ink) == [(0, 55), (50, 100)]
    assert [line.sum() for _, line in split_lines(ink)] == [1000, 850]
    climbing = np.zeros((100, 90), np.float32)
    for i in range(4):
        climbing[20 * i : 20 * i + 40, 20 * i : 20 * i + 10] = 1
    assert rows_of(climbing) == [(0, 100)]


def test_specks_are_no_part_of_a_line() -> None:
    """A camera's noise left hundreds of them, too many pieces for a number."""
    ink = np.zeros((100, 400), np.float32)
    ink[2::5, 2::5] = 1  # 1,600 specks
    ink[10:90, 100:110] = ink[10:90, 200:210] = 1
    assert [(corner, line.shape) for corner, line in split_lines(ink)] == [((100, 10), (80, 110))]
    assert sum(line.sum() for _, line in split_lines(ink)) == 1600


def test_connected_parts_that_are_signs_are_left_out() -> None:
    ink = np.zeros((60, 100), np.float32)
    ink[10:50, 5:25] = ink[20:40, 40:55] = ink[10:55, 70:90] = 1
    classes = np.where(ink[::2, ::2] > 0, DIGIT, PAPER).astype(np.uint8)
    classes[:, 20:28] = np.where(classes[:, 20:28] == DIGIT, CLASSES.index("+"), PAPER)
    classes[:7, :20] = CLASSES.index("%")  # less than half of the first part
    corner, left = without_signs(ink, classes)
    assert corner == (5, 10) and left.shape == (45, 85)
    assert not left[:, 30:60].any() and left.sum() == 40 * 20 + 45 * 20
    signs_only = np.full_like(classes, CLASSES.index("-"))
    assert without_signs(ink, signs_only)[1] is ink, "something must be read"


def test_a_stroke_of_which_a_part_is_taken_for_a_line_is_whole_in_a_number() -> None:
    classes = np.full((40, 100), PAPER, np.uint8)
    classes[5:15, 10:14], classes[15:35, 10:14] = DIGIT, OTHER  # a third of a 1
    classes[5:35, 30:34] = CLASSES.index("/")
    classes[5:35, 50:60], classes[33:36, 40:95] = DIGIT, OTHER  # stands on a line
    whole = whole_digits(classes)
    assert (whole[5:35, 10:14] == DIGIT).all()
    assert np.array_equal(whole[:, 20:], classes[:, 20:])


def test_a_digit_that_touches_its_box_does_not_take_the_box_with_it() -> None:
    classes = np.full((60, 60), PAPER, np.uint8)
    classes[5:55, 10:50] = OTHER
    classes[7:53, 12:48] = PAPER
    classes[15:50, 28:34] = classes[46:54, 28:34] = DIGIT  # ends on the box
    assert np.array_equal(whole_digits(classes), classes)
    zero = np.full((60, 60), PAPER, np.uint8)
    cv2.ellipse(zero, (30, 30), (16, 22), 0, 0, 360, OTHER, 4)
    zero[30:60][zero[30:60] == OTHER] = DIGIT  # half of a 0
    assert not (whole_digits(zero) == OTHER).any()


def test_a_sign_as_large_as_a_digit_must_be_much_likelier_than_one() -> None:
    shares = np.zeros((4, 6, len(CLASSES)), np.float32)
    shares[:, :, PAPER] = 1
    for column, (sign, share) in enumerate([("/", 0.6), ("/", 0.8), (".", 0.6)]):
        shares[:, 2 * column] = 0
        shares[:, 2 * column, CLASSES.index(sign)] = share
        shares[:, 2 * column, DIGIT] = 1 - share
    found = classes_of(shares)[0, ::2].tolist()
    assert found == [DIGIT, CLASSES.index("/"), CLASSES.index(".")]


def test_a_sign_in_the_place_of_a_digit_is_a_stroke_of_it(classifier: Classifier) -> None:
    digits = classifier.classify_many([canvas_of("three"), canvas_of("one")])
    boxes = [(0, 0, 40, 60), (60, 0, 80, 60)]
    signs = [("/", (62, 4, 80, 58)), (".", (30, 52, 36, 58)), ("-", (44, 28, 56, 33))]
    assert text_of(digits, boxes, signs[:1]) == "31"
    assert sorted(text_of(digits, boxes, signs)) == sorted("3.-1")


def test_digits_that_another_reading_lacks_are_doubted(classifier: Classifier) -> None:
    three, eight = classifier.classify_many([canvas_of("three"), canvas_of("eight")])
    here, there = (0, 0, 40, 60), (50, 0, 90, 60)
    number = Number([Line([three, eight], [here, there], "38")])
    same = compared(number, Number([Line([three, eight], [(2, 1, 41, 58), there], "38")]))
    assert [d.confidence for d in same.digits] == [three.confidence, eight.confidence]
    other = compared(number, Number([Line([eight, eight], [here, there], "88")]))
    assert [d.digit for d in other.digits] == [3, 8]
    assert other.digits[0].confidence < 0.6 and other.digits[1].confidence == eight.confidence
    moved = compared(number, Number([Line([three], [(30, 0, 70, 60)], "3")]))
    assert max(d.confidence for d in moved.digits) < 0.6


def test_digits_in_boxes_are_inside_of_other_ink() -> None:
    ink = np.zeros((100, 100), np.float32)
    ink[20:80, 48:53] = 1
    assert not is_enclosed(ink)
    ink[10:90, 10:14] = ink[10:90, 86:90] = 1
    ink[10:14, 10:90] = 1
    assert not is_enclosed(ink), "open below"
    ink[86:90, 10:90] = 1
    assert is_enclosed(ink)
    ink[20:80, 48:53] = 0
    assert not is_enclosed(ink), "an empty box, or a 0"
    ink[50:53, 50:53] = 1
    assert not is_enclosed(ink), "a speck"


def test_pieces_of_a_drawing_that_are_mostly_a_digit_s() -> None:
    ink = np.zeros((SIDE, SIDE), np.float32)
    ink[30:100, 20:24] = ink[30:100, 60:64] = ink[30:100, 100:104] = ink[5:9, 60:64] = 1
    digit = np.zeros((SIDE, SIDE), np.bool_)
    digit[:, 55:70] = True
    digit[30:60, 20:24] = True  # less than half of the first piece
    found = list(pieces(view_of(digit & (ink > 0)), ink, (0, 0)))
    assert [finding.box for finding in found] == [(60, 30, 64, 100)], "the speck is too small"
    assert found[0].ink is not None and found[0].ink.shape == (70, 4) and found[0].ink.all()


def test_a_drawing_that_is_a_digit_stays_whole(classifier: Classifier) -> None:
    canvas = canvas_of("two", 256)
    top = canvas.copy()
    top[150:] = 255  # as if the finder took the foot of the 2 for an underline
    whole, part = (find_ink(picture) for picture in (canvas, top))
    found = Finding(view_of(top < 128), None, part, whole=whole, connected=True)
    read = classifier.classify_inputs
    np.testing.assert_array_equal(input_of(read, found), preprocess(canvas))
    pair = np.hstack([canvas, canvas_of("three", 256)])
    found = Finding(view_of(canvas < 128), None, whole, whole=find_ink(pair), connected=True)
    np.testing.assert_array_equal(input_of(read, found), preprocess(canvas))


def test_a_clear_part_of_a_drawing_in_pieces_wins(classifier: Classifier) -> None:
    whole, part = find_ink(canvas_of("two", 256)), find_ink(canvas_of("one", 256))
    seen = view_of(np.zeros((SIDE, SIDE), np.bool_))
    read = classifier.classify_inputs
    in_pieces = input_of(read, Finding(seen, None, part, whole=whole))
    np.testing.assert_array_equal(in_pieces, preprocess(canvas_of("one", 256)))
    connected = input_of(read, Finding(seen, None, part, whole=whole, connected=True))
    np.testing.assert_array_equal(connected, preprocess(canvas_of("two", 256)))
    without = input_of(read, Finding(seen, None, None, "too faint", whole=whole))
    np.testing.assert_array_equal(without, preprocess(canvas_of("two", 256)))


def test_the_first_clear_digit_is_taken(classifier: Classifier) -> None:
    seen = view_of(np.zeros((SIDE, SIDE), np.bool_))
    doubtful = np.ones((60, 60), np.float32)
    three = find_ink(canvas_of("three", 256))
    findings = [Finding(seen, (0, 0, 9, 9), ink) for ink in (doubtful, None, three)]

    def made() -> Iterator[Finding]:
        yield from findings
        raise AssertionError("nobody needs more")

    assert best_digit(classifier.classify_inputs, made())[0] is findings[2]
    assert best_digit(classifier.classify_inputs, findings[:2])[0] is findings[0]
    unsure = Finding(seen, (0, 0, 9, 9), three, sureness=0.8)
    assert best_digit(classifier.classify_inputs, [unsure, *findings[:1]])[0] is findings[0]
    assert best_digit(classifier.classify_inputs, [unsure, findings[1]])[0] is unsure
    alone = Finding(seen, None, None, "no digit")
    assert best_digit(classifier.classify_inputs, [alone]) == (alone, None)


def test_an_answer_is_sure_only_if_both_looks_agree(classifier: Classifier) -> None:
    three, eight = preprocess(canvas_of("three", 256)), preprocess(canvas_of("eight", 256))
    first, second, blank = classifier.classify_inputs([three, eight, None])
    alone, same, other, none = (
        mean_of_looks(first, *others) for others in ((), (first,), (second,), (blank,))
    )
    assert [p.digit for p in (alone, same, none)] == [3, 3, 3]
    assert min(alone.confidence, same.confidence) > 0.95
    assert max(other.confidence, none.confidence) < 0.6
    assert all(abs(p.probabilities.sum() - 1) < 1e-5 for p in (alone, same, other, none))


def test_what_had_to_be_found_is_looked_at_twice(classifier: Classifier) -> None:
    framed = canvas_of("three")
    framed[:2] = framed[-2:] = framed[:, :2] = framed[:, -2:] = 0
    areas = []

    def find(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Takes all dark ink away from the edge for a digit's, and the other for a frame's."""
        areas.append(picture.shape[:2])
        digit = picture[:, :, 0] < 128
        edge = np.ones_like(digit)
        edge[4:-4, 4:-4] = False
        return view_of(digit & ~edge, digit & edge).shares

    found, prediction = find_digit(find, classifier.classify_inputs, framed)
    assert found.box is not None and len(areas) == 2
    assert prediction.digit == 3


def test_who_sends_a_digit_alone_does_not_wait_for_the_finder(classifier: Classifier) -> None:
    asked = []

    def find(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        asked.append(picture.shape)
        return view_of(picture[:, :, 0] < 128).shares

    three = canvas_of("three")
    found, prediction = find_digit(find, classifier.classify_inputs, three)
    assert not asked and found.box is None
    expected = preprocess(three)
    assert prediction.model_input is not None and expected is not None
    assert np.array_equal(prediction.model_input, expected)
    blank = np.full((SIDE, SIDE), 255, np.uint8)
    nothing = find_digit(find, classifier.classify_inputs, blank)[1]
    assert nothing.digit is None and nothing.confidence == 0 and nothing.reason == "no digit"
    letter = draw([np.array([[20, 20], [20, 100], [70, 100]], np.float32)], 6, SIDE)  # an L
    find_digit(find, classifier.classify_inputs, letter)
    assert len(asked) == 2, "a blank sheet and a letter are searched"


def test_the_repository_s_finder_finds_digits_in_trained_kinds(classifier: Classifier) -> None:
    hands = Hands("test")
    for name in ("frame inside", "underlined", "squared paper", "canvas with a border"):
        rng = np.random.default_rng(len(name))
        scenes = [paint_scene(plan_of(KINDS[name], rng), hands, rng, scale=2) for _ in range(20)]
        read = [classifier.classify(scene.picture) for scene in scenes]
        right = [str(r.digit) == s.text for r, s in zip(read, scenes, strict=True)]
        assert np.mean(right) >= 0.8, name


def test_the_repository_s_finder_sees_signs(classifier: Classifier) -> None:
    rng = np.random.default_rng(0)
    found = total = 0
    for _ in range(40):
        plan = plan_of(KINDS["number with signs"], rng)
        scene = paint_scene(plan, Hands("test"), rng)
        seen = classifier.find(scene.picture).argmax(axis=2)
        signs = scene.classes > OTHER
        found, total = found + int((seen[signs] > OTHER).sum()), total + int(signs.sum())
    assert found > 0.6 * total, "as 2.2.0 did not: it relied on the statistics of a batch"


def test_weights_without_a_finder_read_as_before(tmp_path: Path, classifier: Classifier) -> None:
    import tensorflow as tf

    from mnist_demo.weights import Weights

    model = tf.saved_model.load(str(REPOSITORY / "model"))
    serve = model.signatures["serving_default"]
    module = tf.Module()
    module.serve = tf.function(
        lambda images: serve(images=images),
        input_signature=[tf.TensorSpec((None, 28, 28, 1), tf.float32, name="images")],
    )
    module.model = model
    signatures = {"serving_default": module.serve}
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=signatures)
    old = Classifier(Weights(tmp_path, "old", "a folder"))
    framed = canvas_of("three", 256)
    framed[:3] = 0
    np.testing.assert_array_equal(old.classify(framed).model_input, preprocess(framed))
    assert not np.array_equal(
        np.asarray(classifier.classify(framed).model_input), np.asarray(preprocess(framed))
    )
