"""Painting strokes, and the splits and labels of what the network learns from."""

import numpy as np
import pytest

from mnist_demo import preprocess
from train.data.drawing import Drawing, split_of
from train.fit.examples import NOT_A_DIGIT, Examples, Source, scribbles_and_pairs, split_mnist
from train.fit.fit import sample_epoch
from train.paint.strokes import CANVAS, Brush, paint, paint_inputs, random_brush, scribble, vary

SEVEN = [np.array([[0, 0], [50, 0], [20, 90]], np.float32)]


@pytest.mark.parametrize("radius", [0.5, 3, 14])
def test_a_stroke_has_the_brush_s_width_and_the_size(radius: float) -> None:
    line = [np.array([[0, 0], [0, 10]], np.float32)]
    ink = paint(line, Brush(radius, 200), np.random.default_rng(0)) < 128
    rows = np.flatnonzero(ink.any(axis=1))
    assert abs(len(rows) - (200 + 2 * radius)) <= 3, "round caps stick out by a radius"
    middle = ink[rows[len(rows) // 2]]
    assert abs(middle.sum() - max(1, 2 * radius)) <= 1


def test_a_drawing_lands_anywhere_on_the_canvas_and_stays_on_it() -> None:
    corners, areas = [], []
    for seed in range(20):
        ink = paint(SEVEN, Brush(5, 90), np.random.default_rng(seed)) < 128
        corners.append([np.flatnonzero(ink.any(axis=k)).min() for k in (0, 1)])
        assert ink.shape == (CANVAS, CANVAS) and not ink[0].all()
        areas.append(ink.sum())
    assert min(areas) > 0.8 * np.median(areas)
    assert np.ptp(corners, axis=0).min() > 60


def test_light_on_dark_is_the_negative_and_reads_the_same() -> None:
    dark = paint(SEVEN, Brush(5, 150), np.random.default_rng(1))
    light = paint(SEVEN, Brush(5, 150, light=True), np.random.default_rng(1))
    np.testing.assert_array_equal(light, 255 - dark)
    seen = [np.asarray(preprocess(canvas), np.float32) for canvas in (dark, light)]
    np.testing.assert_allclose(seen[0], seen[1], atol=1e-6)


def test_a_dot_is_a_disc() -> None:
    ink = paint([np.zeros((1, 2), np.float32)], Brush(10, 100), np.random.default_rng(0)) < 128
    assert abs(ink.sum() - np.pi * 100) < 40


def test_variations_are_reproducible_and_differ() -> None:
    first, again = paint_inputs(SEVEN, 4, seed=3), paint_inputs(SEVEN, 4, seed=3)
    np.testing.assert_array_equal(first, again)
    assert len({image.tobytes() for image in first}) == 4
    assert (first.reshape(4, -1).max(axis=1) == 255).all()


def test_variation_never_loses_a_stroke() -> None:
    rng = np.random.default_rng(0)
    long = [np.stack([np.linspace(0, 9, n), np.linspace(0, 5, n)], 1) for n in (1, 2, 9, 13, 400)]
    for _ in range(300):
        assert all(len(stroke) for stroke in vary([s.astype(np.float32) for s in long], rng))


def test_brushes_run_from_hairline_to_marker() -> None:
    rng = np.random.default_rng(0)
    brushes = [random_brush(rng) for _ in range(2000)]
    assert min(b.radius for b in brushes) < 0.6 and max(b.radius for b in brushes) > 17
    assert min(b.size for b in brushes) < 50 and max(b.size for b in brushes) > 240
    assert any(b.light for b in brushes) and not all(b.light for b in brushes)


def test_what_is_no_digit_can_be_painted() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        assert paint_inputs(scribble(rng), 1, seed=1).max() == 255
    digits = [Drawing("7", "a", "s", "OK", SEVEN)]
    pair = scribbles_and_pairs(digits, 1, seed=0)[0]
    assert len(pair) == 2, "two digits side by side"
    assert pair[1][:, 0].min() > pair[0][:, 0].max()


def test_writers_keep_to_one_split_in_every_section() -> None:
    assert split_of("apa/ArloReeves") == split_of("apb/arloreeves")
    assert split_of("cea/Balgi") == split_of("ceb/Balgi") == split_of("x/BALGI.dat")
    assert split_of("kai/kai2/swlee5") == split_of("kai/kai2/swlee6")
    shares = [split_of(f"app/app{i:04}") for i in range(4000)]
    assert abs(shares.count("test") / 4000 - 0.12) < 0.02
    assert abs(shares.count("validation") / 4000 - 0.08) < 0.02
    pens = [split_of(f"pendigits/{i}") for i in range(30)]
    assert (pens.count("test"), pens.count("validation"), pens.count("train")) == (5, 3, 22)
    assert [pens[i] for i in (0, 2, 4)] == ["train", "test", "validation"]


def test_every_epoch_shows_each_source_s_share_in_another_order() -> None:
    images = np.arange(100, dtype=np.uint8).repeat(784).reshape(-1, 28, 28)
    digits = Examples(images, np.arange(100, dtype=np.int64) % 10)
    others = Examples(images, np.full(100, NOT_A_DIGIT, np.int64))
    sources = [Source("digits", digits, 1.5), Source("others", others, 0.3)]
    epoch, other = sample_epoch(sources, 0), sample_epoch(sources, 1)
    assert len(epoch) == 180 and (epoch.labels == NOT_A_DIGIT).sum() == 30
    assert (epoch.labels != other.labels).any()
    shown = epoch.images[epoch.labels != NOT_A_DIGIT][:, 0, 0]
    assert set(shown) == set(range(100)), "none is left out before another comes twice"


def test_validation_is_split_off_the_training_part() -> None:
    images = np.zeros((50, 28, 28), np.uint8)
    training, validation = split_mnist(Examples(images, np.arange(50)))
    assert len(training) == 45 and len(validation) == 5
    assert not set(training.labels) & set(validation.labels)
