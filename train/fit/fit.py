"""Train the network for digits. An interrupted run continues from its last checkpoint."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from train.arguments import add_cache, add_data_dir
from train.fit.augmentation import distort
from train.fit.epochs import check_same_config, epochs_to_go
from train.fit.examples import NOT_A_DIGIT, Examples, Source, join, load, read_extra
from train.fit.model import build
from train.fit.train_step import TrainingConfig, make_optimizer, make_train_step


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", choices=["all", "mnist", "sample"], default="all")
    add_data_dir(parser)
    parser.add_argument("--out", type=Path, default=Path("runs/latest"), help="folder of this run")
    add_cache(parser)
    parser.add_argument("--mislabelled", type=Path, help="JSON that find-label-errors wrote")
    parser.add_argument("--extra", type=Path, help="more to learn from, as pull-feedback wrote")
    parser.add_argument("--start", type=Path, help="a network.keras to begin with")
    for name, value in asdict(TrainingConfig()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)


def run(args: argparse.Namespace) -> None:
    config = TrainingConfig(**{name: getattr(args, name) for name in asdict(TrainingConfig())})
    mislabelled = None
    if args.mislabelled:
        mislabelled = np.array(json.loads(args.mislabelled.read_text())["drawings"], np.int64)
    strategy = tf.distribute.get_strategy()
    if "TF_CONFIG" in os.environ:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    sources, validation = load(args.data, args.data_dir, args.cache, mislabelled)
    if args.extra:
        sources.append(Source("extra", read_extra(args.extra)))
    fit(sources, validation, config, args.out, strategy, args.start)


def fit(
    sources: list[Source],
    validation: dict[str, Examples],
    config: TrainingConfig,
    out: Path,
    strategy: tf.distribute.Strategy | None = None,
    start: Path | None = None,
) -> keras.Model:
    """Train a network, or continue the training in `out`.

    The weights that are validated and returned are an exponential moving average of the trained
    ones (Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992).

    Args:
        sources: what to learn from.
        validation: sets to measure after each epoch, by name.
        config: how to train.
        out: folder of the run. It gets checkpoints, a log for TensorBoard, config.json and the
            averaged network as network.keras.
        strategy: how to train on several workers. Every worker calls this function with the same
            arguments, and takes its share of every batch.
        start: a network.keras of the same layers, whose weights the training begins with.

    Returns:
        The network with averaged weights.

    Raises:
        SystemExit: `out` holds a run with another config.
    """
    strategy = strategy or tf.distribute.get_strategy()
    resolver = strategy.cluster_resolver
    chief = resolver is None or resolver.task_type is None or resolver.task_id == 0
    folder = out if chief else out / f"worker-{resolver.task_id}"
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(config.seed)
    shown = sum(int(len(source.examples) * source.share) for source in sources)
    steps = max(1, shown // config.batch)
    with strategy.scope():
        synchronized = strategy.num_replicas_in_sync > 1
        model, average = (build(config.width, config.dropout, synchronized) for _ in range(2))
        if start is not None:
            model.set_weights(keras.saving.load_model(start, compile=False).get_weights())
        average.set_weights(model.get_weights())
        optimizer = make_optimizer(
            model,
            config.learning_rate,
            config.weight_decay,
            warmup_steps=steps,
            decay_steps=steps * max(1, config.epochs - 1),
        )
    settings = asdict(config) | ({"start": start.name} if start else {})
    check_same_config(folder / "config.json", settings)
    (folder / "config.json").write_text(json.dumps(settings, indent=1) + "\n")
    log = tf.summary.create_file_writer(str(folder / "log"))
    train_step = make_train_step(model, average, optimizer, config, strategy)

    kept = {"model": model, "average": average, "optimizer": optimizer}
    for epoch in epochs_to_go(folder, config.epochs, **kept):
        batches = strategy.experimental_distribute_dataset(
            dataset(sample_epoch(sources, config.seed + epoch.index), config)
        )
        total = tf.constant(0.0)
        quiet = not chief or None  # None: without a terminal there is no bar
        with tqdm(total=steps, desc=epoch.title, disable=quiet) as bar:
            for done, (images, labels) in enumerate(batches, 1):
                loss = train_step(images, labels)
                bar.update()
                if done % 50 == 0 or done == steps:
                    bar.set_postfix(loss=f"{float(loss):.4f}")
                total += loss
        metrics = {"loss": float(total) / steps} | validate(average, validation)
        if chief:
            print(epoch.report(metrics), flush=True)
        with log.as_default(epoch.index + 1):
            for name, value in metrics.items():
                tf.summary.scalar(name, value)
        average.save(folder / "network.keras")
    return average


def sample_epoch(sources: list[Source], seed: int) -> Examples:
    """The examples of one epoch: each source's share, drawn at random and shuffled together.

    A share above 1 shows every example at least once.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for source in sources:
        count = int(len(source.examples) * source.share)
        rounds = -(-count // len(source.examples))
        order = np.concatenate([rng.permutation(len(source.examples)) for _ in range(rounds)])
        parts.append(source.examples[order[:count]])
    examples = join(parts)
    return examples[rng.permutation(len(examples))]


def dataset(examples: Examples, config: TrainingConfig) -> tf.data.Dataset:
    """Batches of distorted images, float32 (batch, 28, 28, 1) in [0, 1], and int64 labels."""

    def prepare(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        scaled = tf.cast(images[..., tf.newaxis], tf.float32) / 255
        if config.augmentation_strength:
            scaled = distort(scaled, config.augmentation_strength)
        return scaled, labels

    batches = tf.data.Dataset.from_tensor_slices((examples.images, examples.labels))
    batches = batches.batch(config.batch, drop_remainder=True).map(prepare).prefetch(4)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return batches.with_options(options)


def predict(
    model: Callable[[tf.Tensor], Any], images: NDArray[np.uint8]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The logits of `digits`, float32 (n, 10), and of `is_digit`, (n,), of uint8 (n, 28, 28)."""
    call = tf.function(lambda batch: model(batch))
    parts = []
    for start in range(0, len(images), 500):
        batch = images[start : start + 500, ..., np.newaxis].astype(np.float32) / 255
        parts.append([output.numpy() for output in call(tf.constant(batch))])
    digits, is_digit = (np.concatenate(outputs) for outputs in zip(*parts, strict=True))
    return digits, is_digit.reshape(-1)


def validate(model: keras.Model, validation: dict[str, Examples]) -> dict[str, float]:
    """Measure the network on every validation set.

    Returns:
        "NAME accuracy" for a set of digits, and "NAME taken for digits" for a set without any: the
        share of the images that is read right or taken for a digit, in [0, 1].
    """
    metrics = {}
    for name, examples in validation.items():
        digits, is_digit = predict(partial(model, training=False), examples.images)
        if (examples.labels == NOT_A_DIGIT).all():
            metrics[f"{name} taken for digits"] = float((is_digit > 0).mean())
        else:
            metrics[f"{name} accuracy"] = float((digits.argmax(axis=1) == examples.labels).mean())
    return metrics
