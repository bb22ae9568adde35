"""Random distortion of a batch, affine, elastic and of the pen's width, as TensorFlow operations.

Elastic distortion after Simard, Steinkraus and Platt, "Best practices for convolutional neural
networks applied to visual document analysis", ICDAR 2003; their smoothed field of random
displacements is made here by enlarging a coarse grid of them.
"""

import tensorflow as tf


def distort(images: tf.Tensor, strength: float = 1.0) -> tf.Tensor:
    """Distort each image on its own; float32 (batch, 28, 28, 1) in [0, 1], the same out.

    At strength 1 the standard deviations are: rotation 6 degrees, shear 0.1, scale 10% across
    and 6% down, shift 0.7 pixels, elastic displacement 0.4 pixels, and 0.4 of `change_width`.
    """
    batch, side = tf.shape(images)[0], 28

    def normal(deviation: float) -> tf.Tensor:
        return tf.random.normal([batch, 1, 1], 0, deviation * strength)

    axis = tf.range(side, dtype=tf.float32) - (side - 1) / 2
    y, x = tf.meshgrid(axis, axis, indexing="ij")
    angle, shear = normal(0.105), normal(0.1)
    wide, high = tf.exp(normal(0.1)), tf.exp(normal(0.06))
    source_x = wide * (tf.cos(angle) * x + (shear - tf.sin(angle)) * y) + normal(0.7)
    source_y = high * (tf.sin(angle) * x + tf.cos(angle) * y) + normal(0.7)
    grid = tf.random.normal([batch, 5, 5, 2], 0, 0.7 * strength)
    field = tf.image.resize(grid, [side, side], method="bicubic")
    moved = sample(images, source_x + field[..., 0], source_y + field[..., 1])
    return change_width(moved, normal(0.4)[..., tf.newaxis])


def change_width(images: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    """Make the strokes of each image wider or narrower; float32 (batch, 28, 28, 1), the same out.

    At an amount of 1 or more, every pixel is the brightest of the nine around it, so that a stroke
    is two pixels wider. At 0 nothing changes. Below 0 the darkest of the nine is mixed in, to half
    at most, as a hairline would otherwise be gone. `amount` is float32 (batch, 1, 1, 1).
    """
    wider = tf.nn.max_pool2d(images, 3, 1, "SAME")
    narrower = -tf.nn.max_pool2d(-images, 3, 1, "SAME")
    more, less = tf.clip_by_value(amount, 0, 1), tf.clip_by_value(-amount, 0, 0.5)
    return images + more * (wider - images) + less * (narrower - images)


def sample(images: tf.Tensor, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Bilinear interpolation at `x`, `y` (batch, 28, 28), in pixels from the centre; 0 outside."""
    side = 28
    batch = tf.shape(images)[0]
    # A frame of zeros, onto which everything outside is clipped.
    framed = tf.reshape(tf.pad(images[..., 0], [[0, 0], [1, 1], [1, 1]]), [batch, -1])
    wide = side + 2
    x = tf.clip_by_value(x + (side + 1) / 2, 0, wide - 1.001)
    y = tf.clip_by_value(y + (side + 1) / 2, 0, wide - 1.001)
    left, top = tf.floor(x), tf.floor(y)
    right_part, low_part = x - left, y - top
    corner = tf.cast(top * wide + left, tf.int32)

    def pixel(offset: int) -> tf.Tensor:
        flat = tf.reshape(corner + offset, [batch, -1])
        return tf.reshape(tf.gather(framed, flat, batch_dims=1), [batch, side, side])

    upper = pixel(0) * (1 - right_part) + pixel(1) * right_part
    lower = pixel(wide) * (1 - right_part) + pixel(wide + 1) * right_part
    return (upper * (1 - low_part) + lower * low_part)[..., tf.newaxis]
