"""Publish the Space: check its front matter, upload what it needs, set its variables."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import yaml
from huggingface_hub import HfApi, RepoCard, get_token

from mnist_demo.browser.build_static import PREFIX
from mnist_demo.weights.hub import (
    HUB_ERRORS,
    METRICS,
    explain_error,
    read_metrics,
    set_request_timeout,
)
from mnist_demo.weights.resolve import FULL_SHA, find_weights
from train.hub.push import check_repo_name, check_token, commit_operations, list_files
from train.hub.static_space import check_arguments, static_files, static_readme

ROOT = Path(__file__).resolve().parents[2]
REQUIRED_FILES = (
    "README.md", "app.py", "requirements.txt", "src/mnist_demo/**/*.py", "weights/model/**/*"
)  # fmt: skip
OPTIONAL_FILES = (
    "LICENSE", "packages.txt", "src/mnist_demo/**/*", "weights/metrics.json", "weights/*.png",
    "weights/browser.bin", "weights/textbook.bin",
)  # fmt: skip
# Files of earlier versions are deleted in these folders of the Space, and nowhere else. A Space may
# change from one edition to the other: what only the other has is deleted, too.
MANAGED_FOLDERS = ("src/mnist_demo/", "weights/", PREFIX)
MANAGED_FILES = (
    "app.py", "requirements.txt", "packages.txt", "index.html", "service-worker.js", "digit-pad.js"
)  # fmt: skip
# https://huggingface.co/docs/hub/spaces-config-reference
FRONT_MATTER_KEYS = set(
    """
    title emoji colorFrom colorTo sdk python_version sdk_version suggested_hardware
    suggested_storage app_file app_port base_path fullWidth header short_description models datasets
    tags thumbnail pinned hf_oauth hf_oauth_expiration_minutes hf_oauth_scopes disable_embedding
    startup_duration_timeout custom_headers preload_from_hub license
    """.split()  # noqa: SIM905
)
COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
PYTHON_VERSIONS = ("3.11", "3.12", "3.13")
MAX_SHORT_DESCRIPTION = 60  # characters
SECRET = re.compile(rb"\bhf_[A-Za-z0-9]{30,}\b")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--space", required=True, metavar="OWNER/NAME")
    parser.add_argument("--static", action="store_true", help="a page that reads in the browser")
    parser.add_argument("--repo", metavar="OWNER/NAME", help="serve the weights pushed there")
    parser.add_argument("--revision", metavar="SHA", help="at this commit, as push printed it")
    parser.add_argument("--create", action="store_true", help="create the Space if it is not there")
    parser.add_argument("--hardware", help="to create it on; the smallest if not given")
    parser.add_argument("--private", action="store_true", help="create it for your eyes only")
    parser.add_argument("--dry-run", action="store_true", help="only list what would be sent")


def run(args: argparse.Namespace) -> None:
    check_repo_name(args.space)
    if args.static:
        check_arguments(args)
    if bool(args.repo) != bool(args.revision):
        raise SystemExit("--repo and --revision go together: they pin the weights")
    if args.repo:
        check_repo_name(args.repo)
        if not FULL_SHA.fullmatch(args.revision):
            raise SystemExit("--revision must be the full sha of a commit, 40 hexadecimal digits")
    files = static_files(ROOT) if args.static else files_to_upload(ROOT)
    problems = check_front_matter(ROOT)
    if problems:
        raise SystemExit("README.md's front matter is not valid: " + "; ".join(problems))
    if args.static:
        files["README.md"] = static_readme(ROOT)
    if not args.dry_run:
        check_token()
    variables = {}
    if args.repo:
        variables = {
            "MNIST_DEMO_WEIGHTS_REPO": args.repo,
            "MNIST_DEMO_WEIGHTS_REVISION": args.revision,
        }
        try:
            served = None if args.dry_run else find_weights(args.repo, args.revision)
        except ValueError as error:
            text = f"Not deployed: the Space could not serve {args.repo}: {error}"
            raise SystemExit(text) from None
        weights = served.path if served else ROOT / "weights"
        names = [METRICS, *read_metrics(weights)["files"]]
        files["README.md"] = pinned_readme(ROOT, args.repo, args.revision, names)
    check_secrets(files)
    if args.dry_run:
        print(f"Would send to the Space {args.space}:")
        return list_files(files)
    set_request_timeout()
    try:
        deploy(HfApi(), args, files, variables)
    except HUB_ERRORS as error:
        raise SystemExit(f"Not deployed: {explain_error(error, args.space)}") from None


def files_to_upload(root: Path) -> dict[str, Path | bytes]:
    """What is uploaded: for each path in the Space, a local file.

    Raises:
        SystemExit: a file that the Space needs is missing.
    """
    found = {pattern: [path for path in root.glob(pattern) if _is_uploaded(path, root)]
             for pattern in (*REQUIRED_FILES, *OPTIONAL_FILES)}  # fmt: skip
    if missing := [pattern for pattern in REQUIRED_FILES if not found[pattern]]:
        raise SystemExit(f"There is no {', '.join(missing)} to deploy")
    paths = {path for some in found.values() for path in some}
    return {path.relative_to(root).as_posix(): path for path in sorted(paths)}


def _is_uploaded(path: Path, root: Path) -> bool:
    names = path.relative_to(root).parts
    hidden = any(name.startswith((".", "__pycache__")) for name in names)
    return path.is_file() and not hidden and path.suffix != ".pyc"


def check_front_matter(root: Path) -> list[str]:
    """What is wrong with the YAML block at the top of README.md: a few words for each problem."""
    text = (root / "README.md").read_text(encoding="utf-8")
    try:
        facts = RepoCard(text).data.to_dict()
    except (ValueError, yaml.YAMLError) as error:
        return [str(error).partition("\n")[0]]
    problems = [f"no such key as {key}" for key in sorted(facts.keys() - FRONT_MATTER_KEYS)]
    for key in ("title", "emoji", "license", "short_description"):
        if not isinstance(facts.get(key), str) or not facts[key].strip():
            problems.append(f"{key} is missing")
    gradio = re.search(
        r"^gradio(?:\[\w+\])?==(\S+)", (root / "requirements.txt").read_text(), re.MULTILINE
    )
    expected = {
        "sdk": ("gradio",),
        "sdk_version": (gradio[1],) if gradio else (),
        "app_file": ("app.py",),
        "python_version": PYTHON_VERSIONS,
        "colorFrom": COLOURS,
        "colorTo": COLOURS,
    }
    for key, accepted in expected.items():
        if facts.get(key) not in accepted:
            problems.append(f"{key} is {facts.get(key)!r}, not {' or '.join(map(repr, accepted))}")
    if len(description := str(facts.get("short_description", ""))) > MAX_SHORT_DESCRIPTION:
        problems.append(
            f"short_description has {len(description)} characters, "
            f"more than {MAX_SHORT_DESCRIPTION}"
        )
    return problems


def pinned_readme(root: Path, repo: str, revision: str, names: list[str]) -> bytes:
    """README.md with the weights in its front matter, so that the Space is built with them.

    Args:
        root: folder of README.md.
        repo: OWNER/NAME of the weights.
        revision: the full sha of the commit.
        names: the files to preload. Without this list, the Hub would preload plots as well.
    """
    card = RepoCard((root / "README.md").read_text(encoding="utf-8"))
    card.data["models"] = [repo]
    card.data["preload_from_hub"] = [f"{repo} {','.join(names)} {revision}"]
    return str(card).encode()


def check_secrets(files: dict[str, Path | bytes]) -> None:
    """SystemExit if a file contains the token, or a text that looks like one."""
    token = (get_token() or "").encode()
    for name, file in files.items():
        data = file if isinstance(file, bytes) else file.read_bytes()
        if SECRET.search(data) or (token and token in data):
            raise SystemExit(f"{name} holds an access token: take it out, and revoke that token")


def deploy(
    api: HfApi, args: argparse.Namespace, files: dict[str, Path | bytes], variables: dict[str, str]
) -> None:
    """Send `files` in one commit, set the variables, and print the Space's URL.

    Raises:
        SystemExit: the files were sent, but a variable could not be set.
        HUB_ERRORS: the Hub refuses or cannot be reached. Nothing was deployed.
    """
    space, kind = args.space, "space"
    if args.create:
        api.create_repo(
            space, repo_type=kind, space_sdk="static" if args.static else "gradio",
            space_hardware=args.hardware, private=args.private or None, exist_ok=True,
        )  # fmt: skip
    info = api.space_info(space)
    present_files = api.list_repo_files(space, repo_type=kind)
    old = [
        name for name in present_files if name.startswith(MANAGED_FOLDERS) or name in MANAGED_FILES
    ]
    commit = api.create_commit(
        space, commit_operations(files, old), commit_message="Deploy the demo", repo_type=kind,
        parent_commit=info.sha,
    )  # fmt: skip
    print(commit.commit_url)
    if not args.static:
        set_variables(api, space, variables)
    domain, height = ("static.hf.space", 600) if args.static else ("hf.space", 1000)
    host = info.host or f"https://{re.sub(r'[^a-z0-9]+', '-', space.lower())}.{domain}"
    style = f"width: 100%; height: {height}px; border: 0"
    print(f"{api.endpoint}/spaces/{space}\n\nTo embed it:")
    print(f'<iframe src="{host}" title="Draw a digit" style="{style}"></iframe>')


def set_variables(api: HfApi, space: str, variables: dict[str, str]) -> None:
    """Set the Space's variables, and print which weights it serves.

    Raises:
        SystemExit: one could not be set.
    """
    try:
        # Every change restarts the Space, so variables that are right already are not set again.
        present = {key: variable.value for key, variable in api.get_space_variables(space).items()}
        for key, value in variables.items():
            if present.get(key) != value:
                api.add_space_variable(space, key, value)
    except HUB_ERRORS as error:
        raise SystemExit(
            f"The files are there but not the variables: {explain_error(error, space)}. "
            "Run the same command again."
        ) from None
    pinned = {**present, **variables}
    print(f"weights: {pinned.get('MNIST_DEMO_WEIGHTS_REPO', 'those in the Space itself')}")
