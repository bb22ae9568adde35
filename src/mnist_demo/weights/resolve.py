"""Which weights to serve: the repository's, a folder's, or a pinned commit's on the Hub."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

from mnist_demo.weights.graph import check_model
from mnist_demo.weights.hub import HUB_ERRORS, check_files, explain_error, fetch, read_metrics

REPOSITORY = Path(__file__).resolve().parents[3] / "weights"
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
FULL_SHA = re.compile(r"[0-9a-f]{40}")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Weights:
    """A folder with a SavedModel, and how it came to be the one that is served.

    Attributes:
        path: folder that holds model/ and, unless it is somebody's own, metrics.json.
        version: as in metrics.json; "unknown" where that says nothing about these files.
        origin: "the repository", "OWNER/NAME@SHA", or the folder's name.
        note: why these are served and not the ones asked for; empty when they are.
    """

    path: Path
    version: str
    origin: str
    note: str = ""

    def __str__(self) -> str:
        text = f"version {self.version} from {self.origin}"
        return f"{text} ({self.note})" if self.note else text


def find_weights(source: str | Path | None = None, revision: str | None = None) -> Weights:
    """The weights to load.

    Args:
        source: a folder that holds model/, or a Hub repository "OWNER/NAME". Without it, the
            environment variables MNIST_DEMO_REPO and MNIST_DEMO_REVISION name the repository and
            the commit, and the repository's own weights are served when they are not set or cannot
            be had.
        revision: the full sha of a commit on the Hub.

    Raises:
        ValueError: `source` has no weights, cannot be reached, or holds what no classifier needs.
    """
    if source is not None:
        return _outside(source, revision)
    repo = os.environ.get("MNIST_DEMO_REPO")
    if not repo:
        return repository_weights()
    try:
        return _on_hub(repo, os.environ.get("MNIST_DEMO_REVISION"))
    except ValueError as error:
        return repository_weights(f"{repo} cannot be served: {error}")
    except Exception as error:  # whatever it is, it must not keep the demo down
        return repository_weights(f"{repo} cannot be served: {explain_error(error, repo)}")


def repository_weights(note: str = "") -> Weights:
    """The repository's own; `note` says why they take the place of others, and is logged."""
    if note:
        logger.warning("Serving the repository's weights: %s", note)
    return Weights(REPOSITORY, _version(REPOSITORY), "the repository", note)


def _outside(source: str | Path, revision: str | None) -> Weights:
    folder = Path(source)
    if revision is None and folder.is_dir():
        if folder.resolve() != REPOSITORY:
            check_model(folder / "model")
        return Weights(folder, _version(folder), folder.name)
    if isinstance(source, str) and HUB_NAME.fullmatch(source):
        return _on_hub(source, revision)
    raise ValueError(f"{source} is neither a folder nor a Hub repository OWNER/NAME")


def _on_hub(repo: str, revision: str | None) -> Weights:
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
    """The version in metrics.json, if that was computed from the files beside it."""
    try:
        metrics = read_metrics(folder)
        check_files(folder, metrics)
    except ValueError:
        return "unknown"
    return str(metrics.get("version", "unknown"))
