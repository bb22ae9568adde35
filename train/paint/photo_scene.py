"""What is in a made-up photo of handwriting: sheet, light, lens and camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]  # red, green, blue in [0, 1]

# The share of the paper's light that ink and printed lines reflect.
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
        perspective: by what share things get smaller across the photo.
        gradient: share of the light lost from one edge of the photo to the other.
        shadow: share of the light lost in a shadow whose edge passes near the digit, 0 for none.
        soft: width of that edge, in sides.
        margins: width of the table beside the paper, left, top, right, bottom, in sides; negative
            where the table does not show.
        finger: how far a finger reaches into the photo, in sides, from the edge that is farthest
            from the digit; 0 for none.
        blur: standard deviation in pixels.
        noise: standard deviation in levels of 255.
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
    """A random scene: any paper, pen and light, and a camera that is not held quite still."""
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
