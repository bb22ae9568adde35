"""Builds the page: its tabs, and the endpoints for programs."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import gradio as gr
from PIL import Image, PngImagePlugin

from mnist_demo.page.about_tab import about_tab
from mnist_demo.page.draw_tab import draw_tab
from mnist_demo.page.embed_tab import embed_tab
from mnist_demo.page.endpoints import add_endpoints
from mnist_demo.page.feedback import Feedback
from mnist_demo.page.i18n import t
from mnist_demo.page.numbers_tab import numbers_tab
from mnist_demo.page.picture_tab import picture_tab
from mnist_demo.page.reader import PageReader
from mnist_demo.read.classifier import Classifier
from mnist_demo.read.decode.formats import MAX_PIXELS
from mnist_demo.serve.gradio_patches.queue_limits import limit_queues, use_light_sessions
from mnist_demo.serve.gradio_patches.request_errors import explain_unreadable_inputs

# How often Gradio looks for old uploads, and from which age it deletes them, in seconds.
DELETE_UPLOADS = (600, 600)


def build_page(load: Callable[[], Classifier] = Classifier.load) -> gr.Blocks:
    """The whole page. `load` runs in the background, so the page is there before the classifier."""
    limit_pillow()
    reader = PageReader(load)
    feedback = Feedback()
    feedback.sync()
    with gr.Blocks(
        title="Draw a digit", analytics_enabled=False, delete_cache=DELETE_UPLOADS
    ) as page:
        with gr.Column(elem_id="intro"):  # Gradio translates only one text in each component
            gr.HTML(f"<h1>{t('title')}</h1>")
            gr.HTML(f"<p>{t('intro')}</p>")
        gr.HTML(f"<p>{t('busy')}</p>", elem_id="busy")  # retry.js shows it
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab(t("draw"), id="draw"):
                sketch = draw_tab(reader, feedback)
            with gr.Tab(t("picture"), id="picture"):
                picture_tab(reader)
            with gr.Tab(t("numbers"), id="numbers"):
                numbers_tab(reader)
            with gr.Tab(t("about_title"), id="about") as tab:
                about_tab(tab, reader)
            with gr.Tab(t("embed_title"), id="embed") as tab:
                embed_tab(tab)
        add_endpoints(reader, sketch)
    use_light_sessions()
    explain_unreadable_inputs(page)
    limit_queues(page)
    return page


def limit_pillow() -> None:
    """Let Pillow refuse images of more than `MAX_PIXELS`, and PNG files with long texts in them."""
    # Pillow refuses images of more than twice this number of pixels. It only warns below that.
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    PngImagePlugin.MAX_TEXT_MEMORY = 1_000_000  # bytes, unpacked
