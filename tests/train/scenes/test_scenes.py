"""Painted pictures."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from mnist_demo import Classifier
from mnist_demo.read.detect import CHARACTERS
from train.measure.evaluate_pictures import measure, table
from train.scenes import dataset
from train.scenes.hands import Hands
from train.scenes.kinds import KINDS, Plan, plan_of, random_plan
from train.scenes.photos import LONG, photo_scene
from train.scenes.picture import cover_of
from train.scenes.scenes import SHAPES, paint_scene

HANDS = Hands("train")


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_painted(name: str) -> None:
    rng = np.random.default_rng(3)
    scene = paint_scene(plan_of(KINDS[name], rng), HANDS, rng)
    assert scene.picture.shape[:2] in SHAPES.values() and scene.picture.dtype == np.uint8
    written = {CHARACTERS[int(box[0])] for box in scene.boxes}
    assert written >= set(scene.text) - set(" \n")


def test_a_scene_is_painted_alike_from_a_seed_and_larger_at_a_scale() -> None:
    plan = plan_of(KINDS["squared paper"], np.random.default_rng(0))
    first, again = (paint_scene(plan, HANDS, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(first.picture, again.picture)
    large = paint_scene(plan, HANDS, np.random.default_rng(1), scale=3)
    assert large.picture.shape == (384, 384, 3)


def test_a_photo_has_the_digit_in_its_box() -> None:
    rng = np.random.default_rng(4)
    for _ in range(5):
        photo, boxes = photo_scene(HANDS, rng)
        assert max(photo.shape) == LONG and len(boxes) == 1
        left, top, right, bottom = boxes[0, 1:5].astype(int)
        inside = photo[top:bottom, left:right].astype(float)
        around = photo[max(0, top - 9) : bottom + 9, max(0, left - 9) : right + 9]
        assert inside.min() < np.median(around) - 30, "there is ink"


@pytest.mark.training
def test_scenes_are_painted_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "CHUNK", 6)
    first = dataset.detector_scenes("train", 12, tmp_path)
    files = {file: file.stat().st_mtime_ns for file in (tmp_path / "scenes-train").iterdir()}
    again = dataset.detector_scenes("train", 12, tmp_path)
    assert len(first) == len(again) == 12 and len(files) == 4
    for (picture, boxes), (same, same_boxes) in zip(first, again, strict=True):
        assert np.array_equal(picture, same) and np.array_equal(boxes, same_boxes)
    assert files == {file: file.stat().st_mtime_ns for file in files}


def test_a_third_of_the_kinds_is_never_trained_on() -> None:
    kept = [kind for kind in KINDS.values() if not kind.trained]
    assert len(kept) >= len(KINDS) / 3
    rng = np.random.default_rng(0)
    plans = [random_plan(rng) for _ in range(2000)]
    for kind in kept:
        for field in fields(Plan):
            values = kind.plan.get(field.name)
            if field.name in ("lines", "marks") and values:
                own = {name for other in KINDS.values() if other.trained
                       for name in other.plan.get(field.name, ())}  # fmt: skip
                new = set(values) - own
                assert not new & {name for plan in plans for name in getattr(plan, field.name)}
            if field.name == "page" and values in ("plot", "note"):
                assert all(plan.page != values for plan in plans)


def test_thin_lines_are_faint() -> None:
    path = [np.array([[10, 5], [10, 50]])]
    assert cover_of(path, 1, (60, 60)).max() < cover_of(path, 2.5, (60, 60)).max() <= 1


def test_pictures_with_and_without_digits_are_counted() -> None:
    classifier = Classifier.load()
    rng = np.random.default_rng(2)
    plan = Plan(hand="print", size=0.6)
    digits = [paint_scene(plan, HANDS, rng, scale=2) for _ in range(4)]
    number = paint_scene(Plan(content="number", hand="print", size=0.5), HANDS, rng, scale=2)
    blank = paint_scene(Plan(content="nothing"), HANDS, rng)
    right, sure, several = measure(classifier, [*digits, number, blank])
    assert right.all() and sure[:4].any() and not sure[-1]
    assert several.tolist() == [False] * 4 + [True, False]
    lies = [replace(scene, text=str(9 - int(scene.text))) for scene in digits]
    right, sure, _ = measure(classifier, [*lies, replace(blank, text="3")])
    assert not right.any() and sure[:4].any() and not sure[4]


def test_the_table_tells_trained_kinds_from_others() -> None:
    row = {"right": 0.5, "sure": 0.5, "confident_error_rate": 0.125, "trained": True}
    text = table({"a": row, "b": row | {"right": 1.0, "trained": False, "said_several": 0.75}})
    assert "| several digits: said so | 75.0% |" in text
    assert "| b (never trained on) | 100.0% | 12.5% |" in text
    assert "| answers with more than 95% confidence | 75.0% |" in text
    assert "| all trained kinds | 50.0% |" in text and "| all other kinds | 100.0% |" in text
