"""Bounds on what a visitor may leave on the server before sending a Sketchpad's drawing.

Gradio's own `accept_blobs` keeps whatever comes, under any id, until it is asked for; and a layer's
forged index makes it build a list of that length.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from fastapi import HTTPException
from gradio.components.image_editor import EditorDataBlobs

MAX_UPLOAD_BYTES = 250_000  # bytes; a drawing takes some thousand
MAX_UPLOADS = 64  # at a time; they wait for a fraction of a second
MAX_ID = 100  # characters


def limit_sketch_uploads(sketch: gr.Sketchpad) -> None:
    """Let `sketch` keep the composites of the last `MAX_UPLOADS` drawings, and nothing else."""
    kept = sketch.blob_storage

    def accept_blobs(data: Any) -> None:
        try:
            kind, name, content = data.data["type"], str(data.data["id"]), data.files[0][1]
        except (AttributeError, KeyError, IndexError, TypeError):
            raise HTTPException(400, "no drawing in this: send a form with a file") from None
        if len(content) > MAX_UPLOAD_BYTES or len(name) > MAX_ID:
            raise HTTPException(
                413, f"the drawing is too large: at most {MAX_UPLOAD_BYTES:,} bytes"
            )
        if kind == "composite":
            kept[name] = EditorDataBlobs(background=None, layers=[], composite=content)
            while len(kept) > MAX_UPLOADS:
                kept.pop(next(iter(kept)), None)

    accept_blobs._is_server_fn = True  # type: ignore[attr-defined]
    sketch.accept_blobs = accept_blobs
