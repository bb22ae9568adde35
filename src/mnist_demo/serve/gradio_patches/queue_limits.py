"""How many may wait in Gradio's queues: each endpoint has one of its own, with a bound of its own.

So programs, however many, take nothing from visitors but processor time: they wait in other lines,
and Gradio takes from each line in turn. Who comes when a line is full is refused with status 503;
the page then asks again by itself, see retry.html, and gradio_client raises "Queue is full!".

And who was answered is forgotten: each call of an endpoint is a session of its own to Gradio, which
remembers them all.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio import state_holder

from mnist_demo.serve.gradio_patches.request_limits import MAX_CALL_BODY
from mnist_demo.serve.monitoring import record_outcome

MAX_PAGE_EVENTS = 256  # events of one kind that wait; at 10 ms each they wait for three seconds
MAX_API_CALLS = 128  # of one endpoint for programs
MAX_WAITING_BYTES = (
    10_000_000  # bytes of those that wait for one function; a drawing takes some thousand
)
MAX_SESSION_MESSAGES = 500  # messages that wait for one session, of which each event gets a few
MAX_UNREAD_ANSWERS = 500  # answers that nobody has heard; the largest take 170 kB
MAX_SESSIONS = 200  # that Gradio remembers; our components keep nothing in them
MAX_SESSION_HASH = 100  # characters of a session's name
BUSY = "Too many callers are waiting: try again in a few seconds."


class Unread(dict[str, Any]):
    """The answers that nobody has heard yet, of each session."""

    def __delitem__(self, session: str) -> None:
        self.pop(session, None)  # two streams of one session may hang up


class Session(state_holder.SessionState):
    """Without what Gradio keeps for links to a session's state, which are off here: a description
    of every component on the page, 0.1 MB, and the last inputs and outputs."""

    def __init__(self, page: gr.Blocks) -> None:
        super().__init__(SimpleNamespace(default_config=page.default_config, blocks=()))  # type: ignore[arg-type]

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass


def use_light_sessions() -> None:
    state_holder.SessionState = Session  # type: ignore[misc, assignment]


def limit_queues(page: gr.Blocks) -> None:
    """Refuse an event where too many wait for the same function. Gradio's own `max_size` counts
    all lines together: one caller in a loop would fill it for everybody."""
    queue = page._queue
    push = queue.push

    # Gradio's own dictionary drops the first of 2,000 sessions, also if it still waits: then the
    # loop over all that wait ends with a KeyError, and nobody is answered any more.
    queue.pending_messages_per_session = unread = Unread()  # type: ignore[assignment]
    waiting, unfinished = queue.pending_event_ids_session, queue.event_ids_to_events
    send = queue.send_message

    def send_if_heard(event: Any, message: Any) -> None:
        if event.session_hash in unread:
            send(event, message)

    def forget_answered() -> None:
        """Gradio goes through all sessions that it remembers at each call of an endpoint."""
        finished = 0
        for session, events in reversed(list(waiting.items())):
            if not any(event in unfinished for event in events):
                finished += len(events)
                if not events or session not in unread or finished > MAX_UNREAD_ANSWERS:
                    del waiting[session]
        for session in unread.keys() - waiting.keys():  # those, and whoever has hung up
            del unread[session]

    async def bounded(body: Any, request: Any, username: str | None) -> Any:
        forget_answered()
        function = page.fns.get(body.fn_index)
        if function is None:
            return False, "There is no such event on this page: reload it.", "error"
        if len(body.session_hash or "") > MAX_SESSION_HASH:
            return (
                False,
                f"session_hash is too long: at most {MAX_SESSION_HASH} characters.",
                "error",
            )
        if body.session_hash in unread and unread[body.session_hash].qsize() > MAX_SESSION_MESSAGES:
            return False, "Hear the answers of this session first.", "queue_full"
        line = queue.event_queue_per_concurrency_id.get(function.concurrency_id)
        if line:
            private = function.api_visibility == "private"
            full = len(line.queue) >= (MAX_PAGE_EVENTS if private else MAX_API_CALLS)
            if full or sum(map(size, line.queue)) > MAX_WAITING_BYTES:
                record_outcome("page" if private else f"/{function.api_name}", "refusal", 0)
                return False, BUSY, "queue_full"
        return await push(body, request, username)

    queue.push = bounded  # type: ignore[method-assign]
    queue.send_message = send_if_heard  # type: ignore[method-assign, assignment]


def size(event: Any) -> int:
    """Bytes of the request that brought the event."""
    length: str = event.request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else MAX_CALL_BODY
