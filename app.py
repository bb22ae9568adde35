"""Serves the demo: `python app.py` here, and what a Space runs."""

import os
import signal
import sys
from pathlib import Path

# A Space installs requirements.txt only, not the package, so Python needs the path of the package.
sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # no hints about the processor in the log

from starlette.routing import Mount

from mnist_demo import Classifier
from mnist_demo.page.blocks import build_page
from mnist_demo.page.launch import serve
from mnist_demo.page.reader import in_background
from mnist_demo.serve.browser_files import browser_routes
from mnist_demo.serve.monitoring import monitoring_routes
from mnist_demo.serve.rest import rest_app

loading = in_background(Classifier.load)  # this takes seconds, and the page does not wait
demo = build_page(loading.result)

if __name__ == "__main__":
    # SIGTERM stops a Space. An ordinary exit sends the last corrections to the Hub.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    monitoring = monitoring_routes(loading, lambda: len(demo._queue))
    serve(demo, [Mount("/v1", rest_app(loading)), *browser_routes(loading), *monitoring])
