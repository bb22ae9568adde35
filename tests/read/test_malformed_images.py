"""Broken, forged and far too large images get a clear error, or are read correctly."""

import http.client
import io
import json
import struct
import sys
import urllib.parse
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image, PngImagePlugin

from mnist_demo.read.decode.formats import FORMATS
from mnist_demo.read.preprocess import preprocess
from tests.helpers.images import encode, mnist_png, white_png
from tests.helpers.rest import form, post
from tests.helpers.waiting import LIMIT

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M1 1h7"/></svg>'

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n%%EndComments\nshowpage\n"


def seven() -> Image.Image:
    return Image.open(io.BytesIO(mnist_png(7)))


def in_16_bits() -> Image.Image:
    return Image.fromarray(np.asarray(seven()).astype(np.uint16) * 257)


def with_texts(**texts: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text, zip=len(text) > 1000)
    return encode(seven(), "PNG", pnginfo=info)


def many_scans() -> bytes:
    """A JPEG of 10 kB whose scans go over the whole image 101 times; 10 MB would take a minute."""
    file = encode(seven(), "JPEG", progressive=True)
    last = file[file.rindex(b"\xff\xda") : -2]
    return file[:-2] + 96 * last + file[-2:]


def many_parts(kind: str) -> bytes:
    """A digit behind more comments than any usual file has, each of them tiny: 1 MB of them."""
    file = encode(seven(), kind)
    start, part = {
        "GIF": (13 + 3 * 2 ** (file[10] % 8 + 1), b"!\xfe" + b"\1a" * 500_000 + b"\0"),
        "JPEG": (2, b"\xff\xfe\0\2" * 250_000),
        "PNG": (33, (bytes(4) + b"tEXt" + struct.pack(">I", zlib.crc32(b"tEXt"))) * 80_000),
    }[kind]
    return file[:start] + part + file[start:]


def long_exif() -> bytes:
    """A JPEG with an orientation, and a number in its EXIF (the compression) that is too large for
    Pillow to write the EXIF again."""
    entries = struct.pack("<HHII", 0x0103, 4, 1, 70_000) + struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    ifd = struct.pack("<H", 2) + entries + bytes(4)
    return encode(seven(), "JPEG", exif=b"Exif\0\0II*\0" + struct.pack("<I", 8) + ifd)


def animated() -> bytes:
    others = [Image.new("L", (280, 280), level) for level in (0, 90)]
    return encode(seven(), "GIF", save_all=True, append_images=others)


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    return encode(seven().transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)


READ = {
    "turned by EXIF": turned,
    "16 bits": lambda: encode(in_16_bits(), "PNG"),
    "CMYK": lambda: encode(seven().convert("CMYK"), "JPEG"),
    "CMYK TIFF": lambda: encode(seven().convert("CMYK"), "TIFF"),
    "palette": lambda: encode(seven().convert("RGB").quantize(5), "PNG"),
    "palette with transparency": lambda: encode(seven().convert("P"), "PNG", transparency=255),
    "one bit PPM": lambda: encode(seven().convert("1"), "PPM"),
    "gray PPM": lambda: encode(seven(), "PPM"),
    "colour PPM": lambda: encode(seven().convert("RGB"), "PPM"),
    "16 bit PPM": lambda: encode(in_16_bits(), "PPM"),
    "float PPM": lambda: encode(seven().convert("F"), "PPM"),
    "one bit": lambda: encode(seven().convert("1"), "BMP"),
    "gray with alpha": lambda: encode(seven().convert("LA"), "WEBP", lossless=True),
    "animated": animated,
    "a film after the end": lambda: encode(seven(), "JPEG") + b"\xff\xda" * 500,
    "rubbish after the end": lambda: mnist_png(7) + b"<script>alert(1)</script>" * 99,
}


@pytest.mark.parametrize("case", READ)
def test_unusual_files_are_read(case: str, app_url: str) -> None:
    for label in ("image/png", "text/html", "application/json"):  # the label is ignored
        status, answer, _ = post(app_url, READ[case](), Content_Type=label)
        assert status == 200, answer
        assert answer["digit"] == 7


REFUSED: dict[str, tuple[Any, int, str]] = {
    "a bomb": (lambda: white_png(30_000), 413, "at most 24,000,000 pixels"),
    "just too large": (lambda: white_png(4_904), 413, "at most 24,000,000 pixels"),
    "truncated": (lambda: mnist_png(7)[:300], 400, "damaged or incomplete"),
    "only a header": (lambda: mnist_png(7)[:33], 415, "not an image"),
    "only a signature": (lambda: mnist_png(7)[:8], 415, "not an image"),
    "no width": (lambda: mnist_png(7)[:16] + bytes(4) + mnist_png(7)[20:], 415, "not an image"),
    "a text": (lambda: b"Dear reader, this is no image.", 415, "not an image"),
    "SVG": (lambda: SVG, 415, "this is an SVG drawing; save it as PNG or JPEG first"),
    "EPS": (lambda: EPS, 415, "this is an EPS or PostScript file; save it as"),
    "PDF": (lambda: b"%PDF-1.7\n" * 9, 415, "this is a PDF; save the page as PNG or JPEG first"),
    "TGA": (lambda: encode(seven(), "TGA"), 415, "send a PNG, JPEG, WebP, GIF, BMP, TIFF or PPM"),
    "JSON": (lambda: json.dumps({"data": [{"path": "/etc/passwd"}]}).encode(), 415, "not an image"),
    "deep JSON": (lambda: b"[" * 5000 + b"]" * 5000, 415, "send a PNG, JPEG"),
    "a path": (lambda: b"/etc/passwd", 415, "not an image"),
    "an address": (lambda: b"http://127.0.0.1:7860/secret.png", 415, "not an image"),
    "nothing": (lambda: b"", 400, "no image in this"),
    "a text that takes part in EXIF": (lambda: with_texts(xmp="x"), 400, "damaged"),
    "EXIF out of range": (long_exif, 400, "damaged"),
    "a bomb of texts": (
        lambda: with_texts(**{f"k{n}": "a" * 1_000_000 for n in range(9)}),
        415,
        "not an image",
    ),
    "a GIF of comments": (lambda: many_parts("GIF"), 415, "not an image"),
    "a JPEG of comments": (lambda: many_parts("JPEG"), 415, "not an image"),
    "a PNG of comments": (lambda: many_parts("PNG"), 415, "not an image"),
    "many scans": (many_scans, 400, "more than 100 scans"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_files_are_refused_in_words(case: str, app_url: str) -> None:
    make, expected, text = REFUSED[case]
    for kwargs in ({"body": make()}, form(make())):
        status, answer, headers = post(app_url, **kwargs)
        assert status == expected, answer
        assert list(answer) == ["error"]
        assert len(answer["error"]) < 200
        assert text in answer["error"]
        assert headers["Access-Control-Allow-Origin"] == "*"
    assert post(app_url, mnist_png(7))[1]["digit"] == 7  # the next caller is served


def large_seven(mode: str) -> Image.Image:
    """A 7 of 24 million pixels, turned by 90 degrees."""
    paper = Image.new(mode, (4000, 6000), "white")
    paper.paste(seven().convert(mode).resize((2800, 2800)), (600, 1600))
    if mode == "RGBA":
        paper.putalpha(paper.convert("L").point(lambda level: 255 - level))
    return paper.transpose(Image.Transpose.ROTATE_90)


def peak(app: psutil.Process) -> int:
    """The most bytes of memory that `app` took since the last call of this function."""
    status = Path(f"/proc/{app.pid}/status").read_text()
    Path(f"/proc/{app.pid}/clear_refs").write_text("5")
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "RGB"), ("JPEG", "RGB"), ("MPO", "RGB")]
)
def test_the_largest_images_are_read_in_bounded_memory(kind: str, mode: str, app_url: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned back
    more: dict[str, Any] = {"compress_level": 1}
    if kind == "MPO":  # as phones write it, with a second picture in the file
        more = {"save_all": True, "append_images": [seven()]}
    body = encode(large_seven(mode), kind, exif=exif, **more)
    assert post(app_url, mnist_png(7))[0] == 200
    port = urllib.parse.urlsplit(app_url).port
    apps = psutil.Process().children(recursive=True)
    app = next(a for a in apps for c in a.net_connections() if c.laddr and c.laddr.port == port)
    peak(app)
    idle = app.memory_info().rss
    status, answer, _ = post(app_url, body)
    assert status == 200 and answer["digit"] == 7
    assert peak(app) < 1.3 * idle
    assert post(app_url, mnist_png(7))[1]["digit"] == 7


@pytest.mark.parametrize("kind", ["WEBP", "TIFF", "PNG"])
def test_kinds_that_cannot_be_unpacked_in_parts_must_be_smaller(kind: str) -> None:
    image = Image.new("I;16" if kind == "PNG" else "L", (2520, 2501))
    file = encode(image, kind, **({"compression": "tiff_deflate"} if kind == "TIFF" else {}))
    with pytest.raises(ValueError, match=r"at most 6,300,000 are accepted of WebP, TIFF and"):
        preprocess(Image.open(io.BytesIO(file)))


@pytest.mark.parametrize(
    ("field", "status"),
    [
        ('name="image"; filename="a.png"', 400),
        ('name="file"', 400),
        ("nothing", 400),
        ('name="file"; filename="../../../etc/passwd"', 200),
    ],
)
def test_forms_of_the_wrong_shape(field: str, status: int, app_url: str) -> None:
    assert post(app_url, **form(mnist_png(7), field))[0] == status


@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data", "multipart/form-data; boundary=another", "MULTIPART/FORM-DATA; b"],
)
def test_forms_that_are_no_forms(kind: str, app_url: str) -> None:
    status, answer, _ = post(app_url, form(mnist_png(7))["body"], Content_Type=kind)
    assert status == 400
    assert "form" in answer["error"] or "no image in this" in answer["error"]


def test_a_form_of_thousands_of_parts(app_url: str) -> None:
    part = b'--of-parts\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n'
    status, answer, _ = post(
        app_url, part * 20_000, Content_Type="multipart/form-data; boundary=of-parts"
    )
    assert status == 400 and "Too many fields" in answer["error"]


def begin(app_url: str, name: str, value: str) -> http.client.HTTPConnection:
    """A request with this header, of which no body has been sent yet."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(app_url).netloc, timeout=LIMIT)
    connection.putrequest("POST", "/v1/classify")
    connection.putheader(name, value)
    connection.endheaders()
    return connection


@pytest.mark.parametrize("announced", [True, False])
def test_a_hundred_megabytes_are_not_waited_for(announced: bool, app_url: str) -> None:
    """The refusal comes while the body is still being sent, with or without its length."""
    length, chunked = ("Content-Length", "100000000"), ("Transfer-Encoding", "chunked")
    connection = begin(app_url, *(length if announced else chunked))
    block = bytes(100_000)
    # Less than was announced is sent: a server that reads the whole body would wait forever.
    for _ in range(0 if announced else 101):
        connection.send(b"%x\r\n" % len(block) + block + b"\r\n")
    response = connection.getresponse()
    assert response.status == 413
    assert "at most 10,000,000 bytes" in json.load(response)["error"]
    connection.close()


def test_a_caller_that_hangs_up_leaves_nothing_behind(app_url: str) -> None:
    for _ in range(20):
        connection = begin(app_url, "Content-Length", "9000000")
        connection.send(bytes(8_000_000))
        connection.close()
    # Together they sent more than is held at a time.
    status = 429
    for _ in range(50):
        status, answer, _ = post(app_url, mnist_png(7))
        if status != 429:
            break
    assert status == 200, answer


FILES = {kind: encode(seven().resize((40, 40)).convert("RGB"), kind) for kind in FORMATS}


def is_input(result: Any) -> bool:
    """Whether `result` is what the network may be given."""
    return result is None or (
        result.shape == (28, 28)
        and result.dtype == np.float32
        and bool(np.isfinite(result).all())
        and result.min() >= 0
        and result.max() == 1
    )


def as_floats(result: Any) -> np.ndarray:
    """What `preprocess` returned; NaN, which only equals itself here, for a blank image."""
    return np.array(result, np.float32)


def read_or_refused(image: Any) -> bool:
    """Whether `image` is read, or refused with a ValueError; any other exception is not caught."""
    try:
        return is_input(preprocess(image))
    except ValueError as error:
        return 10 < len(str(error)) < 300


SLOWLY = settings(max_examples=60, deadline=None, derandomize=True)
KINDS = [np.uint8, np.bool_, np.float16, np.float32, np.float64, np.int16, np.uint16]
SHAPES = array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=40)
UINT8 = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=50))


@SLOWLY
@given(st.sampled_from(KINDS), st.data())
def test_any_array_is_read_or_refused(dtype: type, data: st.DataObject) -> None:
    array = data.draw(arrays(dtype, SHAPES))
    assert read_or_refused(array)


@SLOWLY
@given(st.sampled_from(sorted(FILES)), st.data())
def test_any_damaged_file_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    file = bytearray(FILES[kind])
    for position, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(file) - 1), st.integers(0, 255)), max_size=5)
    ):
        file[position] = value
    length = data.draw(st.integers(0, len(file)) | st.just(len(file)))
    path_like = io.BytesIO(bytes(file[:length]))
    assert read_or_refused(bytes(file[:length]))
    try:
        image = Image.open(path_like)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return
    assert read_or_refused(image)


@SLOWLY
@given(UINT8)
def test_white_on_black_is_read_like_black_on_white(array: np.ndarray) -> None:
    assume(array.max() > 16)
    left, right = (as_floats(preprocess(image)) for image in (array, 255 - array))
    np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)


@SLOWLY
@given(UINT8, st.integers(1, 9), st.integers(1, 9), st.integers(0, 90), st.integers(0, 90))
def test_where_on_the_paper_does_not_matter(
    ink: np.ndarray, top: int, left: int, bottom: int, right: int
) -> None:
    near = np.pad(ink, 60, constant_values=255)
    far = np.pad(near, ((top, bottom), (left, right)), constant_values=255)
    np.testing.assert_array_equal(as_floats(preprocess(near)), as_floats(preprocess(far)))


@SLOWLY
@given(UINT8)
def test_colour_and_opaque_alpha_change_nothing(array: np.ndarray) -> None:
    rgb = np.dstack([array] * 3)
    forms = [rgb, np.dstack([rgb, np.full_like(array, 255)]), Image.fromarray(array)]
    assume(array.max() > 1)  # a mask of 0 and 1 only
    assume(array.shape != (8, 8) or array.max() > 16)
    expected = as_floats(preprocess(array))
    for same in forms:
        np.testing.assert_array_equal(as_floats(preprocess(same)), expected)


def test_one_pixel_and_long_lines() -> None:
    for shape in [(1, 1), (1, 9999), (9999, 1), (2, 3000)]:
        for level in (0, 255):
            assert is_input(preprocess(np.full(shape, level, np.uint8)))
        line = np.full(shape, 255, np.uint8)
        line[:, : shape[1] // 3] = 0
        assert is_input(preprocess(line))


def test_tiffs_of_other_scales_are_read_like_8_bits(tmp_path: Path) -> None:
    gray = np.asarray(seven().convert("L"))
    expected = np.asarray(preprocess(gray))
    scales: list[np.ndarray] = [
        gray.astype(np.float32) / 255,
        gray.astype(np.float32),
        gray.astype(np.int32),
        gray.astype(np.int32) * 257,
        gray.astype(np.uint16) * 257,
    ]
    for number, values in enumerate(scales):
        path = tmp_path / f"{number}.tiff"
        Image.fromarray(values).save(path)
        assert np.array_equal(np.asarray(preprocess(path)), expected), number


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -3.0, 1e9])
def test_tiffs_of_floats_that_are_no_gray(value: float, app_url: str) -> None:
    array = np.ones((30, 30), np.float32)
    array[10:20, 14:16] = 0
    array[3, 3] = value
    status, answer, _ = post(app_url, encode(Image.fromarray(array), "TIFF"))
    assert status == 400 and "the image has values" in answer["error"]
