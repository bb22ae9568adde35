"""Light, lens, noise and compression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_demo.read.detect import CHARACTERS
from train.paint.photograph import smooth_noise
from train.scenes.picture import Picture

MIN_CONTRAST = 5  # levels of 255; fainter ink may be overlooked


@dataclass(frozen=True)
class Camera:
    """How a scene is taken.

    Attributes:
        fall_off: share of the light that is lost from one edge to the other.
        shadow: share of the light lost in a shadow, 0 for none.
        vignette: share of the light lost in the corners.
        tilt: of the picture, in degrees.
        blur: standard deviation in pixels of the finished picture.
        noise: standard deviation in levels of 255.
        detail: how many pixels the file has for one of the finished picture, along a side; below 1
            the picture was enlarged.
        quality: of a JPEG, 1 to 100; 0 for none.
    """

    fall_off: float = 0.0
    shadow: float = 0.0
    vignette: float = 0.0
    tilt: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    detail: float = 1.0
    quality: int = 0


def random_camera(rng: np.random.Generator, photo: bool) -> Camera:
    """A camera in bad light if `photo`, else a file that was made on a screen or scanned."""
    detail = float(np.exp(rng.uniform(np.log(0.35), 0))) if rng.random() < 0.3 else 1.0
    quality = int(rng.integers(30, 96)) if rng.random() < (0.9 if photo else 0.2) else 0
    if not photo:
        noise = float(rng.uniform(0, 4)) if rng.random() < 0.3 else 0.0
        blur = float(rng.uniform(0, 0.8)) if rng.random() < 0.3 else 0.0
        return Camera(blur=blur, noise=noise, detail=detail, quality=quality)
    return Camera(
        fall_off=float(rng.uniform(0, 0.6)),
        shadow=float(rng.uniform(0.1, 0.5)) if rng.random() < 0.4 else 0.0,
        vignette=float(rng.uniform(0, 0.4)) if rng.random() < 0.4 else 0.0,
        tilt=float(rng.normal(0, 4)) if rng.random() < 0.6 else 0.0,
        blur=float(rng.uniform(0, 1.0)),
        noise=float(np.exp(rng.uniform(0, np.log(12)))),
        detail=detail,
        quality=quality,
    )


def take(
    picture: Picture, camera: Camera, shape: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The finished picture, uint8 (*shape, 3)."""
    rgb: NDArray[Any] = picture.rgb
    height, width = picture.shape
    if camera.tilt:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), camera.tilt, 1.0)
        rgb = cv2.warpAffine(rgb, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    if camera.fall_off or camera.shadow or camera.vignette:
        rgb = rgb * _light(camera, (height, width), rng)[..., np.newaxis]
    size = shape[::-1]
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    if camera.detail < 1:
        coarse = (max(8, round(size[0] * camera.detail)), max(8, round(size[1] * camera.detail)))
        small = cv2.resize(small, coarse, interpolation=cv2.INTER_AREA)
        small = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    if camera.blur > 0.1:
        small = cv2.GaussianBlur(small, (0, 0), camera.blur)
    levels = 255 * small
    if camera.noise:
        noise = rng.normal(0, camera.noise, (*shape, 3)).astype(np.float32)
        if rng.random() < 0.7:  # mostly in the brightness
            noise = noise[:, :, :1] + 0.3 * noise
        levels = levels + noise
    pixels = np.clip(np.round(levels), 0, 255).astype(np.uint8)
    if camera.quality:
        coded = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, camera.quality])
        decoded = cv2.imdecode(coded[1], cv2.IMREAD_COLOR)
        assert decoded is not None
        pixels = np.asarray(decoded[:, :, ::-1], np.uint8)
    return pixels


def boxes_of(picture: Picture, camera: Camera, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Where the characters of `picture` are in the finished picture `pixels`.

    Returns:
        float32 (n, 6): index of `CHARACTERS`; left, top, right and bottom in pixels of the finished
        picture; and the share of the character's ink that can be seen, in (0, 1].
    """
    height, width = picture.shape
    scale = pixels.shape[1] / width
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), camera.tilt, 1.0)
    boxes = []
    for character in picture.characters:
        points = character.points @ turn[:, :2].T + turn[:, 2]
        seen = ((points > 0) & (points < (width, height))).all(axis=1)
        if seen.any():
            low, high = points[seen].min(axis=0) - 0.5, points[seen].max(axis=0) + 0.5
            share = character.share * float(seen.mean())
            if _contrast(pixels, scale * points[seen]) < MIN_CONTRAST:
                share *= 0.5
            boxes.append([CHARACTERS.index(character.sign), *low, *high, share])
    return np.array(boxes, np.float32).reshape(-1, 6) * np.array([1, *[scale] * 4, 1], np.float32)


def _contrast(pixels: NDArray[np.uint8], points: NDArray[Any]) -> float:
    """How much ink at these points differs from what is around it, in levels of 255."""
    x, y = (points[:, i].astype(int).clip(0, pixels.shape[1 - i] - 1) for i in (0, 1))
    around = (slice(max(0, y.min() - 2), y.max() + 3), slice(max(0, x.min() - 2), x.max() + 3))
    differences = pixels[y, x].mean(axis=0) - np.median(pixels[around], axis=(0, 1))
    return float(np.abs(differences).max())


def _light(camera: Camera, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """The share of the light on every pixel: float32 `shape`."""
    y, x = np.mgrid[-0.5:0.5:32j, -0.5:0.5:32j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * x + np.sin(angle) * y
    light = 1 - camera.fall_off * (slope - slope.min()) / np.ptp(slope)
    light = light * (1 - 2 * camera.vignette * (x**2 + y**2))
    light = np.asarray(cv2.resize(light, shape[::-1]), np.float32)
    if camera.shadow:
        y, x = np.mgrid[-0.5:0.5:128j, -0.5:0.5:128j].astype(np.float32)
        angle, soft = rng.uniform(0, 2 * np.pi), np.exp(rng.uniform(np.log(0.01), np.log(0.2)))
        edge = np.cos(angle) * x + np.sin(angle) * y + rng.uniform(-0.35, 0.35)
        edge = edge + 0.05 * smooth_noise((128, 128), 40, rng)
        inside = 1 / (1 + np.exp(-np.clip(4 * edge / soft, -50, 50)))
        light = light * (1 - camera.shadow * cv2.resize(inside.astype(np.float32), shape[::-1]))
    return light
