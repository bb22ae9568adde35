"""The endpoints as tools for agents."""

import base64
from pathlib import Path
from typing import Any

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

from tests.helpers.aio import run_async


def test_agents_find_and_use_the_endpoints(app_url: str, one: Path) -> None:
    data = base64.b64encode(one.read_bytes()).decode()

    async def ask() -> tuple[dict[str, str], Any]:
        way = f"{app_url}gradio_api/mcp/"
        async with (
            streamablehttp_client(way) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            result = await session.call_tool("classify", {"image": f"data:image/png;base64,{data}"})
            return {tool.name: tool.description or "" for tool in tools}, result

    tools, result = run_async(ask())
    assert {"classify", "read_number"} <= set(tools)
    assert "Reads the digit in an image file" in tools["classify"]
    assert "'digit': 1," in result.content[0].text
