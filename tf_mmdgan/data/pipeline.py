"""Endless batches, each a pure function of the seed and its number."""

from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, images, switches
from tf_mmdgan.config.fields import NamedList
from tf_mmdgan.data import image_set as image_sets
from tf_mmdgan.data.augment import NONE, Augmentation, Place

_PARALLEL_BATCHES = 2
# A step of five critic updates takes six batches at once.
_BATCHES_AHEAD = 12

# The second half of a seed: orders and augmentation are drawn independently.
_ORDER, _CHANGES, _CLASSES, _OF_CLASS = range(4)


def batches(
    image_set: image_sets.ImageSet,
    batch_size: int,
    seed: int,
    start: int = 0,
    with_labels: bool = False,
    augmentation: Augmentation | NamedList = NONE,
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
        batch alone, or what `Augmentation.parse` takes: "flip,crop".
      rows: the rows of each batch that are made, for one of several workers;
        by default all. They are the same as in the whole batch.

    Returns:
      A data set of float32 images in [-1, 1], [batch_size, h, w, c], and with
      labels also int64 [batch_size]; of `rows` alone, where they are given.

    Raises:
      UsageError: for what is no image set, a batch larger than the data, a
        seed or a start out of range, or labels that the data does not have.
    """
    errors.check_type("image_set", image_set, image_sets.ImageSet)
    check_batch_size(image_set, batch_size)
    _check_start(seed, start)
    switches.check(with_labels=with_labels)
    if with_labels and image_set.labels is None:
        raise errors.UsageError("with_labels=True, but there are no labels.")
    n = image_set.count
    first_epoch, position = divmod(start * batch_size, n)

    def indices(epoch: tf.Tensor) -> tf.Tensor:
        order = permutation(n, seed, epoch)
        skipped = tf.where(epoch == first_epoch, position, 0)
        # Not order[skipped:], for which TensorFlow warns on stderr.
        return tf.gather(order, tf.range(skipped, n))

    with tf.device("CPU"):
        chosen = tf.data.Dataset.counter(first_epoch).map(indices).prefetch(1)
        chosen = chosen.rebatch(batch_size, drop_remainder=True)
        made = _Made(image_set, seed, with_labels, augmentation)
        return made.batches(chosen.enumerate(start), batch_size, rows)


def grouped_batches(
    image_set: image_sets.ImageSet,
    classes: int,
    per_class: int,
    seed: int,
    start: int = 0,
    augmentation: Augmentation | NamedList = NONE,
    rows: slice | None = None,
) -> tf.data.Dataset:
    """Batches of some classes, with as many images of each, without end.

    The classes of a batch follow each other, each with `per_class` images in a
    row. All classes of the data take turns, in an order that is drawn anew for
    each round; the images of a class do so too. Batch i is a function of the
    seed and of i alone.

    Args:
      image_set: n images with labels.
      classes: how many are in a batch; a divisor of the number of classes.
      per_class: images of each of them; no class of the data has fewer.
      seed: any 64-bit integer.
      start: number of the first batch, >= 0.
      augmentation: as of `batches`.
      rows: as of `batches`.

    Returns:
      A data set of float32 images in [-1, 1], [classes * per_class, h, w, c],
      and their labels, int64.

    Raises:
      UsageError: for images without labels, and for numbers that do not fit.
    """
    members = _members(image_set, classes, per_class)
    _check_start(seed, start)
    with tf.device("CPU"):
        listed = tf.ragged.constant(members, dtype=tf.int64)

        def indices(number: tf.Tensor) -> tf.Tensor:
            first = number * classes
            rounds, place = first // len(members), first % len(members)
            key = _key(seed, _CLASSES, rounds)
            order = tf.random.experimental.stateless_shuffle(
                tf.range(len(members), dtype=tf.int64), key, alg="philox"
            )
            found = tf.map_fn(
                lambda label: _of_class(
                    listed[label], seed, label, rounds * per_class, per_class
                ),
                tf.gather(order, place + tf.range(classes, dtype=tf.int64)),
            )
            return tf.reshape(found, [classes * per_class])

        numbered = tf.data.Dataset.counter(start)
        chosen = numbered.map(lambda number: (number, indices(number)))
        made = _Made(image_set, seed, True, augmentation)
        return made.batches(chosen, classes * per_class, rows)


def _members(
    image_set: image_sets.ImageSet, classes: int, per_class: int
) -> list[np.ndarray]:
    """The numbers of the images of each class.

    Raises:
      UsageError: as of `grouped_batches`.
    """
    errors.check_type("image_set", image_set, image_sets.ImageSet)
    if image_set.labels is None or image_set.num_classes is None:
        raise errors.UsageError("Batches of classes need images with labels.")
    errors.check_count(1, classes=classes, per_class=per_class)
    if image_set.num_classes % classes:
        raise errors.UsageError(
            f"{classes} classes in a batch, need a number that divides the "
            f"{image_set.num_classes} classes of the data."
        )
    members = [
        np.flatnonzero(image_set.labels == label)
        for label in range(image_set.num_classes)
    ]
    fewest = min(map(len, members))
    if fewest < per_class:
        raise errors.UsageError(
            f"{per_class} images of each class in a batch, and the smallest "
            f"class has {fewest}: give batches of {classes * fewest} images at "
            "most (--batch_size)."
        )
    return members


def _of_class(
    members: tf.Tensor,
    seed: int,
    label: tf.Tensor,
    first: tf.Tensor,
    count: int,
) -> tf.Tensor:
    """`count` members of a class, from number `first` of its order without end.

    Every pass over the class has a permutation of its own; `count` is at most
    one pass, and so is in two at most.
    """
    n = tf.size(members, out_type=tf.int64)
    done, position = first // n, first % n
    key = tf.random.experimental.stateless_fold_in(
        tf.constant([seed, _OF_CLASS], tf.int64), label, alg="philox"
    )

    def order(epoch: tf.Tensor) -> tf.Tensor:
        fold = tf.random.experimental.stateless_fold_in
        return tf.random.experimental.stateless_shuffle(
            members, fold(key, epoch, alg="philox"), alg="philox"
        )

    both = tf.concat([order(done), order(done + 1)], axis=0)
    return tf.gather(both, position + tf.range(count, dtype=tf.int64))


def _check_start(seed: int, start: int) -> None:
    errors.check_seed(seed=seed)
    errors.check_count(0, start=start)


def check_batch_size(
    image_set: image_sets.ImageSet | image_sets.Preview, batch_size: int
) -> None:
    """Refuses batches without images, or with more than the data has.

    Raises:
      UsageError: for such a batch.
    """
    n = image_set.count
    errors.check_positive(batch_size=batch_size)
    if batch_size > n:
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


class _Made:
    """Batches of images that are chosen by their numbers."""

    def __init__(
        self,
        image_set: image_sets.ImageSet,
        seed: int,
        with_labels: bool,
        augmentation: Augmentation | NamedList,
    ):
        # One tensor that the functions below capture. As a constant of their
        # graphs it could not exceed 2 GB.
        levels = image_set.levels
        self._pixels = _shared(image_set.images if levels is None else levels)
        self._labels = tf.constant(image_set.labels) if with_labels else None
        self._seed = seed
        if not isinstance(augmentation, Augmentation):
            augmentation = Augmentation.parse(augmentation)
        self._augmentation = augmentation

    def batches(
        self, chosen: tf.data.Dataset, batch_size: int, rows: slice | None
    ) -> tf.data.Dataset:
        """Batches of (number of the batch, numbers of its images)."""
        rows = rows or slice(0, batch_size)

        def batch(number: tf.Tensor, indices: tf.Tensor) -> Any:
            indices = indices[rows]
            changed = self._augmentation(
                tf.gather(self._pixels, indices),
                _key(self._seed, _CHANGES, number),
                Place(rows.start, batch_size),
            )
            chosen_images = images.as_floats(changed)
            if self._labels is None:
                return chosen_images
            return chosen_images, tf.gather(self._labels, indices)

        dataset = chosen.map(batch, num_parallel_calls=_PARALLEL_BATCHES)
        # Rebatching forgets that there is no end; several workers would then
        # ask each other before every batch whether there is one.
        endless = tf.data.INFINITE_CARDINALITY
        dataset = dataset.apply(
            tf.data.experimental.assert_cardinality(endless)
        )
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
