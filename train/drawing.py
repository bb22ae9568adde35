"""One pen-drawn character, whichever set it comes from, and which writers are held out."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Of the 30 writers of pendigits-orig.tra, numbered 0 to 29 in order of their numbers there.
PENDIGITS_TEST = frozenset({2, 7, 13, 19, 25})
PENDIGITS_VALIDATION = frozenset({4, 16, 28})


@dataclass(frozen=True)
class Drawing:
    """A character as the pen wrote it.

    Attributes:
        label: what the writer was asked for: "0" to "9", a letter or a symbol.
        writer: "pendigits/N", or the path of the writer's UNIPEN file below data/1x, which is the
            same in all sections.
        source: "unipen-1a" to "unipen-1d", or "pendigits".
        quality: "OK", "?" or "BAD", as the set says.
        strokes: each float32 (points, 2): x to the right, y down, in the tablet's units.
    """

    label: str
    writer: str
    source: str
    quality: str
    strokes: list[NDArray[np.float32]]


def split_of(writer: str) -> str:
    """ "train", "validation" or "test": fixed for each writer.

    UNIPEN's writers are split 80 : 8 : 12 by a hash of the file's name alone, without a last digit
    behind letters: cea/Balgi.dat and ceb/Balgi.dat, and swlee5.dat and swlee6.dat, are one person.
    """
    if writer.startswith("pendigits/"):
        number = int(writer.removeprefix("pendigits/"))
        if number in PENDIGITS_TEST:
            return "test"
        return "validation" if number in PENDIGITS_VALIDATION else "train"
    name = writer.rsplit("/", 1)[-1].removesuffix(".dat").lower()
    person = re.sub(r"^([a-z]+)\d$", r"\1", name)
    place = int.from_bytes(hashlib.sha256(person.encode()).digest()[:4], "big") % 100
    return "test" if place < 12 else "validation" if place < 20 else "train"
