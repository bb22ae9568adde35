"""Read many images: files, folders, globs or a column of parquet files, into one parquet file.

If the command is stopped, run it again: it continues where it was. With --ray, the machines of a
Ray cluster share the work.
"""

from __future__ import annotations

import argparse
import itertools
from functools import partial
from pathlib import Path

import pyarrow as pa
from tqdm import tqdm

from mnist_demo.batch.inputs import chunk_inputs, chunk_names, expand, find_chunks, unfinished
from mnist_demo.batch.parts import (
    PARTS_SUFFIX,
    check_same_command,
    merge_parts,
    skip_done,
    write_part,
)
from mnist_demo.batch.rows import SCHEMA, read_rows
from mnist_demo.read.classifier import Classifier
from mnist_demo.read.parallel import map_chunks
from mnist_demo.weights import file_checksums

ROWS_PER_PART = 2048  # a killed run loses at most these


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to `parser`."""
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
    """Read all images that `args` name, and write the rows to `args.out`.

    Raises:
        SystemExit: the command cannot do this, or was stopped. The text is one line that says why.
    """
    if args.out.exists():
        raise SystemExit(f"{args.out} exists already: delete it, or give another --out")
    if args.ray:
        from mnist_demo.batch import ray_cluster  # ends at once if Ray is missing
    args.paths = [path for pattern in args.paths for path in expand(pattern)]
    chunks = [chunk for path in args.paths for chunk in find_chunks(path, args.column)]
    total = sum(chunk["rows"] for chunk in chunks)
    try:
        classifier = Classifier.load(args.weights, args.revision)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    parts = args.out.with_name(args.out.name + PARTS_SUFFIX)
    parts.mkdir(parents=True, exist_ok=True)
    checksums = file_checksums(classifier.weights.path)
    command = {"paths": args.paths, "column": args.column, "weights": checksums}
    check_same_command(parts / "command.json", command)

    number = len(list(parts.glob("*.parquet")))
    try:
        done = skip_done(itertools.chain.from_iterable(map(chunk_names, chunks)), parts)
        left = unfinished(chunks, done)
        if args.ray:
            source = (args.weights, args.revision, checksums)
            rows = ray_cluster.classify(left, source, args.ray)
        else:
            inputs = itertools.chain.from_iterable(map(chunk_inputs, left))
            rows = map_chunks(partial(read_rows, classifier=classifier), inputs)
        rows = iter(tqdm(rows, total=total, initial=done, unit=" images", smoothing=0.1))
        while part := list(itertools.islice(rows, ROWS_PER_PART)):
            write_part(pa.Table.from_pylist(part, SCHEMA), parts / f"{number:06}.parquet")
            number += 1
    except KeyboardInterrupt:
        raise SystemExit("stopped: run the same command again to go on") from None
    failed = merge_parts(parts, args.out, SCHEMA)
    print(f"{args.out}: {total:,} images, of which {failed:,} cannot be read")
