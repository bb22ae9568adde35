"""A Sketchpad as all tabs use it, and the events of its strokes."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from mnist_demo.page.i18n import t

BRUSH_RADIUS = 14  # pixels of the Sketchpad's image
SCRIPT = Path(__file__).parent / "sketchpad.js"


def add_sketchpad(prefix: str, size: tuple[int, int]) -> gr.Sketchpad:
    """Add a Sketchpad with Undo and Clear below it to the page.

    Args:
        prefix: begins the ids of its elements.
        size: width and height in pixels of its image.
    """
    sketch = gr.Sketchpad(
        elem_id=f"{prefix}sketch",
        label=t("drawing"),
        show_label=False,
        canvas_size=size,
        brush=gr.Brush(default_size=BRUSH_RADIUS, colors=["#000000"], color_mode="fixed"),
        layers=False,
        transforms=(),
        buttons=[],
    )
    with gr.Row(elem_id=f"{prefix}tools"):
        gr.Button(t("undo"), elem_id=f"{prefix}undo", min_width=80)
        gr.Button(t("clear"), elem_id=f"{prefix}clear", min_width=80)
    return sketch


def add_stroke_events(prefix: str) -> gr.HTML:
    """A hidden element whose value is the drawing on the Sketchpad of `prefix`, as a data URL.

    It has an `input` event after every stroke.
    """
    script = SCRIPT.read_text(encoding="utf-8")
    return gr.HTML("", html_template="", js_on_load=script, elem_id=f"{prefix}pen")
