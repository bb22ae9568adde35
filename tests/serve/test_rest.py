"""POST /v1/classify, the REST endpoint."""

import asyncio
import io
import re
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mnist_demo import Classifier
from mnist_demo.serve import rest, rest_bodies
from mnist_demo.serve.micro_batching import MicroBatcher
from tests.helpers.aio import run_async, turns
from tests.helpers.images import encode, mnist_png
from tests.helpers.rest import form, post
from tests.helpers.waiting import LIMIT

CURL_TYPE = "application/x-www-form-urlencoded"


def test_body_and_form_answer_what_gradio_answers(app_url: str, tmp_path: Any) -> None:
    client = Client(app_url, verbose=False, download_files=tmp_path)
    for digit in (2, 9):
        (tmp_path / "digit.png").write_bytes(mnist_png(digit))
        expected = client.predict(handle_file(tmp_path / "digit.png"), api_name="/classify")
        assert expected["digit"] == digit
        bodies: list[dict[str, Any]] = [
            {"body": mnist_png(digit), "Content_Type": "image/png"},
            {"body": mnist_png(digit), "Content_Type": CURL_TYPE},
            form(mnist_png(digit)),
        ]
        for body in bodies:
            status, answer, headers = post(app_url, **body)
            assert status == 200
            assert answer.keys() == expected.keys() == rest.Answer.model_fields.keys()
            assert answer["probabilities"] == pytest.approx(expected["probabilities"], abs=1e-5)
            assert answer["top"][0]["digit"] == answer["digit"] == digit
            assert answer["weights"] == expected["weights"]
            assert headers["Access-Control-Allow-Origin"] == "*"


def test_other_pages_may_read_answers_and_refusals(app_url: str) -> None:
    """This holds for a public name, as a Space has one. Gradio itself guards a local server."""
    names = {"Host": "demo.example", "Origin": "https://other.example"}
    for body in (mnist_png(1), b"no image"):
        _, _, headers = post(app_url, body, **names)
        assert headers["Access-Control-Allow-Origin"] in ("*", "https://other.example")
    ask = names | {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    response = httpx.options(f"{app_url}v1/classify", headers=ask, timeout=LIMIT)
    assert response.headers["Access-Control-Allow-Origin"] == "https://other.example"
    assert "POST" in response.headers["Access-Control-Allow-Methods"]


def test_the_endpoint_is_documented(app_url: str) -> None:
    description = httpx.get(f"{app_url}v1/openapi.json", timeout=LIMIT).json()
    operation = description["paths"]["/classify"]["post"]
    assert description["servers"] == [{"url": "/v1"}]
    assert {"multipart/form-data", "image/*"} <= set(operation["requestBody"]["content"])
    assert {"200", "400", "413", "415", "429"} <= set(operation["responses"])
    page = httpx.get(f"{app_url}v1/docs", timeout=LIMIT).text
    assert "probabilities" in page and "429" in page
    assert not re.search(r"https?://", page)  # nothing is loaded from elsewhere


@pytest.fixture
def loaded(classifier: Classifier) -> Future[Classifier]:
    loading: Future[Classifier] = Future()
    loading.set_result(classifier)
    return loading


Scenario = Callable[[httpx.AsyncClient], Awaitable[None]]


def run_scenario(loading: Future[Classifier], do: Scenario) -> None:
    """Run `do` with a client of the endpoint in this process."""

    async def run() -> None:
        transport = httpx.ASGITransport(rest.rest_app(loading))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            await do(client)

    run_async(run())


async def start(client: httpx.AsyncClient, bodies: list[Any]) -> list[asyncio.Task[httpx.Response]]:
    """Send the bodies, all at once, and let each get as far as it can."""
    tasks = [asyncio.create_task(client.post("/classify", content=body)) for body in bodies]
    await turns()
    return tasks


def test_each_caller_gets_its_own_answer_and_those_past_the_limit_are_refused(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading: Future[Classifier] = Future()
    monkeypatch.setattr(rest, "MAX_WAITING", 30)
    monkeypatch.setattr(rest, "MAX_BATCH", 7)
    bodies = [mnist_png(i % 10, i // 10, 60 + i) for i in range(30)]

    async def do(client: httpx.AsyncClient) -> None:
        (first,) = await start(client, [mnist_png(0)])  # it is with the network: the others wait
        crowd = await start(client, bodies)
        for _ in range(2):
            refused = await client.post("/classify", content=mnist_png(1))
            assert refused.status_code == 429
            assert refused.headers["Retry-After"] == "1"
            assert "too many" in refused.json()["error"]
        assert (await client.get("/docs")).status_code == 200
        assert not any(task.done() for task in [first, *crowd])
        loading.set_result(classifier)
        answers = await asyncio.gather(first, *crowd)
        assert {answer.status_code for answer in answers} == {200}
        for body, answer in zip(bodies, answers[1:], strict=True):
            expected = classifier.classify(body).probabilities.tolist()
            assert answer.json()["probabilities"] == pytest.approx(expected, abs=1e-5)
        assert (await client.post("/classify", content=mnist_png(1))).json()["digit"] == 1

    run_scenario(loading, do)


def test_one_bad_image_does_not_harm_those_read_with_it(classifier: Classifier) -> None:
    loading: Future[Classifier] = Future()
    large = Image.new("L", (1100, 1000), 255)
    large.paste(Image.open(io.BytesIO(mnist_png(3))), (500, 500))
    bodies = [mnist_png(7), b"no image", mnist_png(4)[:200], encode(large), mnist_png(2)]

    async def do(client: httpx.AsyncClient) -> None:
        tasks = await start(client, bodies)
        loading.set_result(classifier)
        answers = await asyncio.gather(*tasks)
        assert [answer.status_code for answer in answers] == [200, 415, 400, 200, 200]
        assert [answers[i].json()["digit"] for i in (0, 3, 4)] == [7, 3, 2]

    run_scenario(loading, do)


def test_all_bodies_together_are_limited(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading: Future[Classifier] = Future()
    monkeypatch.setattr(rest_bodies, "MAX_HELD", 2 * len(mnist_png(5)) + 10)

    async def do(client: httpx.AsyncClient) -> None:
        tasks = await start(client, [mnist_png(5)] * 2)
        assert (await client.post("/classify", content=mnist_png(5))).status_code == 429
        loading.set_result(classifier)
        assert [answer.status_code for answer in await asyncio.gather(*tasks)] == [200, 200]
        for _ in range(5):  # the bytes of answered and of refused callers are free again
            assert (await client.post("/classify", content=mnist_png(5))).status_code == 200

    run_scenario(loading, do)


def test_slow_callers_make_room_for_others(
    loaded: Future[Classifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest_bodies, "MAX_HELD", 7_000_000)

    async def do(client: httpx.AsyncClient) -> None:
        async def slow(size: int, go_on: asyncio.Event) -> Any:
            yield bytes(size)
            await go_on.wait()
            yield mnist_png(1)

        go_on = asyncio.Event()
        sizes = [900_000, 2_000_000, 2_000_000, 2_000_000]
        tasks = await start(client, [slow(size, go_on) for size in sizes])
        large = mnist_png(5) + bytes(1_000_000)
        for _ in range(5):  # room that was made for one caller is enough for the next
            answer = await client.post("/classify", content=large)
            assert answer.status_code == 200 and answer.json()["digit"] == 5
        go_on.set()
        statuses = [answer.status_code for answer in await asyncio.gather(*tasks)]
        assert statuses == [415, 408, 415, 415]  # one of those that held the most was refused

    run_scenario(loaded, do)


def test_a_body_that_does_not_arrive_is_not_waited_for(
    loaded: Future[Classifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest_bodies, "BODY_SECONDS", 0.05)

    async def do(client: httpx.AsyncClient) -> None:
        async def stalled() -> Any:
            yield mnist_png(1)[:100]
            await asyncio.sleep(60)

        refused = await client.post("/classify", content=stalled())
        assert refused.status_code == 408
        assert "did not arrive" in refused.json()["error"]

    run_scenario(loaded, do)


def test_callers_are_told_when_the_network_cannot_be_loaded() -> None:
    loading: Future[Classifier] = Future()
    loading.set_exception(ValueError("no SavedModel in /somewhere/secret"))

    async def do(client: httpx.AsyncClient) -> None:
        refused = await client.post("/classify", content=mnist_png(1))
        assert refused.status_code == 503
        text = "the network could not be loaded; the server's log says why"
        assert refused.json() == {"error": text}

    run_scenario(loading, do)


def test_an_error_with_one_item_does_not_fail_the_others() -> None:
    first = threading.Event()
    runs = []

    def divide(items: Sequence[int]) -> list[float]:
        assert first.wait(LIMIT)
        runs.append(list(items))
        return [1 / item for item in items]

    async def ask() -> list[float | BaseException]:
        batcher = MicroBatcher(divide, max_waiting=3, max_batch=8)
        calls = [asyncio.ensure_future(batcher.submit(item)) for item in (0, 2, 0, 4, 5)]
        await turns()
        first.set()
        return await asyncio.gather(*calls, return_exceptions=True)

    answers = run_async(ask())
    assert runs == [[0], [2, 0, 4], [2], [0], [4]]
    assert answers[1] == 0.5 and answers[3] == 0.25
    assert isinstance(answers[0], ZeroDivisionError)  # it was alone
    assert isinstance(answers[2], ZeroDivisionError)
    assert isinstance(answers[4], asyncio.QueueFull)  # three wait already


KINDS = ["image/png", "application/json", "multipart/form-data; boundary=x", "text/plain", ""]
BODIES = (
    st.binary(max_size=300)
    | st.integers(0, 600).map(lambda n: mnist_png(7)[:n])
    | st.just(mnist_png(7))
)


def test_answers_are_as_described(app_url: str) -> None:
    """Generated requests get the answers that the OpenAPI schema promises."""
    with httpx.Client(base_url=f"{app_url}v1/", timeout=LIMIT) as client:
        description = client.get("openapi.json").json()
        promised = description["paths"]["/classify"]["post"]["responses"]

        @settings(max_examples=60, deadline=None, derandomize=True, database=None)
        @given(st.sampled_from(KINDS), BODIES)
        def ask(kind: str, body: bytes) -> None:
            answer = client.post("classify", content=body, headers={"Content-Type": kind})
            response = promised[str(answer.status_code)]
            schema = response["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            fields = description["components"]["schemas"][schema]["properties"]
            assert answer.status_code < 500
            assert set(answer.json()) == set(fields)

        ask()
