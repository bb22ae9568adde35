"""Reads UNIPEN train_r01_v07, sections 1a (digits) to 1d (symbols) (10.5281/zenodo.1195803).

The format is described in I. Guyon and others, "UNIPEN project of on-line data exchange and
recognizer benchmarks", ICPR 1994. It does not say exactly what counts as a component. With the rule
below, each of the 15,953 segments of 1a names strokes. If every .PEN_UP counted as a component, a
third of the segments would be lost.
"""

from __future__ import annotations

import lzma
import re
import tarfile
import warnings
import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train.data.drawing import Drawing

Points = NDArray[np.float32]
Component = tuple[bool, Points]  # whether the pen was down, and where it went, y upwards
NEEDED_FILES = re.compile(r"(?:^|/)((?:data/1[a-d]|include)/.+\.(?:dat|doc))$")
SEGMENT = re.compile(r'^\.SEGMENT\s+CHARACTER\s+(\S+)\s+(\S+)\s+"(.*)"\s*$')


@lru_cache(maxsize=4)
def read_unipen(data_dir: Path, section: str) -> list[Drawing]:
    """Every character of one section ("1a" to "1d"), in the order of its files.

    `data_dir`, or unipen/ in it, holds the archive (*train_r01_v07*.tgz, .tar.xz ...) or its
    unpacked files. A segment that names no strokes is left out, with a warning that names it.

    Raises:
        SystemExit: there is no such set there, or its archive is damaged.
    """
    files = _files(data_dir)
    folder = f"data/{section}/"
    drawings: list[Drawing] = []
    for path in sorted(name for name in files if name.startswith(folder)):
        name = path.removeprefix(folder).removesuffix(".dat")
        drawings += read_file(files[path], name, f"unipen-{section}", files)
    return drawings


def read_file(text: str, name: str, source: str, files: Mapping[str, str]) -> list[Drawing]:
    """The drawings of one file of segments.

    The included file of strokes says who wrote them. One person may have up to 131 files. Without
    a .WRITER_ID, the file's name stands for the person.

    Args:
        text: content of the file.
        name: CONTRIBUTOR/.../NAME, its path without folder and ending.
        source: "unipen-1a" to "unipen-1d".
        files: the contents of the files that it may include, by "include/PATH".
    """
    contributor, person = name.split("/")[0], name.split("/")[-1]
    axes = (0, 1)
    components: list[Component] = []
    drawings = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == [".INCLUDE"] and words[1].endswith((".doc", ".dat")):
            if f"include/{words[1]}" not in files:
                warnings.warn(f"{source} {name}: no file {words[1]}", stacklevel=2)
                continue
            included = files[f"include/{words[1]}"]
            for nested in re.findall(r"^\.INCLUDE\s+(\S+\.doc)", included, re.MULTILINE):
                axes = find_axes(files.get(f"include/{nested}", "")) or axes
            axes = find_axes(included) or axes
            if words[1].endswith(".dat"):
                if found := re.search(r"^\.WRITER_ID[ \t]+(\S+)", included, re.MULTILINE):
                    person = found[1]
                components += read_components(included, axes)
        elif words[:2] == [".SEGMENT", "CHARACTER"]:
            match = SEGMENT.match(line)
            strokes = select_strokes(components, match[1]) if match else []
            if not match or not strokes:
                warnings.warn(f"{source} {name}: no strokes for {line!r}", stacklevel=2)
                continue
            # A quotation mark and a backslash are written with a backslash before them.
            label = match[3].replace("\\", "", 1) if len(match[3]) > 1 else match[3]
            down = [stroke * np.array([1, -1], np.float32) for stroke in strokes]
            writer, place = f"{contributor}/{person}", f"{name} {match[1]}"
            drawings.append(Drawing(label, writer, source, match[2], down, place))
    return drawings


def find_axes(text: str) -> tuple[int, int] | None:
    """The columns of X and Y in the last .COORD; None if there is no .COORD."""
    found = re.findall(r"^\.COORD\s+(.+)$", text, re.MULTILINE)
    if not found:
        return None
    names = found[-1].split()
    return names.index("X"), names.index("Y")


def read_components(text: str, axes: tuple[int, int]) -> list[Component]:
    """The components of a file of strokes, in order.

    They are every .PEN_DOWN, and every .PEN_UP that is followed by points. Points are float32
    (n, 2), taken from the columns `axes`.
    """
    components: list[Component] = []
    rows: list[list[str]] = []
    down: bool | None = None

    def end() -> None:
        if down or (down is not None and rows):
            points = np.array(rows, np.float32) if rows else np.zeros((0, 2), np.float32)
            components.append((down, points))

    for line in text.splitlines():
        if line.startswith("."):
            keyword = line.split(None, 1)[0]
            if keyword in (".PEN_DOWN", ".PEN_UP"):
                end()
                rows, down = [], keyword == ".PEN_DOWN"
            elif keyword != ".DT":
                # Numbers after any other keyword are not the pen's.
                end()
                rows, down = [], None
        elif down is not None:
            words = line.split()
            if len(words) > max(axes):
                rows.append([words[axes[0]], words[axes[1]]])
    end()
    return components


def select_strokes(components: list[Component], ranges: str) -> list[Points]:
    """The strokes that a segment names, each float32 (points, 2).

    `ranges` is "7", "7-9", "7:2-9:5" (component:point) or a list of these with commas. Components
    with the pen up are left out.
    """
    strokes = []
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        start, _, start_point = first.partition(":")
        stop, _, stop_point = (last or first).partition(":")
        if not last:
            stop_point = ""
        for i in range(int(start), int(stop) + 1):
            if i >= len(components) or not components[i][0]:
                continue
            low = int(start_point) if start_point and i == int(start) else 0
            high = int(stop_point) + 1 if stop_point and i == int(stop) else None
            points = components[i][1][low:high]
            if len(points):
                strokes.append(points)
    return strokes


@lru_cache(maxsize=1)
def _files(data_dir: Path) -> dict[str, str]:
    """The texts of the files that sections 1a to 1d need, by their paths in the archive."""
    for folder in (data_dir / "unipen", data_dir):
        # The public archive unpacks to CDROM/train_r01_v07.
        for root in (folder, folder / "CDROM" / "train_r01_v07"):
            if (root / "data").is_dir() and (root / "include").is_dir():
                paths = [path for path in root.rglob("*") if path.is_file()]
                return _needed((p.relative_to(root).as_posix(), p.read_bytes) for p in paths)
        for archive in sorted(folder.glob("*train_r01_v07*")):
            if archive.name.endswith((".tgz", ".tar.gz", ".tar.xz", ".tar")):
                try:
                    with tarfile.open(archive) as tar:
                        return _needed((m.name, partial(_content, tar, m)) for m in tar)
                except (tarfile.TarError, EOFError, OSError, lzma.LZMAError, zlib.error) as error:
                    raise SystemExit(f"{archive} is damaged ({error}): get it again") from None
    raise SystemExit(
        f"no UNIPEN train_r01_v07 in {data_dir}: run `python -m train download --data-dir DIR`"
    )


def _needed(members: Iterable[tuple[str, Callable[[], bytes]]]) -> dict[str, str]:
    files = {}
    for name, content in members:
        if found := NEEDED_FILES.search(name):
            files[found[1]] = content().decode("latin-1")
    # The public archive's sections 2 to 8 include ten times as much.
    named = {
        f"include/{path}"
        for name, text in files.items()
        if name.startswith("data/")
        for path in re.findall(r"^\.INCLUDE\s+(\S+)", text, re.MULTILINE)
    }
    return {
        name: text
        for name, text in files.items()
        if name in named or not name.startswith("include/") or name.endswith(".doc")
    }


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)  # read where it is: nothing is written to the disk
    return b"" if file is None else file.read()
