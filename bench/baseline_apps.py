"""The baselines: Gradio apps as in its guides, without a network behind them.

`python -m bench.baseline_apps KIND`
"""

from __future__ import annotations

import itertools
import sys
from typing import Any

import gradio as gr

CONSTANT = {"digit": 7, "confidence": 1.0, "top": [{"digit": 7, "probability": 1.0}]}


def app(kind: str) -> Any:
    if kind == "empty":
        return gr.Interface(lambda text: None, "text", "text")
    if kind == "constant":
        return gr.Interface(
            lambda image: CONSTANT, gr.Image(type="pil"), gr.JSON(), api_name="classify"
        )
    if kind == "sketch":  # every answer differs, so that it can be seen to arrive
        count = itertools.count()
        with gr.Blocks() as page:
            sketch = gr.Sketchpad(layers=False, transforms=(), canvas_size=(400, 400))
            label = gr.Label(num_top_classes=3, elem_id="guesses")
            sketch.change(lambda image: {str(next(count)): 1.0}, sketch, label)
        return page
    raise SystemExit(f"{kind} is no stock app: empty, constant or sketch")


if __name__ == "__main__":
    app(sys.argv[1]).launch(quiet=True)
