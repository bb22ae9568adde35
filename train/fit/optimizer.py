"""What all trainings share: the optimizer, and the moving average of the weights."""

from __future__ import annotations

import keras
import tensorflow as tf


def make_optimizer(
    model: keras.Model,
    learning_rate: float,
    weight_decay: float,
    warmup_steps: int,
    decay_steps: int,
) -> keras.optimizers.Optimizer:
    """AdamW, whose learning rate rises for `warmup_steps` and then falls as a cosine.

    Biases and batch normalisation have no weight decay.
    """
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=decay_steps,
        warmup_target=learning_rate,
        warmup_steps=warmup_steps,
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
    optimizer.build(model.trainable_variables)
    return optimizer


def update_average(
    average: keras.Model, model: keras.Model, optimizer: keras.optimizers.Optimizer, decay: float
) -> None:
    """Move the weights of `average` towards those of `model`, which `optimizer` has just changed.

    The average forgets faster at first, so that the random weights of the start leave it.
    """
    count = tf.cast(optimizer.iterations, tf.float32)
    keep = tf.minimum(decay, (1 + count) / (10 + count))
    for slow, fast in zip(average.variables, model.variables, strict=True):
        if slow.dtype == "float32":
            slow.assign(keep * slow.value + (1 - keep) * fast.value)
