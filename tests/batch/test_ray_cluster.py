"""Many images on a Ray cluster: the same answers, also when a machine is lost on the way."""

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mnist_demo.batch.command as batch_command
from mnist_demo.batch import ray_cluster
from mnist_demo.batch.inputs import chunk_names, find_chunks, unfinished
from mnist_demo.weights import REPOSITORY, file_checksums
from tests.helpers.commands import classify_here
from tests.helpers.images import LABELS, png
from tests.helpers.waiting import LIMIT, wait_until

ROWS, GROUP = 6 * 256, 64
PART = 256  # rows in a part of the output


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of two machines with one processor each."""
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        cluster.add_node(num_cpus=1, object_store_memory=100_000_000)
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ray")
    column = pa.array([png(3 * i) for i in range(ROWS)])
    pq.write_table(pa.table({"image": column}), folder / "in.parquet", row_group_size=GROUP)
    (folder / "files").mkdir()
    for i in range(70):
        (folder / "files" / f"{i:02}.png").write_bytes(png(i * 70))
    (folder / "files" / "damaged.png").write_bytes(png(0)[:100])
    return folder


@pytest.mark.parametrize(("words", "address"), [([], "local"), (["auto"], "auto")])
def test_no_cluster_is_said_in_one_line(
    words: list[str], address: str, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray is not asked: "auto" finds any cluster on this machine."""

    def init(*addresses: str, **settings: Any) -> None:
        assert addresses == tuple(words)  # without one, Ray starts here
        raise ConnectionError("nothing answers")

    monkeypatch.setattr(ray_cluster.ray, "init", init)
    with pytest.raises(SystemExit, match=f"^no Ray cluster at {address}: nothing answers$"):
        classify_here(images / "files", "--out", tmp_path / "a.parquet", "--ray", *words)


def test_what_is_done_is_not_done_again(images: Path) -> None:
    work = [*find_chunks(str(images / "in.parquet"), "image")]
    assert len(work) == ROWS // GROUP and next(chunk_names(work[1])).endswith(f"#{GROUP}")
    (left,) = unfinished(work[:2], GROUP + 50)
    read = ray_cluster.ChunkReader(None, None, file_checksums(REPOSITORY))
    tables = read(pa.table({"chunk": [json.dumps(left)]}))
    paths = pa.concat_tables(tables)["path"].to_pylist()
    assert paths == [*chunk_names(work[1])][50:]


def test_a_machine_with_other_weights_is_refused() -> None:
    with pytest.raises(ValueError, match="a machine has other weights: version"):
        ray_cluster.ChunkReader(None, None, {})


@pytest.mark.server
def test_two_workers_one_of_which_is_killed(
    images: Path,
    tmp_path: Path,
    cluster: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(batch_command, "ROWS_PER_PART", PART)
    words: list[str | Path] = [images / "in.parquet", images / "files", "--out"]
    parts = tmp_path / "ray.parquet.parts"
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(
            classify_here, *words, tmp_path / "ray.parquet", "--ray", cluster.address
        )
        wait_until(lambda: list(parts.glob("*.parquet")) or running.done())
        assert not running.done()
        lost, _ = cluster.worker_nodes
        raylet = psutil.Process(lost.all_processes["raylet"][0].process.pid)
        mine = [raylet, *raylet.children(recursive=True)]
        assert len(mine) > 1, "it had no process that works"
        for one in mine:
            one.send_signal(signal.SIGKILL)
        running.result(LIMIT)
    assert f"{ROWS + 71:,} images, of which 1 cannot be read" in capsys.readouterr().out
    classify_here(*words, tmp_path / "local.parquet")
    answers = pq.read_table(tmp_path / "ray.parquet")
    expected = pq.read_table(tmp_path / "local.parquet")
    assert answers.schema == expected.schema
    for name in ("path", "digit", "is_digit", "error"):
        assert answers[name].to_pylist() == expected[name].to_pylist()
    for name in ("confidence", "digit_score"):
        ours, theirs = (t[name].to_numpy(zero_copy_only=False) for t in (answers, expected))
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    labels = LABELS[: 3 * ROWS : 3]
    assert np.mean(answers["digit"].to_numpy()[:ROWS] == labels) > 0.95
