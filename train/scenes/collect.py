"""Many scenes of one split, painted on all cores and kept in a file."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mnist_demo.files import write_whole
from train.scenes.hands import Hands
from train.scenes.kinds import HARD, KINDS, TRAINED, Plan, plan_of, random_plan
from train.scenes.photos import photo_scenes
from train.scenes.scenes import SHAPES, from_near, paint_scene

CHUNK = 200  # scenes that a process paints in one task
PHOTOS = 36  # photos among them, each of which gives two scenes
NEAR = (
    0.45  # share of the others that are seen from near, as the finder looks again at small digits
)
_hands: dict[str, Hands] = {}  # of this process


def random_trained_plan(rng: np.random.Generator) -> Plan:
    """One of the trained kinds, any mixture of what is in them, or a digit alone.

    What is read right without the finder must stay so: digits alone are shown in all sizes.
    """
    chance = rng.random()
    if chance < 0.45:
        return plan_of(KINDS[str(rng.choice(TRAINED if chance < 0.15 else HARD))], rng)
    if chance < 0.55:
        surface = str(rng.choice(["white", "dark", "any"], p=[0.7, 0.15, 0.15]))
        return Plan(surface=surface, size=float(rng.uniform(0.12, 0.95)))
    return random_plan(rng)


def scenes_to_learn_from(
    split: str, count: int, cache: Path, data_dir: Path | None = None, seed: int = 0
) -> dict[str, NDArray[Any]]:
    """About `count` scenes of `split`, kept in the folder `cache`.

    Returns:
        For each of `SHAPES`: NAME, uint8 (n, h, w, 3), and NAME_classes, uint8 (n, h, w).
    """
    file = cache / f"scenes-{split}-{count}-{seed}.npz"
    if not file.exists():
        cv2.setNumThreads(1)
        seeds = [[seed, i] for i in range(-(-count // CHUNK))]
        with ProcessPoolExecutor(initializer=_load_hands, initargs=(split, data_dir)) as pool:
            work = pool.map(_paint_chunk, seeds)
            chunks = list(tqdm(work, total=len(seeds), desc=f"{split} scenes", unit="chunk"))
        arrays: dict[str, Any] = {
            name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]
        }
        with write_whole(file) as part, part.open("wb") as stream:
            np.savez(stream, **arrays)
    with np.load(file) as stored:
        return dict(stored)


def _load_hands(split: str, data_dir: Path | None) -> None:
    _hands["all"] = Hands(split, data_dir)


def _paint_chunk(seed: list[int]) -> dict[str, NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    scenes = []
    for _ in range(CHUNK - 2 * PHOTOS):
        plan = random_trained_plan(rng)
        if rng.random() < NEAR:
            scenes.append(from_near(paint_scene(plan, _hands["all"], rng, scale=2), rng))
        else:
            scenes.append(paint_scene(plan, _hands["all"], rng))
    for _ in range(PHOTOS):
        scenes += photo_scenes(_hands["all"], rng)
    arrays: dict[str, NDArray[Any]] = {}
    for name, shape in SHAPES.items():
        own = [scene for scene in scenes if scene.classes.shape == shape]
        pictures = [scene.picture for scene in own]
        arrays[name] = np.array(pictures, np.uint8).reshape(-1, *shape, 3)
        classes = [scene.classes for scene in own]
        arrays[f"{name}_classes"] = np.array(classes, np.uint8).reshape(-1, *shape)
    return arrays
