"""Strokes painted for training look like the same strokes drawn on the page."""

import base64
import io
import re

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, expect

from mnist_demo import preprocess
from tests.helpers.pages import STILL, expect_blank, visit
from tests.helpers.sketchpad import Drawing, draw_with_mouse
from tests.helpers.sketchpad import draw as draw_on_page
from train.paint.own_drawings import load, strokes_of
from train.paint.strokes import draw

# Mean absolute difference of the pixels in [0, 1], on the canvas and in the network's input. 0.006
# and 0.003 were measured.
LIMITS = (0.01, 0.01)
KEEP_WHAT_IS_SENT = """
window.sent = [];
const original = window.fetch;
window.fetch = (address, options) => {
  if (typeof options?.body === "string") window.sent.push(options.body);
  return original(address, options);
};
"""


def test_the_browser_paints_the_same_strokes_alike(browser: Browser, app_url: str) -> None:
    eight = load("eight")
    sparse = {**eight, "strokes": [stroke[::3] for stroke in eight["strokes"]]}
    with visit(browser, "about:blank", 1280, 800) as page:
        page.add_init_script(KEEP_WHAT_IS_SENT)
        page.goto(app_url)
        for drawing, draw_on in ((load("seven-crossed"), draw_on_page), (sparse, draw_with_mouse)):
            page.locator("#sketch canvas").first.wait_for()
            draw_on(page, drawing)
            page.evaluate(STILL)  # also the last stroke's picture is sent
            expect(page.locator("#seen img")).to_have_count(1)
            sent = " ".join(page.evaluate("window.sent"))
            picture = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", sent)[-1]
            expect_alike(picture, drawing)
            page.get_by_role("button", name="Clear").click()
            expect_blank(page)


def expect_alike(picture: str, drawing: Drawing) -> None:
    """`picture` is the base64 of the PNG that the page has sent."""
    browsers = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("L"))
    ours = draw(strokes_of(drawing), 14, side=400)  # the page's brush and canvas
    assert browsers.shape == ours.shape
    canvas = np.abs(browsers.astype(float) - ours).mean() / 255
    seen = [np.asarray(preprocess(picture)) for picture in (browsers, ours)]
    inputs = np.abs(seen[0] - seen[1]).mean()
    print(f"{drawing['label']}: canvas {canvas:.4f}, network's input {inputs:.4f}")
    assert canvas < LIMITS[0] and inputs < LIMITS[1]
