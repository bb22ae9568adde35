"""A hand that draws on the page."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Frame, Locator, Page

from train.data.drawing import Drawing as PenDrawing
from train.paint.own_drawings import OwnDrawing as Drawing
from train.paint.own_drawings import load, strokes_of
from train.paint.styles import DIGITS

# Digits of a few straight lines. Without a graphics card, a Sketchpad needs half a second of the
# processor for each point over which a mouse or a finger goes.
STRAIGHT: dict[int, Drawing] = {
    label: {"label": label, "canvas": 400, "radius": 14, "strokes": strokes}
    for label, strokes in {
        1: [[[200, 80], [200, 200], [200, 320]]],
        4: [[[190, 80], [110, 230], [290, 230]], [[250, 150], [250, 330]]],
        7: [[[110, 90], [280, 90], [230, 200], [180, 330]]],
    }.items()
}


def pen_event(config: dict[str, Any]) -> int:
    """The number of the event by which the page sends a stroke, found in what /config says."""
    (pen,) = (c["id"] for c in config["components"] if c["props"].get("elem_id") == "pen")
    (event,) = (d["id"] for d in config["dependencies"] if [pen, "input"] in d["targets"])
    return int(event)


# Takes points in pixels of the canvas's place. It ends two frames later, when the page has seen the
# stroke.
STROKE = """async (canvas, points) => {
    const { left, top } = canvas.getBoundingClientRect();
    const send = (type, [x, y], buttons) => canvas.dispatchEvent(new PointerEvent(type, {
        clientX: left + x, clientY: top + y, buttons, button: type === "pointermove" ? -1 : 0,
        pointerId: 1, pointerType: "mouse", isPrimary: true, bubbles: true, composed: true,
    }));
    send("pointermove", points[0], 0);
    send("pointerdown", points[0], 1);
    for (const point of points.slice(1)) send("pointermove", point, 1);
    send("pointerup", points.at(-1), 0);
    for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
}"""


# A Sketchpad takes strokes a few frames after its canvas is there, and tests have few frames.
TAKES_STROKES = """async (canvas) => {
    const frame = () => new Promise(requestAnimationFrame);
    if (!canvas.closest("#sketch, #number_sketch")) return;
    const size = `${innerWidth} ${innerHeight}`; // a stroke during a change of it is lost
    let frames = canvas.dataset.size === size ? 0 : 4;
    canvas.dataset.size = size;
    while (window.editor?.current_tool !== "draw" || canvas.clientWidth < 50) {
        await frame();
        frames = 4;
    }
    await window.editor.ready;
    for (; frames > 0; frames--) await frame();
}"""


def canvas_of(place: Page | Frame, pad: str) -> Locator:
    """The canvas of a Sketchpad or a <digit-pad>, when it can be drawn on."""
    canvas = place.locator(f"{pad} canvas").first
    canvas.evaluate(TAKES_STROKES)
    return canvas


def draw(page: Page, drawing: Drawing, frame: Frame | None = None, pad: str = "#sketch") -> None:
    """Draw on the Sketchpad of `page`, or of the frame in it, by the events of a mouse.

    A stroke is drawn at once. `draw_with_mouse` moves a real mouse instead: a Chromium without a
    graphics card needs half a second of the processor for each of its positions.
    """
    square = (frame or page).locator(pad)
    canvas = canvas_of(frame or page, pad)
    square.scroll_into_view_if_needed()
    paper, place = square.bounding_box(), canvas.bounding_box()
    assert paper and place
    scale = paper["width"] / drawing["canvas"]
    dx, dy = paper["x"] - place["x"], paper["y"] - place["y"]
    for stroke in drawing["strokes"]:
        canvas.evaluate(STROKE, [[dx + x * scale, dy + y * scale] for x, y in stroke])


def draw_with_mouse(
    page: Page, drawing: Drawing, pad: str = "#sketch", moved: Callable[[], object] = lambda: None
) -> None:
    """Draw with the mouse on the Sketchpad of `page`, and call `moved` after each of its moves."""
    x, y, scale = _place(page, drawing, pad)
    for stroke in drawing["strokes"]:
        for i, point in enumerate(stroke):
            page.mouse.move(x + point[0] * scale, y + point[1] * scale)
            if i == 0:
                page.mouse.down()
            moved()
        page.mouse.up()


def touch(page: Page, drawing: Drawing, pad: str = "#sketch") -> None:
    """Draw with a finger, which unlike a mouse is nowhere before it touches."""
    x, y, scale = _place(page, drawing, pad)
    for stroke in drawing["strokes"]:
        swipe(page, [[x + point[0] * scale, y + point[1] * scale] for point in stroke])


def swipe(page: Page, points: list[list[float]]) -> None:
    """A finger from the first to the last of `points`, which are pixels of the window."""
    session = page.context.new_cdp_session(page)
    for i, (x, y) in enumerate(points):
        kind = "touchMove" if i else "touchStart"
        where = {"type": kind, "touchPoints": [{"x": x, "y": y}]}
        session.send("Input.dispatchTouchEvent", where)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def _place(page: Page, drawing: Drawing, pad: str) -> tuple[float, float, float]:
    """Where the paper is in the window, and how many of its pixels a drawing's pixel is wide."""
    square = page.locator(pad)
    canvas_of(page, pad)
    square.scroll_into_view_if_needed()
    box = square.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"] / drawing["canvas"]


def one_of_each() -> list[PenDrawing]:
    """Our own digits from 0 to 9."""
    return [
        PenDrawing(str(load(name)["label"]), "own/1", "own", "OK", strokes_of(load(name)))
        for name in DIGITS
    ]
