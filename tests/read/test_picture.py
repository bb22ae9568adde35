"""Pictures with a digit: photographed under all conditions that visitors may have, or drawn."""

import io
import json
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from mnist_demo import Classifier, preprocess
from mnist_demo.read.classifier import Reading
from mnist_demo.read.lines import Number
from mnist_demo.read.prediction import BLANK
from mnist_demo.weights import REPOSITORY
from tests.helpers.commands import train_here
from train.data.drawing import Drawing
from train.measure import evaluate_photos as photos
from train.paint.own_drawings import load, strokes_of
from train.paint.photo_scene import INKS, Scene, random_scene
from train.paint.photograph import expose, photograph
from train.paint.strokes import CANVAS, Strokes, draw

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
        size=0.22, margins=(0.45, 0.29, 0.45, 0.29), table="black", ruling="ruled", line="dark",
        tilt=6,
    ),
    "a small card of squares, half in the shadow": Scene(
        size=0.15, margins=(0.4, 0.3, 0.5, 0.2), ruling="squared", spacing=0.3, shadow=0.3,
        gradient=0.3,
    ),
    "a finger": Scene(finger=0.3, place=(0.4, 0.5)),
    "small and off the middle": Scene(size=0.15, place=(0.3, 0.65)),
    "from an angle": Scene(perspective=0.3, tilt=5, ruling="squared"),
    "noisy, blurred, squeezed": Scene(noise=9, blur=2.2, quality=30),
    "everything at once": Scene(
        ink="blue pen", ruling="squared", spacing=0.3, tilt=4, gradient=0.4, shadow=0.3,
        margins=(0.1, NONE, NONE, 0.1), noise=5, quality=50, orientation=6,
    ),
}  # fmt: skip


def strokes_named(name: str) -> tuple[int, Strokes]:
    drawing = load(name)
    return drawing["label"], strokes_of(drawing)


def opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg))


@cache
def photo_of(name: str, scene: Scene, seed: int = 0) -> bytes:
    scene = replace(scene, width=1200, height=900)
    return photograph(strokes_named(name)[1], scene, np.random.default_rng(seed))


@pytest.mark.parametrize("condition", CONDITIONS)
def test_digits_are_read_right(condition: str, classifier: Classifier) -> None:
    first = list(CONDITIONS).index(condition)
    chosen = [(first + step) % 10 for step in (0, 3, 7)]
    photos = [photo_of(DIGITS[i], CONDITIONS[condition], i) for i in chosen]
    read = [classifier.read_picture(photo).prediction.digit for photo in photos]
    assert read == [strokes_named(DIGITS[i])[0] for i in chosen] == chosen
    assert read == [classifier.classify(photo).digit for photo in photos]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_box_is_around_the_digit(condition: str, classifier: Classifier) -> None:
    scene = replace(CONDITIONS[condition], width=1200, height=900, orientation=1)
    photo, ink = expose(strokes_named("four-open")[1], scene, np.random.default_rng(4))
    left, top, wide, high = cv2.boundingRect((ink > 0.4).astype(np.uint8))
    (box,) = classifier.read_number(photo).boxes
    assert box == pytest.approx((left, top, left + wide, top + high), abs=0.22 * high)


@pytest.mark.parametrize("ruling", ["plain", "ruled", "squared"])
def test_a_blank_sheet_has_no_digit(ruling: str, classifier: Classifier) -> None:
    for seed in range(4):
        scene = Scene(ruling=ruling, gradient=0.6, noise=8, tilt=2.0 * seed, line="dark")
        jpeg = photograph([], scene, np.random.default_rng(seed))
        reading = classifier.read_picture(jpeg)
        assert reading.prediction.digit is None and reading.prediction.reason == "no digit"
        assert reading.picture is not None and reading.number == Number([])


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_camera_metadata_turns_the_photo(orientation: int, classifier: Classifier) -> None:
    reading = classifier.read_picture(photo_of("seven-crossed", Scene(orientation=orientation)))
    assert reading.picture is not None
    assert reading.picture.shape[:2] == (360, 480), "as it was seen, not as it was stored"
    assert reading.prediction.digit == 7


def test_portrait_and_large_photos_are_read_from_their_files(
    tmp_path: Path, classifier: Classifier
) -> None:
    label, strokes = strokes_named("five")
    for i, (width, height) in enumerate([(900, 1600), (4032, 3024), (320, 240)]):
        scene = Scene(width=width, height=height, ruling="ruled", orientation=6)
        file = tmp_path / f"{i}.jpg"
        file.write_bytes(photograph(strokes, scene, np.random.default_rng(i)))
        reading = classifier.read_picture(file)
        assert reading.picture is not None
        high, wide = reading.picture.shape[:2]
        assert high / wide == pytest.approx(scene.height / scene.width, rel=0.01)
        assert reading.prediction.digit == label
        (box,) = reading.number.boxes
        left, top, right, bottom = np.array(box) / reading.scale / ((wide, high) * 2)
        assert 0.25 < left < right < 0.75 and 0.2 < top < bottom < 0.8


def test_of_a_large_jpeg_only_a_part_is_decoded(classifier: Classifier) -> None:
    label, strokes = strokes_named("five")
    scene = Scene(width=4032, height=3024, ruling="squared", orientation=6)
    image = opened(photograph(strokes, scene, np.random.default_rng(0)))
    assert classifier.read_picture(image).prediction.digit == label
    assert sorted(image.size) == [1512, 2016], "it was told to, before it was loaded"
    image.load()
    assert classifier.read_picture(image).prediction.digit == label


def test_a_drawing_is_read_as_it_is(classifier: Classifier) -> None:
    """A picture with nothing but a digit's ink goes through unchanged, bit for bit."""
    for name in DIGITS:
        label, strokes = strokes_named(name)
        canvas = draw([stroke * (CANVAS / 400) for stroke in strokes], 9)
        ink_only = np.dstack([np.zeros((CANVAS, CANVAS, 3), np.uint8), 255 - canvas])
        tiny = 255 - cv2.resize(canvas, (28, 28), interpolation=cv2.INTER_AREA)
        for drawing in (canvas, 255 - canvas, ink_only, tiny, {"composite": canvas}):
            np.testing.assert_array_equal(
                classifier.classify(drawing).model_input, preprocess(drawing)
            )
        assert classifier.read_picture(canvas).prediction.digit == label
        both = np.hstack([canvas, canvas])  # of a Sketchpad value, all ink is read
        as_drawn = classifier.read_picture({"composite": both}).prediction.model_input
        np.testing.assert_array_equal(as_drawn, preprocess(both))
    for blank in (np.full((300, 400), 255, np.uint8), np.zeros((300, 400, 4), np.uint8)):
        assert classifier.read_picture(blank).prediction.digit is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (2000, 1), (3, 480), (99, 101, 3)])
def test_odd_shapes_do_no_harm(shape: tuple[int, ...], classifier: Classifier) -> None:
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    reading = classifier.read_picture(noise)
    assert reading.picture is not None
    assert len(reading.number.digits) == len(reading.number.boxes)


def test_nothing_gives_nothing(classifier: Classifier) -> None:
    for nothing in (None, {"composite": None}):
        assert classifier.read_picture(nothing) == Reading(BLANK, Number([]))


def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path, classifier: Classifier) -> None:
    jpeg = photograph([], Scene(width=320, height=240), np.random.default_rng(0))
    (tmp_path / "half.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    Image.new("1", (8000, 8000)).save(tmp_path / "bomb.png")
    refused: list[tuple[Any, str]] = [
        (b"jpeg", "this is not an image"),
        ({"image": None}, "composite"),
        (np.zeros((2, 2, 2)), "shape"),
        (np.zeros((0, 4), np.uint8), "no pixels"),
        (np.zeros((6000, 6000), np.uint8), "24,000,000"),
        (Path(__file__), "not an image"),
        (tmp_path / "bomb.png", "24,000,000"),
        (7, "cannot read int"),
        (tmp_path / "nowhere.jpg", "no such file: nowhere.jpg"),
        (tmp_path / "half.jpg", "damaged or incomplete"),
    ]
    for bad, text in refused:
        with pytest.raises(ValueError, match=text):
            classifier.read_picture(bad)


def test_command_prints_the_share_and_keeps_that_of_held_out_writers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawings = [
        Drawing(str(label), f"pendigits/{writer}", "pendigits", "OK", strokes)
        for writer in (2, 4)  # one held out, one for validation
        for label, strokes in map(strokes_named, DIGITS)
    ]
    monkeypatch.setattr(photos, "read_digits", lambda data_dir: drawings)
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "model").symlink_to(REPOSITORY / "model")
    where = ("--weights", weights, "--out", tmp_path / "photos.png")
    run = partial(train_here, "evaluate-photos", *where)
    with pytest.raises(SystemExit, match="run python -m train evaluate first"):
        run("--split", "test")
    metrics_file = weights / "metrics.json"
    metrics_file.write_text('{"results": {"released": {}}}')
    for split in ("validation", "test"):  # of a part nothing is kept
        assert "of 4 photos read right" in run("--split", split, "--count", "4")
        assert "photos" not in json.loads(metrics_file.read_text())
    assert "of 10 photos read right" in run("--split", "test")
    metrics = json.loads(metrics_file.read_text())
    assert metrics["photos"]["photos"] == 10 and metrics["photos"]["accuracy"] >= 0.8
    assert metrics["results"] == {"released": {}}


def test_scenes_are_drawn_alike_from_a_seed_and_show_every_ink() -> None:
    scenes = [random_scene(np.random.default_rng(seed)) for seed in range(60)]
    assert scenes[0] == random_scene(np.random.default_rng(0))
    assert {scene.ink for scene in scenes} == set(INKS)
    assert {scene.orientation for scene in scenes} == {1, 3, 6, 8}
    strokes = strokes_named("six")[1]
    first, again = (photograph(strokes, scenes[1], np.random.default_rng(5)) for _ in range(2))
    assert first == again
