"""Makes photos of handwriting from pen strokes, with invented paper, light, lens and camera."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from train.paint.strokes import Strokes, rotation

Array = NDArray[np.float32]
Points = NDArray[np.float64]
Colour = tuple[float, float, float]  # red, green, blue in [0, 1]

# The share of the paper's light that comes back from ink and from printed lines.
INKS: dict[str, Colour] = {
    "black pen": (0.12, 0.12, 0.15),
    "felt-tip": (0.04, 0.04, 0.05),
    "blue pen": (0.2, 0.28, 0.68),
    "light blue pen": (0.3, 0.45, 0.8),
    "red pen": (0.78, 0.2, 0.22),
    "green pen": (0.15, 0.5, 0.3),
    "pencil": (0.42, 0.42, 0.44),
}
LINES: dict[str, Colour] = {
    "blue": (0.65, 0.78, 0.9),
    "gray": (0.75, 0.75, 0.77),
    "dark": (0.58, 0.62, 0.7),
}
PAPERS: dict[str, Colour] = {
    "white": (0.95, 0.95, 0.95),
    "cream": (0.93, 0.91, 0.86),
    "recycled": (0.84, 0.82, 0.78),
}
TABLES: dict[str, Colour] = {
    "wood": (0.42, 0.28, 0.18),
    "black": (0.12, 0.12, 0.13),
    "gray": (0.36, 0.38, 0.4),
    "light wood": (0.72, 0.6, 0.45),
}
SKIN: Colour = (0.78, 0.55, 0.44)


@dataclass(frozen=True)
class Scene:
    """A sheet with one digit on it, the light on it, and the camera above it.

    Attributes:
        width, height: of the photo, in pixels. "Side" below is the shorter of the two.
        size: longest side of the digit, as a share of the side.
        place: of the digit's middle, as shares of the width and the height.
        pen: width of the strokes, as a share of the digit's size.
        ink, paper, line, table: keys of the colours above; pencil covers unevenly.
        ruling: "plain", "ruled" or "squared", every `spacing` digit sizes.
        tilt: of the sheet, in degrees.
        perspective: how much smaller things get across the photo, as a share.
        gradient: share of the light lost from one edge of the photo to the other.
        shadow: share of the light lost in a shadow whose edge passes near the digit, 0 for none;
            the edge is `soft` sides wide.
        margins: of table beside the paper, left, top, right, bottom, in sides; negative for none.
        finger: how far one reaches into the photo, in sides, from the edge farthest away.
        blur: standard deviation in pixels; noise: the same in levels of 255.
        quality: of the JPEG, 1 to 95.
        orientation: how the camera was held, as Exif numbers it: 1, 3, 6 or 8.
    """

    width: int = 1600
    height: int = 1200
    size: float = 0.45
    place: tuple[float, float] = (0.5, 0.5)
    pen: float = 0.05
    ink: str = "black pen"
    paper: str = "white"
    ruling: str = "plain"
    spacing: float = 0.5
    line: str = "blue"
    tilt: float = 0.0
    perspective: float = 0.0
    gradient: float = 0.0
    shadow: float = 0.0
    soft: float = 0.05
    margins: tuple[float, float, float, float] = (-1.0, -1.0, -1.0, -1.0)
    table: str = "wood"
    finger: float = 0.0
    blur: float = 0.7
    noise: float = 2.0
    quality: int = 85
    orientation: int = 1


def random_scene(rng: np.random.Generator) -> Scene:
    """A random scene: any paper, pen and light, and a hand that is not quite steady."""
    long, short = (1600, 1200) if rng.random() < 0.7 else (1280, 720)
    width, height = (long, short) if rng.random() < 0.5 else (short, long)
    size = rng.uniform(0.12, 0.75)
    half = 0.62 * size * short  # of the digit, tilted and with the pen's width
    free = np.array([width, height]) / 2 - half  # how far the digit may be off the middle
    middle = np.array([width, height]) / 2 + rng.uniform(-0.6, 0.6, 2) * free
    rooms = np.concatenate([middle, (width, height) - middle]) - half
    ink = str(rng.choice(list(INKS)))
    ruling = str(rng.choice(["plain", "ruled", "squared"]))
    thickest = 0.15 if ink in ("felt-tip", "black pen") else 0.07
    shown = (rng.random(4) < 0.6) & (rng.random() < 0.5)
    margins = np.where(shown, rng.uniform(0.05, 0.6, 4) * rooms / short, -1)
    return Scene(
        width=width,
        height=height,
        size=size,
        place=(middle[0] / width, middle[1] / height),
        pen=np.exp(rng.uniform(np.log(0.07 if ink == "felt-tip" else 0.02), np.log(thickest))),
        ink=ink,
        paper=str(rng.choice(list(PAPERS))),
        ruling=ruling,
        spacing=rng.uniform(0.25, 1.0) if ruling == "ruled" else rng.uniform(0.15, 0.5),
        line=str(rng.choice(list(LINES))),
        tilt=rng.normal(0, 4),
        perspective=rng.uniform(0, 0.2),
        gradient=rng.uniform(0, 0.6),
        shadow=rng.uniform(0.15, 0.55) if rng.random() < 0.5 else 0,
        soft=np.exp(rng.uniform(np.log(0.01), np.log(0.15))),
        margins=tuple(margins.tolist()),
        table=str(rng.choice(list(TABLES))),
        finger=rng.uniform(0.2, 0.8) * rooms.max() / short if rng.random() < 0.15 else 0,
        blur=rng.uniform(0.4, 1.8),
        noise=rng.uniform(1, 7),
        quality=int(rng.integers(40, 93)),
        orientation=int(rng.choice([1, 3, 6, 8])),
    )


def photograph(strokes: Strokes, scene: Scene, rng: np.random.Generator) -> bytes:
    """A JPEG of `strokes`, each float (points, 2), x to the right, y down, on a sheet of paper.

    Without strokes the sheet is blank.
    """
    shape = (scene.height, scene.width)
    points = np.concatenate(strokes or [np.zeros((1, 2), np.float32)])
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low).max()), 1e-6)
    written = [(stroke - (low + high) / 2) / extent for stroke in strokes]
    away = rng.normal(0, 1, 2)
    away *= scene.perspective * scene.size / np.linalg.norm(away)

    sheet = np.full((*shape, 3), PAPERS[scene.paper], np.float32)
    sheet *= 1 + 0.012 * smooth_noise(shape, 3, rng)[..., None]
    if scene.ruling != "plain":
        lines = render_strokes(ruled_lines(scene, rng), scene, away, 0.035 * scene.spacing)
        sheet *= 1 - lines[..., None] * (1 - np.array(LINES[scene.line], np.float32))
    ink = render_strokes(written, scene, away, scene.pen)
    if scene.ink == "pencil":
        ink *= np.clip(0.8 + 0.25 * smooth_noise(shape, 2, rng), 0, 1)
    sheet *= 1 - ink[..., None] * (1 - np.array(INKS[scene.ink], np.float32))
    if max(scene.margins) >= 0:
        sheet = place_on_table(sheet, scene, rng)
    if scene.finger:
        draw_finger(sheet, scene)
    tint = 1 - rng.uniform(-0.03, 0.12) * np.array([0, 0.4, 1])  # lamps are yellower than the sun
    sheet *= illumination(scene, rng)[..., None] * tint.astype(np.float32)
    photo = cv2.GaussianBlur(sheet, (0, 0), max(scene.blur, 0.01))
    # A camera's noise is a little smooth after its own processing, and less so in its chroma.
    noise = [smooth_noise(shape, 1, rng) for _ in range(2)]
    grain = cv2.GaussianBlur(np.dstack([noise[0], noise[0], noise[1]]), (0, 0), 0.6)
    photo = np.clip(250 * photo + scene.noise * grain / grain.std(), 0, 255)
    return encode_jpeg(np.round(photo).astype(np.uint8), scene)


def render_strokes(strokes: Strokes, scene: Scene, away: Points, width: float) -> Array:
    """Strokes on the sheet, in digit sizes around the digit's middle, as the camera sees them.

    Returns float32 (height, width) in [0, 1]. `width` is the strokes', in digit sizes; thinner
    than a pixel they fade.
    """
    scale = scene.size * min(scene.width, scene.height)
    turn = rotation(np.radians(scene.tilt)) * scale
    middle = np.array(scene.place) * (scene.width, scene.height)
    cover = np.zeros((scene.height, scene.width), np.uint8)
    pixels = width * scale
    for stroke in strokes:
        seen = (stroke / (1 + stroke @ away)[:, None]) @ turn.T + middle
        path = np.round(seen * 16).astype(np.int32).reshape(-1, 1, 2)  # 4 fractional bits
        if len(path) == 1:
            path = path.repeat(2, axis=0)
        # OpenCV's smooth lines of even thickness t come out 1.4 pixels wider than t.
        thickness = max(1, round(pixels - 1.4))
        cv2.polylines(cover, [path], False, (255,), thickness, cv2.LINE_AA, 4)
    return cover * np.float32(min(1, pixels / 2) / 255)


def ruled_lines(scene: Scene, rng: np.random.Generator) -> Strokes:
    """Printed lines from edge to edge of the sheet, in digit sizes around the digit's middle."""
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


def place_on_table(sheet: Array, scene: Scene, rng: np.random.Generator) -> Array:
    """The sheet with its edges in the photo, casting a thin shadow on a table with a grain."""
    height, width = sheet.shape[:2]
    side = min(height, width)
    gaps = [gap * side if gap >= 0 else -2 * max(height, width) for gap in scene.margins]
    left, top, right, bottom = gaps[0], gaps[1], width - gaps[2], height - gaps[3]
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    turn = rotation(np.radians(scene.tilt))
    middle = np.array(scene.place) * (width, height)
    outline = np.round(((corners - middle) @ turn.T + middle) * 16).astype(np.int32)
    paper = np.zeros((height, width), np.float32)
    cv2.fillPoly(paper, [outline], (1,), cv2.LINE_AA, 4)
    cast = cv2.resize(paper, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    cast = cv2.resize(cv2.GaussianBlur(cast, (0, 0), 0.0015 * side), (width, height))
    grain = cv2.resize(smooth_noise((max(2, height // 30), width), 2, rng), (width, height))
    shade = (1 + 0.15 * grain) * (1 - 0.4 * cast)
    table = shade[..., None] * np.array(TABLES[scene.table], np.float32)
    return np.asarray(table + paper[..., None] * (sheet - table), np.float32)


def draw_finger(sheet: Array, scene: Scene) -> None:
    """Draw a fingertip over `sheet` that comes in from the edge farthest from the digit."""
    height, width = sheet.shape[:2]
    side = min(height, width)
    x, y = scene.place[0] * width, scene.place[1] * height
    reach = scene.finger * side
    ways = {
        x: ((0, y), (reach, y)),
        y: ((x, 0), (x, reach)),
        width - x: ((width, y), (width - reach, y)),
        height - y: ((x, height), (x, height - reach)),
    }
    start, tip = np.array(ways[max(ways)])
    thick = max(3, round(0.13 * side))
    tip = tip + (start - tip) * min(1, 0.5 * thick / max(reach, 1))  # the round end reaches as far
    finger = np.zeros((height, width), np.float32)
    ends = [tuple(int(v) for v in point) for point in (start + (start - tip), tip)]
    cv2.line(finger, ends[0], ends[1], (1,), thick, cv2.LINE_AA)
    small = cv2.resize(finger, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), 0.004 * side), (width, height))[..., None]
    sheet *= 1 - 0.3 * soft
    skin = np.array(SKIN, np.float32) * (0.55 + 0.45 * soft)  # darker where it turns away
    sheet += finger[..., None] * (skin - sheet)


def illumination(scene: Scene, rng: np.random.Generator) -> Array:
    """How much light falls where: float32 (height, width) in [0, 1]."""
    height, width = scene.height, scene.width
    side = min(height, width)
    # Light is smooth: a quarter of the size will do.
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


def encode_jpeg(photo: NDArray[np.uint8], scene: Scene) -> bytes:
    """The file as the camera leaves it: turned as it was held, with the turn in its metadata."""
    turns = {1: 0, 3: 2, 6: 1, 8: 3}  # quarters, counter-clockwise
    exif = Image.Exif()
    exif[0x0112] = scene.orientation
    stream = io.BytesIO()
    image = Image.fromarray(np.rot90(photo, turns[scene.orientation]).copy())
    image.save(stream, "JPEG", quality=scene.quality, exif=exif)
    return stream.getvalue()
