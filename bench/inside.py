"""Inside one process: the network, preprocessing, and many images at once."""

from __future__ import annotations

import io
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from bench.servers import Pair, sketch
from mnist_demo import Classifier, preprocess
from train.fit.model import build


def inner(rounds: int) -> dict[str, list[Pair]]:
    """Inside this process: the network against Keras, preprocessing against decoding, and
    `classify_many` against `classify`."""
    image = np.zeros((28, 28), np.float32)
    image[5:23, 12:15] = 1
    classifier, model = Classifier.load(), build()
    canvas, small = sketch(560), sketch(280)
    png = io.BytesIO()
    Image.fromarray(canvas).save(png, "PNG")

    def decode() -> None:
        Image.open(io.BytesIO(png.getvalue())).load()

    def ours() -> None:
        classifier.classify_inputs([image])

    def keras() -> None:
        model.predict(image[np.newaxis, ..., np.newaxis], verbose=0)

    results: dict[str, list[Pair]] = {"network": [], "preprocess": [], "many": [], "busy": []}
    for _ in range(rounds + 1):
        results["network"].append((timed(ours, 50), timed(keras, 10)))
        results["preprocess"].append((timed(lambda: preprocess(canvas), 30), timed(decode, 30)))
        alone = timed(lambda: classifier.classify(small), 500)
        began, used = time.perf_counter(), time.process_time()
        classifier.classify_many(small for _ in range(10_000))
        seconds, used = time.perf_counter() - began, time.process_time() - used
        results["many"].append((seconds / 10_000, alone))
        results["busy"].append((used / seconds, os.cpu_count() or 1))
    return {name: pairs[1:] for name, pairs in results.items()}  # the first one warms up


def timed(action: Callable[[], Any], count: int) -> float:
    times = []
    for _ in range(count):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return statistics.median(times)
