"""What surrounds the drawing, in a real browser: examples, reasons, corrections, tabs, embeds."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Frame, Page, Route, expect

from mnist_demo.page.embed_tab import GRADIO_JS, SNIPPETS, snippets
from mnist_demo.page.i18n import TEXTS
from mnist_demo.weights import repository_weights
from tests.helpers.commands import python
from tests.helpers.images import mnist_png, row
from tests.helpers.pages import STILL, expect_blank, expect_digit, visit
from tests.helpers.rest import metrics
from tests.helpers.sketchpad import STRAIGHT, draw
from tests.helpers.waiting import wait_until
from train.paint.own_drawings import load, strokes_of
from train.paint.photo_scene import Scene
from train.paint.photograph import photograph

TABS = ("draw", "picture", "numbers", "about_title", "embed_title")


@pytest.fixture(scope="module")
def digit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file digit.png with a real 8, as the snippets send it."""
    path = tmp_path_factory.mktemp("sent") / "digit.png"
    path.write_bytes(mnist_png(8, 3, 140))
    return path


def test_shows_which_strokes_spoke_for_the_answer_when_asked(page: Page) -> None:
    page.locator("#sketch canvas").first.wait_for()
    expect(page.locator("button.example")).to_have_count(20)
    expect(page.get_by_role("button", name="Why?")).not_to_be_visible()
    draw(page, STRAIGHT[7])
    expect_digit(page, 7)
    page.get_by_role("button", name="Why?").click()
    expect(page.locator("#seen img.heat")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.locator("#seen")).to_contain_text("spoke for the answer")
    place = page.locator("#heat img").bounding_box()
    paper = page.locator("#sketch").bounding_box()
    assert place and paper and list(place.values()) == pytest.approx(list(paper.values()), abs=2)
    draw(page, {**STRAIGHT[7], "strokes": [[[150, 200], [270, 200]]]})  # a new answer, no heat
    expect(page.locator("#seen img.heat")).to_have_count(0)
    expect(page.locator("#heat img")).to_have_count(0)
    expect_digit(page, 7)
    page.get_by_role("button", name="Slashed zero").click()  # in place of what was drawn
    expect_digit(page, 0)


def test_a_tap_says_whether_the_answer_was_right(page: Page, app_folder: Path) -> None:
    def kept() -> list[dict[str, Any]]:
        files = (app_folder / "kept").glob("*")
        return [json.loads(line) for file in files for line in file.open() if line.endswith("\n")]

    before = kept()
    draw(page, STRAIGHT[7])
    expect_digit(page, 7)
    page.get_by_role("button", name="Yes").click()
    expect(page.locator("#thanks")).to_contain_text("Thank you")
    page.get_by_role("button", name="6", exact=True).click()
    wait_until(lambda: len(kept()) == len(before) + 2)
    lines = [line for line in kept() if line not in before]
    assert [(line["answer"], line["label"]) for line in lines] == [(7, 7), (7, 6)]
    assert all(line["drawing"] and line["image"] for line in lines)
    assert {line["version"] for line in lines} == {repository_weights().version}
    assert "nothing about you" in page.locator("#notice").inner_text()


# The buttons and the words of the answer that lie on each other.
OVERLAPS = """() => {
    const parts = new Set(document.querySelectorAll("#answer button"));
    const answer = document.querySelector("#answer");
    const walker = document.createTreeWalker(answer, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        if (!walker.currentNode.parentElement.closest("button")) parts.add(walker.currentNode);
    }
    const seen = [...parts].filter(part => (part.parentElement ?? part).checkVisibility(
        { visibilityProperty: true })).map(part => {
        const range = new Range();
        range.selectNode(part);
        return { text: part.textContent.trim(), box: range.getBoundingClientRect() };
    }).filter(({ box }) => box.width * box.height);
    return seen.flatMap(({ text, box }, i) => seen.slice(i + 1).filter(other =>
        Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left) > 1
        && Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top) > 1
    ).map(other => [text, other.text]));
}"""


@pytest.mark.parametrize(
    ("locale", "language"), [("es-MX", "es"), ("fr-FR", "fr"), ("zh-CN", "zh-CN"), ("ja-JP", "ja")]
)
def test_speaks_the_visitor_s_language(
    browser: Browser, app_url: str, locale: str, language: str
) -> None:
    with visit(browser, app_url, 1280, 900, locale=locale) as page:
        for key in ("title", "intro", "blank", "clear", "examples", "about_title"):
            expect(page.get_by_text(TEXTS[language][key]).first).to_be_visible()
        page.locator("#sketch canvas").first.wait_for()
        page.get_by_role("button", name="MNIST 3").click()
        expect(page.locator("#verdict")).to_have_text(TEXTS[language]["sure"].format(3))
        assert page.evaluate(OVERLAPS) == []
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate(OVERLAPS) == []


VISIBLE_TEXTS = """() => {
    const found = new Set(), visible = part => part.checkVisibility({ visibilityProperty: true });
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const { parentElement, textContent } = texts.currentNode;
        if (visible(parentElement) && !parentElement.closest("footer, .cm-content")) {
            found.add(textContent.trim());
        }
    }
    for (const name of ["aria-label", "title", "alt"]) {
        for (const part of document.querySelectorAll(`[${name}]`)) {
            if (visible(part) && !part.closest("footer")) found.add(part.getAttribute(name).trim());
        }
    }
    return [...found].filter(text => /\\p{L}{2}/u.test(text));
}"""
NAMES = {"MNIST", "UNIPEN train_r01_v07", "Pen-Based Recognition"}
NAMES |= {f"MNIST {digit}" for digit in range(10)}
NAMES |= {", CC BY-SA 3.0", ", CC BY 4.0"}
NAMES |= {"HTML: iframe", "HTML: digit-pad", "HTML: web component", "Python", "JavaScript", "curl"}
NAMES |= {"Info"}  # of the note that the network is still loading; it is a German word, too
# Gradio has no translation of these, which screen readers read.
GRADIO = {"Click to upload or drop files", "Remove Image", "Upload file", "Capture from camera"}
GRADIO |= {"Paste from clipboard", "Copy", "Close", "Code input container"}


def test_nothing_on_any_tab_is_left_in_english(
    browser: Browser, app_url: str, tmp_path: Path
) -> None:
    ours = [part for text in TEXTS["de"].values() for part in text.split("; ")]
    ours += TEXTS["de"].values()
    german = re.compile("|".join(re.sub(r"\\{\d\\}", ".+", re.escape(text)) for text in ours))
    photo = tmp_path / "photo.jpg"
    scene = Scene(ruling="ruled", line="dark")
    photo.write_bytes(photograph(strokes_of(load("two")), scene, np.random.default_rng(0)))
    left = set()
    with visit(browser, app_url, 1280, 900, locale="de-DE") as page:
        page.locator("#sketch canvas").first.wait_for()
        expect(page).to_have_title("Zeichne eine Ziffer")
        page.get_by_role("button", name="Null mit Schrägstrich").click()
        expect(page.locator("#verdict")).to_have_text("Das sieht nach einer 0 aus.")
        page.get_by_role("button", name="Ja", exact=True).click()
        expect(page.locator("#thanks")).to_have_text("Danke, das ist notiert.")
        page.get_by_role("button", name="Warum?").click()
        page.locator("#seen img.heat").wait_for()
        left |= set(page.evaluate(VISIBLE_TEXTS))
        page.get_by_role("tab", name="Bild").click()
        page.locator("#picture input[type=file]").set_input_files(photo)
        expect(page.locator("#found figcaption")).to_have_text(TEXTS["de"]["found"])
        left |= set(page.evaluate(VISIBLE_TEXTS))
        for name, ready in (("Zahlen", "#number_sketch"), ("Über", "#served"), ("API", ".cm-line")):
            page.get_by_role("tab", name=name).click()
            page.locator(ready).first.wait_for()
            left |= set(page.evaluate(VISIBLE_TEXTS))
    # Gradio says in English how long its queue is, for the moment in which an event waits or runs.
    waiting = re.compile(r"(queue: \d+/\d+|processing) \|")
    left = {text for text in left if not german.fullmatch(text) and not waiting.fullmatch(text)}
    assert left - NAMES - GRADIO == set()
    assert len(left & GRADIO) > 3  # so that the walk has seen them


def test_a_digit_and_a_number_are_found_in_pictures(
    page: Page, app_url: str, tmp_path: Path
) -> None:
    strokes = strokes_of(load("four-open"))
    scene = Scene(ruling="ruled", ink="blue pen", shadow=0.4, gradient=0.3, orientation=6)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(photograph(strokes, scene, np.random.default_rng(0)))
    page.get_by_role("tab", name="Picture").click()
    page.locator("#picture input[type=file]").set_input_files(photo)
    expect(page.locator("#picture_verdict")).to_have_text("This looks like a 4.")
    expect(page.locator("#picture_guesses .confidence")).to_have_count(3)
    expect(page.locator("#found figcaption")).to_have_text(TEXTS["en"]["found"])
    page.get_by_role("button", name="4", exact=True).click()
    expect(page.locator("#found-0 meter").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#found-0")).to_be_hidden()
    page.locator("#picture").get_by_role("button", name=re.compile("Clear|Remove")).click()
    Image.fromarray(row(["four", "two"], 60)).save(tmp_path / "42.png")
    page.locator("#picture input[type=file]").set_input_files(tmp_path / "42.png")
    expect(page.locator("#picture_verdict")).to_have_text("Several digits: 42.")
    expect(page.locator("#found .boxes button")).to_have_count(2)
    unreadable = 'mnist_demo_errors_total{endpoint="page",kind="unreadable"}'
    before = metrics(app_url).get(unreadable, 0)
    photo.write_text("no photo")
    page.locator("#picture").get_by_role("button", name=re.compile("Clear|Remove")).click()
    page.locator("#picture input[type=file]").set_input_files(photo)
    expect(page.get_by_text("photo.jpg is not an image that can be read")).to_be_visible()
    assert metrics(app_url)[unreadable] == before + 1
    page.reload()  # the refused file is still shown


def test_the_snippets_work_as_they_stand(page: Page, app_url: str, digit: Path) -> None:
    shown: dict[str, str] = {}
    page.get_by_role("tab", name="Embed & API").click()
    names = [name for name, _, _ in SNIPPETS]
    for name in names:
        code = page.locator(f"#{name}")
        expect(code.locator(".cm-content")).to_contain_text(app_url.rstrip("/"))
        expect(code.get_by_role("button", name="Copy")).to_be_visible()
        shown[name] = "\n".join(code.locator(".cm-line").all_text_contents())
    wanted = dict(zip(names, snippets(app_url.rstrip("/")), strict=True))
    assert {name: text.replace("\u200b", "") for name, text in shown.items()} == wanted

    answer = python("-c", shown["snippet-python"], cwd=digit.parent).stdout
    assert re.search(r"^8 0\.\d+$", answer, re.MULTILINE)
    words = shown["snippet-curl"].split()
    curl = subprocess.run(words, cwd=digit.parent, capture_output=True, check=True)
    assert json.loads(curl.stdout)["digit"] == 8
    script = (
        "async bytes => {"
        + shown["snippet-javascript"]
        + "; return await classify(new Blob([new Uint8Array(bytes)])); }"
    )
    with page.context.browser.new_context() as other:  # type: ignore[union-attr]
        elsewhere = other.new_page()  # of no origin: the endpoint lets other pages read it
        assert elsewhere.evaluate(script, list(digit.read_bytes()))["digit"] == 8


def test_the_web_component_shows_the_page_in_another(
    browser: Browser, app_url: str, publish: Callable[[str], str]
) -> None:
    """The script is fetched from Gradio's address, for which the installed package stands in."""
    component = [name for name, _, _ in SNIPPETS].index("snippet-component")
    snippet = snippets(app_url.rstrip("/"))[component]
    frontend = Path(gradio.__file__).parent / "templates" / "frontend"
    base = GRADIO_JS.rsplit("/", 1)[0]

    def installed(route: Route) -> None:
        file = frontend / route.request.url.removeprefix(base + "/").partition("?")[0]
        route.fulfill(path=file, headers={"access-control-allow-origin": "*"})

    with browser.new_context() as context:
        context.route(f"{base}/**", installed)
        page = context.new_page()
        page.goto(publish(snippet))
        page.locator("#sketch canvas").first.wait_for()
        page.get_by_role("button", name="MNIST 3").click()
        expect_digit(page, 3)
        expect(page).to_have_title("A post")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_embedded_elsewhere_the_canvas_and_the_answer_are_in_sight(
    browser: Browser, app_url: str, publish: Callable[[str], str], scheme: str
) -> None:
    source = f"{app_url}?embed=1&__theme={scheme}"
    style = "width: 100vw; height: 100vh; border: 0"
    post = publish(
        f'<style>body {{ margin: 0 }}</style><iframe src="{source}" style="{style}"></iframe>'
    )
    # From 480 pixels on the answer is beside the canvas, as the README says.
    sizes = [(320, 720, 7), (640, 480, 1), (768, 480, 4), (1440, 480, 7)]
    if scheme == "light":
        sizes += [(280, 360, 7), (360, 480, 1), (600, 500, 4), (640, 600, 7)]
    with visit(browser, post, 320, 720) as page:
        frame = page.frame(url=source)
        assert frame
        for width, height, digit in sizes:
            page.set_viewport_size({"width": width, "height": height})
            expect_compact(page, frame, STRAIGHT[digit], width, height)
        assert frame.evaluate("document.body.classList.contains('dark')") == (scheme == "dark")


def expect_compact(
    page: Page, frame: Frame, drawing: dict[str, Any], width: int, height: int
) -> None:
    draw(page, drawing, frame)
    expect_digit(frame, drawing["label"])
    expect(frame.locator("digit-answer .digit")).to_have_text(str(drawing["label"]))
    for part in ("#intro", "[role=tablist]", "#examples", "#feedback", "#notice", "footer"):
        expect(frame.locator(part).first).not_to_be_visible()
    assert frame.evaluate("document.documentElement.scrollWidth") <= width
    for part in ("#sketch", "digit-answer"):
        box = frame.locator(part).bounding_box()
        assert box and min(box["x"], box["y"]) >= 0
        assert box["x"] + box["width"] <= width and box["y"] + box["height"] <= height
    frame.get_by_role("button", name="Clear").click()
    expect(frame.locator("#seen img")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_tab(browser: Browser, app_url: str, scheme: Any) -> None:
    with visit(browser, app_url, 768, 900, color_scheme=scheme) as page:
        page.locator("#sketch canvas").first.wait_for()
        page.get_by_role("button", name="MNIST 3").click()
        expect_digit(page, 3)
        expect(page.locator(".toast-body")).to_have_count(0)  # "still loading", for a moment
        found = []
        for key in TABS:
            page.get_by_role("tab", name=TEXTS["en"][key]).click()
            page.evaluate(STILL)
            result = Axe().run(page).response
            found += [
                (key, violation["id"], node["target"], node.get("failureSummary", "")[:200])
                for violation in result["violations"]
                if violation["impact"] in ("serious", "critical")
                for node in violation["nodes"]
            ]
        assert not found


def test_what_stands_below_the_square_waits_for_it(page: Page) -> None:
    """Gradio may build it first, and the square would then push it down."""
    below = page.locator("#inside, #textbook, #examples, #notice")
    expect(below).to_have_count(4)
    page.locator("#sketch canvas").first.wait_for()
    for part in below.all():
        expect(part).to_be_visible()
    page.locator("#sketch").evaluate("square => { square.id = 'late'; }")
    try:
        for part in below.all():
            expect(part).not_to_be_visible()
    finally:
        page.locator("#late").evaluate("square => { square.id = 'sketch'; }")


def test_nothing_moves_while_answers_change(browser: Browser, app_url: str) -> None:
    watch = """() => { window.shift = 0; new PerformanceObserver(list => {
        for (const entry of list.getEntries()) window.shift += entry.value;
    }).observe({ type: "layout-shift" }); }"""
    with visit(browser, app_url, 320, 900) as page:
        for width in (320, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            page.locator("#sketch canvas").first.wait_for()
            page.evaluate(STILL)
            page.evaluate(watch)
            for drawing in (STRAIGHT[7], load("four-like-a-nine")):
                draw(page, drawing)
                expect(page.locator("#seen img")).to_have_count(1)
                page.evaluate(STILL)
                page.get_by_role("button", name="Clear").click()
                expect_blank(page)
            assert page.evaluate("window.shift") < 0.05


def test_every_tab_is_operated_by_keyboard_alone(
    browser: Browser, app_url: str, digit: Path
) -> None:
    with visit(browser, app_url, 1280, 900) as page:
        page.locator("#sketch canvas").first.wait_for()
        operate_by_keyboard(page, digit)


def operate_by_keyboard(page: Page, digit: Path) -> None:
    go_to(page, "MNIST 3")
    page.keyboard.press("Enter")
    expect_digit(page, 3)
    for name in ("Not a digit", "9", "0", "Yes", "Why?"):  # backwards
        go_to(page, name, "Shift+Tab")
        page.keyboard.press("Enter")
        if name in ("Not a digit", "Yes"):
            expect(page.locator("#thanks")).to_contain_text("Thank you")
    expect(page.locator("#heat img")).to_have_count(1)
    go_to(page, "Clear", "Shift+Tab")
    page.keyboard.press("Space")
    expect_blank(page)
    go_to(page, "Undo", "Shift+Tab")

    choose(page, "Picture")
    with page.expect_file_chooser() as chooser:  # the drawing's equal
        go_to(page, "Drop an image file here to upload")
        page.keyboard.press("Enter")
    chooser.value.set_files(digit)
    expect(page.locator("#picture_verdict")).to_have_text("This looks like an 8.")

    choose(page, "Numbers")
    go_to(page, "Clear")
    choose(page, "About")
    expect(page.locator("#served")).to_contain_text("from the repository")
    expect(page.locator("#about table")).to_contain_text("MNIST test images read right")
    expect(page.locator("#about figure img")).to_have_count(3)
    go_to(page, "How well it reads")  # so that the table can be scrolled
    choose(page, "Embed & API")
    expect(page.locator("#snippet-curl .cm-content")).to_contain_text("curl")
    for _ in range(5):
        go_to(page, "Copy")

    for name in ("verdict", "picture_verdict", "number_verdict"):
        assert page.locator(f"#{name}").get_attribute("aria-live") == "polite"
    assert page.locator("#thanks [role=status]").count() == 0  # gone with the drawing


def go_to(page: Page, name: str, key: str = "Tab") -> None:
    """Press `key` until what is called so has the focus."""
    for _ in range(60):
        page.keyboard.press(key)
        focus = page.locator(":focus").last  # an element, and the part of it
        label = focus.get_attribute("aria-label") or focus.inner_text() if focus.count() else ""
        if label.strip() == name:
            return
    pytest.fail(f"the keyboard does not reach {name}")


def choose(page: Page, tab: str) -> None:
    go_to(page, tab, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
