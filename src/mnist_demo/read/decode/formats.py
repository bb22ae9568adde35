"""What images are accepted, in one place: kinds of files, limits, and the words for them."""

from __future__ import annotations

import re

MAX_PIXELS = 24_000_000
# The formats that are opened, by Pillow's names, and what they are called in words. Left out are
# formats for which Pillow starts other programs, such as EPS, and formats that take far more memory
# than a file's header tells:
# - AVIF: its decoder does not keep to the size in the header. A file of 2 kB that claimed 28 x 28
#   pixels was decoded to 81 million.
# - JPEG 2000: a file may be cut into precincts of one pixel, each of which takes 500 bytes.
# - ICO: Pillow decodes it as soon as it is opened, with up to 178 million pixels.
FORMATS = {name.upper(): name for name in ("PNG", "JPEG", "WebP", "GIF", "BMP", "TIFF", "PPM")}
*_first, _last = FORMATS.values()
FORMATS_AND, FORMATS_OR = (f"{', '.join(_first)} {word} {_last}" for word in ("and", "or"))
ACCEPTED = (
    "an image file (its path, its bytes, or the file opened with mode 'rb'), a PIL image, "
    "a Sketchpad value, or an array or tensor of shape (height, width), (height, width, 3) or "
    "(height, width, 4) with values of 0 to 255 or of 0 to 1"
)

HEAD = 4096  # bytes of a file's beginning that `refused_kind` looks at
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_SAVE = "save it as PNG or JPEG first"
_DECODE = "decode it first, in Python with base64.b64decode"
# How other kinds of files begin, what they are called, and what to do with them.
_BEGINNINGS = (
    (b"%PDF-", "a PDF", "save the page as PNG or JPEG first"),
    (b"%!PS", "an EPS or PostScript file", _SAVE),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 image", _SAVE),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image", _SAVE),
    (b"\0\0\0\x0cJXL ", "a JPEG XL image", _SAVE),
    (b"\xff\x0a", "a JPEG XL image", _SAVE),
    (b"\0\0\1\0", "an ICO icon", _SAVE),
    (b"icns", "an ICNS icon", _SAVE),
    (b"8BPS", "a Photoshop file", _SAVE),
    (b"\x93NUMPY", "a NumPy file", "in Python, give what numpy.load makes of it"),
    (b"data:", "a data URL", _DECODE),
    (b"iVBORw0KGgo", "Base64", _DECODE),
    (b"/9j/", "Base64", _DECODE),
)


def refused_kind(head: bytes) -> str | None:
    """What a file is that is no image in one of `FORMATS`, and what to do about it.

    Args:
        head: the first `HEAD` bytes of the file, or all of a shorter one.

    Returns:
        The end of a sentence, such as "a PDF; save the page as PNG or JPEG first"; None for a kind
        that is not known.
    """
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        text = start.lower()
        if b"<svg" in text:
            return f"an SVG drawing; {_SAVE}"
        if b"<html" in text or b"<!doctype html" in text:
            return "a web page; give the image itself"
    if head[4:8] == b"ftyp":  # the box that says what an ISO media file holds
        size = int.from_bytes(head[:4], "big")
        brands = [head[at : at + 4] for at in range(8, min(size, len(head)), 4) if at != 12]
        if b"avif" in brands or b"avis" in brands:
            return f"an AVIF image; {_SAVE}"
        if any(brand in _HEIC for brand in brands):
            return f"a HEIC photo; {_SAVE}"
    for beginning, kind, advice in _BEGINNINGS:
        # Empty lines may come before the first line of a PDF, and of an address in a text.
        if head.startswith(beginning) or start.startswith(beginning):
            return f"{kind}; {advice}"
    if re.match(rb"P[123]\s", head):  # Pillow decodes it in Python; its comments can take minutes
        return f"a PPM with its values as text; {_SAVE}"
    # Some programs write a line of their own before a PDF.
    return "a PDF; save the page as PNG or JPEG first" if b"%PDF-" in head else None


def is_ppm(head: bytes) -> bool:
    """Whether a file is a PPM (or PBM, PGM, PFM) with binary values and a header that fits `HEAD`.

    Pillow reads the header byte by byte: 10 MB of comments in it would take seconds.

    Args:
        head: the first `HEAD` bytes of the file, or all of a shorter one.
    """
    words = re.sub(rb"#[^\r\n]*[\r\n]", b" ", head).split(maxsplit=4)
    if len(words) < 4 or words[0] not in (b"P4", b"P5", b"P6", b"Pf"):
        return False
    return words[1].isdigit() and words[2].isdigit()
