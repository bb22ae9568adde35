"""The answer while the pen is down, in the visitor's own browser: on the page, and in frames."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from tests.helpers.pages import FIRST, visit
from tests.helpers.servers import serve_app
from tests.helpers.sketchpad import STRAIGHT, draw
from train.paint.own_drawings import load

READY = "() => document.querySelector('digit-answer')?.prediction !== undefined"


def expect_live_digit(page: Page | Frame, digit: int) -> None:
    page.wait_for_function(
        "digit => document.querySelector('digit-answer').prediction?.digit === digit", arg=digit
    )
    assert page.locator("digit-answer .digit").inner_text() == str(digit)


def test_reads_on_when_the_server_is_gone(browser: Browser, tmp_path: Path) -> None:
    with serve_app(tmp_path) as url:
        context = browser.new_context(viewport={"width": 390, "height": 844})
        page = context.new_page()
        page.goto(url)
        page.locator("#sketch canvas").first.wait_for()
        page.wait_for_function(READY)
        draw(page, load("two"))
        expect_live_digit(page, 2)
    for digit in (7, 4):
        page.locator("#clear").click()
        page.locator("digit-answer.blank").wait_for(state="attached")
        draw(page, STRAIGHT[digit])
        expect_live_digit(page, digit)
    expect(page.locator("#busy")).to_be_visible()
    context.close()


SHOW_LATE = {
    "details": ("<details id=box>FRAME</details>", "box.open = true"),
    "hidden": ("<div id=box style='display: none'>FRAME</div>", "box.style.display = 'block'"),
    "zero": ("<div id=box style='width: 0'>FRAME</div>", "box.style.width = '640px'"),
}


# How far the hidden frame has come when it is shown.
WHEN = {
    "at once": "true",
    "its scripts run": "Boolean(window.gradio_config)",
    "its editor is there": "Boolean(window.editor)",
}


@pytest.mark.parametrize(("way", "when"), zip(SHOW_LATE, WHEN, strict=True))
def test_a_frame_that_is_shown_late_reads_what_is_drawn(
    browser: Browser, app_url: str, publish: Callable[[str], str], way: str, when: str
) -> None:
    html, show = SHOW_LATE[way]
    frame_html = f"<iframe src='{app_url}?embed=1' style='width: 100%; height: 600px'></iframe>"
    with visit(browser, publish(html.replace("FRAME", frame_html)), 700, 700) as page:
        frame = page.frames[1]
        frame.wait_for_function(WHEN[when], polling=50)
        page.evaluate(show)
        frame.locator("#sketch canvas").first.wait_for()
        frame.wait_for_function(READY)
        frame.wait_for_function("document.querySelector('#sketch canvas').clientWidth > 200")
        draw(page, STRAIGHT[7], frame)
        frame.locator("#guesses .confidence").first.wait_for()
        assert frame.locator(FIRST).inner_text() == "7"
        expect_live_digit(frame, 7)
