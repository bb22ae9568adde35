"""Requests to the REST endpoint and to /metrics."""

from typing import Any

import httpx

from tests.helpers.waiting import LIMIT


def post(url: str, body: Any, **headers: str) -> tuple[int, Any, Any]:
    """Status, JSON and headers of the answer to `body`."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = httpx.post(f"{url}v1/classify", content=body, headers=names, timeout=LIMIT)
    return answer.status_code, answer.json(), answer.headers


def form(body: bytes, field: str = 'name="file"; filename="digit.png"') -> dict[str, Any]:
    head = f"--of-parts\r\nContent-Disposition: form-data; {field}\r\n\r\n".encode()
    data = head + body + b"\r\n--of-parts--\r\n"
    return {"body": data, "Content_Type": "multipart/form-data; boundary=of-parts"}


def metrics(url: str) -> dict[str, float]:
    """What /metrics says, by name and labels."""
    text = httpx.get(f"{url}metrics", timeout=LIMIT).text
    rows = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in rows}
