"""What the writers of UNIPEN and pendigits-orig drew, by split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from train.data.drawing import Drawing, split_of
from train.data.pendigits import read_pendigits
from train.data.unipen import read_unipen

# Drawn alone, these letters and symbols cannot be told from a digit, so they are neither trained on
# nor measured. In this order, they look like 0, 1, 2, 5, 6, 8, 9 and 4. A full stop may be any
# small mark, and "@" mostly stands for a stroke without a known meaning.
AMBIGUOUS = frozenset("OoQDIil|/\\!()[]'`,ZzSsbGBgqy.@")


def read_digits(data_dir: Path) -> list[Drawing]:
    """Every pen-drawn digit: first UNIPEN 1a, then pendigits-orig."""
    return read_unipen(data_dir, "1a") + read_pendigits(data_dir)


def read_letters_and_symbols(data_dir: Path) -> list[Drawing]:
    """The letters and symbols of UNIPEN 1b to 1d that can be told from a digit."""
    drawings = [d for section in ("1b", "1c", "1d") for d in read_unipen(data_dir, section)]
    return [drawing for drawing in drawings if drawing.label not in AMBIGUOUS]


def select_split(drawings: Sequence[Drawing], split: str) -> list[Drawing]:
    """The drawings by writers of `split`: "train", "validation" or "test"."""
    return [drawing for drawing in drawings if split_of(drawing.writer) == split]
