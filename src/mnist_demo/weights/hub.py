"""Downloads weights from the Hugging Face Hub.

The weights of one pinned commit are kept in huggingface_hub's cache and checked before use.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import (
    get_hf_file_metadata,
    get_session,
    get_token,
    hf_hub_download,
    hf_hub_url,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

METRICS = "metrics.json"
BROWSER = "browser.bin"  # the network for the reader in the browser; weights may lack it
TEXTBOOK = "textbook.bin"  # the textbook network, which the browser shows beside it; likewise
# The files that TensorFlow writes as a SavedModel. No other file may be in its folder.
MODEL_FILE = re.compile(
    r"model/(saved_model\.pb|fingerprint\.pb|variables/variables\.(index|data-\d{5}-of-\d{5}))"
)
MAX_METRICS_BYTES = 1_000_000
MAX_MODEL_BYTES = 20_000_000
TIMEOUT = 10  # seconds to wait for the Hub's answer while the demo starts
COMMAND_TIMEOUT = 60  # seconds to wait for it in commands, and when corrections are uploaded
# The errors that a request to the Hub can raise. `explain_error` turns each into one line.
HUB_ERRORS = (OSError, httpx2.HTTPError, RuntimeError, ValueError)
# What errors mean, the most special first; {} is the repository.
EXPLANATIONS: list[tuple[type[Exception] | tuple[type[Exception], ...], str]] = [
    (OfflineModeIsEnabled, "{} is not in the cache, and HF_HUB_OFFLINE forbids to ask the Hub"),
    (RevisionNotFoundError, "{} has no such revision"),
    (GatedRepoError, "{} is gated: ask its owner for access"),
    (RepositoryNotFoundError, "there is no {} on the Hub, or the token has no access to it"),
    (json.JSONDecodeError, "the Hub's answer cannot be read"),
    ((httpx2.LocalProtocolError, UnicodeError), "the token has characters in it that no token has"),
    ((httpx2.ConnectError, httpx2.ConnectTimeout), "the Hub cannot be reached"),
    (httpx2.TimeoutException, "the Hub does not answer"),
    (httpx2.TransportError, "the connection to the Hub broke off"),
]
STATUSES = {
    401: "the Hub does not accept the token: set HF_TOKEN, or run `hf auth login`",
    402: "the Hub asks for a paid plan",
    403: "the token has no permission for this on {}",
    412: "{} was changed meanwhile: run this again",
    429: "the Hub refuses for now: too many requests; try again in a few minutes",
}


def file_checksums(weights: Path) -> dict[str, dict[str, Any]]:
    """The checksum and the size of the browser's networks, if there are any, and of model/'s files.

    Returns:
        {"model/saved_model.pb": {"sha256": ..., "bytes": ...}, ...}, as in metrics.json.
    """
    return {
        path.relative_to(weights).as_posix(): {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
        }
        for path in [weights / BROWSER, weights / TEXTBOOK, *sorted((weights / "model").rglob("*"))]
        if path.is_file()
    }


def read_metrics(weights: Path) -> dict[str, Any]:
    """Read metrics.json in the folder `weights`.

    Raises:
        ValueError: there is none, it is damaged, it does not list the files of a SavedModel, it
            lists others than these and the browser's networks, or they have more than
            `MAX_MODEL_BYTES`.
    """
    try:
        metrics = json.loads((weights / METRICS).read_bytes())
    except FileNotFoundError:
        raise ValueError(f"there is no {METRICS}") from None
    except ValueError:
        raise ValueError(f"{METRICS} is damaged") from None
    files = metrics.get("files") if isinstance(metrics, dict) else None
    if not isinstance(files, dict) or "model/saved_model.pb" not in files:
        raise ValueError(f"{METRICS} does not list the files of a SavedModel")
    for name, entry in files.items():
        if name not in (BROWSER, TEXTBOOK) and not MODEL_FILE.fullmatch(name):
            raise ValueError(f"{METRICS} lists {name!r}, which is no part of the weights")
        if not isinstance(entry, dict) or not isinstance(entry.get("bytes"), int):
            raise ValueError(f"{METRICS} gives no size for {name}")
    total = sum(entry["bytes"] for entry in files.values())
    if total > MAX_MODEL_BYTES:
        raise ValueError(f"{total:,} bytes are too many: at most {MAX_MODEL_BYTES:,} are read")
    return metrics


def check_files(weights: Path, metrics: dict[str, Any]) -> None:
    """Compare the model and the browser's networks with the checksums that `read_metrics` returned.

    Raises:
        ValueError: a file is missing, is not listed, or has another checksum.
    """
    listed, found = metrics["files"], file_checksums(weights)
    for name in sorted(listed.keys() | found.keys()):
        if name not in found:
            raise ValueError(f"{name} is missing")
        if name not in listed:
            raise ValueError(f"{name} is not listed in {METRICS}")
        if listed[name] != found[name]:
            raise ValueError(f"{name} is not the file that {METRICS} lists: its checksum differs")


def set_request_timeout() -> None:
    """Set `COMMAND_TIMEOUT` for all requests; by default, huggingface_hub waits forever."""
    get_session().timeout = httpx2.Timeout(COMMAND_TIMEOUT)


def fetch(repo: str, revision: str) -> Path:
    """Download the weights in the Hub repository "OWNER/NAME" at a commit, given by its full sha.

    A commit never changes. So weights in the cache are used without a request to the Hub.

    Returns:
        The folder in the cache that holds model/, metrics.json and what else is listed there.

    Raises:
        ValueError, OSError, RuntimeError, httpx2.HTTPError: the weights cannot be downloaded, or
            fail a check. `explain_error` puts these errors into words.
    """
    if cached := _cached(repo, revision):
        return cached
    metrics_path = _download(repo, revision, METRICS, MAX_METRICS_BYTES)
    folder = metrics_path.parent
    metrics = read_metrics(folder)
    for name, entry in metrics["files"].items():
        _download(repo, revision, name, entry["bytes"])
    check_files(folder, metrics)
    return folder


def _cached(repo: str, revision: str) -> Path | None:
    """The weights' folder in the cache; None if they are not there, incomplete or damaged."""
    path = try_to_load_from_cache(repo, METRICS, revision=revision)
    if not isinstance(path, str):
        return None
    folder = Path(path).parent
    try:
        check_files(folder, read_metrics(folder))
    except (ValueError, OSError):
        return None
    return folder


def _download(repo: str, revision: str, name: str, max_bytes: int) -> Path:
    """Download a file into the cache, where it replaces a damaged one.

    Raises:
        ValueError: it has more than `max_bytes`.
    """
    # This request is not retried, unlike those of `hf_hub_download`: the demo waits for it.
    size = get_hf_file_metadata(hf_hub_url(repo, name, revision=revision), timeout=TIMEOUT).size
    if size is None or size > max_bytes:
        raise ValueError(f"{name} has {size} bytes, more than the {max_bytes} it may have")
    path = hf_hub_download(repo, name, revision=revision, etag_timeout=TIMEOUT, force_download=True)
    return Path(path)


def explain_error(error: Exception, repo: str) -> str:
    """Say in one line what went wrong with the Hub repository `repo`. The token is masked."""
    for cause in _chain(error):
        if text := _explain(cause, repo):
            return _without_token(text)
    return _without_token(_first_line(str(error)) or type(error).__name__)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and its causes, the outermost first."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _explain(error: BaseException, repo: str) -> str | None:
    """Say what `error` means; None for an error that is not known."""
    if isinstance(error, RemoteEntryNotFoundError):
        return f"{repo} lacks the file {str(error.response.url.path).rsplit('/', 1)[-1]}"
    for kinds, text in EXPLANATIONS:
        if isinstance(error, kinds):
            return text.format(repo)
    if isinstance(error, HfHubHTTPError):
        return _explain_status(error, repo)
    if isinstance(error, OSError) and error.errno is not None and error.strerror:
        return f"{error.strerror}: {error.filename or 'the cache'}"
    return None


def _explain_status(error: HfHubHTTPError, repo: str) -> str:
    """Say what the HTTP status of the Hub's answer means."""
    status = error.response.status_code
    said = _first_line(error.server_message or "") or (repo if status == 402 else "")
    if status >= 500:
        return f"the Hub has a fault of its own ({status}); try again later"
    text = STATUSES.get(status, f"the Hub answers {status}").format(repo)
    return text if status in (401, 412, 429) or not said else f"{text}: {said}"


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _without_token(text: str) -> str:
    """`text` with the user's token masked."""
    try:
        token = get_token()
    except Exception:  # some kinds of login ask the Hub, which has just failed
        token = None
    return text.replace(token, "***") if token else text
