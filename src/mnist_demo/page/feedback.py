"""Corrections by visitors: saved in a folder, and in a dataset on the Hub if the owner wants that.

    feedback = Feedback()
    feedback.sync()  # does nothing without a dataset
    feedback.save(prediction, 4, classifier.weights.version)

A correction is one line of JSON with these fields:

    image    what the network saw: 28x28 gray pixels, white ink on black, as a PNG in base64
    drawing  what was drawn, as a PNG in base64, or null
    answer   what the network read: 0 to 9, or -1 for not a digit
    label    what the visitor says that it is, in the same numbers
    version  the version of the weights
    time     in UTC, as ISO 8601
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

from mnist_demo.page.i18n import TextError, t
from mnist_demo.read.decode.arrays import unit_pixels
from mnist_demo.read.prediction import Prediction
from mnist_demo.read.preprocess import on_paper
from mnist_demo.weights.hub import explain_error, set_request_timeout
from mnist_demo.weights.resolve import HUB_NAME

NOT_A_DIGIT = -1
DATA_FOLDER = "data"  # the folder in the dataset
COMMIT_MINUTES = 5  # minutes between two commits, and between two attempts to find the dataset
MAX_PER_MINUTE = 60  # corrections by all visitors together
MAX_FILE_BYTES = 1_000_000  # then the next file begins, because a commit sends whole files
MAX_FOLDER_BYTES = 100_000_000  # about 30,000 corrections with their drawings
DRAWING_SIDE = 200  # longer side of a drawing that is saved, in pixels
MAX_DRAWING_SIDE = 2000  # longer side of a drawing that is accepted, in pixels

logger = logging.getLogger(__name__)


class Feedback:
    """Saves corrections. Threads may share it, and processes may share the folder.

    Attributes:
        folder: the folder in MNIST_DEMO_FEEDBACK_DIR, or feedback/ in the working directory.
        repo: the dataset OWNER/NAME in MNIST_DEMO_FEEDBACK_REPO, to which the folder is sent. None
            if the variable is not set or there is no token in HF_TOKEN.
    """

    def __init__(self) -> None:
        self.folder = Path(os.environ.get("MNIST_DEMO_FEEDBACK_DIR") or "feedback")
        self.repo = dataset_name()
        self._lock = threading.Lock()
        self._file: Path | None = None
        self._times: deque[float] = deque(maxlen=MAX_PER_MINUTE)
        self._stopped = threading.Event()
        self._scheduler: CommitScheduler | None = None

    def save(
        self,
        prediction: Prediction,
        label: int,
        version: str,
        drawing: Image.Image | None = None,
    ) -> None:
        """Append a correction to a file in the folder. It is on the disk when this returns.

        Args:
            prediction: the network's answer.
            label: what the visitor says that it is: 0 to 9, or `NOT_A_DIGIT`. It may be the answer.
            version: the version of the weights that gave the answer.
            drawing: what was drawn, on a transparent or an opaque background.

        Raises:
            ValueError: the correction is invalid, or a limit is reached, or it cannot be written.
                Its text is for the visitor. A `TextError` has it in all languages.
        """
        line = json.dumps(correction(prediction, label, version, drawing)).encode() + b"\n"
        with self._lock:
            now = time.monotonic()
            if len(self._times) == MAX_PER_MINUTE and now - self._times[0] < 60:
                raise TextError("too_many")
            try:
                if folder_size(self.folder) + len(line) > MAX_FOLDER_BYTES:
                    raise TextError("no_room")
                self._append(line)
            except OSError as error:
                self._file = None  # this file may end in an incomplete line
                logger.warning("No correction can be written: %s", error)
                raise TextError("not_saved") from error
            self._times.append(now)

    def _append(self, line: bytes) -> None:
        if self._file is None or self._file.stat().st_size + len(line) > MAX_FILE_BYTES:
            self.folder.mkdir(parents=True, exist_ok=True)
            # The name is unique: no other process and no restarted Space overwrites the file.
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}.jsonl"
            self._file = self.folder / name
        with self._file.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        # CommitScheduler sends files whose time has changed. The clocks of file systems are coarse:
        # two quick changes could have the same time.
        now = time.time_ns()
        os.utime(self._file, ns=(now, now))

    def sync(self) -> None:
        """From now on, send the folder to the dataset, with the files of earlier processes in it.

        It returns at once. A dataset that does not exist is created and is private. While the Hub
        cannot be reached, everything stays in the folder, and the next attempt sends it.
        """
        if self.repo:
            threading.Thread(target=self._start_scheduler, args=(self.repo,), daemon=True).start()

    def _start_scheduler(self, repo: str) -> None:
        while not self._stopped.is_set():
            try:
                set_request_timeout()
                self._scheduler = CommitScheduler(
                    repo_id=repo,
                    repo_type="dataset",
                    private=True,
                    folder_path=self.folder,
                    path_in_repo=DATA_FOLDER,
                    allow_patterns="*.jsonl",
                    every=COMMIT_MINUTES,
                    token=os.environ["HF_TOKEN"],
                )
                return
            except Exception as error:  # no error here may stop the demo
                text = explain_error(error, repo)
                logger.warning("Corrections are not sent to %s for now: %s", repo, text)
            self._stopped.wait(COMMIT_MINUTES * 60)

    def stop(self) -> None:
        """Stop sending the folder."""
        self._stopped.set()
        if self._scheduler:
            self._scheduler.stop()

    def notice(self) -> str:
        """What the page says about corrections, as a text that Gradio translates."""
        return f"{t('notice_hub')} {self.repo}" if self.repo else str(t("notice"))


def dataset_name() -> str | None:
    """The dataset in MNIST_DEMO_FEEDBACK_REPO. None if it cannot be used; the log says why."""
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
    """The fields of a correction, see above; ValueError if it is invalid."""
    if prediction.model_input is None or prediction.digit is None:
        raise TextError("nothing_to_correct")
    if label not in range(NOT_A_DIGIT, 10):
        raise ValueError(f"{label} is no digit from 0 to 9.")
    image = Image.fromarray(unit_pixels(prediction.model_input))
    return {
        "image": png_base64(image),
        "drawing": None if drawing is None else png_base64(flatten_drawing(drawing)),
        "answer": prediction.digit if prediction.is_digit else NOT_A_DIGIT,
        "label": int(label),
        "version": version[:100],
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def flatten_drawing(drawing: Image.Image) -> Image.Image:
    """The drawing in gray on its paper, its longer side at most `DRAWING_SIDE`."""
    if max(drawing.size) > MAX_DRAWING_SIDE:
        raise ValueError(f"The drawing has more than {MAX_DRAWING_SIDE} pixels on a side.")
    gray = Image.fromarray(on_paper(np.asarray(drawing.convert("RGBA")))).convert("L")
    gray.thumbnail((DRAWING_SIDE, DRAWING_SIDE))
    return gray


def png_base64(image: Image.Image) -> str:
    data = io.BytesIO()
    image.save(data, "PNG", optimize=True)
    return base64.b64encode(data.getvalue()).decode()


def folder_size(folder: Path) -> int:
    """The size of all corrections in `folder` in bytes; 0 if it does not exist."""
    return sum(path.stat().st_size for path in folder.glob("*.jsonl"))
