"""Corrections: kept, sent to a dataset, brought back, learned from; nothing is lost on the way."""

import base64
import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
from PIL import Image

from mnist_demo import Prediction
from mnist_demo.page import feedback
from mnist_demo.page.feedback import NOT_A_DIGIT, Feedback
from mnist_demo.page.i18n import TEXTS, t
from mnist_demo.read.prediction import BLANK
from tests.helpers.commands import ROOT, train_here
from tests.helpers.hub_standin import WRITER, Hub
from tests.helpers.images import encode
from tests.helpers.waiting import wait_until
from train.hub.pull_feedback import read_corrections

REPO = "someone/corrections"


def seen(seed: int) -> np.ndarray:
    """Pixels that no other seed gives."""
    return np.random.default_rng(seed).integers(0, 256, (28, 28)).astype(np.uint8)


def prediction(seed: int = 0, digit: int = 3, score: float = 1.0) -> Prediction:
    probabilities = np.eye(10, dtype=np.float32)[digit]
    return Prediction(probabilities, score, (seen(seed) / 255).astype(np.float32))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNIST_DEMO_FEEDBACK_DIR", str(tmp_path / "feedback"))
    monkeypatch.delenv("MNIST_DEMO_FEEDBACK_REPO", raising=False)
    return tmp_path / "feedback"


@pytest.fixture
def synced(hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Feedback]:
    """Feedback for the dataset `REPO`, which commits all the time once `sync` is called."""
    monkeypatch.setenv("MNIST_DEMO_FEEDBACK_REPO", REPO)
    monkeypatch.setattr(feedback, "COMMIT_MINUTES", 0.005)
    made = Feedback()
    yield made
    made.stop()


def lines(folder: Path) -> list[dict]:
    texts = [path.read_text() for path in sorted(folder.glob("*.jsonl"))]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def on_hub(hub: Hub) -> list[int]:
    """Labels of the corrections in the dataset's latest commit."""
    repo = hub.repos.get(("datasets", REPO))
    files = repo.commits[-1].files if repo else {}
    data = [file.data for name, file in files.items() if name.startswith("data/")]
    return sorted(json.loads(line)["label"] for text in data for line in text.splitlines())


def unpack(text: str) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(base64.b64decode(text))))


def test_a_correction_says_what_was_seen_and_answered_and_nothing_else(folder: Path) -> None:
    drawing = Image.new("RGBA", (400, 300), (0, 0, 0, 0))
    drawing.paste((0, 0, 0, 255), (100, 100, 200, 200))
    Feedback().save(prediction(7, digit=3), 5, "1.2.0", drawing)
    (line,) = lines(folder)
    assert set(line) == {"image", "drawing", "answer", "label", "version", "time"}
    np.testing.assert_array_equal(unpack(line["image"]), seen(7))
    small = unpack(line["drawing"])
    assert small.shape == (150, 200) and small[75, 75] == 0 and small[10, 10] == 255
    assert (line["answer"], line["label"], line["version"]) == (3, 5, "1.2.0")
    assert line["time"].endswith("+00:00")


def test_not_a_digit_is_an_answer_and_a_correction(folder: Path) -> None:
    Feedback().save(prediction(score=0.1), NOT_A_DIGIT, "1.2.0")
    (line,) = lines(folder)
    assert (line["answer"], line["label"], line["drawing"]) == (-1, -1, None)


def test_what_is_no_correction_is_refused(folder: Path) -> None:
    for label in (10, -2, 11):
        with pytest.raises(ValueError, match="no digit from 0 to 9"):
            Feedback().save(prediction(), label, "1.2.0")
    with pytest.raises(ValueError, match="nothing to correct"):
        Feedback().save(BLANK, 3, "1.2.0")
    with pytest.raises(ValueError, match="more than 2000 pixels"):
        Feedback().save(prediction(), 3, "1.2.0", Image.new("1", (1, 5000)))
    assert not lines(folder)


def test_threads_do_not_mix_their_lines(folder: Path) -> None:
    store = Feedback()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: store.save(prediction(i), i % 10, "1.2.0"), range(40)))
    assert sorted(line["label"] for line in lines(folder)) == sorted([*range(10)] * 4)


def test_the_folder_cannot_be_filled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "MAX_FOLDER_BYTES", 5000)
    # What another process left counts, too.
    for i in range(2):
        Feedback().save(prediction(i), i, "1.2.0")
    store = Feedback()
    refused = set()
    for i in range(10):
        try:
            store.save(prediction(i), i, "1.2.0")
        except ValueError as error:
            refused.add(str(error))
    assert refused == {"There is no room for more corrections."}
    assert 3 <= len(lines(folder)) <= 4 and feedback.folder_size(folder) <= 5000


def test_nor_by_many_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(folder: Path, size: Callable[[Path], int] = feedback.folder_size) -> int:
        bytes_before = size(folder)
        time.sleep(0.01)  # in which other threads could write
        return bytes_before

    monkeypatch.setattr(feedback, "folder_size", slow)
    monkeypatch.setattr(feedback, "MAX_FOLDER_BYTES", 3000)
    store = Feedback()
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(store.save, prediction(i), i, "1.2.0") for i in range(8)]
    assert any(future.exception() for future in done)
    assert 0 < feedback.folder_size(folder) <= 3000


def test_the_version_and_the_drawing_cannot_make_a_line_long(folder: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3)).astype(np.uint8)
    Feedback().save(prediction(), 3, "v" * 1_000_000, Image.fromarray(noise))
    assert feedback.folder_size(folder) < 70_000


def test_too_many_a_minute_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "MAX_PER_MINUTE", 3)
    clock = [1000.0]
    monkeypatch.setattr("mnist_demo.page.feedback.time.monotonic", lambda: clock[0])
    store = Feedback()
    for i in range(3):
        store.save(prediction(i), i, "1.2.0")
    with pytest.raises(ValueError, match="try again in a minute"):
        store.save(prediction(3), 3, "1.2.0")
    clock[0] += 61
    store.save(prediction(4), 4, "1.2.0")
    assert [line["label"] for line in lines(folder)] == [0, 1, 2, 4]


def test_a_new_file_begins_when_one_is_full(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "MAX_FILE_BYTES", 3000)
    store = Feedback()
    for i in range(5):
        store.save(prediction(i), i, "1.2.0")
    sizes = [path.stat().st_size for path in folder.glob("*.jsonl")]
    assert len(sizes) > 1 and max(sizes) <= 3000 and len(lines(folder)) == 5


def test_a_line_that_was_cut_off_spoils_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Feedback()
    store.save(prediction(0), 0, "1.2.0")
    (path,) = folder.glob("*.jsonl")

    def full(descriptor: int) -> None:
        os.truncate(path, path.stat().st_size - 100)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("mnist_demo.page.feedback.os.fsync", full)
        with pytest.raises(ValueError, match="could not be saved"):
            store.save(prediction(1), 1, "1.2.0")
    store.save(prediction(2), 2, "1.2.0")
    corrections, damaged = read_corrections(folder)
    assert sorted(entry["label"] for entry in corrections) == [0, 2] and len(damaged) == 1


def test_a_folder_that_cannot_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MNIST_DEMO_FEEDBACK_DIR", str(tmp_path / "file" / "feedback"))
    with pytest.raises(ValueError, match="could not be saved"):
        Feedback().save(prediction(), 3, "1.2.0")


@pytest.mark.parametrize(
    ("repo", "token", "said"),
    [(None, WRITER, ""), (REPO, None, "no token"), ("corrections", WRITER, "OWNER/NAME")],
)
def test_without_a_dataset_and_a_token_nothing_leaves_the_server(
    hub: Hub,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    repo: str | None,
    token: str | None,
    said: str,
) -> None:
    for name, value in (("MNIST_DEMO_FEEDBACK_REPO", repo), ("HF_TOKEN", token)):
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
    store = Feedback()
    store.sync()
    store.save(prediction(), 3, "1.2.0")
    assert store.repo is None and not hub.requests and said in caplog.text
    assert store.notice() == str(t("notice"))
    assert all("Hub" not in texts["notice"] for texts in TEXTS.values())


def test_corrections_reach_a_private_dataset(hub: Hub, synced: Feedback) -> None:
    assert synced.notice() == f"{t('notice_hub')} {REPO}"
    assert all("Hugging Face Hub" in texts["notice_hub"] for texts in TEXTS.values())
    synced.sync()
    for label in range(3):
        synced.save(prediction(label), label, "1.2.0")
        wait_until(lambda wanted=[*range(label + 1)]: on_hub(hub) == wanted)  # type: ignore[misc]
    assert hub.repos["datasets", REPO].private


def test_files_of_an_earlier_process_are_sent_and_those_on_the_hub_stay(
    hub: Hub, synced: Feedback, folder: Path
) -> None:
    Feedback().save(prediction(1), 1, "1.2.0")
    synced.sync()
    wait_until(lambda: on_hub(hub) == [1])
    # A Space that starts anew begins with an empty folder.
    for path in folder.iterdir():
        path.unlink()
    Feedback().save(prediction(2), 2, "1.2.0")
    wait_until(lambda: on_hub(hub) == [1, 2])


def test_nothing_is_lost_while_the_hub_is_away(
    hub: Hub, synced: Feedback, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as away:
        away.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
        synced.sync()
        synced.save(prediction(1), 1, "1.2.0")
        wait_until(lambda: "the Hub cannot be reached" in caplog.text)
    wait_until(lambda: on_hub(hub) == [1])
    # Away again, now that it was found: the connection breaks, then the Hub has a fault.
    hub.fail("POST", "/commit/", times=1, cut=True)
    hub.fail("POST", "/commit/", times=1, status=500)
    synced.save(prediction(2), 2, "1.2.0")
    wait_until(lambda: on_hub(hub) == [1, 2])
    assert not any(fault.times for fault in hub.faults)
    assert WRITER not in caplog.text


def test_a_token_that_may_not_write_is_not_shown(
    hub: Hub, synced: Feedback, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    token = "hf_wrongwrongwrongwrongwrongwrong"
    monkeypatch.setenv("HF_TOKEN", token)
    with caplog.at_level(logging.DEBUG, "mnist_demo"):
        synced.sync()
        wait_until(lambda: "the Hub does not accept the token" in caplog.text)
    synced.save(prediction(1), 1, "1.2.0")
    assert token not in caplog.text


KILLED = """
import sys
import numpy as np
from mnist_demo import Prediction
from mnist_demo.page.feedback import Feedback
feedback = Feedback()
for label in map(int, sys.stdin):
    image = np.eye(28, k=label, dtype=np.float32)
    feedback.save(Prediction(np.eye(10, dtype=np.float32)[0], 1.0, image), label, "")
    print("kept", flush=True)
    if label == 0:
        feedback.sync()
"""


@pytest.mark.server
def test_a_kill_between_two_commits_loses_nothing(
    hub: Hub, synced: Feedback, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED],
        cwd=ROOT,
        env=os.environ | hub.environment(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    try:
        for label in range(3):
            process.stdin.write(f"{label}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "kept\n"
            wait_until(lambda: on_hub(hub) == [0])  # its next commit would be five minutes later
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert on_hub(hub) == [0]
    synced.sync()
    wait_until(lambda: on_hub(hub) == [0, 1, 2])


def save_some(store: Feedback) -> None:
    old, new = "version 1.1.0 from the repository", "1.2.0"  # pages wrote the first at one time
    said = ((1, 3, old), (2, 5, old), (1, 3, new), (2, 6, new), (3, NOT_A_DIGIT, new))
    for seed, label, version in said:
        store.save(prediction(seed, digit=3), label, version)


pull = partial(train_here, "pull-feedback")


def check_set(file: Path) -> None:
    """The second image was corrected twice: the last word counts."""
    with np.load(file) as stored:
        images, labels = stored["images"], stored["labels"]
    assert images.dtype == np.uint8 and labels.dtype == np.int64
    assert labels.tolist() == [3, 6, -1]
    np.testing.assert_array_equal(images, [seen(1), seen(2), seen(3)])


def test_pull_from_the_folder_leaves_out_duplicates_and_names_damaged_lines(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_some(Feedback())
    good = json.loads(next(folder.glob("*.jsonl")).read_text().splitlines()[0])
    big = base64.b64encode(encode(Image.new("L", (9000, 9000)))).decode()
    wrong = [{"label": 10}, {"label": True}, {"time": 5}]
    wrong += [{"image": image} for image in ("%%", big, good["image"][:200])]
    entries = [*(good | entry for entry in wrong), {k: good[k] for k in good if k != "image"}]
    bad = [b'{"image": "cut o', b"\xff\xfe", b"[" * 100_000, b"[]"]
    bad += [json.dumps(entry).encode() for entry in entries]
    (folder / "0.jsonl").write_bytes(b"\n".join(bad))
    printed = pull("--out", tmp_path / "extra.npz")
    check_set(tmp_path / "extra.npz")
    assert "3 images in " in printed
    assert "2 of them read wrongly and 1 not a digit" in printed
    assert "2 duplicates and 11 damaged lines left out" in printed
    errors = capsys.readouterr().err
    assert "0.jsonl, line 1: no JSON" in errors
    assert "0.jsonl, line 5: label is not from -1 to 9" in errors
    assert "0.jsonl, line 9: the image is not 28x28 gray pixels" in errors
    assert "and 1 more damaged lines" in errors


def test_the_last_word_is_the_latest_whichever_file_it_is_in(folder: Path, tmp_path: Path) -> None:
    Feedback().save(prediction(1), 3, "1.2.0")
    (path,) = folder.glob("*.jsonl")
    line = json.loads(path.read_text())
    path.unlink()
    for name, label, time_said in (("a", 4, "2026-05-02"), ("b", 7, "2026-05-01")):
        entry = line | {"label": label, "time": f"{time_said}T10:00:00+00:00"}
        (folder / f"{name}.jsonl").write_text(json.dumps(entry) + "\n")
    pull("--out", tmp_path / "extra.npz")
    with np.load(tmp_path / "extra.npz") as stored:
        assert stored["labels"].tolist() == [4]


def test_pull_from_the_dataset(hub: Hub, synced: Feedback, tmp_path: Path) -> None:
    save_some(synced)
    synced.sync()
    wait_until(lambda: len(on_hub(hub)) == 5)
    sha = hub.repos["datasets", REPO].commits[-1].sha
    synced.save(prediction(9), 9, "1.2.0")
    wait_until(lambda: len(on_hub(hub)) == 6)
    pull("--repo", REPO, "--revision", sha, "--out", tmp_path / "old.npz")
    check_set(tmp_path / "old.npz")
    pull("--repo", REPO, "--out", tmp_path / "new.npz")
    with np.load(tmp_path / "new.npz") as stored:
        assert stored["labels"].tolist() == [3, 6, -1, 9]
    with pytest.raises(SystemExit, match=f"{REPO} has no such revision"):
        pull("--repo", REPO, "--revision", "nowhere", "--out", tmp_path / "x.npz")
    with pytest.raises(SystemExit, match="there is no someone/else on the Hub"):
        pull("--repo", "someone/else", "--out", tmp_path / "x.npz")
    assert not (tmp_path / "x.npz").exists()


def test_pull_says_when_there_is_nothing(folder: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "extra.npz")
    with pytest.raises(SystemExit, match="feedback does not exist"):
        pull(*out)
    folder.mkdir()
    with pytest.raises(SystemExit, match="There are no corrections in"):
        pull("--dir", folder, *out)
    with pytest.raises(SystemExit, match="--revision needs --repo"):
        pull("--revision", "main", *out)
    assert not (tmp_path / "extra.npz").exists()


@pytest.mark.training
def test_fit_learns_from_the_extra_examples(folder: Path, tmp_path: Path) -> None:
    import tensorflow as tf

    save_some(Feedback())
    pull("--out", tmp_path / "extra.npz")
    with np.load(tmp_path / "extra.npz") as stored:  # enough of them for one more step
        many = {name: np.repeat(stored[name], 100, axis=0) for name in stored}
    np.savez(tmp_path / "extra.npz", allow_pickle=False, **many)
    words = ("--data", "sample", "--epochs", "1", "--width", "16", "--out", tmp_path / "run")
    printed = train_here("fit", *words, "--extra", tmp_path / "extra.npz")
    assert "epoch 1/1" in printed and (tmp_path / "run" / "network.keras").exists()
    # 3600 images of the sample and 300 more in batches of 256: without these it takes 14 steps.
    checkpoint = tf.train.latest_checkpoint(tmp_path / "run" / "checkpoints")
    names = [name for name, _ in tf.train.list_variables(checkpoint) if "iteration" in name]
    assert [int(tf.train.load_variable(checkpoint, name)) for name in names] == [15]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"images": np.zeros((2, 28, 28), np.uint8)}, "no .npz file with images and labels"),
        ({"images": np.zeros((2, 28, 28)), "labels": np.zeros(2, np.int64)}, "uint8"),
        ({"images": np.zeros((0, 28, 28), np.uint8), "labels": np.zeros(0, np.int64)}, "at least"),
        ({"images": np.zeros((2, 28, 28), np.uint8), "labels": np.zeros(3, np.int64)}, "each"),
        ({"images": np.zeros((2, 28, 28), np.uint8), "labels": np.full(2, 10)}, "0 to 9"),
        (None, "no such file"),
        (b"PK\x03\x04 damaged", "no .npz file"),
        (b"", "no .npz file"),
        (b"\x93NUMPY damaged", "no .npz file"),
    ],
)
def test_extra_examples_that_are_none_are_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray] | bytes | None, said: str
) -> None:
    from train.fit.examples import read_extra

    file = tmp_path / "extra.npz"
    if isinstance(arrays, bytes):
        file.write_bytes(arrays)
    elif arrays is not None:
        np.savez(file, allow_pickle=False, **arrays)
    with pytest.raises(SystemExit, match=said):
        read_extra(file)
