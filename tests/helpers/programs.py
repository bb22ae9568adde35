"""Finds the Chromium and the nginx that the tests need; as a command, installs what is missing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.helpers.waiting import LIMIT

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# As root there is no sandbox. The other switches keep Chromium from asking its maker for updates.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
HINTS = {
    "chromium": (
        "the tests need a Chromium or Chrome: install one, or give its path in CHROME_PATH "
        "(on Debian: sudo apt-get install chromium)"
    ),
    "nginx": "the tests need nginx: install it (on Debian: sudo apt-get install nginx-light)",
}
PACKAGES = {"chromium": "chromium", "nginx": "nginx-light"}  # Debian's


def find_chromium() -> str | None:
    """The path of CHROME_PATH, an installed Chromium or Chrome, or the one Playwright keeps."""
    if path := os.environ.get("CHROME_PATH"):
        return path
    for name in CHROMIUM_NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def find_nginx() -> str | None:
    # Debian puts it where only root looks.
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")


FIND = {"chromium": find_chromium, "nginx": find_nginx}


def path_of(program: str) -> str:
    """The path of "chromium" or "nginx"; RuntimeError with a hint if it is missing."""
    path = FIND[program]()
    if path is None:
        raise RuntimeError(HINTS[program])
    return path


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A Chromium without a window, until the block ends. It waits `LIMIT` seconds for anything."""
    expect.set_options(timeout=1000 * LIMIT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path_of("chromium"), args=CHROMIUM_ARGUMENTS
        )
        browser.on("context", lambda context: context.set_default_timeout(1000 * LIMIT))
        yield browser
        browser.close()


def install(programs: list[str]) -> None:
    """Debian's packages, if we may install them; else the Chromium that Playwright downloads."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-q"], check=False)
        packages = [PACKAGES[program] for program in programs]
        subprocess.run(["apt-get", "install", "-qy", *packages], check=False)
    if "chromium" in programs and find_chromium() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> None:
    missing = [program for program, find in FIND.items() if find() is None]
    if missing:
        install(missing)
    for program in FIND:
        try:
            print(path_of(program))
        except RuntimeError as error:
            raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
