"""Measurements inside this process: the network, preprocessing, and many images at once."""

from __future__ import annotations

import io
import os
import statistics
import time
import timeit
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from bench.servers import Pair, photo_jpeg, sketch
from mnist_demo import Classifier, preprocess
from train.fit.model import build


def measure_in_process(rounds: int) -> dict[str, list[Pair]]:
    """Measure the network against Keras, preprocessing against decoding a PNG, reading a photo
    against decoding it, and `classify_many` against `classify`; each row has one pair for each
    round."""
    image = np.zeros((28, 28), np.float32)
    image[5:23, 12:15] = 1
    classifier, model = Classifier.load(), build()  # the released network
    canvas, small = sketch(560), sketch(280)
    png = io.BytesIO()
    Image.fromarray(canvas).save(png, "PNG")
    photos = {"photo": photo_jpeg(), "photo_of_number": photo_jpeg(5)}

    def decode(file: bytes) -> None:
        Image.open(io.BytesIO(file)).load()

    ours = partial(classifier.network.classify, [image])
    keras = partial(model.predict, image[np.newaxis, ..., np.newaxis], verbose=0)
    results: dict[str, list[Pair]] = defaultdict(list)
    for _ in range(rounds + 1):
        results["network"].append((median_time(ours, 50), median_time(keras, 10)))
        prepared = median_time(lambda: preprocess(canvas), 30)
        decoded = median_time(lambda: decode(png.getvalue()), 30)
        results["preprocess"].append((prepared, decoded))
        for name, photo in photos.items():
            read = median_time(partial(classifier.read_picture, photo), 10)
            results[name].append((read, median_time(partial(decode, photo), 10)))
        alone = median_time(lambda: classifier.classify(small), 500)
        began, used = time.perf_counter(), time.process_time()
        classifier.classify_many(small for _ in range(10_000))
        seconds, used = time.perf_counter() - began, time.process_time() - used
        results["many"].append((seconds / 10_000, alone))
        results["busy"].append((used / seconds, os.cpu_count() or 1))
    return {name: pairs[1:] for name, pairs in results.items()}  # the first one warms up


def median_time(action: Callable[[], Any], count: int) -> float:
    """The median of the seconds that `count` calls of `action` take."""
    return statistics.median(timeit.repeat(action, "gc.enable()", repeat=count, number=1))
