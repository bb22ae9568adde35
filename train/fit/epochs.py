"""The epochs of a training that can be interrupted."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf


@dataclass(frozen=True)
class Epoch:
    """An epoch that is to be trained.

    Attributes:
        index: from 0.
        total: how many epochs the training has.
        first: index of the first epoch since the command was started.
        began: when that one began, in seconds of `time.monotonic`.
    """

    index: int
    total: int
    first: int
    began: float

    @property
    def title(self) -> str:
        """Its number and how many there are."""
        return f"epoch {self.index + 1}/{self.total}"

    def report(self, metrics: dict[str, float]) -> str:
        """One line about this epoch, to be made when it is over."""
        minutes = (time.monotonic() - self.began) / (self.index + 1 - self.first) / 60
        values = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
        left = f"{minutes * (self.total - self.index - 1):.0f} minutes left"
        return f"{self.title}: {values}; {left}"


def epochs_to_go(folder: Path, total: int, **kept: Any) -> Iterator[Epoch]:
    """The epochs that are left. What is `kept` is restored from `folder`, and saved after each."""
    finished = tf.Variable(0, dtype=tf.int64, trainable=False)
    checkpoint = tf.train.Checkpoint(epoch=finished, **kept)
    manager = tf.train.CheckpointManager(checkpoint, str(folder / "checkpoints"), max_to_keep=1)
    manager.restore_or_initialize()
    first, began = int(finished), time.monotonic()
    if first:
        print(f"resuming after epoch {first}", flush=True)
    for index in range(first, total):
        yield Epoch(index, total, first, began)
        finished.assign_add(1)
        manager.save()


def check_same_config(file: Path, config: dict[str, Any]) -> None:
    """Compare `config` with the config.json of an earlier run, if there is one.

    Raises:
        SystemExit: a value other than `epochs` differs.
    """
    if file.exists():
        before = json.loads(file.read_text())
        changed = sorted(
            key for key in config if key != "epochs" and config[key] != before.get(key)
        )
        if changed:
            raise SystemExit(
                f"{file.parent} holds a run with another {', '.join(changed)}: delete it, or give "
                "another --out"
            )
