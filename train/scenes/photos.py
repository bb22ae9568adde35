"""Photos of one digit on paper, and the class of each of their pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from train.paint.photo_scene import random_scene
from train.paint.photograph import expose
from train.scenes.hands import Hands
from train.scenes.picture import DIGIT, MIN_COVER, OTHER
from train.scenes.scenes import SHAPES, Scene, reduced


def photo_scenes(hands: Hands, rng: np.random.Generator) -> list[Scene]:
    """A photo as the finder sees it: first all of it, then the part around the digit."""
    digit = int(rng.integers(10))
    if hands.writers:
        choices = hands.writers[int(rng.integers(len(hands.writers)))][digit]
        strokes = choices[int(rng.integers(len(choices)))]
    else:
        strokes = hands.stroke_styles(digit, rng)
    scene = random_scene(rng)
    # Half as large as usual, with as much noise as is left when a photo is reduced.
    long, short = sorted((scene.width // 2, scene.height // 2), reverse=True)
    scene = replace(scene, width=long, height=short, blur=scene.blur / 2, noise=scene.noise / 2)
    taken = expose(strokes, scene, rng)
    classes = np.where(taken.ink > MIN_COVER, DIGIT, np.where(taken.lines > 0.1, OTHER, 0))
    side = scene.size * short * rng.uniform(1.3, 3.5)
    x, y = scene.place[0] * long - side / 2, scene.place[1] * short - side / 2
    x0, y0 = max(0, round(x)), max(0, round(y))
    near = (slice(y0, round(y + side)), slice(x0, round(x + side)))
    parts = (("photo", (slice(None), slice(None))), ("one", near))
    scenes = (Scene(taken.photo[at], classes[at].astype(np.uint8), str(digit)) for _, at in parts)
    seen = [reduced(s, SHAPES[name]) for s, (name, _) in zip(scenes, parts, strict=True)]
    return [replace(s, boxes=_box(s.classes, digit)) for s in seen]


def _box(classes: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
    """The digit's box, as `train.scenes.camera.boxes_of` has it."""
    rows, columns = np.nonzero(classes == DIGIT)
    if not len(rows):
        return np.zeros((0, 6), np.float32)
    ends = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return np.array([[digit, *ends, 1]], np.float32)
