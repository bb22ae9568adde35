"""Generated requests to the REST endpoint get the answers that its OpenAPI schema promises."""

from __future__ import annotations

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.images import mnist_png
from tests.helpers.waiting import LIMIT

KINDS = ["image/png", "application/json", "multipart/form-data; boundary=x", "text/plain", ""]
BODIES = (
    st.binary(max_size=300)
    | st.integers(0, 600).map(lambda n: mnist_png(7)[:n])
    | st.just(mnist_png(7))
)


def test_answers_are_as_described(app_url: str) -> None:
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
