"""Random changes of where pixels are, and of which are seen.

S. Zhao, Z. Liu, J. Lin, J.-Y. Zhu, S. Han 2020, "Differentiable augmentation
for data-efficient GAN training", https://arxiv.org/abs/2006.10738:
`translation`, `cutout`. T. Karras, M. Aittala, J. Hellsten, S. Laine, J.
Lehtinen, T. Aila 2020, "Training generative adversarial networks with limited
data", https://arxiv.org/abs/2006.06676, appendix B: all others.

Each function takes images [b, h, w, c] and uniform numbers [b, k].
"""

import tensorflow as tf

from tf_mmdgan.objectives.augmentations.change import integers


def translation(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Shifts by whole pixels, up to an eighth of each side; k = 2.

    What comes in from outside is 0, which is grey. The eighth is rounded, so
    that sides of fewer than 4 pixels are not shifted. Zhao et al. 2020.
    """
    for axis in (1, 2):
        side = images.shape[axis]
        most = int(side / 8 + 0.5)
        shifts = integers(numbers[:, axis - 1], 2 * most + 1) - most
        places = tf.range(side) + shifts[:, tf.newaxis]
        # A border of one pixel of 0 is all that lies outside.
        border = [[0, 0]] * axis + [[1, 1]] + [[0, 0]] * (3 - axis)
        images = tf.gather(
            tf.pad(images, border),
            tf.clip_by_value(places + 1, 0, side + 1),
            axis=axis,
            batch_dims=1,
        )
    return images


def cutout(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """A box of half of each side is 0, which is grey; k = 2.

    The centre is anywhere in the image, so that the box may hang over the edge.
    Zhao et al. 2020.
    """
    inside = tf.ones([], tf.bool)
    for axis in (1, 2):
        side = images.shape[axis]
        size = int(side / 2 + 0.5)
        # A box of even size has its centre between pixels.
        centres = integers(numbers[:, axis - 1], side + 1 - size % 2)
        first = (centres - size // 2)[:, tf.newaxis]
        places = tf.range(side)
        within = tf.logical_and(places >= first, places < first + size)
        inside = tf.logical_and(inside, tf.expand_dims(within, 3 - axis))
    kept = tf.cast(tf.logical_not(inside), images.dtype)
    return images * kept[..., tf.newaxis]


def flip(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Mirrors every second image left to right; k = 1."""
    return _where(numbers[:, 0] < 0.5, tf.reverse(images, [2]), images)


def turn(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Turns by a multiple of 90 degrees; k = 1.

    All multiples are equally probable; of images that are no squares, those of
    180 degrees.
    """
    square = images.shape[1] == images.shape[2]
    count = integers(numbers[:, 0], 4 if square else 2)
    halves, quarters = (count // 2, count % 2) if square else (count, None)
    images = _where(halves > 0, tf.reverse(images, [1, 2]), images)
    if quarters is None:
        return images
    return _where(quarters > 0, tf.image.rot90(images), images)


def shift(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Shifts by whole pixels, up to an eighth of each side; k = 2.

    round(U(-1, 1) side / 8) pixels; what comes in from outside is the image's
    reflection.
    """
    for axis in (1, 2):
        side = images.shape[axis]
        most = tf.cast(side / 8, numbers.dtype)
        shifts = tf.round((2.0 * numbers[:, axis - 1] - 1.0) * most)
        places = tf.range(side) - tf.cast(shifts, tf.int32)[:, tf.newaxis]
        images = tf.gather(
            images, reflected(places, side), axis=axis, batch_dims=1
        )
    return images


def reflected(places: tf.Tensor, side: int) -> tf.Tensor:
    """Indices of pixels 0 .. side - 1 for those beyond, mirrored there.

    The pixel at the edge itself does not come twice.
    """
    if side == 1:
        return tf.zeros_like(places)
    return side - 1 - tf.abs(side - 1 - places % (2 * side - 2))


def sampled(
    images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor
) -> tf.Tensor:
    """The images between pixels, by bilinear interpolation: [b, p, c].

    Beyond its edges an image is reflected.

    Args:
      images: [b, h, w, c].
      rows: of the points, in pixels, [b, p].
      columns: the same, [b, p].
    """
    _, h, w, c = images.shape
    flat = tf.reshape(images, [-1, h * w, c])
    first_row, first_column = tf.floor(rows), tf.floor(columns)
    down = (rows - first_row)[..., tf.newaxis]
    right = (columns - first_column)[..., tf.newaxis]

    def pixels(row: int, column: int) -> tf.Tensor:
        i = reflected(tf.cast(first_row, tf.int32) + row, h)
        j = reflected(tf.cast(first_column, tf.int32) + column, w)
        return tf.gather(flat, i * w + j, axis=1, batch_dims=1)

    upper = (1.0 - right) * pixels(0, 0) + right * pixels(0, 1)
    lower = (1.0 - right) * pixels(1, 0) + right * pixels(1, 1)
    return (1.0 - down) * upper + down * lower


def _where(
    chosen: tf.Tensor, changed: tf.Tensor, images: tf.Tensor
) -> tf.Tensor:
    return tf.where(tf.reshape(chosen, [-1, 1, 1, 1]), changed, images)
