"""The page in a real browser: drawn on by mouse and finger, wide and narrow, light and dark."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.helpers.pages import FIRST, STILL, expect_blank, expect_digit, visit
from tests.helpers.sketchpad import STRAIGHT, draw, draw_with_mouse, swipe, touch
from train.paint.own_drawings import load

ROOT = Path(__file__).parents[2]


def test_the_mouse_draws_digits_and_clears_between(browser: Browser, app_url: str) -> None:
    with visit(browser, app_url, 1280, 800) as page:
        expect_blank(page)
        for digit in (7, 4):  # the very first stroke, too
            draw_with_mouse(page, STRAIGHT[digit])
            expect_digit(page, digit)
            page.get_by_role("button", name="Clear").click()
            expect_blank(page)


def test_draws_digits_and_clears_between(page: Page) -> None:
    for name in ("zero", "two", "three", "nine", "four-like-a-nine"):
        draw(page, load(name))
        digit = load(name)["label"]
        if name != "four-like-a-nine":  # of which it is not so sure
            expect_digit(page, digit)
        expect(page.locator(FIRST)).to_have_text(str(digit))
        best = page.locator("#guesses .confidence").first.inner_text()
        assert re.fullmatch(r"\d+%", best)
        expect(page.locator("#live [data-digit]")).to_have_text(str(digit))
        expect(page.locator("#live .sure")).to_have_text(best)
        picture = page.locator("#seen img")
        assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [28, 28]
        assert (picture.get_attribute("alt") or "").startswith("Your drawing")
        page.get_by_role("button", name="Clear").click()
        expect_blank(page)


def test_undo_takes_back_one_stroke_at_a_time(page: Page) -> None:
    four = {**STRAIGHT[4], "strokes": STRAIGHT[4]["strokes"][::-1]}
    draw(page, four)
    expect_digit(page, 4)  # which the first stroke alone is not
    both = page.locator("#seen img").get_attribute("src")
    assert both
    undo = page.get_by_role("button", name="Undo")
    undo.click()
    expect(page.locator("#seen img")).not_to_have_attribute("src", both)
    undo.click()
    expect_blank(page)
    draw(page, four)
    expect_digit(page, 4)
    expect(page.locator("#seen img")).to_have_attribute("src", both)


def test_the_server_s_picture_stays_if_the_same_drawing_is_reported_again(page: Page) -> None:
    page.evaluate("document.addEventListener('drawing', ({ detail }) => (window.drawn = detail))")
    draw(page, STRAIGHT[7])
    expect_digit(page, 7)
    page.locator("#seen img").wait_for()
    page.evaluate("document.dispatchEvent(new CustomEvent('drawing', { detail: drawn }))")
    page.wait_for_function("() => document.querySelector('#pad').reader.asked.length === 0")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert page.locator("#seen img").count() == 1


def test_clear_wins_over_an_answer_that_is_under_way(page: Page) -> None:
    one = load("one")
    draw(page, one)
    expect_digit(page, 1)
    for _ in range(2):
        draw(page, {**one, "strokes": [one["strokes"][0][:2]]})
        page.get_by_role("button", name="Clear").click()
    expect_blank(page)
    page.wait_for_timeout(3000)
    expect_blank(page)


def test_a_finger_s_vertical_stroke_draws_and_does_not_scroll(
    browser: Browser, app_url: str
) -> None:
    phone = {"device_scale_factor": 2, "has_touch": True, "is_mobile": True}
    down = {**STRAIGHT[1], "strokes": [[[200, y] for y in range(60, 341, 70)]]}
    up = {**down, "strokes": [down["strokes"][0][::-1]]}
    with visit(browser, app_url, 320, 568, **phone) as page:
        touch(page, down)  # the very first touch
        expect_digit(page, 1)
        assert page.evaluate("scrollY") == 0
        page.get_by_role("button", name="Clear").click()
        expect_blank(page)
        for stroke in (up, down):
            page.evaluate("scrollTo(0, 40)")  # so that there is room to scroll both ways
            touch(page, stroke)
            expect_digit(page, 1)
            assert page.evaluate("scrollY") == 40
            page.get_by_role("button", name="Clear").click()
            expect_blank(page)
        page.evaluate("scrollTo(0, 40)")
        touch(page, STRAIGHT[7])
        expect_digit(page, 7)
        assert page.evaluate("scrollY") == 40
        box = page.locator("#guesses").bounding_box()
        assert box  # where the same finger scrolls
        swipe(page, [[160, box["y"] + 20 - 20 * step] for step in range(15)])
        page.wait_for_function("scrollY > 100")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_the_window_and_stays_in_place(browser: Browser, app_url: str, scheme: Any) -> None:
    with visit(browser, app_url, 320, 800, color_scheme=scheme) as page:
        for width in (320, 360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            page.locator("#sketch canvas").first.wait_for()
            page.evaluate(STILL)
            before = places(page)
            draw(page, STRAIGHT[7])
            expect_digit(page, 7)
            assert places(page) == before
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            is_dark = page.evaluate("document.body.classList.contains('dark')")
            assert is_dark == (scheme == "dark")
            desk = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert desk == ("rgb(18, 19, 23)" if is_dark else "rgb(247, 247, 249)")  # palette.css
            page.mouse.move(0, 0)  # else the brush's outline is in the picture
            paper = np.asarray(
                Image.open(io.BytesIO(page.locator("#sketch").screenshot())).convert("L")
            )
            side = paper.shape[1]
            assert abs(paper.shape[0] - side) <= 2  # square
            assert paper[side // 20, side // 20] > 250  # white paper
            assert paper[side * 90 // 400, side * 180 // 400] < 5  # black ink, the roof of the 7
            page.get_by_role("button", name="Clear").click()
            expect_blank(page)


def places(page: Page) -> list[list[float]]:
    boxes: list[list[float]] = page.evaluate(
        """ids => ids.map(id => {
            const box = document.querySelector(id).getBoundingClientRect();
            return [box.x + scrollX, box.y + scrollY, box.width, box.height].map(Math.round);
        })""",
        ["#sketch", "#tools", "#verdict", "#guesses", "#seen", "#textbook", "#inside"],
    )
    return boxes


def test_fetches_from_its_own_server_only_and_without_errors(
    browser: Browser, app_url: str
) -> None:
    with visit(browser, "about:blank", 1280, 720) as page:
        hosts: set[tuple[str, ...]] = set()
        errors: list[str] = []
        page.on("request", lambda request: hosts.add(urlsplit(request.url)[:2]))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.extend([said.text] if said.type == "error" else []))
        page.goto(app_url, wait_until="networkidle")
        draw(page, load("two"))
        expect_digit(page, 2)
        remote = {(scheme, host) for scheme, host in hosts if scheme not in ("blob", "data")}
        assert remote == {urlsplit(app_url)[:2]}
        assert errors == []


def test_the_iframe_of_the_readme_works_in_another_page(
    browser: Browser, app_url: str, publish: Callable[[str], str]
) -> None:
    snippet = re.search(r"<iframe.*?</iframe>", (ROOT / "README.md").read_text(), re.DOTALL)
    assert snippet
    html = re.sub(r'src="[^"?]*', f'src="{app_url}', snippet[0])
    with visit(browser, publish(f"<p>Look:</p>{html}"), 420, 1200) as page:
        frame = page.frame(url=re.compile(re.escape(app_url)))
        assert frame
        draw(page, load("five"), frame)
        expect_digit(frame, 5)
        # As high as the snippet says, the page needs no scroll bar of its own.
        high, room = frame.evaluate("[document.documentElement.scrollHeight, innerHeight]")
        assert high <= room
