"""Endless batches, each a pure function of the seed and its number."""

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, images
from tf_mmdgan.data import image_set as image_sets
from tf_mmdgan.data.augment import NONE, Augmentation, Place

_PARALLEL_BATCHES = 2
# A step of five critic updates takes six batches at once.
_BATCHES_AHEAD = 12

# Second numbers of a seed: order and changes have nothing in common.
_ORDER, _CHANGES = 0, 1
# As TensorFlow wants its memory.
_ALIGNMENT = 64


def batches(
    image_set: image_sets.ImageSet,
    batch_size: int,
    seed: int,
    start: int = 0,
    with_labels: bool = False,
    augmentation: Augmentation = NONE,
    rows: slice | None = None,
) -> tf.data.Dataset:
    """Shuffled batches without end, from number `start` on.

    Every epoch is a permutation of its own; the epochs follow each other
    without a gap, so a batch may hold the end of one and the beginning of the
    next. A run that is continued at batch `start` therefore sees what it would
    have seen, at the cost of one permutation whatever `start` is.

    Args:
      image_set: n images. Those that `load` reads from files are shared, not
        copied; any others are copied once, in uint8.
      batch_size: the global batch under a distribution strategy, 1 .. n.
      seed: any 64-bit integer.
      start: number of the first batch, >= 0.
      with_labels: yields (images, labels) instead of images.
      augmentation: random changes, keyed by seed and number of the batch.
      rows: the only ones of each batch that are made, of one worker of many;
        they are what they are in the whole batch, which is the default.

    Returns:
      A data set of float32 images in [-1, 1], [batch_size, h, w, c], and with
      labels also int64 [batch_size]; of `rows`, where they are given.

    Raises:
      UsageError: for a batch larger than the data, a seed or a start out of
        range, or labels that the data does not have.
    """
    check_batch_size(image_set, batch_size)
    if not -(2**63) <= seed < 2**63:
        raise errors.UsageError(f"seed={seed} is not a 64-bit integer.")
    if start < 0:
        raise errors.UsageError(f"start={start}, need >= 0.")
    if with_labels and image_set.labels is None:
        raise errors.UsageError("with_labels=True, but there are no labels.")
    with tf.device("CPU"):
        # Captured by the functions below as one tensor, not as a constant of
        # their graphs (which may not exceed 2 GB), and shared by all batches.
        pixels = _shared(image_set.images)
        labels = tf.constant(image_set.labels) if with_labels else None
        return _pipeline(
            pixels, labels, batch_size, seed, start, augmentation, rows
        )


def check_batch_size(image_set: image_sets.ImageSet, batch_size: int) -> None:
    """Refuses batches that `batches` cannot make.

    Raises:
      UsageError: for a batch larger than the data.
    """
    n = len(image_set.images)
    if not 1 <= batch_size <= n:
        raise errors.UsageError(
            f"batch_size={batch_size}, need 1 to {n}, the number of images."
        )


def permutation(n: int, seed: int, epoch: tf.Tensor) -> tf.Tensor:
    """The order of n images in one epoch: int64, [n].

    The epoch is folded into a hash of the seed. Used as they are, neighbouring
    numbers make some generators' permutations resemble each other.
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
    if usable and array.ctypes.data % _ALIGNMENT == 0:
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
        # Not order[skipped:], a view, of which TensorFlow complains on stderr.
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
    # Rebatching forgets it, and workers would ask each other before every
    # batch whether there is one.
    endless = tf.data.INFINITE_CARDINALITY
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(endless))
    return dataset.prefetch(_BATCHES_AHEAD).with_options(options())


def options() -> tf.data.Options:
    """How batches that are functions of their number are made."""
    made = tf.data.Options()
    made.deterministic = True
    # The rewriting of graphs, which has nothing to gain here, would copy the
    # images once more for every iterator.
    made.experimental_optimization.apply_default_optimizations = False
    # The end of an iterator waits for the tuner, which sleeps for up to a
    # minute at a time.
    made.autotune.enabled = False
    # Every worker walks through the same order and takes its own rows.
    policy = tf.data.experimental.AutoShardPolicy.OFF
    made.experimental_distribute.auto_shard_policy = policy
    return made
