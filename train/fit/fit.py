"""Train a network. It continues from the run's last checkpoint."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
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
from train.fit.examples import NOT_A_DIGIT, Examples, Source, join, load, read_extra
from train.fit.model import build
from train.fit.segments import composed


@dataclass(frozen=True)
class Recipe:
    """How to train; `batch` counts images over all workers, `epochs` passes over the sources.

    `distillation` is the teacher's share of the target (Hinton, Vinyals and Dean, "Distilling the
    Knowledge in a Neural Network", 2015), in [0, 1]; above 0 it needs a teacher.
    """

    epochs: int = 30
    batch: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.03
    strength: float = 1.0
    average: float = 0.998
    is_digit_weight: float = 0.3
    width: int = 64
    dropout: float = 0.3
    distillation: float = 0.0
    seed: int = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", choices=["all", "mnist", "sample"], default="all")
    add_data_dir(parser)
    parser.add_argument("--out", type=Path, default=Path("runs/latest"), help="folder of this run")
    add_cache(parser)
    parser.add_argument("--mislabelled", type=Path, help="JSON that `clean` wrote")
    parser.add_argument("--extra", type=Path, help="more to learn from, as `pull-feedback` wrote")
    parser.add_argument("--start", type=Path, help="a network.keras to begin with, see `fit`")
    parser.add_argument("--teacher", type=Path, help="a network.keras for --distillation")
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)


def run(args: argparse.Namespace) -> None:
    recipe = Recipe(**{name: getattr(args, name) for name in asdict(Recipe())})
    mislabelled = None
    if args.mislabelled:
        mislabelled = np.array(json.loads(args.mislabelled.read_text())["drawings"], np.int64)
    strategy = tf.distribute.get_strategy()
    if "TF_CONFIG" in os.environ:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    sources, validation = load(args.data, args.data_dir, args.cache, mislabelled)
    if args.data == "all":
        sources += composed(args.data_dir, args.cache)
    if args.extra:
        sources.append(Source("extra", read_extra(args.extra)))
    fit(sources, validation, recipe, args.out, strategy, args.start, args.teacher)


def fit(
    sources: list[Source],
    validation: dict[str, Examples],
    recipe: Recipe,
    out: Path,
    strategy: tf.distribute.Strategy | None = None,
    start: Path | None = None,
    teacher: Path | None = None,
    network: Callable[[], keras.Model] | None = None,
) -> keras.Model:
    """Train for `recipe.epochs` and return the network with averaged weights.

    Begins with the weights of the network in `start`, layer by layer of the same name; layers that
    it lacks begin at random, as all do without `start`. The network in `teacher` sees each image as
    distorted as the student does. `network` makes another network than `train.model.build`.

    Raises SystemExit where `recipe.distillation` and `teacher` do not come together.

    The weights returned and validated are an exponential moving average of those trained (Polyak
    and Juditsky, 1992). Writes checkpoints and a log for TensorBoard to `out`, and the averaged
    network to `out`/network.keras. Every worker of `strategy` runs this same function on the same
    arguments; each takes its share of every batch.
    """
    if (recipe.distillation > 0) != (teacher is not None):
        raise SystemExit("--distillation above 0 and --teacher need each other")
    strategy = strategy or tf.distribute.get_strategy()
    resolver = strategy.cluster_resolver
    chief = resolver is None or resolver.task_type is None or resolver.task_id == 0
    place = out if chief else out / f"worker-{resolver.task_id}"
    place.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(recipe.seed)
    steps = max(1, epoch_size(sources) // recipe.batch)
    with strategy.scope():
        many = strategy.num_replicas_in_sync > 1
        network = network or partial(build, recipe.width, recipe.dropout, many)
        model, average = network(), network()
        if start is not None:
            copy_weights(keras.saving.load_model(start, compile=False), model)
        average.set_weights(model.get_weights())
        tutor = None if teacher is None else keras.saving.load_model(teacher, compile=False)
        schedule = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0,
            decay_steps=steps * max(1, recipe.epochs - 1),
            warmup_target=recipe.learning_rate,
            warmup_steps=steps,
        )
        optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
        optimizer.build(model.trainable_variables)
    epoch_done = tf.Variable(0, dtype=tf.int64, trainable=False)
    checkpoint = tf.train.Checkpoint(
        model=model, average=average, optimizer=optimizer, epoch=epoch_done
    )
    manager = tf.train.CheckpointManager(checkpoint, str(place / "checkpoints"), max_to_keep=1)
    used = asdict(recipe) | ({"start": start.name} if start else {})
    check_same_recipe(place / "recipe.json", used)
    if manager.restore_or_initialize():
        print(f"resuming after epoch {int(epoch_done)}", flush=True)
    (place / "recipe.json").write_text(json.dumps(used, indent=1) + "\n")
    log = tf.summary.create_file_writer(str(place / "log"))
    train_step = make_train_step(model, average, optimizer, recipe, strategy, tutor)

    began, first = time.monotonic(), int(epoch_done)
    for epoch in range(first, recipe.epochs):
        batches = strategy.experimental_distribute_dataset(
            dataset(sample_epoch(sources, recipe.seed + epoch), recipe)
        )
        total = tf.constant(0.0)
        quiet = not chief or None  # None: without a terminal there is no bar
        with tqdm(total=steps, desc=f"epoch {epoch + 1}/{recipe.epochs}", disable=quiet) as bar:
            for done, (images, labels) in enumerate(batches, 1):
                loss = train_step(images, labels)
                bar.update()
                if done % 50 == 0 or done == steps:
                    bar.set_postfix(loss=f"{float(loss):.4f}")
                total += loss
        epoch_done.assign_add(1)
        figures = {"loss": float(total) / steps} | validate(average, validation)
        text = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
        each = (time.monotonic() - began) / (epoch + 1 - first) / 60
        left = f"{each * (recipe.epochs - epoch - 1):.0f} minutes left"
        if chief:
            print(f"epoch {epoch + 1}/{recipe.epochs}: {text}; {left}", flush=True)
        with log.as_default(epoch + 1):
            for name, value in figures.items():
                tf.summary.scalar(name, value)
        manager.save()
        average.save(place / "network.keras")
    return average


def check_same_recipe(file: Path, recipe: dict[str, Any]) -> None:
    """SystemExit if the run that left `file` was trained by another recipe; it may be longer."""
    if file.exists():
        before = json.loads(file.read_text())
        changed = sorted(
            key for key in recipe if key != "epochs" and recipe[key] != before.get(key)
        )
        if changed:
            raise SystemExit(
                f"{file.parent} holds a run with another {', '.join(changed)}: delete it, or give "
                "another --out"
            )


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Give `target`'s layers the weights of `source`'s layers of the same names."""
    known = {layer.name: layer for layer in source.layers}
    for layer in target.layers:
        if layer.name in known:
            layer.set_weights(known[layer.name].get_weights())


def make_train_step(
    model: keras.Model,
    average: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    recipe: Recipe,
    strategy: tf.distribute.Strategy,
    teacher: keras.Model | None = None,
) -> Any:
    """One step of training on a distributed batch; returns the loss over all workers."""

    def replica_step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        taught = None
        if teacher is not None:
            taught = tf.nn.softmax(teacher(images, training=False)[0])
        with tf.GradientTape() as tape:
            digits, is_digit = model(images, training=True)
            each = losses(digits, is_digit, labels, recipe, taught)
            loss = tf.reduce_sum(each) / recipe.batch
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    @tf.function
    def step(images: Any, labels: Any) -> tf.Tensor:
        loss = strategy.reduce("SUM", strategy.run(replica_step, (images, labels)), axis=None)
        # The average forgets faster at first, so that no random weights of the start remain in it.
        count = tf.cast(optimizer.iterations, tf.float32)
        keep = tf.minimum(recipe.average, (1 + count) / (10 + count))
        for slow, fast in zip(average.variables, model.variables, strict=True):
            if slow.dtype == "float32":
                slow.assign(keep * slow.value + (1 - keep) * fast.value)
        return loss

    return step


def losses(
    digits: tf.Tensor,
    is_digit: tf.Tensor,
    labels: tf.Tensor,
    recipe: Recipe,
    taught: tf.Tensor | None = None,
) -> tf.Tensor:
    """The loss of each image: cross-entropy of the digit, and of whether it is one.

    `taught` are a teacher's probabilities, float32 (batch, 10).
    """
    known = tf.cast(labels != NOT_A_DIGIT, tf.float32)
    truth = tf.one_hot(labels, 10)  # all zero for what is no digit
    smooth = recipe.label_smoothing
    target = truth * (1 - smooth) + smooth / 10
    if taught is not None:
        target = target * (1 - recipe.distillation) + taught * recipe.distillation
    which = tf.nn.softmax_cross_entropy_with_logits(target, digits) * known
    whether = tf.nn.sigmoid_cross_entropy_with_logits(known, is_digit[:, 0])
    return which + recipe.is_digit_weight * whether


def epoch_size(sources: list[Source]) -> int:
    return sum(int(len(source.examples) * source.share) for source in sources)


def sample_epoch(sources: list[Source], seed: int) -> Examples:
    """Draw each source's share and shuffle them together."""
    rng = np.random.default_rng(seed)
    parts = []
    for source in sources:
        count = int(len(source.examples) * source.share)
        rounds = -(-count // len(source.examples))
        order = np.concatenate([rng.permutation(len(source.examples)) for _ in range(rounds)])
        parts.append(source.examples[order[:count]])
    examples = join(parts)
    return examples[rng.permutation(len(examples))]


def dataset(examples: Examples, recipe: Recipe) -> tf.data.Dataset:
    """Distorted batches of float32 images (batch, 28, 28, 1) in [0, 1] and int64 labels."""

    def prepare(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        scaled = tf.cast(images[..., tf.newaxis], tf.float32) / 255
        return (distort(scaled, recipe.strength) if recipe.strength else scaled), labels

    batches = tf.data.Dataset.from_tensor_slices((examples.images, examples.labels))
    batches = batches.batch(recipe.batch, drop_remainder=True).map(prepare).prefetch(4)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return batches.with_options(options)


def predict(model: keras.Model, images: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Logits of uint8 images (n, 28, 28): float32 (n, 10) and (n,)."""
    call = tf.function(lambda batch: model(batch, training=False))
    digits, is_digit = [], []
    for start in range(0, len(images), 500):
        batch = images[start : start + 500, ..., np.newaxis].astype(np.float32) / 255
        which, whether = call(tf.constant(batch))
        digits.append(which.numpy())
        is_digit.append(whether.numpy()[:, 0])
    return np.concatenate(digits), np.concatenate(is_digit)


def validate(model: keras.Model, validation: dict[str, Examples]) -> dict[str, float]:
    """The accuracy on each set of digits; on each other set, the share that is taken for digits."""
    figures = {}
    for name, examples in validation.items():
        which, whether = predict(model, examples.images)
        if (examples.labels == NOT_A_DIGIT).all():
            figures[f"{name} taken for digits"] = float((whether > 0).mean())
        else:
            figures[f"{name} accuracy"] = float((which.argmax(axis=1) == examples.labels).mean())
    return figures
