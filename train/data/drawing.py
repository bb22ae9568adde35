"""A pen-drawn character of any data set, and which writers are held out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Of the 30 writers of pendigits-orig.tra, numbered 0 to 29 in order of their numbers there.
PENDIGITS_TEST = frozenset({2, 7, 13, 19, 25})
PENDIGITS_VALIDATION = frozenset({4, 16, 28})
# It was chosen, before any network was trained on this split, so that the shares hold in drawings
# as well as in people: a few people wrote much of UNIPEN. Each part has many contributors.
UNIPEN_SALT = 343


@dataclass(frozen=True)
class Drawing:
    """A character as the pen wrote it.

    Attributes:
        label: what the writer was asked for: "0" to "9", a letter or a symbol.
        writer: "pendigits/N", or "CONTRIBUTOR/ID" with UNIPEN's .WRITER_ID: one person's key is the
            same in all sections and files.
        source: "unipen-1a" to "unipen-1d", or "pendigits".
        quality: "OK", "?" or "BAD", as the set says.
        strokes: each float32 (points, 2): x to the right, y down, in the tablet's units.
        place: the file and the segment it was read from; "" where that does not matter.
    """

    label: str
    writer: str
    source: str
    quality: str
    strokes: list[NDArray[np.float32]]
    place: str = ""


def split_of(writer: str) -> str:
    """ "train", "validation" or "test": fixed for each writer.

    UNIPEN's people are split about 80 : 8 : 12 by a hash of their ID. The contributor stays out of
    it, since one person ("gb2911") wrote for two of them.
    """
    if writer.startswith("pendigits/"):
        number = int(writer.removeprefix("pendigits/"))
        if number in PENDIGITS_TEST:
            return "test"
        return "validation" if number in PENDIGITS_VALIDATION else "train"
    person = writer.rsplit("/", 1)[-1].lower()
    digest = hashlib.sha256(f"{UNIPEN_SALT} {person}".encode()).digest()
    place = int.from_bytes(digest[:4], "big") % 100
    return "test" if place < 12 else "validation" if place < 20 else "train"
