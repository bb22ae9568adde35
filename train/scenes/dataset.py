"""Scenes for the detector, painted on all cores and kept in files."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from mnist_demo.files import write_whole
from train.data.compose_numbers import GAPS, LENGTHS, compose_number, select_upright
from train.data.drawing import Drawing
from train.paint.strokes import vary
from train.scenes.hands import Hands
from train.scenes.kinds import random_trained_plan
from train.scenes.photos import photo_scene
from train.scenes.scenes import paint_scene
from train.scenes.sheets import paint_sheet
from train.scenes.views import Labelled

CHUNK = 250  # scenes that a process paints in one task and keeps in one file
# Shares of the scenes; the others show one digit or one number.
SHEETS, PHOTOS, DRAWN = 0.36, 0.09, 0.27
GAP_SHARES = (0.1, 0.2, 0.3, 0.25, 0.15)  # of drawn numbers: most are misread if digits touch
_hands: dict[str, Hands] = {}  # of this process


def detector_scenes(
    split: str, count: int, cache: Path, data_dir: Path | None = None
) -> list[Labelled]:
    """About `count` scenes of `split`, with boxes. Those that are in the folder `cache` stay."""
    folder = cache / f"scenes-{split}"
    folder.mkdir(parents=True, exist_ok=True)
    chunks = range(-(-count // CHUNK))
    missing = [i for i in chunks if not (folder / f"{i:04}.npz").exists()]
    if missing:
        _hands["all"] = Hands(split, data_dir)  # read once: the processes begin with it
        with ProcessPoolExecutor(initializer=cv2.setNumThreads, initargs=(1,)) as pool:
            work = pool.map(partial(_paint_chunk, folder=folder, split=split), missing)
            list(tqdm(work, total=len(missing), desc=f"{split} scenes", unit="chunk"))
    return [scene for i in chunks for scene in _read(folder / f"{i:04}.npz")]


def _paint_chunk(index: int, folder: Path, split: str) -> None:
    rng = np.random.default_rng([("train", "validation", "test").index(split), index])
    scenes = [_paint(rng) for _ in range(CHUNK)]
    shapes = np.array([picture.shape[:2] for picture, _ in scenes])
    boxes = [np.column_stack([np.full(len(b), i), b]) for i, (_, b) in enumerate(scenes)]
    with write_whole(folder / f"{index:04}-pictures.npy") as part, part.open("wb") as stream:
        np.save(stream, np.concatenate([picture.reshape(-1) for picture, _ in scenes]))
    with write_whole(folder / f"{index:04}.npz") as part, part.open("wb") as stream:
        np.savez(stream, shapes=shapes, boxes=np.concatenate(boxes).astype(np.float32))


def _paint(rng: np.random.Generator) -> Labelled:
    chance = rng.random()
    if chance < SHEETS:
        scene = paint_sheet(_hands["all"], rng)
    elif chance < SHEETS + PHOTOS:
        return photo_scene(_hands["all"], rng)
    elif chance < SHEETS + PHOTOS + DRAWN and _hands["all"].writers:
        return drawn_number(_hands["all"], rng)
    else:
        scene = paint_scene(random_trained_plan(rng), _hands["all"], rng, scale=2)
    return scene.picture, scene.boxes


def drawn_number(hands: Hands, rng: np.random.Generator) -> Labelled:
    """A number as one of the writers draws it on a Sketchpad, where digits touch and overlap."""
    writer = hands.writers[int(rng.integers(len(hands.writers)))]
    drawings = [
        Drawing(str(digit), "", "", "", vary(strokes, rng))
        for digit, written in enumerate(writer)
        for strokes in written
    ]
    number = compose_number(
        select_upright(drawings) or drawings,
        int(rng.choice(LENGTHS)),
        str(rng.choice(GAPS, p=GAP_SHARES)),
        rng,
    )
    boxes = [
        [int(digit), x, y, x + ink.shape[1] - 20, y + ink.shape[0] - 20, 1]
        for digit, ink, (x, y) in zip(number.text, number.digits, number.corners, strict=True)
    ]
    return np.dstack([number.canvas] * 3), np.array(boxes, np.float32)


def _read(file: Path) -> list[Labelled]:
    """The scenes of a file. Of their pictures, only what is looked at is read from the disk."""
    pictures = np.load(file.with_name(f"{file.stem}-pictures.npy"), mmap_mode="r")
    with np.load(file) as stored:
        shapes, boxes = stored["shapes"], stored["boxes"]
    ends = np.cumsum([3 * height * width for height, width in shapes])
    return [
        (
            pictures[end - 3 * height * width : end].reshape(height, width, 3),
            boxes[boxes[:, 0] == i, 1:],
        )
        for i, (end, (height, width)) in enumerate(zip(ends, shapes, strict=True))
    ]
