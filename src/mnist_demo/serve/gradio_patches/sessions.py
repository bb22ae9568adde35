"""Sessions take little memory in Gradio, and are forgotten once they are answered.

To Gradio each call of an endpoint is a session of its own. It describes every component of the page
for it, and remembers every session that it has ever answered.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio import state_holder
from gradio.queueing import Queue

MAX_SESSIONS = 200  # sessions that Gradio keeps the state of; our components have no state
MAX_UNREAD_ANSWERS = 500  # answers that nobody has fetched yet; the largest take 170 kB


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
