"""The classifier as the page uses it: it loads in the background, and errors are the visitor's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import gradio as gr

from mnist_demo.page.i18n import Request, say
from mnist_demo.read.classifier import Classifier, Prediction
from mnist_demo.read.numbers import Number, read_number
from mnist_demo.read.photo import Photo, read_photo
from mnist_demo.serve.monitoring import monitor

T = TypeVar("T")


def in_background(load: Callable[[], T]) -> Future[T]:
    """What `load` returns or raises, once it has; it runs in a thread.

    Python waits for an executor's threads before it ends. It does not wait for this one, so that
    the demo can be stopped, and sends its last corrections, while the network is still loading.
    """
    loading: Future[T] = Future()

    def run() -> None:
        try:
            loading.set_result(load())
        except BaseException as error:
            loading.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return loading


class Reader:
    """Reads images once the classifier is loaded.

    Every method raises gr.Error in the visitor's language: the image cannot be read, or the
    classifier could not be loaded.

    Attributes:
        loading: the classifier, or the exception that its loading ended with.
    """

    def __init__(self, load: Callable[[], Classifier]) -> None:
        """Begin to `load`, in a thread: it takes seconds."""
        self.loading = in_background(load)

    def classifier(self, request: Request = None) -> Classifier:
        """The classifier. A visitor who has to wait for it is told so."""
        if not self.loading.done():
            gr.Info(say("loading", request), title=say("note", request))
        try:
            return self.loading.result()
        except Exception as error:
            text, title = say("no_network", request), say("error", request)
            raise gr.Error(text, title=title) from error

    def classify(self, image: Any, request: Request = None, endpoint: str = "page") -> Prediction:
        """Read one digit; `image` is anything that `preprocess` accepts."""
        return self._read(Classifier.classify, image, request, endpoint)

    def read_number(self, image: Any, request: Request = None, endpoint: str = "page") -> Number:
        """Read the digits in `image` from left to right."""
        return self._read(read_number, image, request, endpoint)

    def classify_photo(self, file: str | None, request: Request = None) -> tuple[Photo, Prediction]:
        """What is found in the photo, and which digit that is."""
        return self._read(classify_photo, file, request, "page")

    def _read(
        self,
        function: Callable[[Classifier, Any], T],
        image: Any,
        request: Request,
        endpoint: str,
    ) -> T:
        classifier = self.classifier(request)
        try:
            with monitor(endpoint):
                return function(classifier, image)
        except ValueError as error:
            raise unreadable(error, request) from None


def classify_photo(classifier: Classifier, file: str | None) -> tuple[Photo, Prediction]:
    photo = read_photo(file)
    return photo, classifier.classify(photo.ink)


def unreadable(error: ValueError, request: Request) -> gr.Error:
    """What the visitor is told about an image that `preprocess` does not accept."""
    text, title = say("unreadable", request, error), say("error", request)
    return gr.Error(text, title=title, print_exception=False)
