"""Makes photos of handwriting from pen strokes, with synthetic paper, light, lens and camera."""

from __future__ import annotations

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from train.paint.photo_scene import INKS, LINES, PAPERS, SKIN, TABLES, Scene
from train.paint.strokes import Strokes, rotation

Array = NDArray[np.float32]
Points = NDArray[np.float64]


def photograph(strokes: Strokes, scene: Scene, rng: np.random.Generator) -> bytes:
    """A photo as `expose` takes it, as a camera writes it: the bytes of a JPEG.

    It is rotated as the camera was held, with that in the Exif.
    """
    photo, _ = expose(strokes, scene, rng)
    turns = {1: 0, 3: 2, 6: 1, 8: 3}  # quarters, counter-clockwise
    exif = Image.Exif()
    exif[0x0112] = scene.orientation
    stream = io.BytesIO()
    image = Image.fromarray(np.rot90(photo, turns[scene.orientation]).copy())
    image.save(stream, "JPEG", quality=scene.quality, exif=exif)
    return stream.getvalue()


def expose(
    strokes: Strokes, scene: Scene, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Array]:
    """A photo of strokes on a sheet of paper.

    Args:
        strokes: each float (points, 2), x to the right, y down. Without strokes the sheet is blank.
        scene: the sheet, the light and the camera.
        rng: for the paper's texture, the position of lines and shadows, and the noise.

    Returns:
        The photo, uint8 (height, width, 3); and how much of each pixel the ink covers where nothing
        hides it, float32 (height, width) in [0, 1].
    """
    shape = (scene.height, scene.width)
    points = np.concatenate(strokes or [np.zeros((1, 2), np.float32)])
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low).max()), 1e-6)
    written = [(stroke - (low + high) / 2) / extent for stroke in strokes]
    perspective = rng.normal(0, 1, 2)
    perspective *= scene.perspective * scene.size / np.linalg.norm(perspective)

    sheet = np.full((*shape, 3), PAPERS[scene.paper], np.float32)
    sheet *= 1 + 0.012 * smooth_noise(shape, 3, rng)[..., None]
    if scene.ruling != "plain":
        lines = render_strokes(ruled_lines(scene, rng), scene, perspective, 0.035 * scene.spacing)
        sheet *= 1 - lines[..., None] * (1 - np.array(LINES[scene.line], np.float32))
    ink = render_strokes(written, scene, perspective, scene.pen)
    if scene.ink == "pencil":
        ink *= np.clip(0.8 + 0.25 * smooth_noise(shape, 2, rng), 0, 1)
    sheet *= 1 - ink[..., None] * (1 - np.array(INKS[scene.ink], np.float32))
    shown = np.ones(shape, np.float32)
    if max(scene.margins) >= 0:
        shown = paper_cover(scene)
        sheet = place_on_table(sheet, shown, scene, rng)
    if scene.finger:
        finger = finger_cover(scene)
        draw_finger(sheet, finger, scene)
        shown = shown * (1 - finger)
    tint = 1 - rng.uniform(-0.03, 0.12) * np.array([0, 0.4, 1])  # lamps are yellower than the sun
    sheet *= illumination(scene, rng)[..., None] * tint.astype(np.float32)
    photo = cv2.GaussianBlur(sheet, (0, 0), max(scene.blur, 0.01))
    # After the camera's own processing, noise is a little smooth, and less so in its chroma.
    noise = [smooth_noise(shape, 1, rng) for _ in range(2)]
    grain = cv2.GaussianBlur(np.dstack([noise[0], noise[0], noise[1]]), (0, 0), 0.6)
    photo = np.clip(250 * photo + scene.noise * grain / grain.std(), 0, 255)
    return np.round(photo).astype(np.uint8), ink * shown


def render_strokes(strokes: Strokes, scene: Scene, perspective: Points, width: float) -> Array:
    """How much of each pixel the strokes cover, as the camera sees them.

    Args:
        strokes: each float (points, 2), in digit sizes from the digit's middle.
        scene: says where the digit is, and how the sheet is tilted.
        perspective: float (2,). A point p appears at p / (1 + p @ perspective).
        width: of the strokes, in digit sizes. Strokes thinner than two pixels fade.

    Returns:
        float32 (height, width) in [0, 1].
    """
    scale = scene.size * min(scene.width, scene.height)
    turn = rotation(np.radians(scene.tilt)) * scale
    middle = np.array(scene.place) * (scene.width, scene.height)
    cover = np.zeros((scene.height, scene.width), np.uint8)
    pixels = width * scale
    for stroke in strokes:
        seen = (stroke / (1 + stroke @ perspective)[:, None]) @ turn.T + middle
        path = np.round(seen * 16).astype(np.int32).reshape(-1, 1, 2)  # 4 fractional bits
        if len(path) == 1:
            path = path.repeat(2, axis=0)
        # OpenCV's smooth lines of even thickness t come out 1.4 pixels wider than t.
        thickness = max(1, round(pixels - 1.4))
        cv2.polylines(cover, [path], False, (255,), thickness, cv2.LINE_AA, 4)
    return cover * np.float32(min(1, pixels / 2) / 255)


def ruled_lines(scene: Scene, rng: np.random.Generator) -> Strokes:
    """Printed lines across the whole sheet, in digit sizes from the digit's middle."""
    reach = 1.2 * float(np.hypot(scene.width, scene.height))
    reach /= scene.size * min(scene.width, scene.height)
    along = np.linspace(-reach, reach, 40)
    lines: Strokes = []
    for offset in np.arange(-reach, reach, scene.spacing) + rng.uniform(0, scene.spacing):
        across = np.full_like(along, offset)
        lines.append(np.stack([along, across], axis=1))
        if scene.ruling == "squared":
            lines.append(np.stack([across, along], axis=1))
    return lines


def paper_cover(scene: Scene) -> Array:
    """How much of each pixel the sheet covers on its table: float32 (height, width) in [0, 1]."""
    height, width = scene.height, scene.width
    side = min(height, width)
    gaps = [gap * side if gap >= 0 else -2 * max(height, width) for gap in scene.margins]
    left, top, right, bottom = gaps[0], gaps[1], width - gaps[2], height - gaps[3]
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    turn = rotation(np.radians(scene.tilt))
    middle = np.array(scene.place) * (width, height)
    outline = np.round(((corners - middle) @ turn.T + middle) * 16).astype(np.int32)
    paper = np.zeros((height, width), np.float32)
    cv2.fillPoly(paper, [outline], (1,), cv2.LINE_AA, 4)
    return paper


def place_on_table(sheet: Array, paper: Array, scene: Scene, rng: np.random.Generator) -> Array:
    """The sheet on a wooden or plain table, which shows where `paper_cover` leaves it bare.

    Takes and returns float32 (h, w, 3).
    """
    height, width = paper.shape
    side = min(height, width)
    cast = cv2.resize(paper, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    cast = cv2.resize(cv2.GaussianBlur(cast, (0, 0), 0.0015 * side), (width, height))
    grain = cv2.resize(smooth_noise((max(2, height // 30), width), 2, rng), (width, height))
    shade = (1 + 0.15 * grain) * (1 - 0.4 * cast)
    table = shade[..., None] * np.array(TABLES[scene.table], np.float32)
    return np.asarray(table + paper[..., None] * (sheet - table), np.float32)


def finger_cover(scene: Scene) -> Array:
    """How much of each pixel the finger covers: float32 (height, width) in [0, 1].

    It reaches in from the edge that is farthest from the digit.
    """
    height, width = scene.height, scene.width
    side = min(height, width)
    x, y = scene.place[0] * width, scene.place[1] * height
    reach = scene.finger * side
    edges = {
        x: ((0, y), (reach, y)),
        y: ((x, 0), (x, reach)),
        width - x: ((width, y), (width - reach, y)),
        height - y: ((x, height), (x, height - reach)),
    }
    start, tip = np.array(edges[max(edges)])
    thick = max(3, round(0.13 * side))
    tip = tip + (start - tip) * min(1, 0.5 * thick / max(reach, 1))  # the round end reaches as far
    finger = np.zeros((height, width), np.float32)
    ends = [tuple(int(v) for v in point) for point in (start + (start - tip), tip)]
    cv2.line(finger, ends[0], ends[1], (1,), thick, cv2.LINE_AA)
    return finger


def draw_finger(sheet: Array, finger: Array, scene: Scene) -> None:
    """Draw a finger, which `finger_cover` returned, over `sheet`, float32 (h, w, 3)."""
    height, width = finger.shape
    side = min(height, width)
    small = cv2.resize(finger, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), 0.004 * side), (width, height))[..., None]
    sheet *= 1 - 0.3 * soft
    skin = np.array(SKIN, np.float32) * (0.55 + 0.45 * soft)  # darker where it turns away
    sheet += finger[..., None] * (skin - sheet)


def illumination(scene: Scene, rng: np.random.Generator) -> Array:
    """The light on every pixel: float32 (height, width) in [0, 1]."""
    height, width = scene.height, scene.width
    side = min(height, width)
    # Light is smooth, so it is computed at a quarter of the size.
    y, x = np.mgrid[0:height:4, 0:width:4].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * (x / width - 0.5) + np.sin(angle) * (y / height - 0.5)
    amount = 1 - scene.gradient * (slope - slope.min()) / np.ptp(slope)
    if scene.shadow:
        angle = rng.uniform(0, 2 * np.pi)
        offset = rng.uniform(-0.35, 0.35) * side
        dx, dy = x - scene.place[0] * width, y - scene.place[1] * height
        distance = dx * np.cos(angle) + dy * np.sin(angle) - offset
        if rng.random() < 0.5:  # a round one, as of a head
            radius = rng.uniform(0.4, 1.2) * side
            centre = np.array([np.cos(angle), np.sin(angle)]) * (offset + radius)
            distance = radius - np.hypot(dx - centre[0], dy - centre[1])
        inside = 1 / (1 + np.exp(-np.clip(4 * distance / (scene.soft * side), -50, 50)))
        amount = amount * (1 - scene.shadow * inside)
    return cv2.resize(amount.astype(np.float32), (width, height))


def smooth_noise(shape: tuple[int, int], scale: int, rng: np.random.Generator) -> Array:
    """Noise with mean 0 and standard deviation 1, smooth over `scale` pixels: float32 `shape`."""
    small = (max(1, shape[0] // scale), max(1, shape[1] // scale))
    noise = rng.standard_normal(small, np.float32)
    return np.asarray(cv2.resize(noise, shape[::-1]) if scale > 1 else noise, np.float32)
