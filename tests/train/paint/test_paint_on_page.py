"""Strokes painted for training look like the same strokes drawn on the page."""

import base64
import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from mnist_demo import preprocess
from tests.helpers import sketchpad
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


@pytest.mark.parametrize(
    ("name", "draw_on"),
    [("seven-crossed", sketchpad.draw), ("eight", sketchpad.draw_with_mouse)],
)
def test_the_browser_paints_the_same_strokes_alike(
    name: str, draw_on: Callable[[Page, sketchpad.Drawing], None], browser: Browser, app_url: str
) -> None:
    drawing = sketchpad.load(name)
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.add_init_script(KEEP_WHAT_IS_SENT)
        page.goto(app_url)
        draw_on(page, drawing)
        expect(page.locator("#seen img")).to_have_count(1)
        page.wait_for_timeout(1000)  # for the last stroke's picture
        sent = " ".join(page.evaluate("window.sent"))

    picture = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", sent)[-1]
    browsers = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("L"))
    ours = draw(sketchpad.strokes_of(drawing), 14, side=400)  # the page's brush and canvas
    assert browsers.shape == ours.shape
    canvas = np.abs(browsers.astype(float) - ours).mean() / 255
    seen = [np.asarray(preprocess(picture)) for picture in (browsers, ours)]
    inputs = np.abs(seen[0] - seen[1]).mean()
    print(f"{name}: canvas {canvas:.4f}, network's input {inputs:.4f}")
    assert canvas < LIMITS[0] and inputs < LIMITS[1]
