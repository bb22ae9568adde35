"""Read many images: files, folders, globs or a column of parquet files, into one parquet file.

It goes on where it was stopped when the same command is run again. With --ray, the machines of a
Ray cluster share the work.
"""

from __future__ import annotations

import argparse
import glob
import io
import itertools
import json
import multiprocessing
import os
import shutil
import signal
import threading
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from mnist_demo.read.classifier import BATCH, Classifier, Prediction
from mnist_demo.read.images import FORMATS
from mnist_demo.read.preprocess import Array, preprocess
from mnist_demo.weights import file_checksums

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from tqdm import tqdm
except ModuleNotFoundError as error:
    raise SystemExit(
        f"This needs {error.name}, which serving does not: pip install pyarrow tqdm"
    ) from None

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
PARTS = ".parts"  # after the name of the file to write: the folder of what is done of it
ROWS = 2048  # in a part: what a killed run loses at most
SCHEMA = pa.schema(
    {
        "path": pa.string(),
        "digit": pa.int8(),  # null when the image is blank
        "confidence": pa.float32(),
        "probabilities": pa.list_(pa.float32(), 10),
        "digit_score": pa.float32(),
        "is_digit": pa.bool_(),
        "error": pa.string(),  # null when the image was read; else all but the path is null
    }
)

Item = tuple[str, str | bytes]  # what stands in the column "path", and the file's path or bytes
Row = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="an image file, a folder (with all below it), a quoted glob, or a .parquet file",
    )
    parser.add_argument("--out", type=Path, required=True, help="the parquet file to write")
    parser.add_argument("--column", default="image", help="of .parquet files (default: image)")
    parser.add_argument("--weights", help="folder or Hub repository (default: the repository's)")
    parser.add_argument("--revision", help="full sha of a commit on the Hub")
    parser.add_argument(
        "--ray",
        nargs="?",
        const="local",
        metavar="ADDRESS",
        help="of a Ray cluster, as HOST:PORT or auto; without one, Ray on this machine",
    )


def run(args: argparse.Namespace) -> None:
    if args.out.exists():
        raise SystemExit(f"{args.out} exists already: delete it, or give another --out")
    if args.ray:
        import mnist_demo.batch.ray_cluster  # noqa: F401 - where Ray is missing this ends here, at once
    args.paths = [some for path in args.paths for some in expand(path)]
    total = sum(count(path) for path in args.paths)
    try:
        classifier = Classifier.load(args.weights, args.revision)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    parts = args.out.with_name(args.out.name + PARTS)
    parts.mkdir(parents=True, exist_ok=True)
    checksums = file_checksums(classifier.weights.path)
    command = {"paths": args.paths, "column": args.column, "weights": checksums}
    check_same(parts / "command.json", command)

    number = len(list(parts.glob("*.parquet")))
    try:
        with ExitStack() as stack:
            if args.ray:
                rows, done = on_cluster(args, parts, checksums)
            else:
                items = itertools.chain.from_iterable(find(p, args.column) for p in args.paths)
                done = skip((name for name, _ in items), parts)
                rows = classify(items, classifier, stack.enter_context(workers()))
            progress = stack.enter_context(
                tqdm(total=total, initial=done, unit=" images", smoothing=0.1)
            )
            while part := list(itertools.islice(track(rows, progress), ROWS)):
                write(pa.Table.from_pylist(part, SCHEMA), parts / f"{number:06}.parquet")
                number += 1
    except KeyboardInterrupt:
        raise SystemExit("stopped: run the same command again to go on") from None
    except BrokenProcessPool:
        raise SystemExit(
            "a process that reads images was killed, perhaps for want of memory: run the same "
            "command again to go on"
        ) from None
    failed = merge(parts, args.out)
    print(f"{args.out}: {total:,} images, of which {failed:,} cannot be read")


def workers() -> ProcessPoolExecutor:
    """Processes that preprocess. Not forked: TensorFlow's threads would be missing from them."""
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(os.cpu_count(), spawn, initializer=start_worker)


def on_cluster(
    args: argparse.Namespace, parts: Path, checksums: dict[str, Any]
) -> tuple[Iterator[Row], int]:
    """The rows that are not in `parts`, made by Ray, and how many are there."""
    from mnist_demo.batch import ray_cluster as on_ray

    work = [chunk for path in args.paths for chunk in on_ray.chunks(path, args.column)]
    done = skip(itertools.chain.from_iterable(map(on_ray.names, work)), parts)
    source = (args.weights, args.revision, checksums)
    return on_ray.classify(work, done, source, args.ray), done


def find(path: str, column: str) -> Iterator[Item]:
    """The images that `path` names, always in the same order."""
    if Path(path).suffix == ".parquet":
        yield from find_rows(Path(path), column)
    else:
        for file in find_files(path):
            yield name_of(file), file


def name_of(file: str) -> str:
    """What stands for `file` in the answers: they are UTF-8, which a file's name need not be."""
    return os.fsencode(file).decode("utf-8", "replace")


def expand(path: str) -> list[str]:
    """The .parquet files that a quoted glob names; else just `path`."""
    if Path(path).suffix == ".parquet" and not Path(path).exists():
        return matches(path) or [path]
    return [path]


def matches(path: str) -> list[str]:
    return sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - may be absolute


def find_files(path: str) -> Iterator[str]:
    if Path(path).is_dir():
        for folder, folders, names in os.walk(path, onerror=stop):
            folders.sort()
            for name in sorted(names):
                if Path(name).suffix.lower() in SUFFIXES:
                    yield str(Path(folder, name))
    elif Path(path).exists():
        yield path
    else:
        own = f".parquet{PARTS}{os.sep}"  # what another run, or this one, is writing
        yield from (name for name in matches(path) if os.path.isfile(name) and own not in name)  # noqa: PTH113


def stop(error: OSError) -> None:
    raise SystemExit(f"{error.filename} cannot be read: {error.strerror}")


def find_rows(
    file: Path, column: str, groups: list[int] | None = None, first: int = 0
) -> Iterator[Item]:
    """Images in a column of encoded files, plain or as Hugging Face's {"bytes", "path"}: all of
    them, or those of some row groups, of which the first begins at row `first`."""
    number = first
    batches = open_parquet(file, column).iter_batches(64, row_groups=groups, columns=[column])
    for batch in batches:
        for value in batch.column(0).to_pylist():
            data = value.get("bytes") if isinstance(value, dict) else value
            yield f"{file}#{number}", data if isinstance(data, bytes) else b""
            number += 1


def open_parquet(file: Path, column: str) -> pq.ParquetFile:
    try:
        source = pq.ParquetFile(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise SystemExit(f"{file} cannot be read: {error}") from None
    if column not in source.schema_arrow.names:
        names = ", ".join(source.schema_arrow.names)
        raise SystemExit(f"{file} has no column {column}, but {names}: choose one with --column")
    return source


def count(path: str) -> int:
    """How many images `path` names; SystemExit if there is none."""
    if Path(path).suffix == ".parquet":
        try:
            return int(pq.read_metadata(path).num_rows)
        except (OSError, pa.ArrowInvalid) as error:
            raise SystemExit(f"{path} cannot be read: {error}") from None
    number = sum(1 for _ in find_files(path))
    if not number:
        raise SystemExit(f"{path}: no image there; files are known by their endings")
    return number


def classify(items: Iterable[Item], classifier: Classifier, pool: Executor) -> Iterator[Row]:
    """A row for each image, in order; at any time a few batches are on their way."""
    running: deque[tuple[list[str], Future[list[Array | str | None]]]] = deque()
    items = iter(items)
    more = True
    while more or running:
        while more and len(running) < 4 * (os.cpu_count() or 1):
            chunk = list(itertools.islice(items, BATCH // 4))
            more = bool(chunk)
            if chunk:
                images = [image for _, image in chunk]
                running.append(([name for name, _ in chunk], pool.submit(prepare, images)))
        if running:
            names, future = running.popleft()
            yield from read(names, future.result(), classifier)


def read(
    names: Sequence[str], inputs: Sequence[Array | str | None], classifier: Classifier
) -> Iterator[Row]:
    """A row for each of `inputs`, as `prepare` made them."""
    inked = [None if isinstance(image, str) else image for image in inputs]
    predictions = classifier.classify_inputs(inked)
    for name, image, prediction in zip(names, inputs, predictions, strict=True):
        yield (
            {"path": name, "error": image} if isinstance(image, str) else as_row(name, prediction)
        )


def as_row(name: str, prediction: Prediction) -> Row:
    return {
        "path": name,
        "digit": prediction.digit,
        "confidence": prediction.confidence,
        "probabilities": prediction.probabilities,
        "digit_score": prediction.digit_score,
        "is_digit": prediction.is_digit,
        "error": None,
    }


def prepare(images: list[str | bytes]) -> list[Array | str | None]:
    """What `preprocess` makes of each image, or what is wrong with it in words."""
    results: list[Array | str | None] = []
    for image in images:
        try:
            stream = io.BytesIO(image) if isinstance(image, bytes) else None
            source = Image.open(stream, formats=FORMATS) if stream else image
            results.append(preprocess(source))
        except UnidentifiedImageError:
            results.append("no image that can be read")
        except Exception as error:  # one file out of a million must not end the run
            results.append(str(error) or type(error).__name__)
    return results


def start_worker() -> None:
    """Leave Ctrl-C to the parent, and do not outlive it when it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # of Pillow's, about damaged files; the progress bar suffers
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def track(rows: Iterable[Row], progress: tqdm) -> Iterator[Row]:
    for row in rows:
        progress.update()
        yield row


def check_same(file: Path, command: dict[str, Any]) -> None:
    """SystemExit unless the run that left `file` was started with the same `command`."""
    if not file.exists():
        with whole(file) as unfinished:
            unfinished.write_text(json.dumps(command))
    elif json.loads(file.read_text()) != command:
        raise SystemExit(
            f"{file.parent} is of a run with other paths or weights: delete it to start afresh"
        )


def skip(names: Iterator[str], parts: Path) -> int:
    """Take from `names` those of the images that are in `parts`, and return their number."""
    done = 0
    for part in sorted(parts.glob("*.parquet")):
        for name in pq.read_table(part, columns=["path"], partitioning=None)["path"].to_pylist():
            if next(names, "") != name:
                raise SystemExit(
                    f"the images are no longer those {parts} was made of ({name}): delete it to "
                    "start afresh"
                )
            done += 1
    return done


@contextmanager
def whole(file: Path) -> Iterator[Path]:
    """Where to write what becomes `file` at the end: all of it, or no file at all."""
    unfinished = file.with_name(file.name + ".unfinished")
    yield unfinished
    unfinished.replace(file)


def write(table: pa.Table, file: Path) -> None:
    with whole(file) as unfinished:
        pq.write_table(table, unfinished)


def merge(parts: Path, out: Path) -> int:
    """Put the parts together in `out`, and return how many of the images have an error."""
    failed = 0
    with whole(out) as unfinished, pq.ParquetWriter(unfinished, SCHEMA) as writer:
        for part in sorted(parts.glob("*.parquet")):
            table = pq.read_table(part, schema=SCHEMA, partitioning=None)
            failed += len(table) - table["error"].null_count
            writer.write_table(table)
    shutil.rmtree(parts)
    return failed
