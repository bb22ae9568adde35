"""The static edition as any web host serves it: from a folder, with nothing behind it."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from mnist_demo.browser import build_static
from mnist_demo.browser.build_static import build, join
from mnist_demo.page.i18n import LANGUAGES, TEXTS
from mnist_demo.weights import REPOSITORY
from tests.helpers.pages import WATCH_SHIFTS, visit
from tests.helpers.sketchpad import STROKE, draw
from tests.helpers.static_host import StaticHost
from tests.helpers.waiting import wait_until
from train.paint.own_drawings import load
from train.paint.styles import DIGITS

FOLDER = "a/folder of a host"
# The names of the service worker's caches, once it works.
KEPT = """async () => {
    const late = new Promise((_, reject) => setTimeout(reject, 30000, Error("no service worker")));
    await Promise.race([navigator.serviceWorker.ready, late]);
    return caches.keys();
}"""
FORGET = """async () => {
    for (const name of await caches.keys()) await caches.delete(name);
    await (await navigator.serviceWorker.ready).unregister();
}"""
CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
# Languages that the page does not have, and what it shows.
NEAR = [("zh-TW", "zh-CN"), ("nl", "en")]
SAY = """(pad, [digit, confidence, isDigit]) => {
    const probabilities = new Array(10).fill(0.01);
    probabilities[digit] = confidence;
    probabilities[3] = Math.max(0.2, probabilities[3]);
    const top = [digit, 3].map((digit) => ({ digit, probability: probabilities[digit] }));
    pad.prediction = digit === null ? null : { digit, confidence, isDigit, probabilities, top };
    for (const type of ["input", "change"]) pad.dispatchEvent(new Event(type));
}"""


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    build(tmp_path / FOLDER)
    return tmp_path / FOLDER


@pytest.fixture
def host(dist: Path, tmp_path: Path) -> Iterator[StaticHost]:
    with StaticHost(tmp_path, FOLDER) as host:
        yield host


@contextmanager
def listen(browser: Browser, url: str, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """The page at `url`, and what it fetched elsewhere and what the browser complained about."""
    with visit(browser, "about:blank", 390, 844, **options) as page:
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if m.type != "log" else None)
        page.context.on(
            "request",
            lambda r: None if r.url.startswith((url, "data:")) else faults.append(r.url),
        )
        page.goto(url)
        yield page, faults


def ready(page: Page) -> None:
    page.evaluate("() => document.querySelector('digit-pad').ready")


def expect_read(page: Page, digit: int) -> None:
    draw(page, load(DIGITS[digit]), pad="digit-pad")
    expect(page.locator("digit-answer .digit")).to_have_text(str(digit))
    says = page.locator("#verdict")
    expect(says).to_have_text(TEXTS["en"]["sure"].format(digit).replace(" a 8", " an 8"))


def test_the_first_visit_is_small_and_asks_nobody_else(browser: Browser, host: StaticHost) -> None:
    with listen(browser, host.url) as (page, faults):
        expect_read(page, 4)
        assert len(page.evaluate(KEPT)) == 1
        assert len(host.asked) == len(set(host.asked)) <= 14
        networks = [REPOSITORY / name for name in ("browser.bin", "textbook.bin")]
        assert sum(file.stat().st_size for file in networks) < host.sent <= 1_000_000
        assert all(path.startswith(f"/{FOLDER.replace(' ', '%20')}/") for path in host.asked)
        assert faults == []
        policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
        assert policy and policy.startswith(CSP) and "unsafe-inline" not in policy
        assert "'unsafe-eval'" not in policy
        same = "async url => (await import(url)).DigitPad === customElements.get('digit-pad')"
        assert page.evaluate(same, f"{host.url}digit-pad.js")  # an address that stays


def test_reads_every_digit_without_a_server(browser: Browser, host: StaticHost) -> None:
    with listen(browser, host.url) as (page, _):
        page.evaluate(KEPT)
        host.stop()
        page.reload()
        for digit in range(10):
            expect_read(page, digit)
            page.get_by_role("button", name="Clear").click()
            expect(page.locator("#verdict")).to_have_text(TEXTS["en"]["blank"])
        page.goto(host.url + "index.html?from=elsewhere")
        expect_read(page, 7)


def test_a_host_may_keep_large_files_elsewhere(
    browser: Browser, host: StaticHost, tmp_path: Path
) -> None:
    """The Hub redirects to its storage, which lets any page read what it holds."""
    with StaticHost(tmp_path) as storage:
        host.elsewhere = storage.url.rstrip("/")
        with listen(browser, host.url) as (page, _):
            expect_read(page, 4)
            assert any(path.endswith("browser.bin") for path in storage.asked)
            page.evaluate(KEPT)
            host.stop()
            storage.stop()
            page.reload()
            expect_read(page, 7)


@pytest.fixture
def next_release(dist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Replaces the page on the host by one whose title is half transparent."""

    def release() -> None:
        changed = tmp_path / "static"
        changed.mkdir()
        for file in build_static.STATIC.iterdir():
            (changed / file.name).write_bytes(file.read_bytes())
        with (changed / "page.css").open("a") as sheet:
            sheet.write("h1 { opacity: 0.5; }")
        monkeypatch.setattr(build_static, "STATIC", changed)
        for path in build(dist).values():
            # The host compares whole seconds, and the older file may be as young as this one.
            later = time.time() + 5
            os.utime(path, (later, later))

    return release


def expect_next_release(page: Page) -> None:
    expect(page.locator("h1")).to_have_css("opacity", "0.5")


@pytest.mark.parametrize("max_age", [0, 600])
def test_a_new_release_takes_the_old_ones_place(
    browser: Browser, host: StaticHost, dist: Path, next_release: Callable[[], None], max_age: int
) -> None:
    host.max_age = max_age
    (dist / "notes.md").touch()
    with listen(browser, host.url) as (page, faults):
        (old,) = page.evaluate(KEPT)
        assert old.startswith(f"{host.url} release-")
        next_release()
        assert {path.name for path in dist.iterdir()} == {
            "digit-pad.js", "index.html", "notes.md", "service-worker.js",
            next(dist.glob("release-*")).name,
        }  # fmt: skip
        page.goto(host.url)
        expect_next_release(page)
        wait_until(lambda: page.evaluate(KEPT) not in ([old], []) and len(page.evaluate(KEPT)) == 1)
        host.stop()
        page.reload()
        expect_next_release(page)
        expect_read(page, 2)
        assert [fault for fault in faults if "ERR_CONNECTION" not in fault] == []


def test_a_release_is_not_kept_with_the_page_of_another(
    browser: Browser, host: StaticHost, next_release: Callable[[], None]
) -> None:
    host.max_age = 600
    with listen(browser, host.url) as (page, _):
        page.evaluate(KEPT)
        page.evaluate(FORGET)
        next_release()
        page.goto(host.url)
        expect(page.locator("h1")).to_have_css("opacity", "1")  # out of the browser's own cache
        page.evaluate(KEPT)
        host.stop()
        page.goto(host.url)
        expect_next_release(page)


@pytest.mark.parametrize(
    "size", [(280, 653), (320, 568), (390, 844), (400, 600), (560, 600), (844, 390), (1280, 800)]
)
@pytest.mark.parametrize("locale", ["en", "de", "fr"])
def test_fits_every_screen(
    browser: Browser, host: StaticHost, size: tuple[int, int], locale: str
) -> None:
    width, height = size
    with visit(browser, host.url, width, height, locale=locale) as page:
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        pad, answer = (page.locator(name).bounding_box() for name in ("digit-pad", "digit-answer"))
        assert pad and answer
        assert abs(pad["width"] - pad["height"]) < 1 and pad["width"] >= 160
        assert answer["x"] + answer["width"] <= width
        if width >= 390:
            assert max(box["y"] + box["height"] for box in (pad, answer)) <= height
        assert (answer["x"] > pad["x"] + pad["width"]) == (width >= 560)
        for button in page.locator("button").all():
            assert button.evaluate("b => b.scrollWidth <= b.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, host: StaticHost, scheme: Any) -> None:
    with visit(browser, host.url, 390, 844, color_scheme=scheme) as page:
        found = []
        for name in ("", "seven", "scribble"):
            if name == "seven":
                expect_read(page, 7)
            elif name:
                page.locator("digit-pad").evaluate(SAY, [8, 0.5, False])
            for width in (390, 800):
                page.set_viewport_size({"width": width, "height": 844})
                found += Axe().run(page).response["violations"]
        assert [(violation["id"], violation["nodes"]) for violation in found] == []


@pytest.mark.parametrize(("locale", "language"), [*zip(LANGUAGES, LANGUAGES, strict=True), *NEAR])
def test_speaks_the_readers_language(
    browser: Browser, host: StaticHost, locale: str, language: str
) -> None:
    texts = TEXTS[language]
    with visit(browser, host.url, 390, 844, locale=locale) as page:
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert page.title() == texts["title"]
        for key in ("title", "intro", "undo", "clear", "private"):
            expect(page.locator(f"main [data-text={key}]")).to_have_text(texts[key])
        pad, says = page.locator("digit-pad"), page.locator("#verdict")
        expect(says).to_have_text(texts["blank"])
        pad.evaluate(SAY, [7, 0.9999, True])
        expect(says).to_have_text(texts["sure"].format(7))
        expect(page.locator("digit-answer .sure")).to_have_text("99%")
        pad.evaluate(SAY, [7, 0.7, True])
        expect(page.locator("digit-answer .sure")).to_have_text("70%")
        expect(says).to_have_text(texts["unsure"].format(7, 3))
        pad.evaluate(SAY, [7, 0.9, False])
        expect(says).to_have_text(f"{texts['not_a_digit']} 7, 3")
        pad.evaluate(SAY, [None, 0, False])
        expect(says).to_have_text(texts["blank"])


def test_undo_and_clear_by_button_and_key(browser: Browser, host: StaticHost) -> None:
    with visit(browser, host.url, 390, 844) as page:
        strokes = "pad => pad.strokes.length"
        pad, canvas = page.locator("digit-pad"), page.locator("digit-pad canvas").first
        ready(page)
        for x in (100, 200, 300):
            canvas.evaluate(STROKE, [[x, 60], [x, 200]])
        assert pad.evaluate(strokes) == 3
        page.keyboard.press("Control+z")
        assert pad.evaluate(strokes) == 2
        page.get_by_role("button", name="Undo").press("Enter")
        assert pad.evaluate(strokes) == 1
        pad.focus()
        page.keyboard.press("Control+z")
        assert pad.evaluate(strokes) == 0
        canvas.evaluate(STROKE, [[100, 60], [100, 200]])
        page.get_by_role("button", name="Clear").press("Space")
        assert pad.evaluate(strokes) == 0


def test_nothing_moves(browser: Browser, host: StaticHost) -> None:
    with visit(browser, "about:blank", 280, 844, locale="de") as page:
        page.add_init_script(WATCH_SHIFTS)
        for width in (280, 390, 800):
            page.set_viewport_size({"width": width, "height": 844})
            page.goto(host.url)
            ready(page)
            draw(page, load("eight"), pad="digit-pad")
            pad = page.locator("digit-pad")
            for answer in ([8, 0.5, True], [8, 0.5, False], [None, 0, False], [1, 0.9, True]):
                pad.evaluate(SAY, answer)
                page.evaluate("() => new Promise(requestAnimationFrame)")
            assert page.evaluate("() => window.shift") == 0


def test_the_sentence_waits_for_the_pen(browser: Browser, host: StaticHost) -> None:
    with visit(browser, host.url, 390, 844) as page:
        ready(page)
        stroke = [[200, 60 + 10 * i] for i in range(20)]
        canvas, says = page.locator("digit-pad canvas").first, page.locator("#verdict")
        canvas.evaluate(STROKE.replace('send("pointerup"', 'if (0) send("pointerup"'), stroke)
        expect(page.locator("digit-answer .digit")).to_have_text("1")
        expect(says).to_have_text("")
        canvas.dispatch_event("pointerup", {"pointerId": 1})
        expect(says).to_have_text(TEXTS["en"]["sure"].format(1))


def test_says_so_when_the_network_is_not_there(
    browser: Browser, host: StaticHost, dist: Path
) -> None:
    next(dist.glob("release-*/browser.bin")).unlink()
    with visit(browser, host.url, 390, 844) as page:
        expect(page.locator("#verdict")).to_have_text(TEXTS["en"]["not_loaded"])


def test_what_cannot_be_joined_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build_static, "BROWSER", tmp_path)
    (tmp_path / "a.js").write_text("export const one = 1;\n")
    (tmp_path / "b.js").write_text('import { one } from "./a.js";\n\nfunction two() {}\n')
    assert join(["a.js", "b.js"]) == "const one = 1;\n\nfunction two() {}\n"
    # What stays on its own is imported, once.
    assert join(["b.js"], ["a.js"]) == 'import { one } from "./a.js";\n\nfunction two() {}\n'
    (tmp_path / "b.js").write_text("let one = 2;\n")
    with pytest.raises(ValueError, match="define one twice"):
        join(["a.js", "b.js"])
    (tmp_path / "b.js").write_text('import * as a from "./a.js";\n')
    with pytest.raises(ValueError, match="in a way that cannot be joined"):
        join(["a.js", "b.js"])
