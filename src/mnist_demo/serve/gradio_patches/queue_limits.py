"""Limits on how many events wait in Gradio's queue, for each function on its own, and on sessions.

Programs, however many, take nothing from visitors but processor time: they wait in other lines, and
Gradio takes from each line in turn. When a line is full, the next event is refused with status 503.
The page then asks again by itself (see page/retry.js), and gradio_client raises "Queue is full!".

To Gradio each call of an endpoint is a session of its own. It describes every component of the page
for it, and remembers every session that it has ever answered. Here sessions take little memory, and
are forgotten once they are answered.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio import state_holder
from gradio.queueing import Queue

from mnist_demo.serve.gradio_patches.request_limits import MAX_CALL_BODY
from mnist_demo.serve.monitoring import record_outcome

MAX_PAGE_EVENTS = 256  # waiting events of one kind; at 10 ms each they wait for three seconds
MAX_API_CALLS = 128  # waiting calls of one endpoint for programs
MAX_WAITING_BYTES = 10_000_000  # of all that wait for one function; a drawing takes a few thousand
MAX_SESSION_MESSAGES = 500  # messages that wait for one session; each event brings a few
MAX_SESSION_HASH = 100  # characters of a session's name
BUSY = "Too many callers are waiting: try again in a few seconds."
MAX_SESSIONS = 200  # sessions that Gradio keeps the state of; our components have no state
MAX_UNREAD_ANSWERS = 500  # answers that nobody has fetched yet; the largest take 170 kB


def limit_queues(page: gr.Blocks) -> None:
    """Refuse an event where too many wait for the same function.

    Gradio's own `max_size` counts all lines together: one caller in a loop would fill the queue for
    everybody.
    """
    page.api_open = False  # else /run/ENDPOINT calls a function beside the queue, without limits
    queue = page._queue
    # Gradio would keep its last 10,000 events, and sum them up with pandas after each event, for a
    # monitoring page that is switched off here.
    queue.ANALYTICS_MAX_EVENTS, queue.ANAYLTICS_CACHE_FREQUENCY = 1, 1_000_000_000
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


class LightSessionState(state_holder.SessionState):
    """A session's state without what Gradio keeps for deep links, which are closed here.

    That is a description of every component on the page (0.1 MB), and the last inputs and outputs.
    """

    def __init__(self, page: gr.Blocks) -> None:
        super().__init__(SimpleNamespace(default_config=page.default_config, blocks=()))  # type: ignore[arg-type]

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass


class PendingMessages(dict[str, Any]):
    """For each session the messages that it has not fetched yet.

    Gradio's own dictionary drops the first of 2,000 sessions even if that session still waits. The
    loop over all waiting events then ends with a KeyError, and nobody is answered any more.
    """

    def __delitem__(self, session: str) -> None:
        self.pop(session, None)  # two streams of one session may hang up


def use_light_sessions() -> None:
    """Let Gradio make a `LightSessionState` for each session."""
    state_holder.SessionState = LightSessionState  # type: ignore[misc, assignment]


def keep_waiting_sessions(queue: Queue) -> None:
    """Drop the messages of no session that still waits, and send none to a session that is gone."""
    queue.pending_messages_per_session = pending = PendingMessages()  # type: ignore[assignment]
    send = queue.send_message

    def send_to_known_session(event: Any, message: Any) -> None:
        if event.session_hash in pending:
            send(event, message)

    queue.send_message = send_to_known_session  # type: ignore[method-assign, assignment]


def forget_answered_sessions(queue: Queue) -> None:
    """Forget sessions whose answers were fetched, and the oldest answers that nobody fetches.

    Gradio goes through all sessions that it remembers at each call of an endpoint.
    """
    pending = queue.pending_messages_per_session
    events_of, unfinished = queue.pending_event_ids_session, queue.event_ids_to_events
    answered = 0
    for session, events in reversed(list(events_of.items())):
        if not any(event in unfinished for event in events):
            answered += len(events)
            if not events or session not in pending or answered > MAX_UNREAD_ANSWERS:
                del events_of[session]
    for session in pending.keys() - events_of.keys():  # also callers who have hung up
        del pending[session]
