"""What a program sent to Gradio's endpoints and cannot be read is refused in words.

Gradio refuses files of the server that were not uploaded, and addresses in its network, but only
where a file is marked as one; it answers with `{"error": null}`, or with what its parser has to
say, and prints the stack into the log.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from fastapi.exceptions import RequestValidationError
from gradio_client.utils import is_file_obj_with_meta
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

IMAGE = "one image file that was uploaded before; in Python: handle_file(path)"
TAKES = {
    "classify": IMAGE,
    "read_number": IMAGE,
    "classify_sketch": 'one drawing, {"composite": FILE} with such a file',
}


def explain_unreadable_inputs(page: gr.Blocks) -> None:
    """Let `page` say what an endpoint takes, where it is sent something else."""
    preprocess = page.preprocess_data

    async def preprocess_data(block_fn: Any, inputs: Any, *rest: Any, **others: Any) -> Any:
        try:
            check_marks(inputs)
            return await preprocess(block_fn, inputs, *rest, **others)
        except gr.Error:
            raise
        except Exception as error:
            name = block_fn.api_name
            takes = f"/{name} takes {TAKES[name]}." if name in TAKES else "Reload the page."
            raise gr.Error(
                f"This cannot be read. {takes} Other files and addresses are not opened.",
                print_exception=False,
            ) from error

    page.preprocess_data = preprocess_data  # type: ignore[method-assign]


def handle_unknown_endpoint(request: Request, error: Exception) -> Response:
    """For an endpoint that there is not: status 404 and which there are."""
    known = ", ".join(f"/{name}" for name in TAKES)
    return JSONResponse({"error": f"There is no such endpoint: there are {known}."}, 404)


def handle_unexpected_error(request: Request, error: Exception) -> Response:
    """For what Gradio stumbles over: the stack is for the log alone."""
    return JSONResponse(
        {"error": "This request cannot be answered: ?view=api on the page lists the calls."}, 500
    )


def check_marks(value: Any) -> None:
    """ValueError where something in `value` has a path and not the mark by which Gradio checks it.

    Without it, the components would open any file that the server may read.
    """
    if isinstance(value, dict):
        if "path" in value and not is_file_obj_with_meta(value):
            raise ValueError("a path without the mark of a file")
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            check_marks(part)


def handle_invalid_body(request: Request, error: Exception) -> Response:
    """For a body that is no JSON, or of the wrong shape: status 422 and what is accepted."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(place) for place in first["loc"])
    return JSONResponse(
        {
            "error": f"The request cannot be read: {first['msg']} ({where}). "
            'A call of an endpoint is JSON, {"data": [...]} with its inputs in order; '
            "?view=api on the page lists them."
        },
        status_code=422,
    )
