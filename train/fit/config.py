"""The settings of a training of the network for digits."""

from __future__ import annotations

from dataclasses import dataclass


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
