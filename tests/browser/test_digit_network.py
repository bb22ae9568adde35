"""The element <digit-network>: what it shows is what the served network computes."""

import json
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from mnist_demo.browser.build_static import BROWSER
from mnist_demo.page.i18n import LANGUAGES
from mnist_demo.weights import REPOSITORY
from tests.helpers.pages import WATCH_SHIFTS, visit, visit_and_watch
from tests.helpers.static_host import StaticHost
from train.fit.export_browser import Converter
from train.measure.browser_reader import find_node
from train.paint.own_drawings import DRAWINGS, load

STAGES = ["fine", "coarse", "middle", "small", "tiny", "places"]
SIDES = [28, 14, 14, 7, 4, 4]
COUNTS = [8, 28, 28, 64, 128, 64]
# Draws strokes and waits until the view shows them. Returns the picture, the values of every tile
# by stage, the shares of the places and the logits.
SHOW = """async ([strokes, radius]) => {
    const pad = document.querySelector("digit-pad");
    const network = document.querySelector("digit-network");
    pad.setAttribute("brush", radius);
    pad.strokes = strokes;
    pad.paint();
    await pad.read("change");
    const image = pad.prediction ? String(pad.prediction.image) : null;
    while ((network.inside ? String(network.inside.image) : null) !== image) {
        await new Promise((done) => setTimeout(done, 20));
    }
    await new Promise(requestAnimationFrame);
    const find = (selector) => [...network.shadowRoot.querySelectorAll(selector)];
    const stages = {};
    for (const tile of find("canvas[data-stage]")) {
        (stages[tile.dataset.stage] ??= []).push([...tile.values]);
    }
    return {
        image: [...(pad.prediction?.image ?? [])],
        stages,
        places: find("[data-place]").map((place) => [place.dataset.place, place.value]),
        logits: find("[data-logit]").map((logit) => logit.value),
        bias: [...(network.inside?.bias ?? [])],
    };
}"""


@cache
def served_layers() -> tuple[dict[str, Any], Callable[[Any], list[Any]]]:
    """The header of browser.bin, and the served network as far as its stages and logits.

    The network takes float32 images (n, 28, 28, 1) in [0, 1]. It returns for each stage of the
    header its float32 activations (looks, n, ...), and at last the logits (n, 10), which are means
    over the looks. All can be differentiated.
    """
    model = tf.saved_model.load(str(REPOSITORY / "model"))
    frozen = convert_variables_to_constants_v2(model.signatures["serving_default"])
    converter = Converter(frozen.graph)
    header, _ = converter.convert()
    # The last operation of each layer comes last.
    names = {number: name for name, number in converter.done.items()}
    outputs = [f"{names[stage['layer']]}:0" for stage in header["stages"]]
    (softmax,) = [o for o in frozen.graph.get_operations() if o.type == "Softmax"]
    mean = softmax.inputs[0].op.inputs[0]
    run = frozen.prune("images:0", [*outputs, mean.name])

    def network(images: Any) -> list[Any]:
        *stages, logits = run(tf.convert_to_tensor(images))
        looks = len(header["shifts"])
        shaped = [tf.reshape(stage, (looks, images.shape[0], -1)) for stage in stages]
        return [*shaped, tf.reshape(logits, (-1, 10))]

    return header, network


@pytest.fixture(scope="module")
def page(browser: Browser, edition: StaticHost) -> Iterator[Page]:
    """The static edition on a wide screen, with nothing drawn yet."""
    with visit_and_watch(browser, edition.url, 1280, 1300) as page:
        page.evaluate("document.querySelector('digit-pad').ready")
        page.locator("digit-network canvas[data-stage]").first.wait_for()
        yield page


def show(page: Page, name: str) -> dict[str, Any]:
    drawing = load(name)
    scale = 400 / drawing["canvas"]
    strokes = [[[x * scale, y * scale] for x, y in stroke] for stroke in drawing["strokes"]]
    shown: dict[str, Any] = page.evaluate(SHOW, [strokes, drawing["radius"] * scale])
    return shown


def test_tiles_and_scores_are_what_the_served_network_computes(page: Page) -> None:
    names = [file.stem for file in sorted(DRAWINGS.glob("*.json")) if file.stem != "blank"][:20]
    shown = [show(page, name) for name in names]
    images = np.array([each["image"] for each in shown], np.float32).reshape(-1, 28, 28, 1)
    header, network = served_layers()
    *stages, logits = (np.array(values) for values in network(images))
    assert [stage["name"] for stage in header["stages"]] == STAGES
    still = header["shifts"].index([0, 0])
    for name, side, count, values in zip(STAGES, SIDES, COUNTS, stages, strict=True):
        tiles = np.array([each["stages"][name] for each in shown])
        assert tiles.shape == (20, count, side * side)
        ours = tiles.transpose(0, 2, 1).reshape(20, -1)
        assert np.abs(ours - values[still]).max() <= 1e-3, name
        assert ours.max() > 0.5
    assert np.abs(np.array([each["logits"] for each in shown]) - logits).max() <= 1e-3
    for each in shown:
        digit = int(np.argmax(each["logits"]))
        assert [place for place, _ in each["places"]] == [
            f"{y},{x}" for y in range(4) for x in range(4)
        ]
        total = sum(value for _, value in each["places"]) + each["bias"][digit]
        assert abs(total - max(each["logits"])) <= 1e-4


def test_one_digit_rather_than_another(page: Page) -> None:
    shown = show(page, "seven")
    first, second = page.locator("digit-network select").all()
    first.select_option("7")
    second.select_option("1")
    rather = show(page, "seven")
    total = sum(value for _, value in rather["places"]) + shown["bias"][7] - shown["bias"][1]
    assert abs(total - (shown["logits"][7] - shown["logits"][1])) <= 1e-4
    assert rather["places"] != shown["places"]
    expect(page.locator("digit-network .sum")).to_contain_text("ahead of the 1")
    first.select_option("")
    second.select_option("")
    assert show(page, "seven")["places"] == shown["places"]


def test_a_map_is_shown_large_by_keyboard_and_pointer(page: Page) -> None:
    show(page, "five")
    network = page.locator("digit-network")
    name, kernel = network.locator(".chosen .name"), network.locator(".kernel")
    tiles = network.locator("canvas[data-stage=fine]")
    tiles.nth(2).click()
    expect(name).to_have_text("Map 2 of “fine”")
    expect(kernel).to_be_visible()
    expect(tiles.nth(2)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowRight")
    expect(name).to_have_text("Map 3 of “fine”")
    page.keyboard.press("ArrowDown")
    expect(name).to_have_text("Map 5 of “fine”")
    page.keyboard.press("Home")
    expect(name).to_have_text("Map 0 of “fine”")
    for stage in STAGES[1:]:
        page.keyboard.press("Tab")  # one stop for each stage
        expect(name).to_have_text(f"Map 0 of “{stage}”")
        expect(kernel).to_be_visible(visible=stage == "coarse")
    page.keyboard.press("End")
    expect(name).to_have_text("Map 63 of “places”")
    expect(network.locator(".adds")).to_contain_text("to the score of the 5.")
    # A pointer shows another while it is over it, and marks pixels of the large one.
    network.locator("canvas[data-stage=middle]").nth(4).hover()
    expect(name).to_have_text("Map 4 of “middle”")
    page.mouse.move(5, 5)
    expect(name).to_have_text("Map 63 of “places”")
    large, frame = network.locator(".large canvas").first, network.locator(".frame")
    tiles.nth(1).click()
    large.focus()
    large.hover(position={"x": 1, "y": 1})
    place = "frame => ['x', 'y', 'width', 'height'].map((name) => Number(frame.getAttribute(name)))"
    assert frame.evaluate(place) == [0, 0, 2, 2]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert frame.evaluate(place) == [0, 1, 2, 3]


def test_axe_finds_nothing_and_nothing_moves(page: Page) -> None:
    show(page, "eight")
    found = Axe().run(page).response["violations"]
    assert [(violation["id"], violation["nodes"]) for violation in found] == []
    assert page.evaluate("window.shift") == 0


def test_what_is_painted_are_the_tiles_values(page: Page) -> None:
    """The ink at the middle of every pixel of every map of a stage, as the root of its share."""
    inks = """(network, name) => {
        const tiles = [...network.shadowRoot.querySelectorAll(`canvas[data-stage=${name}]`)];
        const sheet = tiles[0].closest(".maps").querySelector(".sheet");
        const { left, top, width: shown } = sheet.getBoundingClientRect();
        const { width, height } = sheet;
        const { data } = sheet.getContext("2d").getImageData(0, 0, width, height);
        const scale = width / shown;
        return tiles.map((tile) => {
            const box = tile.getBoundingClientRect();
            const side = tile.width;
            return Array.from(tile.values, (_, i) => {
                const x = box.left - left + (box.width * ((i % side) + 0.5)) / side;
                const y = box.top - top + (box.height * (Math.floor(i / side) + 0.5)) / side;
                return data[4 * (Math.floor(y * scale) * width + Math.floor(x * scale)) + 3];
            });
        });
    }"""
    network = page.locator("digit-network")
    for order in ("Brightest first", "Fixed order"):
        network.get_by_role("button", name=order).click()
        for drawing in ("nine", "blank"):
            stages = show(page, drawing)["stages"]
            for stage in ("small", "places"):
                painted = np.array(network.evaluate(inks, stage))
                values = np.array(stages[stage])
                expected = 255 * np.sqrt(values / max(values.max(), 1e-9))
                assert np.abs(painted - expected).max() <= 2, (order, drawing, stage)
    page.evaluate("window.shift = 0")  # these moves were asked for


def test_the_order_stays_unless_the_visitor_wants_the_brightest_first(page: Page) -> None:
    lights = """network => [...network.shadowRoot.querySelectorAll("canvas[data-stage=small]")]
        .map((tile) => [tile.getBoundingClientRect(), tile.values.reduce((a, b) => a + b)])
        .sort(([a], [b]) => a.top - b.top || a.left - b.left)
        .map(([, light]) => light)"""
    network = page.locator("digit-network")
    show(page, "three")
    in_order = network.evaluate(lights)
    assert in_order != sorted(in_order, reverse=True)
    network.get_by_role("button", name="Brightest first").click()
    assert network.evaluate(lights) == sorted(in_order, reverse=True)
    network.locator("canvas[data-stage=small]").first.click()
    page.keyboard.press("Home")
    best = network.evaluate("network => Number(network.shadowRoot.activeElement.dataset.map)")
    values = show(page, "three")["stages"]["small"]
    assert best == int(np.argmax([sum(tile) for tile in values]))
    network.get_by_role("button", name="Fixed order").click()
    assert network.evaluate(lights) == in_order
    page.evaluate("window.shift = 0")  # these moves were asked for


def test_a_blank_square_empties_every_tile(page: Page) -> None:
    show(page, "two")
    blank = show(page, "blank")
    assert not any(any(tile) for tiles in blank["stages"].values() for tile in tiles)
    assert not any(value for _, value in blank["places"])


def test_it_says_of_each_stage_what_the_network_s_file_says(page: Page) -> None:
    said = page.locator("digit-network .about").all_inner_texts()
    for sentence, side, count in zip(said, SIDES, COUNTS, strict=True):
        assert sentence.startswith(f"{count} maps of {side}x{side}, made from ")
    assert "made from the picture: each of their pixels sees 3x3" in said[0]
    assert "made from fine and coarse" in said[2] and "made from tiny" in said[5]
    assert said[4].endswith("sees the whole drawing.")


def test_on_a_phone_it_is_closed_until_it_is_wanted(browser: Browser, edition: StaticHost) -> None:
    with visit(browser, "about:blank", 320, 640, locale="de") as page:
        page.add_init_script(WATCH_SHIFTS)
        page.goto(edition.url)
        page.evaluate("document.querySelector('digit-pad').ready")
        network = page.locator("digit-network")
        expect(network).to_be_hidden()
        page.evaluate("""async () => {
            await (await navigator.serviceWorker.ready);
        }""")
        page.context.set_offline(True)
        page.reload()
        page.evaluate("document.querySelector('digit-pad').ready")
        page.locator("digit-pad").evaluate(
            "async pad => { pad.strokes = [[[100, 60], [300, 60], [200, 340]]]; pad.redraw(); }"
        )
        page.wait_for_function("() => document.querySelector('digit-pad').prediction?.digit === 7")
        page.locator("#inside summary").click()
        expect(network).to_be_visible()
        page.wait_for_function("() => document.querySelector('digit-network').inside !== null")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        tile = network.locator("canvas[data-stage=tiny]").first.bounding_box()
        assert tile and tile["width"] >= 24
        found = Axe().run(page).response["violations"]
        assert [(violation["id"], violation["nodes"]) for violation in found] == []
        assert page.evaluate("window.shift") == 0


FIELDS = """import { looksAt, receptiveFields } from "./fields.js";
const header = JSON.parse(process.argv[1]);
const fields = receptiveFields(header);
console.log(JSON.stringify(header.stages.map(({ layer }) =>
    Array.from({ length: fields[layer].count }, (_, i) => looksAt(fields[layer], i)))));"""


def test_receptive_fields_are_where_the_gradient_is() -> None:
    header, network = served_layers()
    node = find_node()
    assert node, "the tests install Node"
    command = [node, "--no-warnings", "--input-type=module", "--eval", FIELDS, json.dumps(header)]
    done = subprocess.run(command, cwd=BROWSER, capture_output=True, text=True, check=True)
    images = tf.Variable(np.random.default_rng(0).random((8, 28, 28, 1), np.float32))
    still = header["shifts"].index([0, 0])
    for number, (side, count, ranges) in enumerate(
        zip(SIDES, COUNTS, json.loads(done.stdout), strict=True)
    ):
        assert len(ranges) == side
        for i in {0, 1, side // 2, side - 1}:
            with tf.GradientTape() as tape:
                maps = tf.reshape(network(images)[number][still], (8, side, side, count))
                # A diagonal shows the rows and the columns.
                total = tf.reduce_sum(maps[:, i, i])
            support = np.abs(tape.gradient(total, images).numpy()).max(axis=(0, 3)) > 0
            for axis in (0, 1):
                (touched,) = np.nonzero(support.any(axis=axis))
                assert [touched[0], touched[-1] + 1] == ranges[i], (STAGES[number], i)


def test_the_texts_have_the_same_places_in_all_languages() -> None:
    node = find_node()
    assert node, "the tests install Node"
    script = 'import { TEXTS } from "./network-texts.js"; console.log(JSON.stringify(TEXTS));'
    command = [node, "--no-warnings", "--input-type=module", "--eval", script]
    done = subprocess.run(command, cwd=BROWSER, capture_output=True, text=True, check=True)
    texts = json.loads(done.stdout)
    assert set(texts) == set(LANGUAGES) and texts["en"]["stages"] == STAGES
    for name in LANGUAGES:
        assert len(texts[name]["stages"]) == len(STAGES)
        for key, english in texts["en"].items():
            if key != "stages":
                places = {place for place in "01234" if f"{{{place}}}" in english}
                assert places == {p for p in "01234" if f"{{{p}}}" in texts[name][key]}, (name, key)
