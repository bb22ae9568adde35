"""Fetch visitors' corrections as a training set, which `fit` takes with --extra."""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from huggingface_hub import snapshot_download
from numpy.typing import NDArray
from PIL import Image

from mnist_demo.page.feedback import DATA_FOLDER
from mnist_demo.weights.hub import HUB_ERRORS, explain_error, set_request_timeout
from train.fit.examples import NOT_A_DIGIT
from train.hub.push import check_repo_name

MAX_SHOWN = 10  # damaged lines that are named one by one


def add_arguments(parser: argparse.ArgumentParser) -> None:
    default = os.environ.get("MNIST_DEMO_FEEDBACK_DIR") or "feedback"
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--dir", type=Path, default=Path(default), help="folder of the demo")
    where.add_argument("--repo", metavar="OWNER/NAME", help="dataset on the Hub")
    parser.add_argument("--revision", help="of the dataset: branch, tag or commit")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.npz")


def run(args: argparse.Namespace) -> None:
    if args.revision and not args.repo:
        raise SystemExit("--revision needs --repo: a folder has no revisions")
    folder = download_corrections(args.repo, args.revision) if args.repo else args.dir
    where = args.repo or folder
    if not folder.is_dir():
        raise SystemExit(f"There are no corrections: {where} does not exist")
    corrections, damaged = read_corrections(folder)
    for text in damaged[:MAX_SHOWN]:
        print(f"damaged, left out: {text}", file=sys.stderr)
    if len(damaged) > MAX_SHOWN:
        print(f"and {len(damaged) - MAX_SHOWN} more damaged lines", file=sys.stderr)
    if not corrections:
        raise SystemExit(f"There are no corrections in {where}")
    # The last word on an image counts.
    corrections.sort(key=lambda entry: entry["time"])
    kept = list({entry["image"].tobytes(): entry for entry in corrections}.values())
    images = np.stack([entry["image"] for entry in kept])
    labels = np.array([entry["label"] for entry in kept], np.int64)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with args.out.open("wb") as file:
        np.savez_compressed(file, images=images, labels=labels)
    wrong = sum(entry["answer"] != entry["label"] for entry in kept)
    print(
        f"{len(kept)} images in {args.out}, {wrong} of them read wrongly and "
        f"{(labels == NOT_A_DIGIT).sum()} not a digit; "
        f"{len(corrections) - len(kept)} duplicates and {len(damaged)} damaged lines left out"
    )


def download_corrections(repo: str, revision: str | None) -> Path:
    """The folder of the corrections in a dataset on the Hub.

    Raises:
        SystemExit: they could not be fetched.
    """
    check_repo_name(repo)
    set_request_timeout()
    try:
        snapshot = snapshot_download(
            repo, repo_type="dataset", revision=revision, allow_patterns=f"{DATA_FOLDER}/*.jsonl"
        )
    except HUB_ERRORS as error:
        raise SystemExit(f"No corrections were pulled: {explain_error(error, repo)}") from None
    return Path(snapshot) / DATA_FOLDER


def read_corrections(folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The corrections in a folder, see `parse_correction`, and a text for each damaged line."""
    corrections, damaged = [], []
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            try:
                corrections.append(parse_correction(line))
            except (ValueError, RecursionError) as error:
                damaged.append(f"{path.name}, line {number}: {error}")
    return corrections, damaged


def parse_correction(line: bytes) -> dict[str, Any]:
    """One correction, with its `image` as uint8 (28, 28).

    Raises:
        ValueError: the line is damaged.
    """
    try:
        entry = json.loads(line)
    except ValueError:
        raise ValueError("no JSON") from None
    if not isinstance(entry, dict):
        raise ValueError("no JSON object")
    for key in ("answer", "label"):
        if type(entry.get(key)) is not int or entry[key] not in range(NOT_A_DIGIT, 10):
            raise ValueError(f"{key} is not from {NOT_A_DIGIT} to 9")
    if not isinstance(entry.get("time"), str):
        raise ValueError("no time")
    return entry | {"image": decode_image(entry.get("image"))}


def decode_image(text: Any) -> NDArray[np.uint8]:
    """The pixels, uint8 (28, 28), of a PNG in base64.

    Raises:
        ValueError: it is no PNG of this size.
    """
    if not isinstance(text, str):
        raise ValueError("no image")
    try:
        image = Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=["PNG"])
        # Anybody may have written these lines, so this is checked before the pixels are unpacked.
        if image.size == (28, 28) and image.mode == "L":
            return np.array(image)
    except Image.DecompressionBombError:
        pass  # it is far larger than 28x28
    except (OSError, ValueError, SyntaxError):
        raise ValueError("the image is damaged") from None
    raise ValueError("the image is not 28x28 gray pixels")
