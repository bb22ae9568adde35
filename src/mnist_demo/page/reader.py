"""The classifier as the page uses it: loaded in the background, with errors for visitors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import gradio as gr

from mnist_demo.page.i18n import Request, translate
from mnist_demo.read.classifier import Classifier, Reading
from mnist_demo.read.lines import Number
from mnist_demo.read.prediction import Prediction
from mnist_demo.serve.monitoring import monitor

T = TypeVar("T")


def in_background(load: Callable[[], T]) -> Future[T]:
    """Run `load` in a thread; the Future holds what it returns or raises.

    Python waits for the threads of a ThreadPoolExecutor before it ends, but not for this thread. So
    the demo can be stopped while the network is still loading, and sends its last corrections.
    """
    loading: Future[T] = Future()

    def run() -> None:
        try:
            loading.set_result(load())
        except BaseException as error:
            loading.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return loading


class PageReader:
    """Reads images for visitors and programs; waits until the classifier is loaded.

    `request` says in which language an error is written, and `endpoint` under which name a call is
    counted in /metrics. Every method raises gr.Error if the classifier could not be loaded, or if
    the image cannot be read.

    Attributes:
        loading: a Future of the classifier.
    """

    def __init__(self, load: Callable[[], Classifier]) -> None:
        """Start to load the classifier in a thread, as that takes seconds."""
        self.loading = in_background(load)

    def classifier(self, request: Request = None) -> Classifier:
        """The classifier. If the visitor has to wait for it, the page says so."""
        if not self.loading.done():
            gr.Info(translate("loading", request), title=translate("note", request))
        try:
            return self.loading.result()
        except Exception as error:
            text, title = translate("no_network", request), translate("error", request)
            raise gr.Error(text, title=title) from error

    def classify(self, image: Any, request: Request = None, endpoint: str = "page") -> Prediction:
        """The digit in `image`, which is anything that `preprocess` accepts."""
        return self._read(Classifier.classify, image, request, endpoint)

    def read_number(self, image: Any, request: Request = None, endpoint: str = "page") -> Number:
        """The digits in `image` from left to right."""
        return self._read(Classifier.read_number, image, request, endpoint)

    def read_picture(self, image: Any, request: Request = None) -> Reading:
        """Whatever is in a picture, and where."""
        return self._read(Classifier.read_picture, image, request, "page")

    def _read(
        self, read: Callable[[Classifier, Any], T], image: Any, request: Request, endpoint: str
    ) -> T:
        classifier = self.classifier(request)
        try:
            with monitor(endpoint):
                return read(classifier, image)
        except ValueError as error:
            raise unreadable(error, request) from None


def unreadable(error: ValueError, request: Request) -> gr.Error:
    """The error that a visitor sees when `preprocess` does not accept an image."""
    text, title = translate("unreadable", request, error), translate("error", request)
    return gr.Error(text, title=title, print_exception=False)
