"""Fetch the public data sets into one folder, which every other command takes as --data-dir."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import http.client
import json
import shutil
import subprocess
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
import zlib
from pathlib import Path

from tqdm import tqdm

from train.arguments import add_data_dir
from train.data.fonts import FONTS
from train.data.mnist import MD5, read_idx
from train.data.pendigits import FILE, read_pendigits
from train.data.unipen import read_unipen

MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist"  # torchvision's mirror
UNIPEN_URL = "https://zenodo.org/api/records/1195803"
PENDIGITS_URL = (
    "https://archive.ics.uci.edu/static/public/81/pen+based+recognition+of+handwritten+digits.zip"
)
PENDIGITS_SHA256 = "1e02bea023613c2b11c9492f6f34caf975420455934f3527d270cee9a1f03b64"  # the zip's
ATTEMPTS = 3
TIMEOUT = 60  # seconds without a byte


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser, "data")
    parser.add_argument("--only", choices=list(SETS), nargs="+", default=list(SETS))


def run(args: argparse.Namespace) -> None:
    for name in args.only:
        try:
            print(f"{name}: {SETS[name](args.data_dir)}")
        except OSError as error:
            raise SystemExit(f"{name}: {error}") from None


def mnist(data_dir: Path) -> str:
    """The four IDX files, into mnist/."""
    for name in MD5:
        file = data_dir / "mnist" / f"{name}.gz"
        if not file.exists():
            part = fetch(f"{MNIST_URL}/{name}.gz", file)
            check(gzip_content(part), "md5", MD5[name], part).rename(file)
        read_idx(file)
    return "60,000 training and 10,000 test images"


def unipen(data_dir: Path) -> str:
    """The archive of Zenodo's record, into unipen/; about 156 MB."""
    folder = data_dir / "unipen"
    if not any(file.suffix != ".part" for file in folder.glob("*train_r01_v07*")):
        key, url, algorithm, checksum = unipen_entry()
        file = folder / key
        part = fetch(url, file)
        check(part.read_bytes(), algorithm, checksum, part).rename(file)
    # The checksum only says that the archive is Zenodo's. The set's own README promises 15,953
    # digits.
    digits = len(read_unipen(data_dir, "1a"))
    return f"{digits:,} digits" + ("" if digits == 15_953 else ", though 15,953 were expected")


def unipen_entry() -> tuple[str, str, str, str]:
    """The archive's name, address, and the algorithm and value of its checksum, as Zenodo says."""
    try:
        with urllib.request.urlopen(UNIPEN_URL, timeout=TIMEOUT) as answer:
            files = json.load(answer)["files"]
        entry = next(entry for entry in files if "train_r01_v07" in entry["key"])
        algorithm, checksum = entry["checksum"].split(":")
        return Path(entry["key"]).name, entry["links"]["self"], algorithm, checksum
    except (OSError, http.client.HTTPException, LookupError, TypeError, ValueError) as error:
        raise SystemExit(f"{UNIPEN_URL}: {error}") from None
    except StopIteration:
        raise SystemExit(f"{UNIPEN_URL} lists no train_r01_v07") from None


def pendigits(data_dir: Path) -> str:
    """pendigits-orig.tra out of UCI's zip, into pendigits/."""
    file = data_dir / "pendigits" / f"{FILE}.gz"
    if not file.exists():
        part = fetch(PENDIGITS_URL, file.with_name("pendigits.zip"))
        check(part.read_bytes(), "sha256", PENDIGITS_SHA256, part)
        with zipfile.ZipFile(part) as archive:
            packed = archive.read(f"{FILE}.Z")
        # Python cannot unpack the old compress format.
        unpacked = subprocess.run(["gzip", "-dc"], input=packed, stdout=subprocess.PIPE, check=True)
        whole = file.with_name(f"{file.name}.part")
        whole.write_bytes(gzip.compress(unpacked.stdout, mtime=0))
        whole.rename(file)
        part.unlink()
    return f"{len(read_pendigits(data_dir)):,} digits"


def fonts(data_dir: Path) -> str:
    """The font files out of their npm packages, with their licences, into fonts/."""
    folder = data_dir / "fonts"
    (folder / "licences").mkdir(parents=True, exist_ok=True)
    for name, font in tqdm(FONTS.items(), desc="fonts"):
        file = folder / f"{name}.woff"
        if not file.exists():
            content, licence = fetch_font(name, font["version"])
            part = file.with_name(f"{file.name}.part")
            part.write_bytes(content)
            (folder / "licences" / f"{name}.txt").write_bytes(licence)
            check(content, "sha256", font["sha256"], part).rename(file)
    return f"{len(FONTS)} fonts"


def fetch_font(name: str, version: str) -> tuple[bytes, bytes]:
    """The font file and the licence in the npm package @fontsource/NAME."""
    package = f"@fontsource/{name}@{version}"
    with tempfile.TemporaryDirectory() as folder:
        words = ["npm", "pack", package, "--silent"]
        try:
            subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
            (archive,) = Path(folder).glob("*.tgz")
            with tarfile.open(archive) as packed:
                names = (f"package/files/{name}-latin-400-normal.woff", "package/LICENSE")
                content, licence = (packed.extractfile(name) for name in names)
                assert content and licence  # both are files
                return content.read(), licence.read()
        except FileNotFoundError:
            raise SystemExit("the fonts are npm packages: install npm") from None
        except subprocess.CalledProcessError as error:
            reason = error.stderr.strip().splitlines()
            text = reason[-1] if reason else f"npm ended with {error.returncode}"
            raise SystemExit(f"{package}: {text}") from None
        except (KeyError, ValueError, tarfile.TarError) as error:
            raise SystemExit(f"{package} is not the package it should be: {error}") from None


SETS = {"mnist": mnist, "unipen": unipen, "pendigits": pendigits, "fonts": fonts}


def fetch(url: str, file: Path) -> Path:
    """Download to FILE.part, which is returned; continues where a broken download stopped.

    Raises:
        SystemExit: the server refuses, or the connection broke `ATTEMPTS` times; what came is kept.
    """
    part = file.with_name(f"{file.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    reason = ""
    for _ in range(ATTEMPTS):
        have = part.stat().st_size if part.exists() else 0
        request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                if answer.status != 206:  # the server sends all of it
                    have = 0
                length = answer.headers["Content-Length"]
                total = have + int(length) if length else None
                bar = {"total": total, "initial": have, "desc": file.name}
                with (
                    part.open("ab" if have else "wb") as out,
                    tqdm.wrapattr(out, "write", **bar) as shown,
                ):
                    shutil.copyfileobj(answer, shown)
            # A connection that ends early looks like the end of the file.
            if total is None or part.stat().st_size == total:
                return part
            reason = f"it broke off after {part.stat().st_size:,} of {total:,} bytes"
        except urllib.error.HTTPError as error:
            if error.code == 416:  # Range Not Satisfiable: all of it had come
                return part
            raise SystemExit(f"{url}: HTTP {error.code} {error.reason}") from None
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            reason = str(error)
    raise SystemExit(f"{url}: {reason}; the same command continues from there")


def check(content: bytes, algorithm: str, expected: str, part: Path) -> Path:
    """`part`, which is removed, with SystemExit, unless `content` has the checksum."""
    found = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
    if found != expected:
        part.unlink()
        name = part.name.removesuffix(".part")
        raise SystemExit(f"{name}: {algorithm} is {found}, not {expected}: removed, try again")
    return part


def gzip_content(part: Path) -> bytes:
    try:
        return gzip.decompress(part.read_bytes())
    except (OSError, EOFError, zlib.error):
        return b""  # whose checksum is wrong
