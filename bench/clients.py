"""Many clients at once, in a process of their own; prints how many answers per second they got.

`python -m bench.clients URL gradio|rest IMAGE CLIENTS SECONDS`
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp


async def gradio_call(session: aiohttp.ClientSession, url: str, path: str) -> Any:
    """What /classify answers for a file that was uploaded before, over Gradio's own protocol."""
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    async with session.post(f"{url}gradio_api/call/classify", json={"data": [file]}) as response:
        response.raise_for_status()
        event = (await response.json())["event_id"]
    async with session.get(f"{url}gradio_api/call/classify/{event}") as stream:
        text = (await stream.read()).decode()
    if "event: complete" not in text:
        raise ValueError(text)
    return json.loads(text.split("data: ", 1)[1])[0]


async def rest_call(session: aiohttp.ClientSession, url: str, body: bytes) -> Any:
    """What /v1/classify answers for an image file."""
    async with session.post(f"{url}v1/classify", data=body) as response:
        response.raise_for_status()
        return await response.json()


async def upload(session: aiohttp.ClientSession, url: str, body: bytes) -> str:
    """Upload an image file, and return the path by which the server knows it."""
    form = aiohttp.FormData()
    form.add_field("files", body, filename="digit.png")
    async with session.post(f"{url}gradio_api/upload", data=form) as response:
        response.raise_for_status()
        return str((await response.json())[0])


async def run_clients(
    url: str, kind: str, body: bytes, clients: int, seconds: float
) -> dict[str, float]:
    """Answers per second, and the median time to an answer in seconds."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        path = await upload(session, url, body) if kind == "gradio" else ""
        times: list[float] = []
        start = time.perf_counter()

        async def client() -> None:
            while time.perf_counter() - start < seconds:
                began = time.perf_counter()
                if kind == "gradio":
                    await gradio_call(session, url, path)
                else:
                    await rest_call(session, url, body)
                times.append(time.perf_counter() - began)

        await asyncio.gather(*(client() for _ in range(clients)))
        spent = time.perf_counter() - start
    return {"per_second": len(times) / spent, "p50": sorted(times)[len(times) // 2]}


if __name__ == "__main__":
    url, kind, image, clients, seconds = sys.argv[1:]
    result = run_clients(url, kind, Path(image).read_bytes(), int(clients), float(seconds))
    print(json.dumps(asyncio.run(result)))
