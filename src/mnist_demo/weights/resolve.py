"""Finds the weights to load: this repository's, a folder's, or those of a commit on the Hub."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

from mnist_demo.weights.graph import check_model
from mnist_demo.weights.hub import HUB_ERRORS, check_files, explain_error, fetch, read_metrics

REPOSITORY = Path(__file__).resolve().parents[3] / "weights"  # the weights in this repository
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
FULL_SHA = re.compile(r"[0-9a-f]{40}")
CHOOSE = (
    "set MNIST_DEMO_WEIGHTS_REPO and MNIST_DEMO_WEIGHTS_REVISION to a Hub repository and the full "
    "sha of a commit, or give Classifier.load a folder"
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Weights:
    """A folder with a SavedModel, and where it came from.

    Attributes:
        path: the folder. It holds model/ and, in most cases, metrics.json and browser.bin.
        version: the version in metrics.json; "unknown" if that file does not match the SavedModel.
        origin: "the repository", "OWNER/NAME@SHA", or the folder's name.
        note: why these weights are served in place of those asked for; else empty.
    """

    path: Path
    version: str
    origin: str
    note: str = ""

    def __str__(self) -> str:
        text = f"version {self.version} from {self.origin}"
        return f"{text} ({self.note})" if self.note else text


def find_weights(source: str | Path | None = None, revision: str | None = None) -> Weights:
    """Find the weights to load, and download and check them if they are not this repository's.

    Args:
        source: a folder that holds model/, or a Hub repository "OWNER/NAME". If None, the
            environment variables MNIST_DEMO_WEIGHTS_REPO and MNIST_DEMO_WEIGHTS_REVISION name a Hub
            repository and a commit. If they are not set, or those weights cannot be loaded, this
            repository's weights are used.
        revision: the full sha of a commit on the Hub.

    Raises:
        ValueError: `source` has no weights, cannot be reached, or fails `check_model`; or this
            repository's weights are wanted, and the package was installed without them.
    """
    if source is not None:
        return _from_source(source, revision)
    repo = _variable("REPO")
    if not repo:
        return repository_weights()
    try:
        return _from_hub(repo, _variable("REVISION"))
    except ValueError as error:
        return repository_weights(f"{repo} cannot be served: {error}")
    except Exception as error:  # no error may keep the demo from starting
        return repository_weights(f"{repo} cannot be served: {explain_error(error, repo)}")


def _variable(name: str) -> str | None:
    """The environment variable MNIST_DEMO_WEIGHTS_`name`, or else MNIST_DEMO_`name`."""
    if value := os.environ.get(f"MNIST_DEMO_WEIGHTS_{name}"):
        return value
    if value := os.environ.get(f"MNIST_DEMO_{name}"):
        logger.warning("MNIST_DEMO_%s is now called MNIST_DEMO_WEIGHTS_%s", name, name)
    return value


def repository_weights(note: str = "") -> Weights:
    """The weights in this repository. A `note` says why they are used, and is logged as a warning.

    Raises:
        ValueError: the package was installed without them, as from a wheel.
    """
    if not REPOSITORY.is_dir():
        why = f" ({note})" if note else ""
        raise ValueError(f"this installation has no weights of its own{why}: {CHOOSE}")
    if note:
        logger.warning("Serving the repository's weights: %s", note)
    return Weights(REPOSITORY, _version(REPOSITORY), "the repository", note)


def _from_source(source: str | Path, revision: str | None) -> Weights:
    """The checked weights in the folder or Hub repository `source`."""
    folder = Path(source)
    if revision is None and folder.is_dir():
        if folder.resolve() != REPOSITORY:
            check_model(folder / "model")
        return Weights(folder, _version(folder), folder.name)
    if isinstance(source, str) and HUB_NAME.fullmatch(source):
        return _from_hub(source, revision)
    raise ValueError(f"{source} is neither a folder nor a Hub repository OWNER/NAME")


def _from_hub(repo: str, revision: str | None) -> Weights:
    """The checked weights in the Hub repository `repo` at the commit `revision`."""
    if not HUB_NAME.fullmatch(repo):
        raise ValueError(f"{repo!r} is no Hub repository: give OWNER/NAME")
    if not revision or not FULL_SHA.fullmatch(revision):
        # A branch or a tag can be moved to other weights at any time.
        raise ValueError(
            "the revision must be the full sha of a commit, 40 lower-case hexadecimal digits, "
            f"not {revision!r}"
        )
    try:
        folder = fetch(repo, revision)
    except HUB_ERRORS as error:
        raise ValueError(explain_error(error, repo)) from None
    check_model(folder / "model")
    return Weights(folder, _version(folder), f"{repo}@{revision}")


def _version(folder: Path) -> str:
    """The version in metrics.json; "unknown" if that does not match the SavedModel beside it."""
    try:
        metrics = read_metrics(folder)
        check_files(folder, metrics)
    except ValueError:
        return "unknown"
    return str(metrics.get("version", "unknown"))
