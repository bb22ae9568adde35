"""The Numbers tab in a real browser, and its endpoint for programs."""

import re
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from mnist_demo.page.i18n import TEXTS
from tests.helpers.images import row
from tests.helpers.pages import PAPER, expect_digit, expect_number, side_by_side, visit
from tests.helpers.sketchpad import STRAIGHT, draw, touch
from train.paint.own_drawings import load


def test_reads_a_number_as_it_is_drawn_and_clears_it(page: Page) -> None:
    draw(page, STRAIGHT[7])  # the other tab's paper comes first, and keeps its drawing
    expect_digit(page, 7)
    page.get_by_role("tab", name="Numbers").click()
    blank = TEXTS["en"]["number_blank"]
    expect(page.locator("#number_verdict")).to_have_text(blank)
    draw(page, side_by_side(STRAIGHT[4], STRAIGHT[1], load("two")), pad=PAPER)
    expect_number(page, "412")
    for card, digit in zip(page.locator("#number_digits li").all(), "412", strict=True):
        expect(card.locator("meter")).to_have_count(3)
        expect(card.locator("div").first).to_have_text(re.compile(rf"^{digit}\d+%$"))
    page.locator("#number_clear").click()
    expect(page.locator("#number_verdict")).to_have_text(blank)
    expect(page.locator("#number_digits li")).to_have_count(0)
    draw(page, side_by_side(STRAIGHT[7], STRAIGHT[1]), pad=PAPER)
    expect_number(page, "71")
    page.locator("#number_undo").click()
    expect_number(page, "7")
    page.get_by_role("tab", name="Draw").click()
    expect_digit(page, 7)


def test_a_finger_draws_a_number_on_a_phone(browser: Browser, app_url: str) -> None:
    phone = {"device_scale_factor": 2, "has_touch": True, "is_mobile": True}
    with visit(browser, app_url, 320, 640, **phone) as page:
        page.locator("#sketch canvas").first.wait_for()
        # Where the tabs do not fit beside each other, some are in a menu.
        tab = page.get_by_role("tab", name="Numbers")
        if not tab.is_visible():
            page.locator("#tabs .overflow-menu button").first.click()
            tab = page.locator("#tabs .overflow-dropdown button", has_text="Numbers")
        tab.click()
        touch(page, side_by_side(STRAIGHT[4], STRAIGHT[1], STRAIGHT[7]), PAPER)
        expect_number(page, "417")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_endpoint_reads_an_image_file(app_url: str, tmp_path: Path) -> None:
    client = Client(app_url, verbose=False, download_files=tmp_path / "downloads")
    file = tmp_path / "number.png"
    Image.fromarray(row(["four", "two"], 40)).save(file)
    answer = client.predict(handle_file(file), api_name="/read_number")
    assert answer["number"] == "42"
    four, two = answer["digits"]
    assert (four["digit"], two["digit"]) == (4, 2)
    assert len(four["top"]) == 3
    assert four["box"][2] < two["box"][0]
    Image.new("L", (80, 40), "white").save(file)
    answer = client.predict(handle_file(file), api_name="/read_number")
    assert (answer["number"], answer["digits"]) == ("", [])
    with pytest.raises(AppError, match="not an image"):
        client.predict(None, api_name="/read_number")
