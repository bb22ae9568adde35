"""Upload one version of the weights to the Hub.

It consists of the SavedModel, the browser's networks, metrics, plots and the model card.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token

from mnist_demo.weights.graph import check_model
from mnist_demo.weights.hub import (
    BROWSER,
    HUB_ERRORS,
    METRICS,
    TEXTBOOK,
    check_files,
    explain_error,
    read_metrics,
    set_request_timeout,
)
from train.arguments import add_weights
from train.hub.card import model_card


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repo", required=True, metavar="OWNER/NAME", help="model repository")
    add_weights(parser)
    parser.add_argument("--create", action="store_true", help="create it if it is not there")
    parser.add_argument("--private", action="store_true", help="create it for your eyes only")
    parser.add_argument("--dry-run", action="store_true", help="only list what would be sent")


def run(args: argparse.Namespace) -> None:
    check_repo_name(args.repo)
    metrics = checked_metrics(args.weights)
    files = files_to_upload(args.weights, metrics, args.repo)
    if args.dry_run:
        print(f"Would send version {metrics['version']} to {args.repo}:")
        return list_files(files)
    check_token()
    set_request_timeout()
    try:
        push(HfApi(), args, metrics["version"], files)
    except HUB_ERRORS as error:
        raise SystemExit(f"Nothing was pushed: {explain_error(error, args.repo)}") from None


def checked_metrics(weights: Path) -> dict[str, Any]:
    """The metrics in the folder `weights`.

    Raises:
        SystemExit: they were not computed from the files beside them, or name no version.
    """
    try:
        metrics = read_metrics(weights)
        check_files(weights, metrics)
        check_model(weights / "model")
    except ValueError as error:
        raise SystemExit(
            f"{weights} is not pushed: {error}. Run `python -m train evaluate` to measure it."
        ) from None
    if not metrics.get("version") or "released" not in metrics.get("results", {}):
        raise SystemExit(f"{weights / METRICS} names no version, or no results: evaluate it again")
    return metrics


def files_to_upload(weights: Path, metrics: dict[str, Any], repo: str) -> dict[str, Path | bytes]:
    """What is uploaded: for each path in the repository, a local file or the content."""
    names = [*metrics["files"], METRICS, *sorted(path.name for path in weights.glob("*.png"))]
    card = str(model_card(metrics, repo)).encode()
    return {**{name: weights / name for name in names}, "README.md": card}


def push(
    api: HfApi, args: argparse.Namespace, version: str, files: dict[str, Path | bytes]
) -> None:
    """Send `files` in one commit, tag it with the version, and print where it is.

    Raises:
        SystemExit: the version exists already, or the commit was made but not its tag.
        HUB_ERRORS: the Hub refuses or cannot be reached. Nothing was pushed.
    """
    repo = args.repo
    if args.create:
        api.create_repo(repo, private=args.private or None, exist_ok=True)
    refs = api.list_repo_refs(repo)
    if taken := [tag.target_commit for tag in refs.tags if tag.name == version]:
        raise SystemExit(
            f"{repo} has a version {version} already, commit {taken[0]}: "
            "export these weights with another --version"
        )
    head = next(branch.target_commit for branch in refs.branches if branch.name == "main")
    present = api.list_repo_files(repo, revision=head)
    old = [name for name in present if name.startswith("model/") or name in (BROWSER, TEXTBOOK)]
    commit = api.create_commit(
        repo,
        commit_operations(files, old),
        commit_message=f"Version {version}",
        parent_commit=head,  # if others have pushed meanwhile, the Hub refuses the commit
    )
    print(f"{commit.commit_url}\nsha {commit.oid}")
    try:
        api.create_tag(repo, tag=version, revision=commit.oid)
    except HUB_ERRORS as error:
        raise SystemExit(
            f"The commit is there but not its tag {version}: {explain_error(error, repo)}. "
            "Run the same command again."
        ) from None
    print(f"Version {version} is served with")
    print(f"  MNIST_DEMO_WEIGHTS_REPO={repo} MNIST_DEMO_WEIGHTS_REVISION={commit.oid}")


def commit_operations(
    files: dict[str, Path | bytes], old: list[str]
) -> list[CommitOperationAdd | CommitOperationDelete]:
    """Operations that add `files` and delete the `old` ones that are not among them."""
    added = [CommitOperationAdd(name, file) for name, file in files.items()]
    return [*added, *(CommitOperationDelete(name) for name in old if name not in files)]


def list_files(files: dict[str, Path | bytes]) -> None:
    """Print the size in bytes and the path of every file, and the sum."""
    sizes = {
        name: len(file) if isinstance(file, bytes) else file.stat().st_size
        for name, file in files.items()
    }
    for name, size in sorted(sizes.items()):
        print(f"{size:>12,}  {name}")
    print(f"{sum(sizes.values()):>12,}  in {len(sizes)} files")


def check_repo_name(name: str) -> None:
    """SystemExit unless `name` has the form OWNER/NAME."""
    if name.count("/") != 1 or not all(name.split("/")):
        raise SystemExit(f"{name!r} is no repository on the Hub: give OWNER/NAME")


def check_token() -> None:
    """SystemExit if there is no token of the Hub."""
    if not get_token():
        raise SystemExit("There is no token: set HF_TOKEN, or run `hf auth login`")
