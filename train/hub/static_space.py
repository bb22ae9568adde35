"""Publish the static edition as a static Space, see `mnist_demo.browser.build_static`."""

from __future__ import annotations

import argparse
from pathlib import Path

from huggingface_hub import RepoCard

from mnist_demo.browser.build_static import build

# These keys of README.md's front matter are for a Space that runs Python.
GRADIO_KEYS = ("sdk_version", "python_version")


def static_files(root: Path) -> dict[str, Path | bytes]:
    """Build the static edition in `root`/dist: for each path in the Space, a local file.

    README.md is not among them, see `static_readme`.

    Raises:
        SystemExit: a file that it consists of is missing.
    """
    try:
        built = build(root / "dist", root / "weights")
    except OSError as error:
        raise SystemExit(f"The static edition cannot be built: {error}") from None
    files: dict[str, Path | bytes] = {**built}
    if (licence := root / "LICENSE").is_file():
        files["LICENSE"] = licence
    return files


def static_readme(root: Path) -> bytes:
    """README.md of the static Space, with those keys of the project's that it may have."""
    data = RepoCard((root / "README.md").read_text(encoding="utf-8")).data
    for key in GRADIO_KEYS:
        data.pop(key, None)
    data["sdk"] = "static"
    data["app_file"] = "index.html"
    text = (
        "The page reads the digit in the visitor's browser. No server takes part, nothing is sent."
    )
    return f"---\n{data.to_yaml()}\n---\n\n# {data['title']}\n\n{text}\n".encode()


def check_arguments(args: argparse.Namespace) -> None:
    """SystemExit if an option was given that makes no sense for a static Space."""
    given = {"--repo": args.repo, "--revision": args.revision, "--hardware": args.hardware}
    if wrong := [name for name, value in given.items() if value]:
        raise SystemExit(
            f"{' and '.join(wrong)} cannot go with --static: a static Space runs nothing, "
            "and its weights are files in it"
        )
