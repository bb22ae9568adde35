"""Digits on paper, photographed under all conditions that visitors may have."""

import io
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from mnist_demo import Classifier, preprocess
from mnist_demo.read.photo import Photo, clear_border, even_illumination, find_card, read_photo
from tests import sketchpad
from train.paint.photo_scene import Scene
from train.paint.photograph import photograph
from train.paint.strokes import CANVAS, Strokes, draw, rotation

DIGITS = ["zero", "one-flag", "two", "three", "four-open", "five-roof-apart", "six"]
DIGITS += ["seven-crossed", "eight", "nine"]
NONE = -1.0  # of a margin: no table on this side

CONDITIONS = {
    "plain paper": Scene(),
    "blue pen": Scene(ink="blue pen", pen=0.04),
    "light blue pen on blue lines": Scene(ink="light blue pen", pen=0.04, ruling="ruled"),
    "red pen": Scene(ink="red pen", pen=0.04),
    "green pen": Scene(ink="green pen", pen=0.04),
    "pencil": Scene(ink="pencil", pen=0.04),
    "pencil on squares": Scene(ink="pencil", pen=0.05, ruling="squared", spacing=0.3, tilt=3),
    "thick felt-tip": Scene(ink="felt-tip", pen=0.14, size=0.7),
    "pencil across a shadow's edge": Scene(
        ink="pencil", pen=0.03, size=0.6, shadow=0.55, soft=0.02, gradient=0.4
    ),
    "ruled lines": Scene(ruling="ruled", line="dark", spacing=0.4, tilt=-4),
    "squares": Scene(ruling="squared", line="dark", spacing=0.2, tilt=5),
    "light from the side": Scene(gradient=0.6, noise=4),
    "a shadow's soft edge": Scene(shadow=0.5, soft=0.12),
    "a shadow's hard edge": Scene(shadow=0.5, soft=0.01, ruling="ruled"),
    "paper on a dark table": Scene(margins=(0.1, 0.15, 0.2, 0.1), table="black", tilt=4),
    "a corner of the table": Scene(margins=(NONE, NONE, 0.2, 0.2), table="light wood"),
    "a small ruled card on a table": Scene(
        size=0.22,
        margins=(0.45, 0.29, 0.45, 0.29),
        table="black",
        ruling="ruled",
        line="dark",
        tilt=6,
    ),
    "a small card of squares, half in the shadow": Scene(
        size=0.15,
        margins=(0.4, 0.3, 0.5, 0.2),
        ruling="squared",
        spacing=0.3,
        shadow=0.3,
        gradient=0.3,
    ),
    "a finger": Scene(finger=0.3, place=(0.4, 0.5)),
    "small and off the middle": Scene(size=0.15, place=(0.3, 0.65)),
    "from an angle": Scene(perspective=0.3, tilt=5, ruling="squared"),
    "noisy, blurred, squeezed": Scene(noise=9, blur=2.2, quality=30),
    "everything at once": Scene(
        ink="blue pen",
        ruling="squared",
        spacing=0.3,
        tilt=4,
        gradient=0.4,
        shadow=0.3,
        margins=(0.1, NONE, NONE, 0.1),
        noise=5,
        quality=50,
        orientation=6,
    ),
}


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load()


def strokes_of(name: str) -> tuple[int, Strokes]:
    drawing = sketchpad.load(name)
    return drawing["label"], sketchpad.strokes_of(drawing)


def opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg))


@cache
def photo_of(name: str, scene: Scene, seed: int = 0) -> Photo:
    scene = replace(scene, width=1200, height=900)
    return read_photo(opened(photograph(strokes_of(name)[1], scene, np.random.default_rng(seed))))


@pytest.mark.parametrize("condition", CONDITIONS)
def test_digits_are_read_right(condition: str, classifier: Classifier) -> None:
    first = list(CONDITIONS).index(condition)
    chosen = [(first + step) % 10 for step in (0, 3, 7)]
    photos = [photo_of(DIGITS[i], CONDITIONS[condition], i) for i in chosen]
    read = [classifier.classify(photo.ink).digit for photo in photos]
    assert read == [strokes_of(DIGITS[i])[0] for i in chosen] == chosen


@pytest.mark.parametrize("condition", CONDITIONS)
def test_only_the_digit_is_left(condition: str) -> None:
    """Nothing of the drawing is missing, and no line, edge or shadow is added."""
    scene = CONDITIONS[condition]
    turn = rotation(np.radians(scene.tilt))
    strokes = [stroke @ turn.T for stroke in strokes_of("four-open")[1]]
    low, high = np.concatenate(strokes).min(axis=0), np.concatenate(strokes).max(axis=0)
    placed = [((stroke - low) * 200 / (high - low).max() + 35) for stroke in strokes]
    wanted = outline(draw([stroke.astype(np.float32) for stroke in placed], 100 * scene.pen))
    ink = photo_of("four-open", scene, 4).ink
    assert ink is not None
    got = outline(ink)
    # Within 4% of the digit's size, which perspective and a pixel more or less of ink take up.
    around = np.ones((17, 17), np.uint8)
    added = got[cv2.dilate(wanted, around) == 0]
    missing = wanted[cv2.dilate(got, around) == 0]
    assert added.sum() < 0.01 * got.sum() and missing.sum() < 0.01 * wanted.sum()


def outline(picture: np.ndarray) -> np.ndarray:
    """The dark part of a picture, 200 pixels in size: uint8 (240, 240) of 0 and 1."""
    x, y, width, height = cv2.boundingRect((picture < 128).astype(np.uint8))
    scale = 200 / max(width, height)
    cut = cv2.resize(picture[y : y + height, x : x + width], None, fx=scale, fy=scale)
    mask = np.zeros((240, 240), np.uint8)
    mask[20 : 20 + cut.shape[0], 20 : 20 + cut.shape[1]] = cut < 128
    return mask


def test_a_card_is_found_only_where_all_of_it_lies_on_something_darker() -> None:
    table = np.full((360, 480, 3), 60, np.uint8)
    sheet = cv2.boxPoints(((240, 180), (160, 110), 12)).astype(np.int32)
    card = find_card(np.asarray(cv2.fillPoly(table.copy(), [sheet], (220, 215, 200)), np.uint8))
    assert card is not None and int(card.sum()) == pytest.approx(160 * 110, rel=0.1)
    assert card[180, 240] and not card[100, 100]
    pool = cv2.circle(table.copy(), (240, 180), 90, (200, 200, 200), -1)
    chalk = cv2.rectangle(table.copy(), (220, 60), (250, 300), (220, 220, 220), -1)
    outside = cv2.rectangle(table.copy(), (-10, 100), (300, 300), (220, 220, 220), -1)
    for none in (table, 255 - table, pool, chalk, outside):
        assert find_card(np.asarray(none, np.uint8)) is None


def test_strokes_apart_are_one_digit() -> None:
    """Two strokes of one pen belong together, a speck and a line elsewhere do not."""
    body, roof = [[0.0, 20], [0, 50], [40, 60], [30, 100], [0, 100]], [[14.0, 8], [50, 4]]
    five = [np.array(stroke, np.float32) for stroke in (body, roof)]
    photo = read_photo(opened(photograph(five, Scene(pen=0.06), np.random.default_rng(0))))
    assert photo.ink is not None
    assert cv2.connectedComponents((photo.ink < 128).astype(np.uint8))[0] == 1 + 2
    stray = [*five, np.array([[150.0, 5], [151, 6]], np.float32)]
    photo = read_photo(opened(photograph(stray, Scene(size=0.7), np.random.default_rng(0))))
    assert photo.ink is not None
    assert cv2.connectedComponents((photo.ink < 128).astype(np.uint8))[0] == 1 + 2


@pytest.mark.parametrize("ruling", ["plain", "ruled", "squared"])
def test_a_blank_sheet_has_no_digit(ruling: str) -> None:
    for seed in range(4):
        scene = Scene(ruling=ruling, gradient=0.6, noise=8, tilt=2.0 * seed, line="dark")
        photo = read_photo(opened(photograph([], scene, np.random.default_rng(seed))))
        assert photo.ink is None
        assert next(name for name, _ in photo.steps) == "Photo"


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_camera_metadata_turns_the_photo(orientation: int, classifier: Classifier) -> None:
    photo = photo_of("seven-crossed", Scene(orientation=orientation))
    assert photo.steps[0][1].shape[:2] == (360, 480), "as it was seen, not as it was stored"
    assert classifier.classify(photo.ink).digit == 7


def test_portrait_and_large_photos_are_read_from_their_files(
    tmp_path: Path, classifier: Classifier
) -> None:
    label, strokes = strokes_of("five")
    for i, (width, height) in enumerate([(900, 1600), (4032, 3024), (320, 240)]):
        scene = Scene(width=width, height=height, ruling="squared", orientation=6)
        file = tmp_path / f"{i}.jpg"
        file.write_bytes(photograph(strokes, scene, np.random.default_rng(i)))
        photo = read_photo(file)
        height, width = photo.steps[0][1].shape[:2]
        assert height / width == pytest.approx(scene.height / scene.width, rel=0.01)
        assert classifier.classify(photo.ink).digit == label


def test_of_a_large_jpeg_only_a_part_is_decoded(classifier: Classifier) -> None:
    label, strokes = strokes_of("five")
    scene = Scene(width=4032, height=3024, ruling="squared", orientation=6)
    image = opened(photograph(strokes, scene, np.random.default_rng(0)))
    photo = read_photo(image)
    assert sorted(image.size) == [1512, 2016], "it was told to, before it was loaded"
    assert photo.steps[0][1].shape[:2] == (360, 480)
    assert classifier.classify(photo.ink).digit == label
    image.load()
    assert classifier.classify(read_photo(image).ink).digit == label


def test_steps_lead_from_the_photo_to_its_ink() -> None:
    photo = photo_of("three", CONDITIONS["everything at once"])
    names = [name for name, _ in photo.steps]
    assert names == [
        "Photo",
        "Light evened out",
        "Lines and edges removed",
        "Digit found",
        "Ink",
    ]
    for _, picture in photo.steps:
        assert picture.dtype == np.uint8 and picture.ndim in (2, 3) and picture.size
    assert photo.ink is not None and photo.steps[-1][1] is photo.ink
    assert photo.ink[0].min() == 255 and photo.ink.min() == 0, "dark ink on white paper"


def test_the_same_photo_in_every_accepted_form(tmp_path: Path) -> None:
    image = opened(photograph(strokes_of("two")[1], Scene(), np.random.default_rng(0)))
    pixels = np.asarray(image)
    image.save(tmp_path / "two.png")
    opaque = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    wanted = np.asarray(preprocess(read_photo(pixels).ink))
    forms: list[Any] = [image, pixels / 255, opaque, {"composite": pixels}]
    for form in [*forms, tmp_path / "two.png", str(tmp_path / "two.png")]:
        assert np.abs(np.asarray(preprocess(read_photo(form).ink)) - wanted).max() < 0.02
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    assert np.abs(np.asarray(preprocess(read_photo(gray).ink)) - wanted).mean() < 0.01


def test_a_drawing_is_read_as_it_is(classifier: Classifier) -> None:
    """A picture that no camera took goes through unchanged."""
    _, strokes = strokes_of("eight")
    canvas = draw([stroke * (CANVAS / 400) for stroke in strokes], 9)
    ink_only = np.dstack([np.zeros((CANVAS, CANVAS, 3), np.uint8), 255 - canvas])
    tiny = 255 - cv2.resize(canvas, (28, 28), interpolation=cv2.INTER_AREA)
    for drawing in (canvas, 255 - canvas, ink_only, tiny):
        seen = np.asarray(preprocess(read_photo(drawing).ink))
        assert np.abs(seen - np.asarray(preprocess(drawing))).max() < 0.02
        assert classifier.classify(read_photo(drawing).ink).digit == 8
    assert read_photo(np.full((300, 400), 255, np.uint8)).ink is None
    assert read_photo(np.zeros((300, 400, 4), np.uint8)).ink is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (2000, 1), (3, 480), (99, 101, 3)])
def test_odd_shapes_do_no_harm(shape: tuple[int, ...]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    photo = read_photo(noise)
    assert photo.steps and (photo.ink is None or photo.ink.ndim == 2)


def test_nothing_gives_nothing() -> None:
    for nothing in (None, {"composite": None}):
        assert read_photo(nothing) == Photo([], None)


def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path) -> None:
    jpeg = photograph([], Scene(width=320, height=240), np.random.default_rng(0))
    (tmp_path / "half.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (tmp_path / "text.jpg").write_text("no photo")
    Image.new("1", (8000, 8000)).save(tmp_path / "bomb.png")
    refused: list[tuple[Any, str]] = [
        (7, "cannot read int"),
        (b"jpeg", "this is not an image"),
        ({"image": None}, "composite"),
        (np.zeros((2, 2, 2)), "shape"),
        (np.zeros((0, 4), np.uint8), "no pixels"),
        (np.zeros((6000, 6000), np.uint8), "24,000,000"),
        (tmp_path / "nowhere.jpg", "no such file: nowhere.jpg"),
        (tmp_path / "half.jpg", "damaged or incomplete"),
        (tmp_path / "text.jpg", "not an image"),
        (tmp_path / "bomb.png", "24,000,000"),
    ]
    for bad, text in refused:
        with pytest.raises(ValueError, match=text):
            read_photo(bad)


def test_light_is_evened_out_in_every_channel() -> None:
    x = np.linspace(0.4, 1, 300)[None, :, None]
    paper = np.broadcast_to(255 * x * np.array([1, 0.9, 0.7]), (200, 300, 3)).astype(np.uint8)
    paper[80:120, 100:110] //= 2
    flat = even_illumination(paper, 0.2)
    assert np.median(flat) >= 250 and flat[60:70, 60:].min() > 230
    assert 115 < np.median(flat[85:115, 103:107]) < 140


def test_what_touches_the_border_is_dropped_and_ink_on_it_kept() -> None:
    dark = np.zeros((60, 80), np.uint8)
    dark[30, :] = 90  # a printed line
    dark[20:41, 40:43] = 200  # a stroke across it
    dark[5:10, 5:10] = 50  # apart from both
    kept = clear_border(dark)
    assert kept[30, :38].max() == 0
    assert 100 <= kept[22, 41] <= 120, "what the ink is darker by than the line"
    assert 40 <= kept[7, 7] <= 50
