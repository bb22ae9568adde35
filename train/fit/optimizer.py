"""The optimizer of all trainings."""

from __future__ import annotations

import keras


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
