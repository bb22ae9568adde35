"""Gradio's statistics of its events are kept small.

Gradio keeps its last 10,000 events and sums them up with pandas after each event, for a monitoring
page that is switched off here.
"""

from __future__ import annotations

import os


def limit_analytics() -> None:
    """Keep one event and never sum it up. Gradio reads these variables when it makes a page."""
    os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
