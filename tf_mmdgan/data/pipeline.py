"""Endless batches, each a pure function of the seed and its number."""

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, images
from tf_mmdgan.data import image_set as image_sets
from tf_mmdgan.data.augment import NONE, Augmentation, Place

_PARALLEL_BATCHES = 2
# A step of five critic updates takes six batches at once.
_BATCHES_AHEAD = 12

# The second half of a seed: order and augmentation are drawn independently.
_ORDER, _CHANGES = 0, 1


def batches(
    image_set: image_sets.ImageSet,
    batch_size: int,
    seed: int,
    start: int = 0,
    with_labels: bool = False,
    augmentation: Augmentation = NONE,
    rows: slice | None = None,
) -> tf.data.Dataset:
    """Shuffled batches without end, from batch number `start` on.

    Every epoch has a permutation of its own. One epoch follows the other
    without a gap, so that a batch may have the end of one and the beginning of
    the next. To continue at batch `start` costs one permutation, whatever
    `start` is, and gives the batches that an uninterrupted run has.

    Iterating begins at `start` each time: to train on in a second `fit`, make
    the batches anew, with the number of those that were taken.

    Args:
      image_set: n images. The memory of images that `load` takes from its
        cache is shared; any others are copied once, in uint8.
      batch_size: images in a batch, over all devices, 1 .. n.
      seed: any 64-bit integer.
      start: number of the first batch, >= 0.
      with_labels: whether to yield (images, labels) instead of images.
      augmentation: random changes, which depend on seed and number of the
        batch alone.
      rows: the rows of each batch that are made, for one of several workers;
        by default all. They are the same as in the whole batch.

    Returns:
      A data set of float32 images in [-1, 1], [batch_size, h, w, c], and with
      labels also int64 [batch_size]; of `rows` alone, where they are given.

    Raises:
      UsageError: for a batch larger than the data, a seed or a start out of
        range, or labels that the data does not have.
    """
    check_batch_size(image_set, batch_size)
    errors.check_seed(seed=seed)
    if start < 0:
        raise errors.UsageError(f"start={start}, need >= 0.")
    if with_labels and image_set.labels is None:
        raise errors.UsageError("with_labels=True, but there are no labels.")
    with tf.device("CPU"):
        # One tensor that the functions below capture. As a constant of their
        # graphs it could not exceed 2 GB.
        pixels = _shared(image_set.images)
        labels = tf.constant(image_set.labels) if with_labels else None
        return _pipeline(
            pixels, labels, batch_size, seed, start, augmentation, rows
        )


def check_batch_size(
    image_set: image_sets.ImageSet | image_sets.Preview, batch_size: int
) -> None:
    """Refuses batches without images, or with more than the data has.

    Raises:
      UsageError: for such a batch.
    """
    n = image_set.count
    if not 1 <= batch_size <= n:
        raise errors.UsageError(
            f"batch_size={batch_size}, need 1 to {n}, the number of images."
        )


def permutation(n: int, seed: int, epoch: tf.Tensor) -> tf.Tensor:
    """The order of n images in one epoch: int64, [n].

    The epoch is folded into a hash of the seed, because some random generators
    make similar permutations of neighbouring seeds.
    """
    key = _key(seed, _ORDER, epoch)
    order = tf.range(n, dtype=tf.int64)
    return tf.random.experimental.stateless_shuffle(order, key, alg="philox")


def _key(seed: int, stream: int, number: tf.Tensor) -> tf.Tensor:
    key = tf.constant([seed, stream], tf.int64)
    return tf.random.experimental.stateless_fold_in(key, number, alg="philox")


def _shared(array: np.ndarray) -> tf.Tensor:
    """The array as a tensor: the same memory, where TensorFlow can use it."""
    usable = array.flags.c_contiguous and array.flags.writeable
    if usable and array.ctypes.data % image_sets.ALIGNMENT == 0:
        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return tf.constant(array)


def _pipeline(
    pixels: tf.Tensor,
    labels: tf.Tensor | None,
    batch_size: int,
    seed: int,
    start: int,
    augmentation: Augmentation,
    rows: slice | None,
) -> tf.data.Dataset:
    n = len(pixels)
    rows = rows or slice(0, batch_size)
    first_epoch, position = divmod(start * batch_size, n)

    def indices(epoch):
        order = permutation(n, seed, epoch)
        skipped = tf.where(epoch == first_epoch, position, 0)
        # Not order[skipped:], for which TensorFlow warns on stderr.
        return tf.gather(order, tf.range(skipped, n))

    def batch(number, chosen):
        chosen = chosen[rows]
        changed = augmentation(
            tf.gather(pixels, chosen),
            _key(seed, _CHANGES, number),
            Place(rows.start, batch_size),
        )
        chosen_images = images.from_uint8(changed)
        if labels is None:
            return chosen_images
        return chosen_images, tf.gather(labels, chosen)

    dataset = tf.data.Dataset.counter(first_epoch).map(indices).prefetch(1)
    dataset = dataset.rebatch(batch_size, drop_remainder=True)
    dataset = dataset.enumerate(start)
    dataset = dataset.map(batch, num_parallel_calls=_PARALLEL_BATCHES)
    # Rebatching forgets that there is no end; several workers would then ask
    # each other before every batch whether there is one.
    endless = tf.data.INFINITE_CARDINALITY
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(endless))
    return dataset.prefetch(_BATCHES_AHEAD).with_options(options())


def options() -> tf.data.Options:
    """Options of a pipeline whose batches depend on their numbers alone."""
    made = tf.data.Options()
    made.deterministic = True
    # The rewriting of graphs gains nothing here, and would copy the images for
    # every iterator.
    made.experimental_optimization.apply_default_optimizations = False
    # The tuner sleeps for up to a minute, and the end of an iterator waits for
    # it.
    made.autotune.enabled = False
    # Every worker makes all batches, of each its own rows.
    policy = tf.data.experimental.AutoShardPolicy.OFF
    made.experimental_distribute.auto_shard_policy = policy
    return made
