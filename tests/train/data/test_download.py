"""Downloads from a server on loopback: complete, resumed, damaged, cut off and refused."""

import gzip
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.commands import train_here
from tests.helpers.data import tar_of
from train.data import download
from train.data.mnist import MD5, read_mnist
from train.data.pendigits import read_pendigits
from train.data.unipen import read_unipen

ARCHIVE = "unipen-CDROM-train_r01_v07.tgz"
FIRST = next(iter(MD5))


class Server(ThreadingHTTPServer):
    """Serves `files`. For each number in `cuts`, one answer ends after so many bytes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.files: dict[str, bytes] = {}
        self.cuts: list[int] = []
        self.resumes = True
        self.asked: list[tuple[str, str | None]] = []  # path, Range


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers["Range"]
        self.server.asked.append((self.path, wanted))
        wanted = wanted if self.server.resumes else None
        content = self.server.files.get(self.path)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if content is None or start >= len(content):
            self.send_error(404 if content is None else 416)
            return
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        cut = self.server.cuts.pop() if self.server.cuts else len(content)
        self.wfile.write(content[start : start + cut])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setattr(download, "MNIST_URL", f"{server.url}/mnist")
        monkeypatch.setattr(download, "UNIPEN_URL", f"{server.url}/records/1195803")
        monkeypatch.setattr(download, "PENDIGITS_URL", f"{server.url}/pendigits.zip")
        yield server
        server.shutdown()


def run(folder: Path, *only: str) -> str:
    return train_here("download", "--data-dir", folder, "--only", *only)


def idx(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return head + array.tobytes()


@pytest.fixture
def tiny_mnist(server: Server, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    images = np.arange(3 * 28 * 28, dtype=np.uint8).reshape(3, 28, 28)
    for name in MD5:
        content = idx(images if "images" in name else np.array([7, 8, 9], np.uint8))
        monkeypatch.setitem(MD5, name, hashlib.md5(content).hexdigest())
        server.files[f"/mnist/{name}.gz"] = gzip.compress(content)
    return images


def test_mnist_arrives_and_is_not_fetched_twice(
    tmp_path: Path, server: Server, tiny_mnist: np.ndarray
) -> None:
    run(tmp_path, "mnist")
    run(tmp_path, "mnist")
    assert len(server.asked) == 4
    images, labels = read_mnist(tmp_path, "train")
    assert np.array_equal(images, tiny_mnist) and labels.tolist() == [7, 8, 9]


@pytest.mark.parametrize("resumes", [True, False])  # a server may only send whole files
def test_a_broken_download_is_resumed(
    tmp_path: Path, server: Server, tiny_mnist: np.ndarray, resumes: bool
) -> None:
    server.cuts, server.resumes = [100], resumes
    run(tmp_path, "mnist")
    assert server.asked[:2] == [(f"/mnist/{FIRST}.gz", None), (f"/mnist/{FIRST}.gz", "bytes=100-")]
    assert np.array_equal(read_mnist(tmp_path, "train")[0], tiny_mnist)


def test_a_connection_that_breaks_each_time_leaves_a_part_for_the_next_run(
    tmp_path: Path, server: Server, tiny_mnist: np.ndarray
) -> None:
    server.cuts = [10] * download.ATTEMPTS
    with pytest.raises(SystemExit, match=r"broke off after 30 of .*continues from there"):
        run(tmp_path, "mnist")
    assert [path.name for path in (tmp_path / "mnist").iterdir()] == [f"{FIRST}.gz.part"]
    run(tmp_path, "mnist")
    assert server.asked[download.ATTEMPTS] == (f"/mnist/{FIRST}.gz", "bytes=30-")
    assert np.array_equal(read_mnist(tmp_path, "train")[0], tiny_mnist)


def test_a_download_killed_before_its_check_is_finished(
    tmp_path: Path, server: Server, tiny_mnist: np.ndarray
) -> None:
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / f"{FIRST}.gz.part").write_bytes(server.files[f"/mnist/{FIRST}.gz"])
    run(tmp_path, "mnist")
    assert np.array_equal(read_mnist(tmp_path, "train")[0], tiny_mnist)


@pytest.mark.parametrize(
    "content", [gzip.compress(b"another file", mtime=0), b"<html>Sign in</html>"]
)
def test_another_content_is_refused_and_removed(
    tmp_path: Path, server: Server, tiny_mnist: np.ndarray, content: bytes
) -> None:
    server.files[f"/mnist/{FIRST}.gz"] = content
    with pytest.raises(SystemExit, match=rf"^{FIRST}\.gz: md5 is .* not {MD5[FIRST]}: removed"):
        run(tmp_path, "mnist")
    assert not list((tmp_path / "mnist").iterdir())


def test_a_missing_file_is_named(tmp_path: Path, server: Server) -> None:
    with pytest.raises(SystemExit, match=r"^http://127.*ubyte\.gz: HTTP 404 Not Found$"):
        run(tmp_path, "mnist")
    with pytest.raises(SystemExit, match=r"1195803: HTTP Error 404: Not Found$"):
        run(tmp_path, "unipen")


def test_no_server_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MNIST_URL", "http://127.0.0.1:9")
    with pytest.raises(SystemExit, match="Connection refused"):
        run(tmp_path, "mnist")


def test_a_folder_that_cannot_be_written(tmp_path: Path, server: Server) -> None:
    (tmp_path / "mnist").write_text("a file where the folder should be")
    with pytest.raises(SystemExit, match=r"^mnist: .*mnist'$"):
        run(tmp_path, "mnist")


@pytest.fixture
def zenodo(server: Server) -> bytes:
    """Zenodo's record, and an archive laid out as the public one, with an extra section."""
    members = {
        "data/1a/abc/ann.dat": b'.INCLUDE abc/ann.dat\n.SEGMENT CHARACTER 0 OK "4"\n',
        "data/8/abc/ann.dat": b".INCLUDE abc/text.dat\n",
        "include/abc/ann.dat": b".COORD X Y\n.PEN_DOWN\n1 2\n3 4\n.PEN_UP\n",
        "include/abc/text.dat": b".PEN_DOWN\n9 9\n.PEN_UP\n",
    }
    archive = tar_of({f"CDROM/train_r01_v07/{name}": text for name, text in members.items()})
    address = f"/records/1195803/files/{ARCHIVE}/content"
    entry = {
        "key": ARCHIVE,
        "checksum": f"md5:{hashlib.md5(archive).hexdigest()}",
        "links": {"self": server.url + address},
    }
    server.files["/records/1195803"] = json.dumps({"files": [{"key": "x.pdf"}, entry]}).encode()
    server.files[address] = archive
    return archive


def test_unipen_arrives_from_zenodo(tmp_path: Path, server: Server, zenodo: bytes) -> None:
    assert "1 digits, though 15,953 were expected" in run(tmp_path, "unipen")
    assert (tmp_path / "unipen" / ARCHIVE).read_bytes() == zenodo
    (drawing,) = read_unipen(tmp_path, "1a")
    assert (drawing.label, drawing.writer) == ("4", "abc/ann")
    asked = len(server.asked)
    run(tmp_path, "unipen")
    assert len(server.asked) == asked


def test_unipen_with_another_checksum_than_zenodo_says(
    tmp_path: Path, server: Server, zenodo: bytes
) -> None:
    server.files[f"/records/1195803/files/{ARCHIVE}/content"] = zenodo[:-1] + b"!"
    with pytest.raises(SystemExit, match=rf"^{ARCHIVE}: md5 is"):
        run(tmp_path, "unipen")
    assert not list((tmp_path / "unipen").iterdir())


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"files": []}', b'{"files": [{}]}'])
def test_a_record_that_is_not_understood(tmp_path: Path, server: Server, answer: bytes) -> None:
    server.files["/records/1195803"] = answer
    with pytest.raises(SystemExit, match="records/1195803"):
        run(tmp_path, "unipen")


def compress(content: bytes) -> bytes:
    """`content` in the .Z format: each byte as a 9-bit code, without compression."""
    bits = sum(byte << 9 * i for i, byte in enumerate(content))
    return b"\x1f\x9d\x09" + bits.to_bytes((9 * len(content) + 7) // 8, "little")


def test_pendigits_arrives_from_ucis_zip(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = b'.SEGMENT DIGIT 0 ? "8"\n.COMMENT 8 12 224\n.PEN_DOWN\n1 2\n3 4\n.PEN_UP\n.DT 100\n'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("pendigits-orig.tra.Z", compress(text))
    server.files["/pendigits.zip"] = buffer.getvalue()
    with pytest.raises(SystemExit, match=r"^pendigits\.zip: sha256 is"):
        run(tmp_path, "pendigits")
    checksum = hashlib.sha256(buffer.getvalue()).hexdigest()
    monkeypatch.setattr(download, "PENDIGITS_SHA256", checksum)
    run(tmp_path, "pendigits")
    (drawing,) = read_pendigits(tmp_path)
    assert drawing.label == "8" and drawing.strokes[0].tolist() == [[1, -2], [3, -4]]
    assert [p.name for p in (tmp_path / "pendigits").iterdir()] == ["pendigits-orig.tra.gz"]
