"""Limits on how many events wait in Gradio's queue, for each function on its own.

Programs, however many, take nothing from visitors but processor time: they wait in other lines, and
Gradio takes from each line in turn. When a line is full, the next event is refused with status 503.
The page then asks again by itself (see page/retry.js), and gradio_client raises "Queue is full!".
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from mnist_demo.serve.gradio_patches.request_limits import MAX_CALL_BODY
from mnist_demo.serve.gradio_patches.sessions import forget_answered_sessions, keep_waiting_sessions
from mnist_demo.serve.monitoring import record_outcome

MAX_PAGE_EVENTS = 256  # waiting events of one kind; at 10 ms each they wait for three seconds
MAX_API_CALLS = 128  # waiting calls of one endpoint for programs
MAX_WAITING_BYTES = 10_000_000  # of all that wait for one function; a drawing takes a few thousand
MAX_SESSION_MESSAGES = 500  # messages that wait for one session; each event brings a few
MAX_SESSION_HASH = 100  # characters of a session's name
BUSY = "Too many callers are waiting: try again in a few seconds."


def limit_queues(page: gr.Blocks) -> None:
    """Refuse an event where too many wait for the same function.

    Gradio's own `max_size` counts all lines together: one caller in a loop would fill the queue for
    everybody.
    """
    page.api_open = False  # else /run/ENDPOINT calls a function beside the queue, without limits
    queue = page._queue
    push = queue.push
    keep_waiting_sessions(queue)
    pending = queue.pending_messages_per_session

    async def push_within_limits(body: Any, request: Any, username: str | None) -> Any:
        forget_answered_sessions(queue)
        function = page.fns.get(body.fn_index)
        if function is None:
            return False, "There is no such event on this page: reload it.", "error"
        if len(body.session_hash or "") > MAX_SESSION_HASH:
            text = f"session_hash is too long: at most {MAX_SESSION_HASH} characters."
            return False, text, "error"
        messages = pending.get(body.session_hash)
        if messages is not None and messages.qsize() > MAX_SESSION_MESSAGES:
            return False, "Fetch the answers of this session first.", "queue_full"
        line = queue.event_queue_per_concurrency_id.get(function.concurrency_id)
        if line:
            private = function.api_visibility == "private"
            full = len(line.queue) >= (MAX_PAGE_EVENTS if private else MAX_API_CALLS)
            if full or sum(map(body_size, line.queue)) > MAX_WAITING_BYTES:
                record_outcome("page" if private else f"/{function.api_name}", "refusal", 0)
                return False, BUSY, "queue_full"
        return await push(body, request, username)

    queue.push = push_within_limits  # type: ignore[method-assign]


def body_size(event: Any) -> int:
    """Bytes of the request that brought the event."""
    length: str = event.request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else MAX_CALL_BODY
