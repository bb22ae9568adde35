"""Finds a Chromium for the tests; as a command, installs one where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HINT = (
    "the tests need a Chromium or Chrome: `make test` installs one, "
    "or put it on PATH, or give its path in CHROME_PATH"
)
# As root there is no sandbox; the rest keeps it from asking its maker for updates.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]


def find() -> str | None:
    """The path of CHROME_PATH, an installed Chromium or Chrome, or the one Playwright keeps."""
    if path := os.environ.get("CHROME_PATH"):
        return path
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> None:
    """Debian's package where we may install it, else a Chromium that Playwright downloads."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-q"], check=False)
        subprocess.run(["apt-get", "install", "-qy", "chromium"], check=False)
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


if __name__ == "__main__":
    if find() is None:
        install()
    print(find() or sys.exit(f"No browser: {HINT}"))
