"""Requests to the REST endpoint."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from tests.helpers.waiting import LIMIT


def post(url: str, body: Any, **headers: str) -> tuple[int, Any, Any]:
    """Status, JSON and headers of the answer to `body`."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"{url}v1/classify", body, names)
    try:
        with urllib.request.urlopen(request, timeout=LIMIT) as response:
            return response.status, json.load(response), response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error), error.headers


def form(body: bytes, field: str = 'name="file"; filename="digit.png"') -> dict[str, Any]:
    head = f"--of-parts\r\nContent-Disposition: form-data; {field}\r\n\r\n".encode()
    data = head + body + b"\r\n--of-parts--\r\n"
    return {"body": data, "Content_Type": "multipart/form-data; boundary=of-parts"}
