"""Image files and PIL images in every form; other kinds of files are refused by name."""

import base64
import codecs
import io
import json
import re
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from mnist_demo import Classifier, preprocess
from mnist_demo.batch.inputs import IMAGE_SUFFIXES
from mnist_demo.page.feedback import flatten_drawing
from mnist_demo.page.i18n import LOCALES
from mnist_demo.read.decode.formats import FORMATS
from mnist_demo.read.preprocess import on_paper
from tests.helpers.images import encode, seven

GRAY = Image.fromarray(seven())
EXPECTED = np.asarray(preprocess(GRAY))
PNG = encode(GRAY, "PNG")
BASE64 = base64.b64encode(PNG)


def download(data: bytes) -> Any:
    """A stream that can only be read once, and only forwards."""
    return SimpleNamespace(read=io.BytesIO(data).read)


def spooled() -> Any:
    file = tempfile.SpooledTemporaryFile()  # noqa: SIM115 - the test reads it
    file.write(PNG)
    return file


FORMS: dict[str, Any] = {
    "a PIL image": lambda: GRAY,
    "bytes": lambda: PNG,
    "bytearray": lambda: bytearray(PNG),
    "memoryview": lambda: memoryview(PNG),
    "BytesIO": lambda: io.BytesIO(PNG),
    "a temporary file, at its end": spooled,
    "a stream without seek": lambda: download(PNG),
    "in a Sketchpad value": lambda: {"composite": PNG},
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_in_every_form(form: str, classifier: Classifier) -> None:
    assert np.array_equal(np.asarray(preprocess(FORMS[form]())), EXPECTED)
    if form != "in a Sketchpad value":
        assert classifier.read_picture(FORMS[form]()).prediction.digit == 7


def test_an_open_file(tmp_path: Path) -> None:
    path = tmp_path / "seven.png"
    path.write_bytes(PNG)
    for name in (path, str(path)):
        assert np.array_equal(np.asarray(preprocess(name)), EXPECTED)
    with path.open("rb") as file:
        assert np.array_equal(np.asarray(preprocess(file)), EXPECTED)
    with pytest.raises(ValueError, match="the file is closed"):
        preprocess(file)
    with path.open(encoding="latin-1") as text, pytest.raises(ValueError, match="mode 'rb'"):
        preprocess(text)
    for decoded in (codecs.getreader("latin-1")(io.BytesIO(PNG)), SimpleNamespace(read=tuple)):
        with pytest.raises(ValueError, match="reads is no bytes; open the file with mode 'rb'"):
            preprocess(decoded)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_accepted_format(kind: str) -> None:
    result = preprocess(encode(GRAY.convert("RGB"), kind))
    assert np.abs(np.asarray(result) - EXPECTED).mean() < 0.01


def in_mode(mode: str) -> Image.Image:
    if mode.startswith("I;16"):
        return GRAY.convert("I").point(lambda level: level * 257).convert(mode)
    between = {"La": "LA", "RGBa": "RGBA", "PA": "P"}.get(mode, "RGB")
    return GRAY.convert("RGB").convert(between).convert(mode)


MODES = [
    *("1", "L", "P", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"),
    *("LA", "PA", "La", "RGBa", "I", "F", "I;16", "I;16B", "I;16L"),
]


@pytest.mark.parametrize("mode", MODES)
def test_a_pil_image_in_every_mode(mode: str) -> None:
    image = in_mode(mode)
    assert image.mode == mode
    assert np.abs(np.asarray(preprocess(image)) - EXPECTED).mean() < 0.01


def test_large_images_are_halved_in_every_mode() -> None:
    for mode in MODES:
        if mode[0] not in "IF":
            large = in_mode(mode).resize((2799, 2797), Image.Resampling.NEAREST)
            assert np.abs(np.asarray(preprocess(large)) - EXPECTED).mean() < 0.02, mode


def test_masks_of_zeros_and_ones_in_modes_of_any_range() -> None:
    for kind in (np.int32, np.float32):
        mask = Image.fromarray((seven() > 127).astype(kind))
        assert np.array_equal(np.asarray(preprocess(mask)), np.asarray(preprocess(seven() > 127)))


def test_a_format_that_only_the_caller_opens() -> None:
    """Whoever trusts a file may open it with Pillow in any format."""
    image = Image.open(io.BytesIO(encode(GRAY, "TGA")))
    assert np.array_equal(np.asarray(preprocess(image)), EXPECTED)


def test_damaged_and_oversized_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "half.png").write_bytes(PNG[: len(PNG) // 2])
    with pytest.raises(ValueError, match="damaged or incomplete"):
        preprocess(tmp_path / "half.png")
    Image.new("1", (8000, 8000)).save(tmp_path / "bomb.png")
    with pytest.raises(ValueError, match="24,000,000"):
        preprocess(tmp_path / "bomb.png")


def test_an_image_without_pixels() -> None:
    for mode in ("L", "F"):
        with pytest.raises(ValueError, match="has no pixels"):
            preprocess(Image.new(mode, (0, 9)))


def media(*brands: bytes) -> bytes:
    box = b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])
    return (len(box) + 4).to_bytes(4, "big") + box + bytes(99)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M1 1h7"/></svg>'
KINDS: dict[str, tuple[bytes, str]] = {
    "PDF": (b"%PDF-1.7\n1 0 obj", "a PDF; save the page as PNG or JPEG first"),
    "PDF after a line": (b"X-Sent-By: a printer\n\n%PDF-1.4", "a PDF; save the page"),
    "SVG": (SVG, "an SVG drawing; save it as PNG or JPEG first"),
    "SVG with a declaration": (b'\xef\xbb\xbf\n<?xml version="1.0"?>\n' + SVG, "an SVG drawing"),
    "HEIC": (media(b"heic", b"mif1", b"heic"), "a HEIC photo; save it as"),
    "HEIF": (media(b"mif1", b"mif1", b"heic"), "a HEIC photo"),
    "AVIF": (media(b"avif", b"mif1", b"avif"), "an AVIF image"),
    "AVIF of another brand": (media(b"mif1", b"avif", b"miaf"), "an AVIF image"),
    "real AVIF": (encode(GRAY, "AVIF"), "an AVIF image"),
    "JPEG 2000": (encode(GRAY, "JPEG2000"), "a JPEG 2000 image"),
    "JPEG 2000 stream": (encode(GRAY, "JPEG2000", no_jp2=True), "a JPEG 2000 image"),
    "ICNS": (encode(GRAY.convert("RGB"), "ICNS"), "an .*; save it as PNG or JPEG first"),
    "ICO": (encode(GRAY, "ICO"), "an ICO icon"),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "an EPS or PostScript file"),
    "PPM as text": (b"P3\n1 1 255 0 0 0\n", "a PPM with its values as text; save it"),
    "web page": (b"<!DOCTYPE html><html></html>", "a web page; give the image itself"),
    "NumPy": (b"\x93NUMPY\x01\x00v\x00", r"a NumPy file; in Python, give what numpy\.load"),
    "Base64": (BASE64, r"Base64; decode it first, in Python with base64"),
    "a data URL": (b"data:image/png;base64," + BASE64, "a data URL; decode it first"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_other_kinds_of_files_are_refused_by_name(kind: str, tmp_path: Path) -> None:
    data, text = KINDS[kind]
    path = tmp_path / "digit.png"
    path.write_bytes(data)
    for image in (data, io.BytesIO(data), download(data), path, str(path)):
        name = "this" if not isinstance(image, str | Path) else r"digit\.png"
        with pytest.raises(ValueError, match=f"^{name} is {text}"):
            preprocess(image)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data:image/png;base64," + BASE64.decode(), "this is a data URL; decode"),
        (BASE64.decode(), "this is Base64; decode it first"),
        (SVG.decode(), "this is an SVG drawing"),
        ("7, " * 9999, "a text of 29,997 characters is no path"),
        ("https://example.org/7.png", "addresses are not fetched"),
        ("a\0b.png", "is not an image"),
        ("", "not an image|no such file"),
        ("nowhere.png", "no such file: nowhere.png"),
        (__file__, "not an image"),
    ],
)
def test_texts_that_are_no_paths(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refusal:
        preprocess(text)
    assert len(str(refusal.value)) < 200


def test_a_path_may_look_like_another_kind(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data:7.png").write_bytes(PNG)
    assert np.array_equal(np.asarray(preprocess("data:7.png")), EXPECTED)


def test_ppms_that_take_long_are_refused_at_once() -> None:
    """Pillow reads parts of them in Python. A megabyte of short comments takes half a minute."""
    start = time.perf_counter()
    with pytest.raises(ValueError, match="a PPM with its values as text; save it as PNG"):
        preprocess(b"P2 9 9 255\n" + b"#\n" * 500_000 + b"0 " * 81)
    for header in (b"P5 #" + b"a" * 20_000_000 + b"\n9 9", b"P5" + b" " * 20_000_000 + b"9 9"):
        with pytest.raises(ValueError, match="not an image that can be read"):
            preprocess(header + b" 255\n" + bytes(81))
    with pytest.raises(ValueError, match="at most 400,000 pixels"):
        preprocess(b"P6 700 600 254\n" + bytes(1_260_000))
    assert time.perf_counter() - start < 2


def test_ppms_with_comments_and_other_scales() -> None:
    gray = seven()
    header = b"P5\n# CREATOR: a program\n280\t280\n# white:\n"
    assert np.array_equal(np.asarray(preprocess(header + b"255\n" + gray.tobytes())), EXPECTED)
    small = header + b"15\n" + (gray // 17).tobytes()
    assert np.abs(np.asarray(preprocess(small)) - EXPECTED).mean() < 0.01


def test_white_ink_on_transparent_paper_is_ink() -> None:
    ink = 255 - seven()
    for light in (255, 240):
        white = np.dstack([np.full((280, 280, 3), light, np.uint8), ink])
        image = Image.fromarray(white)
        files = [encode(image, "PNG"), encode(image, "WEBP", lossless=True)]
        for form in [white, image, image.convert("LA"), *files]:
            assert np.abs(np.asarray(preprocess(form)) - EXPECTED).mean() < 0.01
    kept = flatten_drawing(image)
    assert np.abs(np.asarray(preprocess(kept)) - EXPECTED).mean() < 0.02
    assert on_paper(white).max() > 200 and np.median(on_paper(white)) == 0


def test_other_transparent_pictures_are_on_white_paper() -> None:
    sheet = np.full((280, 280, 4), 255, np.uint8)
    sheet[:9, :9, 3] = sheet[-9:, -9:, 3] = 0
    assert preprocess(sheet) is None  # blank, with round corners
    sheet[:, :, :3] = seven()[:, :, None]
    assert np.abs(np.asarray(preprocess(sheet)) - EXPECTED).mean() < 0.01
    both = np.zeros((280, 280, 4), np.uint8)  # dark ink, of which a part is white
    both[:, :, 3] = 255 - seven()
    cv2.circle(both, (20, 20), 9, (255, 255, 255, 255), -1)
    assert np.abs(np.asarray(preprocess(both)) - EXPECTED).mean() < 0.01
    blank = np.zeros((200, 200, 4), np.uint8)
    assert preprocess(blank) is None
    assert on_paper(blank).min() == 255


def test_every_list_of_formats_is_the_same() -> None:
    texts = [path.read_text(encoding="utf-8") for path in LOCALES.glob("*.json")]
    texts = [text for text in (json.loads(t)["unreadable"] for t in texts) if "PNG" in text]
    assert len(texts) == 5  # the English one ends with an error that names them
    serving = Path(__file__).parents[2] / "docs" / "serving.md"
    texts += re.findall(r"^PNG,.*files of", serving.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(texts) == 6
    for text in texts:
        assert set(re.findall(r"\b[A-Z][A-Za-z]*[A-Z]\w*", text)) == set(FORMATS.values()), text
    Image.init()
    for kind in FORMATS:
        assert any(Image.EXTENSION.get(suffix) == kind for suffix in IMAGE_SUFFIXES), kind
    assert {Image.EXTENSION.get(suffix) for suffix in IMAGE_SUFFIXES} <= set(FORMATS)
