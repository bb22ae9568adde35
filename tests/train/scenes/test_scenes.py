"""Painted pictures, and the finder that learns from them."""

from __future__ import annotations

import contextlib
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from mnist_demo import Classifier
from mnist_demo.read.finder import CLASSES
from mnist_demo.read.picture import read_picture
from mnist_demo.weights import Weights
from mnist_demo.weights.graph import check_model
from train.fit.finder import Learner, build, fit_finder, fold, load_finder, loss_of
from train.measure.evaluate_pictures import measure, table
from train.scenes.camera import reduce_classes
from train.scenes.collect import scenes_to_learn_from
from train.scenes.hands import Hands
from train.scenes.kinds import KINDS, Plan, plan_of, random_plan
from train.scenes.photos import photo_scenes
from train.scenes.picture import DIGIT, OTHER, Picture, cover_of
from train.scenes.scenes import SHAPES, from_near, paint_scene

HANDS = Hands("train")


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_painted(name: str) -> None:
    rng = np.random.default_rng(3)
    scene = paint_scene(plan_of(KINDS[name], rng), HANDS, rng)
    assert scene.picture.shape == (*scene.classes.shape, 3)
    assert scene.classes.shape in SHAPES.values() and scene.picture.dtype == np.uint8
    digits = [sign for sign in scene.text if sign.isdigit()]
    assert (DIGIT in scene.classes) == bool(digits)
    assert scene.classes.max() < len(CLASSES)
    signs = set(scene.text) - set("0123456789 \n")
    assert {CLASSES.index(sign) for sign in signs} >= set(np.unique(scene.classes)) - {0, 1, 2}


def test_a_scene_is_painted_alike_from_a_seed_and_larger_at_a_scale() -> None:
    plan = plan_of(KINDS["squared paper"], np.random.default_rng(0))
    first, again = (paint_scene(plan, HANDS, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(first.picture, again.picture)
    large = paint_scene(plan, HANDS, np.random.default_rng(1), scale=3)
    assert large.picture.shape == (384, 384, 3)


def test_a_scene_is_seen_from_near() -> None:
    rng = np.random.default_rng(1)
    for content, name in (("digit", "one"), ("number", "line"), ("nothing", "one")):
        for _ in range(5):
            whole = paint_scene(Plan(content=content, size=0.3), HANDS, rng, scale=2)
            near = from_near(whole, rng)
            assert near.classes.shape == SHAPES[name] == near.picture.shape[:2]
            share = [(scene.classes == DIGIT).mean() for scene in (whole, near)]
            assert share[1] > share[0] if whole.text else share == [0, 0]


def test_a_photo_is_seen_whole_and_from_near() -> None:
    rng = np.random.default_rng(4)
    for _ in range(5):
        whole, near = photo_scenes(HANDS, rng)
        assert whole.classes.shape == SHAPES["photo"] and near.classes.shape == SHAPES["one"]
        shares = [(scene.classes == DIGIT).mean() for scene in (whole, near)]
        assert 0 < shares[0] < shares[1], "the digit is larger from near"
        dark = [s.picture[s.classes == DIGIT].mean() for s in (whole, near)]
        light = [s.picture[s.classes == 0].mean() for s in (whole, near)]
        assert dark[0] < light[0] and dark[1] < light[1]


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


def test_a_digit_stays_one_under_later_ink() -> None:
    picture = Picture.blank((60, 60), (1, 1, 1))
    picture.lines([np.array([[30, 5], [30, 55]])], 6, (0, 0, 0), DIGIT)
    picture.lines([np.array([[5, 30], [55, 30]])], 6, (1, 0, 0))
    assert picture.classes[30, 30] == DIGIT and picture.classes[30, 10] == OTHER
    assert picture.rgb[30, 30, 0] > 0.9, "the later ink covers it all the same"


def test_thin_lines_are_faint_and_ink_outlasts_paper() -> None:
    path = [np.array([[10, 5], [10, 50]])]
    assert cover_of(path, 1, (60, 60)).max() < cover_of(path, 2.5, (60, 60)).max() <= 1
    classes = np.zeros((8, 8), np.uint8)
    classes[:, 3] = DIGIT
    assert (reduce_classes(classes, (4, 4))[:, 1] == DIGIT).all()


def test_the_finder_is_small() -> None:
    assert build().count_params() <= 100_000


@pytest.mark.training
def test_the_finder_learns_and_continues(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.scenes.collect.CHUNK", 30)
    monkeypatch.setattr("train.scenes.collect.PHOTOS", 9)
    monkeypatch.setattr("train.fit.finder.BATCH", 8)
    training = scenes_to_learn_from("train", 60, tmp_path)
    validation = scenes_to_learn_from("validation", 30, tmp_path)
    assert sum(len(training[name]) for name in SHAPES) == 60
    fit_finder(training, validation, tmp_path / "run", epochs=1)
    fit_finder(training, validation, tmp_path / "run", epochs=3)
    lines = [line for line in capsys.readouterr().out.splitlines() if "loss" in line]
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in lines]
    assert len(losses) == 3 and losses[2] < 0.85 * losses[0]
    picture = np.zeros((1, 64, 96, 3), np.float32)
    logits = load_finder(tmp_path / "run")(picture)
    assert logits.shape == (1, 32, 48, 4 * len(CLASSES))
    with pytest.raises(SystemExit, match="train finder"):
        load_finder(tmp_path / "nowhere")


@pytest.mark.training
def test_the_last_part_of_the_training_normalises_as_the_finished_finder() -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(256, size=(4, 32, 32, 3), dtype=np.uint8)
    classes = fold(rng.integers(3, size=(4, 32, 32), dtype=np.uint8))
    finder = build()
    model = Learner(finder)
    model.compile("sgd", loss=loss_of)
    changes = []
    for on in (True, False, True):
        model.by_batches(on)
        before = [np.array(v) for v in finder.non_trainable_variables]
        weights = np.array(finder.get_layer("classes").kernel)
        model.train_on_batch(pictures, classes)
        after = [np.array(v) for v in finder.non_trainable_variables]
        changes.append(any((a != b).any() for a, b in zip(before, after, strict=True)))
        assert (np.array(finder.get_layer("classes").kernel) != weights).any(), "it learns"
    assert changes == [True, False, True], "the means stay as they are"


def test_the_exported_finder_agrees_with_its_network(tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    from train.fit.examples import Examples
    from train.fit.export import export
    from train.fit.model import build as build_digits

    keras.utils.set_random_seed(0)
    finder = build()
    images = np.zeros((20, 28, 28), np.uint8)
    validation = {"mnist": Examples(images, np.arange(20) % 10)}
    export(build_digits(16), validation, tmp_path, finder)
    check_model(tmp_path / "model")
    classifier = Classifier(Weights(tmp_path, "new", "a folder"))
    assert classifier.has_finder
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    of_squares = finder(picture[np.newaxis].astype(np.float32) / 255)
    wanted = tf.nn.softmax(tf.nn.depth_to_space(of_squares, 2))[0]
    np.testing.assert_allclose(classifier.find(picture), wanted, atol=1e-5)
    reading = read_picture(classifier, picture)  # whatever it finds, it does no harm
    assert reading.digit is not None and reading.other is not None
    assert reading.digit.shape == reading.other.shape
    with contextlib.suppress(ValueError):  # too many pieces
        classifier.read_number(picture)


def test_pictures_with_and_without_digits_are_counted() -> None:
    classifier = Classifier.load()
    rng = np.random.default_rng(2)
    plan = Plan(hand="print", size=0.6)
    digits = [paint_scene(plan, HANDS, rng, scale=2) for _ in range(4)]
    number = paint_scene(Plan(content="number", hand="print", size=0.5), HANDS, rng, scale=2)
    blank = paint_scene(Plan(content="nothing"), HANDS, rng)
    right, sure = measure(classifier, [*digits, number, blank])
    assert right.all() and sure[:4].any() and not sure[-1]
    lies = [replace(scene, text=str(9 - int(scene.text))) for scene in digits]
    right, sure = measure(classifier, [*lies, replace(blank, text="3")])
    assert not right.any() and sure[:4].any() and not sure[4]


def test_the_table_tells_trained_kinds_from_others() -> None:
    row = {"right": 0.5, "sure": 0.5, "confident_error_rate": 0.125, "trained": True}
    text = table({"a": row, "b": row | {"right": 1.0, "trained": False}})
    assert "| b (never trained on) | 100.0% | 12.5% |" in text
    assert "| answers with more than 95% confidence | 75.0% |" in text
    assert "| all trained kinds | 50.0% |" in text and "| all other kinds | 100.0% |" in text
