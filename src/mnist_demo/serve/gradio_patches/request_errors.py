"""Clear errors for programs that send Gradio's endpoints something that cannot be read.

Gradio opens neither files that were not uploaded nor addresses in its own network, but it checks
only what is marked as a file. It answers `{"error": null}` or its parser's message, and prints the
stack trace into the log.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from fastapi.exceptions import RequestValidationError
from gradio_client.utils import is_file_obj_with_meta
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

IMAGE = "one image file that was uploaded before; in Python: handle_file(path)"
ENDPOINT_INPUTS = {
    "classify": IMAGE,
    "read_number": IMAGE,
    "classify_sketch": 'one drawing, {"composite": FILE} with such a file',
}


def explain_unreadable_inputs(page: gr.Blocks) -> None:
    """Let `page` say what an endpoint takes when it is sent something else."""
    preprocess = page.preprocess_data

    async def preprocess_or_explain(block_fn: Any, inputs: Any, *rest: Any, **others: Any) -> Any:
        try:
            check_file_markers(inputs)
            return await preprocess(block_fn, inputs, *rest, **others)
        except gr.Error:
            raise
        except Exception as error:
            name = block_fn.api_name
            if name in ENDPOINT_INPUTS:
                advice = f"/{name} takes {ENDPOINT_INPUTS[name]}."
            else:
                advice = "Reload the page."
            raise gr.Error(
                f"This cannot be read. {advice} Other files and addresses are not opened.",
                print_exception=False,
            ) from error

    page.preprocess_data = preprocess_or_explain  # type: ignore[method-assign]


def check_file_markers(value: Any) -> None:
    """Raise ValueError if something in `value` has a path without the marker of a file.

    Gradio checks by this marker whether the file was uploaded. Without it, an Image component would
    open any file that the server may read.
    """
    if isinstance(value, dict):
        if "path" in value and not is_file_obj_with_meta(value):
            raise ValueError("a path without the marker of a file")
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            check_file_markers(part)


def handle_unknown_endpoint(request: Request, error: Exception) -> Response:
    """Answer status 404, and name the endpoints that exist."""
    known = ", ".join(f"/{name}" for name in ENDPOINT_INPUTS)
    return JSONResponse({"error": f"There is no such endpoint: there are {known}."}, 404)


def handle_unexpected_error(request: Request, error: Exception) -> Response:
    """Answer status 500 where Gradio fails; the stack trace goes to the log only."""
    return JSONResponse(
        {"error": "This request cannot be answered: ?view=api on the page lists the calls."}, 500
    )


def handle_invalid_body(request: Request, error: Exception) -> Response:
    """Answer status 422 where a body is no JSON or has the wrong shape; say what is accepted."""
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
