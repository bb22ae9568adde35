"""The page with its tabs, and the endpoints for programs."""

from __future__ import annotations

import asyncio
import base64
import io
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr
from fastapi.exceptions import RequestValidationError
from gradio.route_utils import FnIndexInferError
from PIL import Image, PngImagePlugin
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from mnist_demo.page.about_tab import about_tab
from mnist_demo.page.draw_tab import draw_tab, guesses
from mnist_demo.page.embed_tab import embed_tab
from mnist_demo.page.feedback import Feedback
from mnist_demo.page.i18n import Request, say, t
from mnist_demo.page.numbers_tab import numbers_tab
from mnist_demo.page.photo_tab import classify_photo, photo_tab
from mnist_demo.read import numbers
from mnist_demo.read.classifier import Classifier, Prediction
from mnist_demo.read.images import FORMATS, MAX_PIXELS
from mnist_demo.read.photo import Photo
from mnist_demo.serve.answer import as_json
from mnist_demo.serve.compression import PageCompressionMiddleware
from mnist_demo.serve.gradio_patches.analytics import limit_analytics
from mnist_demo.serve.gradio_patches.queue_limits import limit_queues
from mnist_demo.serve.gradio_patches.request_errors import (
    explain_unreadable_inputs,
    handle_invalid_body,
    handle_unexpected_error,
    handle_unknown_endpoint,
)
from mnist_demo.serve.gradio_patches.request_limits import RequestLimits
from mnist_demo.serve.gradio_patches.sessions import MAX_SESSIONS, use_light_sessions
from mnist_demo.serve.micro_batching import LARGE_IMAGE, MAX_BATCH, MicroBatcher
from mnist_demo.serve.monitoring import MonitoringMiddleware, monitor, record_outcome

HERE = Path(__file__).parent
T = TypeVar("T")
CACHE = (600, 600)  # seconds: how often uploads are looked through, and how long they are kept
MAX_URL = 250_000  # characters of a drawing that the page sends; usually it takes 8,000

SEND_IMAGE = "This is not an image that can be read: send a PNG, JPEG, WebP, GIF, BMP or TIFF file."
SEND_SKETCH = (
    'There is no drawing in this: send {"composite": handle_file(path)}, or use /classify '
    "for a plain image file."
)


def open_sketch(drawing: dict[str, Any] | None) -> dict[str, Any] | None:
    """A Sketchpad's value as `{"composite": image or None}`; None if it names no image at all.

    `drawing` is what Gradio received: an EditorData as a dict. An `id` stands for images that a
    Sketchpad has uploaded before. Our page sends no such drawing, so these uploads are closed, and
    the drawing counts as blank.
    """
    if drawing is None or (drawing["id"] is None and drawing["composite"] is None):
        return None
    return {"composite": None if drawing["id"] is not None else open_file(drawing["composite"])}


def read_url(url: str) -> Image.Image:
    """The image in a data URL, which is what our page sends, see page.js."""
    if not isinstance(url, str):  # whoever knows the event's number sends what he likes
        raise gr.Error(SEND_IMAGE, print_exception=False)
    if len(url) > MAX_URL:
        raise gr.Error("The drawing is too large.", print_exception=False)
    try:
        data = base64.b64decode(url.partition(",")[2], validate=True)
    except ValueError:
        raise gr.Error(SEND_IMAGE, print_exception=False) from None
    image = open_image(io.BytesIO(data))
    if image.width * image.height > LARGE_IMAGE:  # than any canvas; "Why?" needs much memory
        raise gr.Error("The drawing is too large.", print_exception=False)
    return image


def open_file(file: dict[str, Any] | None) -> Image.Image:
    """The uploaded image, not yet decoded. `file` is what Gradio received: a FileData as a dict."""
    if not file or not file["path"]:
        raise gr.Error(SEND_IMAGE, print_exception=False)
    return open_image(file["path"])


def open_image(source: str | io.BytesIO) -> Image.Image:
    try:
        return Image.open(source, formats=FORMATS)
    except Image.DecompressionBombError:
        record_outcome("opening a file", "unreadable", 0)
        raise gr.Error(
            f"The image is too large: at most {MAX_PIXELS:,} pixels are read.",
            print_exception=False,
        ) from None
    except (OSError, ValueError, SyntaxError):
        record_outcome("opening a file", "unreadable", 0)
        raise gr.Error(SEND_IMAGE, print_exception=False) from None


def build(load: Callable[[], Classifier] = Classifier.load) -> gr.Blocks:
    """The page, whose classifier `load` fetches in the background: it takes seconds."""
    # Pillow refuses images of more than twice this, and only warns of those above it.
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    PngImagePlugin.MAX_TEXT_MEMORY = 1_000_000  # of what a PNG says beside its pixels, unpacked
    limit_analytics()
    loading: Future[Classifier] = ThreadPoolExecutor(1).submit(load)
    feedback = Feedback()
    feedback.sync()

    def ready(request: Request) -> Classifier:
        if not loading.done():
            gr.Info(say("loading", request), title=say("note", request))
        try:
            return loading.result()
        except Exception as error:
            text, title = say("no_network", request), say("error", request)
            raise gr.Error(text, title=title) from error

    def answered(
        how: Callable[[Classifier, Any], T], image: Any, request: Request, endpoint: str = "page"
    ) -> T:
        classifier = ready(request)
        try:
            with monitor(endpoint):
                return how(classifier, image)
        except ValueError as error:
            raise unreadable(error, request) from None

    def read(image: Any, request: Request = None) -> Prediction:
        return answered(Classifier.classify, image, request)

    def read_several(image: Any, request: Request = None) -> numbers.Number:
        return answered(numbers.read_number, image, request)

    def look(file: str | None, request: Request = None) -> tuple[Photo, Prediction]:
        return answered(classify_photo, file, request)

    def read_together(images: Sequence[Image.Image]) -> list[Any]:
        return loading.result().classify_each(images)

    small, large = (MicroBatcher(read_together, MAX_BATCH, together) for together in (MAX_BATCH, 1))

    async def classify(image: dict[str, Any] | None) -> dict[str, Any]:
        """Reads the digit in an image file: dark on light or light on dark, anywhere in it.

        Returns digit (null if the image is blank), confidence, top (the three best guesses),
        probabilities (of 0 to 9), digit_score (how much it looks like a digit at all), is_digit,
        and weights (which version of the network answered, and where it comes from).
        """
        opened = await asyncio.to_thread(open_file, image)
        if not loading.done():
            await asyncio.wait([asyncio.wrap_future(loading)])
        ready(None)
        batcher = small if opened.width * opened.height <= LARGE_IMAGE else large
        try:
            with monitor("/classify"):
                prediction = await batcher.submit(opened)
        except ValueError as error:
            raise unreadable(error, None) from None
        return as_json(prediction) | {"weights": str(loading.result().weights)}

    def read_number(image: dict[str, Any] | None) -> dict[str, Any]:
        """Reads the digits in an image file, side by side, as one number from left to right.

        Returns number (a string, empty if the image is blank), and digits: for each what /classify
        returns, and its box (left, top, right, bottom, in pixels).
        """
        found = answered(numbers.read_number, open_file(image), None, "/read_number")
        digits = zip(found.digits, found.boxes, strict=True)
        return {
            "number": found.text,
            "digits": [as_json(digit) | {"box": box} for digit, box in digits],
            "weights": str(loading.result().weights),
        }

    def classify_sketch(drawing: dict[str, Any] | None) -> dict[str, float] | None:
        """Reads a drawing, given as {"composite": file}, and returns the three best guesses."""
        sketch = open_sketch(drawing)
        if sketch is None:
            raise gr.Error(SEND_SKETCH, print_exception=False)
        return guesses(answered(Classifier.classify, sketch, None, "/classify_sketch"))

    with gr.Blocks(title="Draw a digit", analytics_enabled=False, delete_cache=CACHE) as page:
        with gr.Column(elem_id="intro"):  # Gradio translates one sentence in each component
            gr.HTML(f"<h1>{t('title')}</h1>")
            gr.HTML(f"<p>{t('intro')}</p>")
        gr.HTML(f"<p>{t('busy')}</p>", elem_id="busy")  # retry.html shows it
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab(t("draw"), id="draw"):
                sketch = draw_tab(read, read_url, loading.result, feedback)
            with gr.Tab(t("photo"), id="photo"):
                photo_tab(look)
            with gr.Tab(t("numbers"), id="numbers"):
                numbers_tab(read_several, read_url)
            with gr.Tab(t("about_title"), id="about") as tab:
                about_tab(tab, loading.result)
            with gr.Tab(t("embed_title"), id="embed") as tab:
                embed_tab(tab)

        # What only the API has: no visitor sees these components.
        call = gr.Button(visible=False)
        image = gr.Image(label="Image file", visible=False)
        # The functions open their files themselves. Gradio's components decode more than is needed,
        # and do not explain what is wrong with a file.
        call.click(
            classify,
            image,
            gr.JSON(label="Answer", visible=False),
            api_name="classify",
            concurrency_limit=MAX_BATCH,
            preprocess=False,
        )
        call.click(
            read_number,
            image,
            gr.JSON(label="Number", visible=False),
            api_name="read_number",
            preprocess=False,
        )
        label = gr.Label(visible=False)
        call.click(classify_sketch, sketch, label, api_name="classify_sketch", preprocess=False)
    use_light_sessions()
    explain_unreadable_inputs(page)
    limit_queues(page)
    return page


def unreadable(error: ValueError, request: Request) -> gr.Error:
    text, title = say("unreadable", request, error), say("error", request)
    return gr.Error(text, title=title, print_exception=False)


def serve(page: gr.Blocks, routes: Sequence[BaseRoute] = ()) -> None:
    """Serve until interrupted, on 127.0.0.1:7860 unless Gradio's variables say otherwise.

    `routes` are looked at before Gradio's own.
    """
    page.launch(
        app_kwargs={
            "routes": list(routes),
            "middleware": [
                Middleware(MonitoringMiddleware),
                Middleware(PageCompressionMiddleware),
                Middleware(RequestLimits),
            ],
            "exception_handlers": {
                RequestValidationError: handle_invalid_body,
                FnIndexInferError: handle_unknown_endpoint,
                Exception: handle_unexpected_error,
            },
        },
        i18n=t,
        theme=gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
        css_paths=HERE / "page.css",
        head="".join((HERE / f"{part}.html").read_text("utf-8") for part in ("embed", "retry")),
        footer_links=["api", "gradio", "settings"],
        mcp_server=find_spec("mcp") is not None,  # the endpoints as tools for agents
        run_history=False,
        enable_monitoring=False,
        max_file_size="20mb",
        state_session_capacity=MAX_SESSIONS,
        ssr_mode=False,
        pwa=False,
    )
