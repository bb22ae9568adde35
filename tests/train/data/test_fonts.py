"""Fonts as writers: their split, their variation, and how they are fetched."""

import hashlib
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from tests.helpers.commands import train_here
from tests.helpers.data import DATA_DIR, needs, tar_of
from train.data import download, fonts
from train.data.fonts import FONTS, font_names, paint_fonts, read_glyphs, write_glyph

# A font that is always there; it stands in for a handwritten one.
DEJAVU = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with one font, called "plain"."""
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "plain.woff").write_bytes(DEJAVU.read_bytes())
    monkeypatch.setattr(fonts, "FONTS", {"plain": {"split": "train"}})
    return tmp_path


def test_each_font_is_in_one_split_with_its_family() -> None:
    splits = {split: font_names(split) for split in ("train", "validation", "test")}
    assert sorted(name for names in splits.values() for name in names) == sorted(FONTS)
    counts = {split: len(names) for split, names in splits.items()}
    assert counts == {"train": 39, "validation": 6, "test": 19}
    for family in ("playwrite-", "edu-"):
        assert sum(any(n.startswith(family) for n in names) for names in splits.values()) == 1
    for font in FONTS.values():
        assert set(font) == {"version", "sha256", "licence", "split"}
        assert font["licence"] in ("OFL-1.1", "Apache-2.0")


def test_variations_of_a_digit(data_dir: Path) -> None:
    glyphs = read_glyphs(data_dir, "plain")
    assert len(glyphs) == 10 and all(glyph.max() == 255 for glyph in glyphs)
    rng = np.random.default_rng(0)
    canvases = [write_glyph(glyphs[8], rng) for _ in range(40)]
    assert all(canvas.shape == (280, 280) and np.ptp(canvas) > 200 for canvas in canvases)
    light = [np.median(canvas) < 128 for canvas in canvases]
    assert 0 < sum(light) < 20
    ink = [float((canvas < 128).mean()) for canvas, is_light in zip(canvases, light, strict=True)]
    assert max(i for i, is_light in zip(ink, light, strict=True) if not is_light) > 5 * min(ink)


def test_paintings_are_the_same_for_the_same_seed(data_dir: Path) -> None:
    images, labels = paint_fonts(data_dir, "train", 2, seed=5)
    assert images.shape == (20, 28, 28) and images.dtype == np.uint8
    assert labels.tolist() == [digit for digit in range(10) for _ in range(2)]
    assert (images.reshape(20, -1).max(axis=1) == 255).all()
    assert np.array_equal(images, paint_fonts(data_dir, "train", 2, seed=5)[0])
    assert not np.array_equal(images, paint_fonts(data_dir, "train", 2, seed=6)[0])


def test_a_missing_or_damaged_font_is_named(data_dir: Path) -> None:
    with pytest.raises(SystemExit, match=r"no .*other\.woff: run `python -m train download"):
        read_glyphs(data_dir, "other")
    (data_dir / "fonts" / "plain.woff").write_bytes(b"no font")
    with pytest.raises(SystemExit, match=r"plain\.woff cannot be read"):
        read_glyphs(data_dir, "plain")


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm that packs the file that is returned, and counts its calls in a file beside it."""
    package = tmp_path / "package.tgz"
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    calls = tmp_path / "calls"
    program.write_text(f'#!/bin/sh\necho "$2" >> {calls}\n/bin/cp {package} . || exit 1\n')
    program.chmod(0o755)
    return package


def pack(package: Path, files: dict[str, bytes]) -> None:
    package.write_bytes(tar_of({f"package/{name}": content for name, content in files.items()}))


def run(data_dir: Path) -> None:
    train_here("download", "--data-dir", data_dir, "--only", "fonts")


def test_fonts_are_fetched_once_and_checked(
    tmp_path: Path, npm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = DEJAVU.read_bytes()
    font = {"version": "5.3.0", "sha256": hashlib.sha256(content).hexdigest()}
    monkeypatch.setattr(download, "FONTS", {"plain": font})
    pack(npm, {"files/plain-latin-400-normal.woff": content, "LICENSE": b"as you like"})
    run(tmp_path / "data")
    run(tmp_path / "data")
    assert (tmp_path / "calls").read_text() == "@fontsource/plain@5.3.0\n"
    assert (tmp_path / "data/fonts/plain.woff").read_bytes() == content
    assert (tmp_path / "data/fonts/licences/plain.txt").read_bytes() == b"as you like"

    monkeypatch.setattr(download, "FONTS", {"plain": font | {"sha256": "0" * 64}})
    with pytest.raises(SystemExit, match=r"plain\.woff: sha256 is .*: removed, try again"):
        run(tmp_path / "other")
    assert not list((tmp_path / "other/fonts").glob("*.*"))


def test_a_package_without_the_font(tmp_path: Path, npm: Path) -> None:
    pack(npm, {"LICENSE": b""})
    with pytest.raises(SystemExit, match=r"@fontsource/.* is not the package it should be"):
        run(tmp_path / "data")
    npm.write_bytes(b"no archive")
    with pytest.raises(SystemExit, match=r"@fontsource/.* is not the package it should be"):
        run(tmp_path / "data")
    npm.unlink()
    with pytest.raises(SystemExit, match=r"@fontsource/.*: "):
        run(tmp_path / "data")
    (tmp_path / "bin" / "npm").unlink()
    with pytest.raises(SystemExit, match="install npm"):
        run(tmp_path / "data")


@needs("fonts")
@pytest.mark.parametrize("split", ["train", "validation"])
def test_all_of_the_set_is_read(split: str) -> None:
    for name in font_names(split):
        content = (DATA_DIR / "fonts" / f"{name}.woff").read_bytes()
        assert hashlib.sha256(content).hexdigest() == FONTS[name]["sha256"]
        assert len(read_glyphs(DATA_DIR, name)) == 10
