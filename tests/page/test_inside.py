"""The Draw tab's view into the network, and the textbook network beside it."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.helpers.pages import FIRST, STILL, expect_blank, expect_digit, visit, visit_and_watch
from tests.helpers.sketchpad import STRAIGHT, STROKE, draw

# The sum of all maps' values.
LIGHT = """() => {
    const tiles = document.querySelector("digit-network").shadowRoot.querySelectorAll("[data-map]");
    return [...tiles].flatMap(({ values }) => [...values]).reduce((a, b) => a + b, 0);
}"""


def wait_for_network(page: Page) -> None:
    page.locator("#sketch canvas").first.wait_for()
    page.locator("digit-network [data-map]").first.wait_for()
    page.locator("digit-textbook button").first.wait_for()


def test_square_answer_and_first_maps_are_on_one_screen_and_stay(
    browser: Browser, app_url: str
) -> None:
    with visit_and_watch(browser, app_url, 1280, 800) as page:
        wait_for_network(page)
        page.evaluate(STILL)
        for part in ("#sketch", "#live", "#guesses", "digit-network [data-stage=fine] >> nth=0"):
            box = page.locator(part).bounding_box()
            assert box and box["y"] >= 0 and box["y"] + box["height"] <= 801, (part, box)
        page.evaluate("shift = 0")  # Gradio builds the page part by part
        draw(page, STRAIGHT[7])
        expect_digit(page, 7)
        page.evaluate(STILL)
        assert page.evaluate("shift") < 0.01


def test_maps_follow_before_the_pen_is_lifted(browser: Browser, app_url: str) -> None:
    with visit(browser, app_url, 1280, 800) as page:
        wait_for_network(page)
        assert page.evaluate(LIGHT) == 0
        without_end = STROKE.replace('send("pointerup", points.at(-1), 0);', "")
        assert without_end != STROKE
        points = [[200, 60 + 10 * i] for i in range(24)]
        page.locator("#sketch canvas").first.evaluate(without_end, points)
        page.wait_for_function(f"({LIGHT})() > 100")
        expect(page.locator("#live [data-digit]")).to_have_text("1")
        page.locator("#seen canvas").wait_for()
        assert page.locator("#guesses .confidence").count() == 0


def test_an_example_that_the_textbook_misreads_lies_on_the_paper(
    browser: Browser, app_url: str
) -> None:
    with visit(browser, app_url, 1280, 800) as page:
        wait_for_network(page)
        page.get_by_role("button", name="Draw a 6 that").click()
        expect_digit(page, 6)
        shown = page.locator("#hint img")
        expect(shown).to_be_visible()
        theirs = page.locator("digit-textbook [data-digit]")
        expect(theirs).to_have_text(re.compile("[0-57-9]"))  # it is sure and wrong
        draw(page, STRAIGHT[7])  # on clean paper
        expect_digit(page, 7)
        expect(shown).not_to_be_visible()
        page.get_by_role("button", name="Clear").click()
        expect_blank(page)
        expect(theirs).to_have_text("?")


def test_both_are_closed_on_a_phone_and_open_on_a_tap(browser: Browser, app_url: str) -> None:
    with visit(browser, app_url, 390, 844) as page:
        page.locator("#sketch canvas").first.wait_for()
        draw(page, STRAIGHT[7])
        expect(page.locator(FIRST)).to_have_text("7")
        box = page.locator("digit-answer").bounding_box()
        assert box and box["y"] + box["height"] <= 844  # on the first screen
        expect(page.locator("digit-network")).not_to_be_visible()
        expect(page.locator("digit-textbook [data-digit]")).not_to_be_visible()
        page.get_by_text("Look inside the network").click()
        page.wait_for_function(f"({LIGHT})() > 100")
        page.get_by_role("switch").check()
        expect(page.locator("digit-textbook [data-digit]")).not_to_have_text("?")
