"""Corrections by visitors: kept in a folder, and in a dataset on the Hub if the owner wants that.

    feedback = Feedback()
    feedback.sync()                                        # does nothing without a dataset
    feedback.keep(prediction, 4, classifier.weights.version)

A correction is one line of JSON: `image`, what the network saw as a PNG of 28x28 gray pixels, white
ink on black, in base64; `drawing`, what was drawn, likewise, or null; `answer` and `label`, what
the network read and what it is, 0 to 9 or -1 for not a digit; `version` of the weights; `time`.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import threading
import time
import uuid
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from huggingface_hub import CommitScheduler
from PIL import Image

from mnist_demo.page.i18n import t
from mnist_demo.read.classifier import Prediction
from mnist_demo.weights.hub import explain_error, set_request_timeout
from mnist_demo.weights.resolve import HUB_NAME

NOT_A_DIGIT = -1
FOLDER = "data"  # of the dataset
EVERY = 5  # minutes between two commits, and between two attempts to find the dataset
PER_MINUTE = 60  # corrections, of all visitors together
MAX_FILE = 1_000_000  # bytes after which the next file begins: a commit sends whole files
MAX_FOLDER = 100_000_000  # bytes: some 30,000 corrections with their drawings
DRAWING_SIDE = 200  # pixels of the longer side of a drawing that is kept
MAX_DRAWING_SIDE = 2000  # pixels of the longer side of one that is taken

logger = logging.getLogger(__name__)


class Feedback:
    """Keeps corrections; safe to use from several threads, and processes may share the folder.

    Attributes:
        folder: of MNIST_DEMO_FEEDBACK_DIR, or feedback/ in the working directory.
        repo: the dataset OWNER/NAME of MNIST_DEMO_FEEDBACK_REPO to which the folder is sent; None
            unless there is a token in HF_TOKEN, too.
    """

    def __init__(self) -> None:
        self.folder = Path(os.environ.get("MNIST_DEMO_FEEDBACK_DIR") or "feedback")
        self.repo = dataset()
        self._lock = threading.Lock()
        self._file: Path | None = None
        self._times: deque[float] = deque(maxlen=PER_MINUTE)
        self._stopped = threading.Event()
        self._scheduler: CommitScheduler | None = None

    def keep(
        self,
        prediction: Prediction,
        label: int,
        version: str,
        drawing: Image.Image | None = None,
    ) -> None:
        """Append a correction to the folder; when this returns, it is on the disk.

        Args:
            prediction: the network's answer.
            label: what the visitor says it was, 0 to 9 or `NOT_A_DIGIT`; right answers count too.
            version: of the weights that gave the answer.
            drawing: as it was drawn, transparent or on paper.

        Raises:
            ValueError: a sentence for the visitor, who asks for the impossible or for too much.
        """
        line = json.dumps(correction(prediction, label, version, drawing)).encode() + b"\n"
        with self._lock:
            now = time.monotonic()
            if len(self._times) == PER_MINUTE and now - self._times[0] < 60:
                raise ValueError("Too many corrections at the moment: try again in a minute.")
            try:
                if size(self.folder) + len(line) > MAX_FOLDER:
                    raise ValueError("There is no room for more corrections.")
                self._append(line)
            except OSError as error:
                self._file = None  # the next line must not join one that was cut off
                logger.warning("No correction can be written: %s", error)
                raise ValueError("The correction could not be saved.") from error
            self._times.append(now)

    def _append(self, line: bytes) -> None:
        if self._file is None or self._file.stat().st_size + len(line) > MAX_FILE:
            self.folder.mkdir(parents=True, exist_ok=True)
            # A name of its own: neither another process nor a Space started anew overwrites it.
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}.jsonl"
            self._file = self.folder / name
        with self._file.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        # CommitScheduler sends files whose time has changed; file systems' own clocks are coarse.
        now = time.time_ns()
        os.utime(self._file, ns=(now, now))

    def sync(self) -> None:
        """Send the folder to the dataset from now on, with what earlier processes left in it.

        Returns at once. The dataset is created, private, if it is not there. While the Hub is away
        everything stays in the folder, and the next attempt sends it.
        """
        if self.repo:
            threading.Thread(target=self._start, args=(self.repo,), daemon=True).start()

    def _start(self, repo: str) -> None:
        while not self._stopped.is_set():
            try:
                set_request_timeout()
                self._scheduler = CommitScheduler(
                    repo_id=repo,
                    repo_type="dataset",
                    private=True,
                    folder_path=self.folder,
                    path_in_repo=FOLDER,
                    allow_patterns="*.jsonl",
                    every=EVERY,
                    token=os.environ["HF_TOKEN"],
                )
                return
            except Exception as error:  # whatever it is, it must not keep the demo down
                text = explain_error(error, repo)
                logger.warning("Corrections are not sent to %s for now: %s", repo, text)
            self._stopped.wait(EVERY * 60)

    def stop(self) -> None:
        """Send nothing any more."""
        self._stopped.set()
        if self._scheduler:
            self._scheduler.stop()

    def notice(self) -> str:
        """What the page says about corrections, in one sentence that Gradio translates."""
        return f"{t('notice_hub')} {self.repo}" if self.repo else str(t("notice"))


def dataset() -> str | None:
    """The dataset that the environment names, if it can be written to; the log says why not."""
    repo = os.environ.get("MNIST_DEMO_FEEDBACK_REPO")
    if not repo:
        return None
    if not HUB_NAME.fullmatch(repo):
        logger.warning("MNIST_DEMO_FEEDBACK_REPO is %r and must be OWNER/NAME", repo)
    elif not os.environ.get("HF_TOKEN"):
        logger.warning("Corrections are not sent to %s: there is no token in HF_TOKEN", repo)
    else:
        return repo
    return None


def correction(
    prediction: Prediction, label: int, version: str, drawing: Image.Image | None
) -> dict[str, Any]:
    """What is kept; ValueError when it makes no sense."""
    if prediction.model_input is None or prediction.digit is None:
        raise ValueError("There is nothing to correct: draw a digit first.")
    if label not in range(NOT_A_DIGIT, 10):
        raise ValueError(f"{label} is no digit from 0 to 9.")
    image = Image.fromarray(np.round(prediction.model_input * 255).astype(np.uint8))
    return {
        "image": png(image),
        "drawing": None if drawing is None else png(on_paper(drawing)),
        "answer": prediction.digit if prediction.is_digit else NOT_A_DIGIT,
        "label": int(label),
        "version": version[:100],
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def on_paper(drawing: Image.Image) -> Image.Image:
    """The drawing in gray on white paper, its longer side `DRAWING_SIDE` or less."""
    if max(drawing.size) > MAX_DRAWING_SIDE:
        raise ValueError(f"The drawing has more than {MAX_DRAWING_SIDE} pixels on a side.")
    paper = Image.new("RGBA", drawing.size, "white")
    paper.alpha_composite(drawing.convert("RGBA"))
    gray = paper.convert("L")
    gray.thumbnail((DRAWING_SIDE, DRAWING_SIDE))
    return gray


def png(image: Image.Image) -> str:
    data = io.BytesIO()
    image.save(data, "PNG", optimize=True)
    return base64.b64encode(data.getvalue()).decode()


def size(folder: Path) -> int:
    """Bytes of the corrections in `folder`, 0 if it is not there."""
    return sum(path.stat().st_size for path in folder.glob("*.jsonl"))
