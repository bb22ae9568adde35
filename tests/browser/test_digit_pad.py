"""The element <digit-pad>: docs/digit-pad.md's examples as they stand, in another site's page."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.helpers.commands import ROOT
from tests.helpers.pages import visit_and_watch
from tests.helpers.sketchpad import draw
from train.paint.own_drawings import load

EXAMPLES = re.findall(r"```html\n(.*?)```", (ROOT / "docs" / "digit-pad.md").read_text(), re.DOTALL)
PAGE = ROOT / "src" / "mnist_demo" / "page"
MODULES = ROOT / "src" / "mnist_demo" / "browser"


Show = Callable[[str], None]


@pytest.fixture
def post(browser: Browser) -> Iterator[Page]:
    with visit_and_watch(browser, "about:blank", 500, 900) as page:
        yield page


@pytest.fixture
def show(post: Page, app_url: str, publish: Callable[[str], str]) -> Show:
    """A function that shows HTML on another site than the demo's, with the demo's modules."""

    def show(html: str) -> None:
        post.goto(publish(html.replace("https://OWNER-NAME.hf.space/", app_url)))
        post.wait_for_function("Boolean(customElements.get('digit-pad'))")
        post.evaluate("Promise.all([...document.querySelectorAll('digit-pad')].map(p => p.ready))")

    return show


def value(page: Page, pad: str, expected: str) -> None:
    page.wait_for_function(
        "([pad, value]) => document.querySelector(pad).value === value", arg=[pad, expected]
    )


def test_in_a_blog_post(post: Page, show: Show) -> None:
    show(EXAMPLES[0])
    post.evaluate("""() => {
        window.heard = [];
        for (const type of ["input", "change"]) {
            pad.addEventListener(type, ({ detail }) => heard.push([type, detail?.digit ?? null]));
        }
    }""")
    draw(post, load("seven-crossed"), pad="#pad")
    value(post, "#pad", "7")
    post.wait_for_function("heard.at(-1)?.[0] === 'change' && heard.at(-1)[1] === 7")
    assert post.locator("digit-answer .digit").inner_text() == "7"
    top = post.evaluate("pad.prediction.top")
    assert [len(top), top[0]["digit"]] == [3, 7] and top[0]["probability"] > top[1]["probability"]
    post.get_by_role("button", name="Undo").click()
    post.wait_for_function("pad.strokes.length === 1")
    post.get_by_role("button", name="Clear").click()
    post.wait_for_function("pad.prediction === null && heard.at(-1)[1] === null")
    assert "input" in {kind for kind, _ in post.evaluate("heard")}


def test_in_a_form(post: Page, show: Show) -> None:
    show(EXAMPLES[1])
    sent = "new FormData(document.querySelector('form')).get('digit')"
    valid = "document.querySelector('form').checkValidity()"
    assert post.evaluate(f"[{sent}, {valid}]") == [None, False]
    assert post.locator("#house").bounding_box()["width"] == 240  # type: ignore[index]
    draw(post, load("four"), pad="#house")
    value(post, "#house", "4")
    assert post.evaluate(f"[{sent}, {valid}]") == ["4", True]
    post.get_by_role("button", name="Again").click()
    value(post, "#house", "")
    assert post.evaluate(f"[{sent}, {valid}]") == [None, False]
    draw(post, load("four"), pad="#house")
    value(post, "#house", "4")
    post.locator("#house .square").press("Delete")
    value(post, "#house", "")
    post.evaluate("document.querySelector('#house').setAttribute('disabled', '')")
    draw(post, load("four"), pad="#house")
    post.wait_for_timeout(300)
    assert post.evaluate("document.querySelector('#house').strokes.length") == 0


def test_two_on_one_page(post: Page, show: Show) -> None:
    show(EXAMPLES[2])
    draw(post, load("three"), pad="#left")
    value(post, "#left", "3")
    assert post.locator("#sum").inner_text() == "?"
    draw(post, load("six"), pad="#right")
    post.wait_for_function("document.querySelector('#sum').value === '9'")


def test_the_networks_beside_it(post: Page, show: Show) -> None:
    show(EXAMPLES[3])
    draw(post, load("seven-crossed"), pad="#drawn")
    value(post, "#drawn", "7")
    expect(post.locator("digit-textbook [data-digit]")).to_have_text(re.compile(r"\d"))
    post.wait_for_function("""() => {
        const { shadowRoot } = document.querySelector("digit-network");
        const tiles = [...shadowRoot.querySelectorAll("canvas[data-stage=places]")];
        return tiles.length === 64 && tiles.some((tile) => tile.values.some(Boolean));
    }""")
    assert post.evaluate("document.documentElement.scrollWidth") <= 500


def test_the_embed_tab_s_snippet_is_the_first_example() -> None:
    snippet = (PAGE / "snippets" / "digit_pad.html").read_text()
    assert snippet == EXAMPLES[0].replace("https://OWNER-NAME.hf.space", "URL")


@pytest.mark.parametrize("way", ["details", "display: none", "width: 0"])
def test_shown_late_it_reads_what_is_drawn(post: Page, show: Show, way: str) -> None:
    pad = EXAMPLES[0]
    if way == "details":
        show(f"<details id=box><summary>Draw</summary>{pad}</details>")
        post.evaluate("box.open = true")
    else:
        show(f"<div id=box style='{way}'>{pad}</div>")
        post.evaluate("box.removeAttribute('style')")
    draw(post, load("five"), pad="#pad")
    value(post, "#pad", "5")


def test_a_tap_leaves_a_dot(post: Page, show: Show) -> None:
    show(EXAMPLES[0])
    post.locator("#pad canvas").first.click(position={"x": 150, "y": 100})
    post.wait_for_function("pad.prediction !== null")


def test_what_is_no_digit_has_no_value(post: Page, show: Show) -> None:
    show(EXAMPLES[0])
    zigzag = [[40 + 320 * (i % 2), 60 + 20 * i] for i in range(15)]
    draw(post, {"canvas": 400, "radius": 14, "strokes": [zigzag]}, pad="#pad")
    post.wait_for_function("pad.prediction?.isDigit === false")
    assert post.evaluate("pad.value") == ""
    assert post.locator("digit-answer .digit").inner_text() == "\u2013"


def test_languages_and_themes(post: Page, show: Show) -> None:
    show(EXAMPLES[0].replace("controls", "controls lang=de theme=dark"))
    texts = json.loads((PAGE / "locales" / "de.json").read_text())
    post.get_by_role("button", name=texts["clear"]).wait_for()
    assert post.evaluate("getComputedStyle(pad).colorScheme") == "dark"
    post.evaluate("pad.theme = pad.setAttribute('theme', 'light')")
    assert post.evaluate("getComputedStyle(pad).colorScheme") == "light"


def test_the_element_s_words_are_those_of_the_page() -> None:
    code = (MODULES / "digit-pad.js").read_text()
    for file in sorted((PAGE / "locales").glob("*.json")):
        texts = json.loads(file.read_text())
        for key in ("drawing", "undo", "clear", "blank"):
            assert json.dumps(texts[key], ensure_ascii=False) in code, (file.name, key)


def test_no_file_of_the_reader_is_left_out_of_its_description() -> None:
    described = (MODULES / "README.md").read_text()
    missing = [
        file.name for file in sorted(Path(MODULES).glob("*.js")) if file.name not in described
    ]
    assert missing == []
