"""Photos of one digit on paper, and the digit's box."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from train.paint.photo_scene import random_scene
from train.paint.photograph import expose
from train.scenes.hands import Hands
from train.scenes.views import Labelled

LONG = 512  # pixels of a photo's longer side


def photo_scene(hands: Hands, rng: np.random.Generator) -> Labelled:
    """A photo of one digit, in which it may be small."""
    digit = int(rng.integers(10))
    if hands.writers:
        choices = hands.writers[int(rng.integers(len(hands.writers)))][digit]
        strokes = choices[int(rng.integers(len(choices)))]
    else:
        strokes = hands.stroke_styles(digit, rng)
    scene = random_scene(rng)
    # As much noise and blur as is left when a photo is reduced.
    part = max(scene.width, scene.height) / LONG
    scene = replace(
        scene,
        width=round(scene.width / part),
        height=round(scene.height / part),
        blur=scene.blur / part,
        noise=scene.noise / part,
    )
    photo, ink = expose(strokes, scene, rng)
    left, top, wide, high = cv2.boundingRect((ink > 0.4).astype(np.uint8))
    box = [digit, left, top, left + wide, top + high, 1]
    return photo, np.array([box] if wide else np.zeros((0, 6)), np.float32)
