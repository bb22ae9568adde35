"""More callers than the server can answer: who waits, who is refused, what a visitor sees."""

import threading
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.utils import QueueError
from playwright.sync_api import Browser, Route, expect
from prometheus_client import REGISTRY

from mnist_demo import Classifier, Prediction
from mnist_demo.page import blocks as page
from mnist_demo.page.i18n import TEXTS
from mnist_demo.serve.gradio_patches import queue_limits
from mnist_demo.serve.micro_batching import MAX_BATCH
from tests.helpers.images import data_url, white_png
from tests.helpers.pages import FIRST, expect_blank, expect_digit, visit
from tests.helpers.servers import serve_here
from tests.helpers.sketchpad import STRAIGHT, draw, pen_event
from tests.helpers.waiting import LIMIT, wait_until
from train.paint.own_drawings import load


class Gates:
    """Hold the network back, for programs and for visitors apart, until a gate is opened."""

    demo: gr.Blocks

    def __init__(self) -> None:
        self.programs, self.visitors = threading.Event(), threading.Event()
        self.batch_sizes: list[int] = []  # of each run of the network for programs
        self.open()

    def open(self) -> None:
        self.programs.set()
        self.visitors.set()


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, Gates]]:
    """The URL of the page, served from this process, and the gates that its classifier waits at."""
    gates = Gates()
    classify, classify_each = Classifier.classify, Classifier.classify_each

    def wait_for_gate(self: Classifier, image: Any) -> Prediction:
        assert gates.visitors.wait(LIMIT)
        return classify(self, image)

    def wait_for_batch(self: Classifier, images: Iterable[Any]) -> list[Prediction | ValueError]:
        assert gates.programs.wait(LIMIT)
        found = classify_each(self, images)
        gates.batch_sizes.append(len(found))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Classifier, "classify", wait_for_gate)
        patch.setattr(Classifier, "classify_each", wait_for_batch)
        gates.demo = page.build_page()
        with serve_here(gates.demo) as url:
            yield url, gates
            gates.open()


@pytest.fixture
def gates(served: tuple[str, Gates]) -> Iterator[Gates]:
    yield served[1]
    served[1].open()


@pytest.fixture
def url(served: tuple[str, Gates]) -> str:
    return served[0]


def test_programs_in_line_take_nothing_from_visitors_and_are_refused_past_the_bound(
    browser: Browser, url: str, gates: Gates, one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_limits, "MAX_API_CALLS", 16)
    labels = {"endpoint": "/classify"}
    counter = partial(REGISTRY.get_sample_value, "mnist_demo_refusals_total", labels)
    before = counter() or 0
    gates.programs.clear()
    calls = call_classify(url, one, 60)
    refused = [answer for answer in calls if not answer.is_success]
    accepted = len(calls) - len(refused)
    assert 16 <= accepted <= 16 + MAX_BATCH  # the network has a batch, and sixteen wait
    assert {answer.status_code for answer in refused} == {503}
    assert {answer.json()["detail"] for answer in refused} == {queue_limits.BUSY}
    assert {answer.headers["retry-after"] for answer in refused} == {"5"}
    assert (counter() or 0) - before == len(refused)
    client = Client(url, verbose=False)
    with pytest.raises(QueueError, match="Queue is full"):
        client.predict(handle_file(one), api_name="/classify")

    with visit(browser, url, 1000, 800) as visitor:
        draw(visitor, load("three"))
        expect_digit(visitor, 3)
    gates.programs.set()
    for answer in fetch_answers(url, calls):  # every accepted call gets one
        assert "event: complete" in answer and '"digit": 1' in answer
    assert client.predict(handle_file(one), api_name="/classify")["digit"] == 1
    assert sum(gates.batch_sizes) == accepted + 1 and max(gates.batch_sizes) >= 16


def call_classify(
    url: str, image: Path, count: int, session: str | None = None
) -> list[httpx.Response]:
    """Call /classify `count` times, and fetch no answer."""
    with httpx.Client(base_url=url, timeout=LIMIT) as http:
        path = http.post("gradio_api/upload", files={"files": image.read_bytes()}).json()[0]
        data = [{"path": path, "meta": {"_type": "gradio.FileData"}}]
        asked = {"data": data, "session_hash": session}
        return [http.post("gradio_api/call/classify", json=asked) for _ in range(count)]


def fetch_answers(url: str, calls: Iterable[httpx.Response]) -> list[str]:
    """The answers to the calls that were accepted."""
    events = [answer.json()["event_id"] for answer in calls if answer.is_success]
    return [
        httpx.get(f"{url}gradio_api/call/classify/{event}", timeout=LIMIT).text for event in events
    ]


def test_those_who_wait_hold_bounded_memory(
    url: str, gates: Gates, one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_limits, "MAX_WAITING_BYTES", 1000)
    gates.programs.clear()
    calls = call_classify(url, one, MAX_BATCH + 40)
    lines = gates.demo._queue.event_queue_per_concurrency_id.values()
    waiting = [event for line in lines for event in line.queue]
    assert {answer.status_code for answer in calls} == {200, 503}
    gates.open()
    fetch_answers(url, calls)
    sizes = [queue_limits.body_size(event) for event in waiting]
    assert 1000 < sum(sizes) < 1000 + max(sizes) < 2000


def test_who_was_answered_is_forgotten_and_unread_answers_are_bounded(
    url: str, gates: Gates, one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, state_holder = gates.demo._queue, gates.demo.state_holder
    assert len(fetch_answers(url, call_classify(url, one, 20))) == 20
    assert len(fetch_answers(url, call_classify(url, one, 1))) == 1
    assert len(queue.pending_event_ids_session) == 1
    assert len(queue.event_analytics) == 1  # and it is never summed up
    assert queue.cached_event_analytics_summary == {"functions": {}}
    monkeypatch.setattr(queue_limits, "MAX_UNREAD_ANSWERS", 8)
    call_classify(url, one, 40)  # nobody fetches these answers
    wait_until(lambda: not queue.event_ids_to_events)
    assert len(fetch_answers(url, call_classify(url, one, 1))) == 1
    assert len(queue.pending_event_ids_session) == 9
    queue.pending_messages_per_session["hung up"] = None  # type: ignore[assignment]
    call_classify(url, one, 1)
    assert set(queue.pending_messages_per_session) == set(queue.pending_event_ids_session)
    assert state_holder.capacity == queue_limits.MAX_SESSIONS
    states = list(state_holder.session_data.values())
    assert states and not any(state.config_values for state in states)


def test_one_session_cannot_gather_answers(
    url: str, one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_limits, "MAX_SESSION_MESSAGES", 10)
    calls = call_classify(url, one, 20, session="one")
    assert {answer.status_code for answer in calls} == {200, 503}
    assert calls[-1].json()["detail"] == "Fetch the answers of this session first."


def test_a_session_that_is_gone_does_not_stop_the_queue(url: str, gates: Gates, one: Path) -> None:
    """Gradio's loop over all waiting events ends when the session of one of them is forgotten."""
    gates.programs.clear()
    lost = [answer.json()["event_id"] for answer in call_classify(url, one, MAX_BATCH + 9)]
    queue = gates.demo._queue
    for event in lost:
        del queue.pending_messages_per_session[event]
    gates.open()
    wait_until(lambda: queue.stopped or not len(queue))
    assert not queue.stopped
    assert len(fetch_answers(url, call_classify(url, one, 1))) == 1


def strokes_by_others(url: str, count: int) -> list[httpx.Response]:
    event = pen_event(httpx.get(f"{url}config", timeout=LIMIT).json())
    stroke = {"data": [data_url(white_png(9))], "fn_index": event}
    with httpx.Client(base_url=f"{url}gradio_api/queue/", timeout=LIMIT) as http:
        strokes = [stroke | {"session_hash": f"other{i}"} for i in range(count)]
        return [http.post("join", json=stroke) for stroke in strokes]


def test_a_visitor_past_the_bound_sees_that_it_is_busy_and_gets_the_answer(
    browser: Browser, url: str, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    with visit(browser, url, 1000, 800, locale="de-DE") as visitor:
        busy = visitor.locator("#busy")
        draw(visitor, load("three"))
        expect(visitor.locator("#guesses .confidence")).to_have_count(3)
        expect(busy).to_be_hidden()
        visitor.locator("#clear").click()
        expect(visitor.locator("#seen img")).to_have_count(0)

        monkeypatch.setattr(queue_limits, "MAX_PAGE_EVENTS", 2)
        gates.visitors.clear()
        others = strokes_by_others(url, 5)
        assert {answer.status_code for answer in others} == {200, 503}
        draw(visitor, load("seven"))
        expect(busy).to_have_text(TEXTS["de"]["busy"])
        expect(busy).to_be_visible()
        gates.open()
        expect(visitor.locator(FIRST)).to_have_text("7")
        expect(busy).to_be_hidden()
        expect(visitor.locator(".toast-body")).to_have_count(0)


def test_a_stroke_whose_answer_breaks_off_is_sent_again(browser: Browser, url: str) -> None:
    """So it is when a replica dies. The drawing stays, and Gradio does not reload the page."""
    failures = ["ends", "is lost"]

    def break_off(route: Route) -> None:
        failure = failures.pop() if failures else ""
        if failure == "ends":
            route.fulfill(status=200, content_type="text/event-stream", body="")
        elif failure == "is lost":
            route.abort()
        else:
            route.continue_()

    with visit(browser, url, 1000, 800) as visitor:
        loads: list[str] = []
        visitor.on("load", lambda _: loads.append("again"))
        visitor.route("**/queue/data?*", break_off)
        draw(visitor, load("seven"))
        expect_digit(visitor, 7)
        assert not failures and not loads
        expect(visitor.locator(".toast-body")).to_have_count(0)
        expect(visitor.locator("#busy")).to_be_hidden()


# Where the page is slow, it hears that a stream of answers is closed only after its next event is
# accepted. Gradio then believes that the stream is still open.
CLOSE_LATE = """() => {
    const fetch = window.fetch.bind(window), closes = '{"msg":"close_stream"';
    let accepted = 0;
    window.fetch = async (what, options) => {
        const response = await fetch(what, options), url = String(what?.url ?? what);
        if (url.includes("/queue/join")) accepted += 1;
        if (!url.includes("/queue/data?")) return response;
        const transform = async (text, out) => {
            const at = text.indexOf(`data: ${closes}`), before = accepted;
            if (at < 0) return out.enqueue(text);
            out.enqueue(text.slice(0, at));
            while (accepted === before) await new Promise(done => setTimeout(done, 20));
            await new Promise(done => setTimeout(done, 200));
            window.closedLate = true;
            out.enqueue(text.slice(at));
        };
        const body = response.body.pipeThrough(new TextDecoderStream())
            .pipeThrough(new TransformStream({ transform }))
            .pipeThrough(new TextEncoderStream());
        return new Response(body, response);
    };
}"""


def test_a_stroke_is_answered_although_the_stream_of_answers_was_just_closed(
    browser: Browser, url: str
) -> None:
    with visit(browser, "about:blank", 1000, 800) as page:
        page.add_init_script(f"({CLOSE_LATE})()")
        page.goto(url)
        for digit in (7, 1, 4):
            draw(page, STRAIGHT[digit])
            expect_digit(page, digit)
            page.locator("#clear").click()
            expect_blank(page)
        assert page.evaluate("window.closedLate")


# Where the page is slow, Gradio rarely loses an event, or sends the value from before.
STUMBLE = """(way) => {
    const Real = Function;
    let before = true;
    window.Function = function (...words) {
        const made = Real(...words);
        if (words[0] !== "element") return made;
        return (element, trigger, props, ...more) => made(element, (name) => {
            if (!before || !element.closest("#pen")) return trigger(name);
            before = false;
            if (way === "is lost") return;
            const value = props.value;
            props.value = null;
            trigger(name);
            setTimeout(() => (props.value = value), 500);
        }, props, ...more);
    };
    window.Function.prototype = Real.prototype;
}"""


@pytest.mark.parametrize("way", ["is lost", "has no drawing"])
def test_a_stroke_whose_event_goes_wrong_is_offered_again(
    browser: Browser, url: str, way: str
) -> None:
    with visit(browser, "about:blank", 1000, 800) as page:
        page.add_init_script(f"({STUMBLE})({way!r})")
        page.goto(url)
        draw(page, STRAIGHT[7])
        expect_digit(page, 7)
