"""Makes docs/reading.webp, digits that are read while they are drawn: python -m docs.animation"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from playwright.sync_api import Page
from scipy.interpolate import Akima1DInterpolator

from docs.screenshots import DOCS
from tests.helpers.pages import visit
from tests.helpers.programs import open_browser
from tests.helpers.sketchpad import Drawing, draw_with_mouse
from tests.helpers.static_host import static_edition
from train.paint.own_drawings import load, strokes_of

DRAWINGS = ("three", "eight-in-two-circles")
STEP = 36  # pixels of the square between two moves of the pen
MOVE, HOLD = 160, 2000  # milliseconds for which a move, and a finished digit, are shown
WINDOW, SHOWN = (1240, 760), (744, 456)  # pixels of the page, and of a frame
# Whether the answers and the network's maps show the newest move.
READ = """() => document.querySelector("digit-pad").reader.asked.length === 0 &&
    ["digit-network", "digit-textbook"].every((name) => !document.querySelector(name).isFollowing)
"""


def main() -> None:
    frames: list[Image.Image] = []
    times: list[int] = []
    with (
        static_edition() as static,
        open_browser() as browser,
        visit(browser, static.url, *WINDOW) as page,
    ):
        page.locator("digit-network [data-map]").first.wait_for()
        page.locator("digit-textbook button").first.wait_for()
        for name in DRAWINGS:
            draw_with_mouse(page, even(load(name)), "digit-pad", lambda: frames.append(frame(page)))
            frames.append(frame(page))
            times += [MOVE] * (len(frames) - len(times) - 1) + [HOLD]
            page.get_by_role("button", name="Clear").click()
    file = DOCS / "reading.webp"
    frames[0].save(
        file,
        save_all=True,
        append_images=frames[1:],
        duration=times,
        loop=0,
        quality=60,
        method=6,
    )
    print(f"docs/{file.name}: {len(frames)} frames, {file.stat().st_size:,} bytes")


def even(drawing: Drawing) -> Drawing:
    """The drawing by a pen of even speed, on curves through its points."""
    strokes = []
    for points in strokes_of(drawing):
        way = np.append(0, np.hypot(*np.diff(points, axis=0).T).cumsum())
        places = np.append(np.arange(0, way[-1], STEP), way[-1])
        strokes.append(Akima1DInterpolator(way, points)(places).tolist())
    return drawing | {"strokes": strokes}


def frame(page: Page) -> Image.Image:
    """The page when the newest move has been read."""
    page.wait_for_function(READ)
    shown = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    return shown.resize(SHOWN, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
