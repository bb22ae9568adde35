"""Takes the pictures of the page in docs/: python -m docs.screenshots"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from tests.helpers.commands import ROOT
from tests.helpers.pages import PAPER, expect_number, side_by_side, visit
from tests.helpers.programs import open_browser
from tests.helpers.servers import serve_app
from tests.helpers.sketchpad import draw
from tests.helpers.static_host import static_edition
from train.paint.own_drawings import load, strokes_of
from train.paint.photo_scene import Scene
from train.paint.photograph import photograph

DOCS = ROOT / "docs"


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_app(Path(folder), MNIST_DEMO_FEEDBACK_DIR=f"{folder}/kept") as url,
        static_edition() as static,
        open_browser() as browser,
    ):
        with visit(browser, url, 1280, 800) as page:
            explained(page, "seven")
            shoot(page, "page")

            scene = Scene(ruling="ruled", ink="blue pen", shadow=0.4, gradient=0.3, orientation=6)
            photo = Path(folder) / "photo.jpg"
            strokes = strokes_of(load("four-open"))
            photo.write_bytes(photograph(strokes, scene, np.random.default_rng(0)))
            page.get_by_role("tab", name="Picture").click()
            page.locator("#picture input[type=file]").set_input_files(photo)
            page.locator("#found figcaption").wait_for()
            shoot(page, "picture")

            page.get_by_role("tab", name="Numbers").click()
            draw(page, side_by_side(load("four"), load("two"), load("seven-crossed")), pad=PAPER)
            expect_number(page, "427")
            shoot(page, "numbers")

            for tab, name, ready in (
                ("About", "about", "#served"),
                ("Embed & API", "embed", "#snippet-curl .cm-line"),
            ):
                page.get_by_role("tab", name=tab).click()
                page.locator(ready).first.wait_for()
                shoot(page, name)
        with visit(browser, url, 1280, 800, color_scheme="dark") as page:
            explained(page, "nine-straight")
            shoot(page, "dark")
        with visit(browser, url, 320, 640, device_scale_factor=2) as page:
            explained(page, "three")
            shoot(page, "phone")
        with visit(browser, f"{url}?embed=1&__theme=dark", 640, 480) as page:
            draw(page, load("five"))
            page.locator("#guesses .confidence").first.wait_for()
            shoot(page, "embedded")
        with visit(browser, static.url, 800, 560) as page:
            draw(page, load("five"), pad="digit-pad")
            expect(page.locator("digit-answer .digit")).to_have_text("5")
            shoot(page, "static")


def explained(page: Page, name: str) -> None:
    draw(page, load(name))
    page.locator("#seen img").wait_for()
    page.wait_for_timeout(1500)  # for the answer to the last stroke
    page.get_by_role("button", name="Why?").click()
    page.locator("#heat img").wait_for()


def shoot(page: Page, name: str) -> None:
    page.mouse.move(0, 0)  # else the brush's outline is in the picture
    expect(page.locator(".toast-body")).to_have_count(0, timeout=20_000)
    page.wait_for_timeout(1000)
    page.evaluate("document.activeElement.blur()")
    file = DOCS / f"{name}.png"
    page.screenshot(path=file, full_page=name != "embedded")
    Image.open(file).convert("RGB").quantize(256).save(file, optimize=True)
    print(f"docs/{name}.png")


if __name__ == "__main__":
    main()
