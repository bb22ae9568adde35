"""Serves the demo: `python app.py` here, and what a Space runs."""

import os
import signal
import sys
from pathlib import Path

# A Space installs requirements.txt before it has the repository: the package is found by its path.
sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's remarks about the processor

from starlette.routing import Mount

from mnist_demo import Classifier
from mnist_demo.page.blocks import build_page
from mnist_demo.page.launch import serve
from mnist_demo.page.reader import in_background
from mnist_demo.serve.monitoring import monitoring_routes
from mnist_demo.serve.rest import rest_app

loading = in_background(Classifier.load)  # it takes seconds: the page comes first
demo = build_page(loading.result)

if __name__ == "__main__":
    # A Space is stopped by SIGTERM: leaving in order sends the last corrections to the Hub.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    watched = monitoring_routes(loading, lambda: len(demo._queue))
    serve(demo, [Mount("/v1", rest_app(loading)), *watched])
