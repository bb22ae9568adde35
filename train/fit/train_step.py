"""How the network for digits is trained: settings, optimizer, step, loss, and moving average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from train.fit.examples import NOT_A_DIGIT


@dataclass(frozen=True)
class TrainingConfig:
    """Hyperparameters, each of which is an option of `fit`.

    Attributes:
        epochs: passes over the sources. An epoch shows each source's share of its examples.
        batch: images in a batch, over all workers.
        learning_rate: its highest value, after one epoch of warm-up. It then falls as a cosine.
        weight_decay: of AdamW. Biases and batch normalisation have none.
        label_smoothing: probability spread over all digits, in [0, 1] (Szegedy and others,
            "Rethinking the Inception Architecture", CVPR 2016).
        augmentation_strength: of the random distortion, see `train.fit.augmentation.distort`; 0
            for none.
        ema_decay: of the exponential moving average of the weights, in [0, 1); 0 for no average.
        is_digit_weight: weight of the loss of `is_digit`, beside that of `digits`.
        width: of the network, see `train.fit.model.build`.
        dropout: share of the features that are dropped before each head, in [0, 1).
        distillation: the teacher's share of the target, in [0, 1] (Hinton, Vinyals and Dean,
            "Distilling the Knowledge in a Neural Network", 2015). The teacher is the moving
            average of the network, which is slower to learn wrong labels by heart (Liu and others,
            "Early-Learning Regularization Prevents Memorization of Noisy Labels", NeurIPS 2020).
        seed: of the first weights and of the order of the examples.
    """

    epochs: int = 15
    batch: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.03
    augmentation_strength: float = 1.0
    ema_decay: float = 0.998
    is_digit_weight: float = 0.3
    width: int = 64
    dropout: float = 0.3
    distillation: float = 0.0
    seed: int = 0


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


def make_train_step(
    model: keras.Model,
    average: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    config: TrainingConfig,
    strategy: tf.distribute.Strategy,
) -> Any:
    """A function that trains `model` on one batch and updates `average`, which is its teacher.

    The function takes a distributed batch of float32 images (batch, 28, 28, 1) in [0, 1] and int64
    labels (batch,), and returns the mean loss over the batch of all workers.
    """

    def replica_step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        teacher_probabilities = None
        if config.distillation:
            teacher_probabilities = tf.nn.softmax(average(images, training=False)[0])
        with tf.GradientTape() as tape:
            digits, is_digit = model(images, training=True)
            each = losses(digits, is_digit, labels, config, teacher_probabilities)
            loss = tf.reduce_sum(each) / config.batch
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    @tf.function
    def step(images: Any, labels: Any) -> tf.Tensor:
        loss = strategy.reduce("SUM", strategy.run(replica_step, (images, labels)), axis=None)
        update_average(average, model, optimizer, config.ema_decay)
        return loss

    return step


def losses(
    digits: tf.Tensor,
    is_digit: tf.Tensor,
    labels: tf.Tensor,
    config: TrainingConfig,
    teacher_probabilities: tf.Tensor | None = None,
) -> tf.Tensor:
    """The loss of each image: cross-entropy of the digit, and of whether it is one.

    Args:
        digits: logits, float32 (batch, 10).
        is_digit: logits, float32 (batch, 1).
        labels: int64 (batch,), 0 to 9 or NOT_A_DIGIT. Without a digit only `is_digit` counts.
        config: smoothing, weights and the teacher's share.
        teacher_probabilities: float32 (batch, 10).

    Returns:
        float32 (batch,).
    """
    has_digit = tf.cast(labels != NOT_A_DIGIT, tf.float32)
    one_hot = tf.one_hot(labels, 10)  # all zero without a digit
    smoothing = config.label_smoothing
    target = one_hot * (1 - smoothing) + smoothing / 10
    if teacher_probabilities is not None:
        target = target * (1 - config.distillation) + teacher_probabilities * config.distillation
    digit_loss = tf.nn.softmax_cross_entropy_with_logits(target, digits) * has_digit
    is_digit_loss = tf.nn.sigmoid_cross_entropy_with_logits(has_digit, is_digit[:, 0])
    return digit_loss + config.is_digit_weight * is_digit_loss


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
