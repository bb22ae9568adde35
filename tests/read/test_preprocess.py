"""Preprocessing: any image becomes the network's input."""

import cv2
import numpy as np
import pytest

from mnist_demo.read.preprocess import (
    MAX_STROKE_WIDTH,
    MIN_STROKE_WIDTH,
    normalize_stroke_width,
    preprocess,
    stroke_width,
)
from tests.helpers.images import IMAGES, seven

MNIST = IMAGES.reshape(-1, 28, 28).astype(np.uint8)[::25]


def same(a: object, b: object, tolerance: float = 1e-3) -> None:
    assert np.abs(np.asarray(preprocess(a)) - np.asarray(preprocess(b))).mean() < tolerance


def test_mnist_enlarged_moved_and_inverted_comes_back() -> None:
    errors = []
    for image in MNIST:
        paper = np.full((420, 500), 255, np.uint8)
        paper[:280, 220:] = 255 - cv2.resize(image, (280, 280), interpolation=cv2.INTER_NEAREST)
        errors.append(np.abs(np.asarray(preprocess(paper)) - image / 255).mean())
    # Measured: a mean absolute error of 0.012; that of two different images is 0.12. The rest comes
    # from strokes outside the range of widths and from shifts that are rounded the other way.
    assert np.mean(errors) < 0.015
    assert np.median(errors) < 0.005


def test_mnist_itself_passes_through_unharmed() -> None:
    errors = [np.abs(np.asarray(preprocess(image)) - image / 255).mean() for image in MNIST]
    assert np.median(errors) < 1e-3
    assert np.mean(errors) < 0.006


def test_centre_of_mass_is_at_index_14() -> None:
    for image in (seven(), MNIST[3], MNIST[70]):
        result = np.asarray(preprocess(image), np.float64)
        for axis in (0, 1):
            assert abs((result.sum(axis) @ np.arange(28)) / result.sum() - 14) <= 0.51


def test_result_is_28_by_28_white_on_black_with_the_brightest_at_1() -> None:
    result = np.asarray(preprocess(seven()))
    assert result.shape == (28, 28) and result.dtype == np.float32
    assert result.max() == 1 and result.min() == 0 and result[0].sum() == 0
    rows, columns = np.flatnonzero(result.max(axis=1)), np.flatnonzero(result.max(axis=0))
    assert max(rows[-1] - rows[0], columns[-1] - columns[0]) == 19


@pytest.mark.parametrize("radius", [0.5, 1, 3, 9, 14, 20])
def test_every_brush_comes_out_at_a_width_that_mnist_has(radius: float) -> None:
    result = np.asarray(preprocess(seven(radius)))
    large = cv2.resize(result, (280, 280), interpolation=cv2.INTER_LINEAR)
    width = stroke_width((large > 0.4).astype(np.uint8)) / 10
    assert MIN_STROKE_WIDTH - 0.3 < width < MAX_STROKE_WIDTH + 0.3


def test_gaps_between_a_markers_strokes_stay_open() -> None:
    paper = np.full((280, 280), 255, np.uint8)
    path = np.array([[110, 50], [110, 160], [146, 160], [146, 50]], np.int32)
    cv2.polylines(paper, [path], False, (0,), 28, cv2.LINE_AA)
    across = np.asarray(preprocess(paper))[10]
    left, right = across[:14].argmax(), 14 + across[14:].argmax()
    assert across[left : right + 1].min() < 0.1 and across[[left, right]].min() > 0.9


def test_strokes_outlive_the_thinning_of_a_loop_that_filled_up() -> None:
    paper = np.full((280, 280), 255, np.uint8)
    cv2.circle(paper, (140, 90), 50, (0,), -1)
    cv2.line(paper, (140, 90), (140, 230), (0,), 16, cv2.LINE_AA)
    lower = np.asarray(preprocess(paper))[18:22]
    assert lower.max(axis=1).min() > 0.9 and lower.sum(axis=1).max() < 6


def test_coloured_ink_is_ink() -> None:
    for colour in [(255, 255, 0), (255, 0, 0), (0, 0, 255), (120, 200, 120)]:
        paper = np.full((280, 280, 3), 255, np.uint8)
        paper[seven() < 128] = colour
        same(paper, seven(), tolerance=0.02)


def test_faint_noise_and_specks_do_not_move_the_digit() -> None:
    rng = np.random.default_rng(0)
    noisy = (seven().astype(float) + rng.normal(0, 4, (280, 280))).clip(0, 255).astype(np.uint8)
    same(noisy, seven(), tolerance=0.02)
    specked = seven()
    specked[270, 5] = specked[4, 270] = 0
    same(specked, seven(), tolerance=1e-6)


@pytest.mark.parametrize(
    "blank",
    [
        None,
        {"composite": None, "background": None, "layers": None},
        {"composite": np.zeros((280, 280, 4), np.uint8)},
        np.full((280, 280), 255, np.uint8),
        np.zeros((28, 28), np.float32),
        np.full((5, 7, 3), 90, np.uint8),
        np.zeros((1, 1), np.uint8),
    ],
    ids=str,
)
def test_blank_gives_none(blank: object) -> None:
    assert preprocess(blank) is None


def test_faint_ink_with_one_dark_pixel_stays_as_it_is() -> None:
    ink = np.full((900, 700), 0.2, np.float32)
    ink[400, 300] = 1
    assert normalize_stroke_width(ink) is ink


def test_noise_alone_is_blank() -> None:
    noise = np.random.default_rng(0).normal(250, 2, (280, 280)).clip(0, 255).astype(np.uint8)
    assert preprocess(noise) is None
