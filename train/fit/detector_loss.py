"""The loss of the detector's output against the boxes in a view."""

from __future__ import annotations

import tensorflow as tf

from mnist_demo.read.detect import CHARACTERS, STRIDE

CLASSES = len(CHARACTERS)
SPREAD = 0.15  # of the middle's target: a share of the box's sides
SMOOTHING = 0.02  # of the class's label


def middles(boxes: tf.Tensor, rows: int, columns: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Where the middles of the characters are.

    Args:
        boxes: float32 (n, m, 6), see `train.scenes.views.labels`.
        rows, columns: of the output.

    Returns:
        All (n, rows * columns): the target, float32 in [0, 1], 1 at a middle; the index of the box
        that it belongs to, int32; and the weight of the place, 0 where anything is right.
    """
    left, top, right, bottom = (boxes[..., i] for i in range(1, 5))
    found = tf.cast(boxes[..., 5] > 0, tf.float32)
    x, y = (left + right) / 2, (top + bottom) / 2
    wide = tf.maximum(SPREAD * (right - left), 1.5)
    high = tf.maximum(SPREAD * (bottom - top), 1.5)
    across = (tf.range(columns, dtype=tf.float32) + 0.5) * STRIDE
    down = (tf.range(rows, dtype=tf.float32) + 0.5) * STRIDE
    of_column = tf.exp(-0.5 * ((across - x[..., None]) / wide[..., None]) ** 2)
    of_row = tf.exp(-0.5 * ((down - y[..., None]) / high[..., None]) ** 2) * found[..., None]
    target = flat(of_row[..., :, None] * of_column[..., None, :])
    row = tf.clip_by_value(tf.cast(y / STRIDE, tf.int32), 0, rows - 1)
    column = tf.clip_by_value(tf.cast(x / STRIDE, tf.int32), 0, columns - 1)
    peak = tf.one_hot(row * columns + column, rows * columns) * found[..., None]
    target = tf.maximum(target, peak)
    best = tf.reduce_max(target, axis=1)
    in_columns = (across >= left[..., None]) & (across <= right[..., None])
    in_rows = (down >= top[..., None]) & (down <= bottom[..., None])
    inside = flat(in_rows[..., :, None] & in_columns[..., None, :])
    ignored = tf.reduce_any(inside & (boxes[..., 5] < 0)[..., None], axis=1)
    weight = 1 - tf.cast(ignored & (best < 0.5), tf.float32)
    return best, tf.argmax(target, axis=1, output_type=tf.int32), weight


def flat(places: tf.Tensor) -> tf.Tensor:
    """(n, m, rows, columns) as (n, m, rows * columns)."""
    shape = tf.shape(places)
    return tf.reshape(places, (shape[0], shape[1], shape[2] * shape[3]))


def detector_loss(output: tf.Tensor, boxes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The loss, summed over the characters, and how many there are.

    It has three parts of equal weight: a focal loss of the middles (Li et al., "Generalized focal
    loss", 2020), the cross-entropy of the classes, and the generalized intersection over union of
    the boxes (Rezatofighi et al., 2019). The last two count at the places near a middle.

    Args:
        output: float32 (n, rows, columns, OUTPUTS).
        boxes: float32 (n, m, 6), see `train.scenes.views.labels`.
    """
    shape = tf.shape(output)
    rows, columns = shape[1], shape[2]
    target, owner, weight = middles(boxes, rows, columns)
    output = tf.reshape(output, (shape[0], rows * columns, output.shape[-1]))
    logits = output[..., 0]
    error = tf.abs(tf.sigmoid(logits) - target) ** 2
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(target, logits)
    middle_loss = tf.reduce_sum(entropy * tf.stop_gradient(error) * weight)

    near = tf.where(target > 0.5)  # (k, 2): view and place
    share = tf.gather_nd(target, near)
    view = tf.cast(near[:, 0], tf.int32)
    box = tf.gather_nd(owner, near)
    each = view * tf.shape(boxes)[1] + box
    total = tf.math.unsorted_segment_sum(share, each, shape[0] * tf.shape(boxes)[1])
    share = share / tf.gather(total, each)
    at, truth = tf.gather_nd(output, near), tf.gather_nd(boxes, tf.stack([view, box], axis=1))
    labels = tf.one_hot(tf.cast(truth[:, 0], tf.int32), CLASSES)
    labels = labels * (1 - SMOOTHING) + SMOOTHING / CLASSES
    classes = tf.nn.softmax_cross_entropy_with_logits(labels, at[:, 1 : 1 + CLASSES])

    place = tf.cast(near[:, 1], tf.int32)
    x = (tf.cast(place % columns, tf.float32) + 0.5) * STRIDE
    y = (tf.cast(place // columns, tf.float32) + 0.5) * STRIDE
    reach = tf.exp(tf.clip_by_value(at[:, 1 + CLASSES :], -3, 4)) * STRIDE
    low = tf.stack([x, y], axis=1) - reach[:, :2]
    high = tf.stack([x, y], axis=1) + reach[:, 2:]
    overlap = generalized_overlap(low, high, truth[:, 1:3], truth[:, 3:5])
    count = tf.reduce_sum(tf.cast(boxes[..., 5] > 0, tf.float32))
    return middle_loss + tf.reduce_sum((classes + 1 - overlap) * share), count


def generalized_overlap(
    low: tf.Tensor, high: tf.Tensor, true_low: tf.Tensor, true_high: tf.Tensor
) -> tf.Tensor:
    """The generalized intersection over union of pairs of boxes, float32 (k,) in [-1, 1]."""
    shared = tf.maximum(tf.minimum(high, true_high) - tf.maximum(low, true_low), 0)
    both = tf.reduce_prod(shared, axis=1)
    union = tf.reduce_prod(high - low, axis=1) + tf.reduce_prod(true_high - true_low, axis=1) - both
    hull = tf.reduce_prod(tf.maximum(high, true_high) - tf.minimum(low, true_low), axis=1)
    return both / tf.maximum(union, 1e-3) - (hull - union) / tf.maximum(hull, 1e-3)
