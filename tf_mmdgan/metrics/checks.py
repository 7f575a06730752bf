"""What scores check before they start, and how they split samples."""

import math
import numbers

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.kernels.rows import check_columns
from tf_mmdgan.metrics import precision
from tf_mmdgan.mmd.samples import check_finite, named_numbers

# Of larger features, and of smaller ones by its inverse, scores take squares of
# squares that float64 does not hold.
_LARGEST = 1e75
# Pairs of rows that are looked at, and the fewest that tell anything.
_SOME_PAIRS, _LEAST_PAIRS = 512, 16
_FAR = 8.0  # standard errors by which pairs are too near


def at_least(minimum: int, **settings: object) -> None:
    """Raises UsageError for no integer >= the minimum; None is not set."""
    for name, value in settings.items():
        if value is None:
            continue
        if not isinstance(value, numbers.Integral) or value is True:
            raise errors.UsageError(
                f"{name}={value!r}: need an integer >= {minimum}."
            )
        if value < minimum:
            raise errors.UsageError(f"{name}={value}: need >= {minimum}.")


def positive(**settings: object) -> None:
    """Raises UsageError for a setting that is not a number above 0."""
    for name, value in settings.items():
        if (
            value is True
            or not isinstance(value, numbers.Real)
            or not 0.0 < float(value) < math.inf
        ):
            raise errors.UsageError(f"{name}={value!r}: need a number > 0.")


def check(
    real: np.ndarray, fake: np.ndarray, minimum: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Checks features [n, d] and [m, d], which a score compares.

    Returns:
      Both as float64 if one of them is, or holds integers that float32 does
      not keep; else as float32.

    Raises:
      DataError: for no array, another rank, unequal widths, fewer rows than
        `minimum`, a value that is NaN or infinite, an integer beyond 2^53,
        values whose fourth powers are out of range, or tables with the same
        columns in different places.
    """
    check_columns(real, fake)
    real, fake = named_numbers(real, "real"), named_numbers(fake, "fake")
    for name, features in (("real", real), ("fake", fake)):
        _check_one(name, features, minimum)
    if real.shape[1] != fake.shape[1]:
        raise errors.DataError(
            f"real features have width {real.shape[1]}, fake features "
            f"{fake.shape[1]}: extract both with the same extractor, from "
            "images of one size."
        )
    real = precision.as_floats(real, "real features")
    fake = precision.as_floats(fake, "fake features")
    dtype = np.result_type(real, fake)
    return real.astype(dtype, copy=False), fake.astype(dtype, copy=False)


def _check_one(name: str, features: np.ndarray, minimum: int) -> None:
    if features.ndim != 2 or features.dtype.kind not in "fiu":
        raise errors.DataError(
            f"{name} features are {features.dtype} of shape "
            f"{features.shape}: need numbers of shape [samples, width]."
        )
    if not features.shape[1]:
        raise errors.DataError(
            f"{name} features have no columns: name another output of the "
            "extractor."
        )
    if len(features) < minimum:
        raise errors.DataError(
            f"{name} has {len(features)} samples: need at least {minimum}."
        )
    check_finite(
        features,
        f"{name} features are",
        "the samples or the extractor's weights are damaged",
    )
    if features.dtype == np.float64:
        _check_range(name, features)


def _check_range(name: str, features: np.ndarray) -> None:
    largest = max(features.max(initial=0.0), -features.min(initial=0.0))
    if largest and not 1.0 / _LARGEST <= largest <= _LARGEST:
        raise errors.DataError(
            f"{name} features are of the size {largest:.1g}, whose powers "
            "float64 does not hold: divide them by their spread."
        )


def block_bounds(
    num_real: int, num_fake: int, max_block_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where the blocks of two sets of n and m samples begin and end.

    There are ceil(max(n, m) / max_block_size) blocks of either set, whose sizes
    differ by one at most, the smaller ones first. TF-GAN's
    `kernel_classifier_distance_and_std_from_activations` has the same blocks.

    Returns:
      The row numbers between the blocks of real and of fake samples, with 0 and
      n, or m: two arrays [blocks + 1].

    Raises:
      UsageError: for a `max_block_size` below 2.
      DataError: if that leaves a block with fewer than two real or fake rows.
    """
    at_least(2, max_block_size=max_block_size)
    num_blocks = -(-max(num_real, num_fake) // max_block_size)
    for name, count in (("real", num_real), ("fake", num_fake)):
        if count < 2 * num_blocks:
            raise errors.DataError(
                f"{name} has {count} samples for {num_blocks} blocks of "
                f"max_block_size={max_block_size}, each of which needs two: "
                f"give at least {2 * num_blocks} samples, or raise "
                "max_block_size."
            )
    return _bounds(num_real, num_blocks), _bounds(num_fake, num_blocks)


def _bounds(count: int, num_blocks: int) -> np.ndarray:
    size, larger = divmod(count, num_blocks)
    sizes = [size] * (num_blocks - larger) + [size + 1] * larger
    return np.concatenate([[0], np.cumsum(sizes)])


def warn_of_pairs(real: np.ndarray, fake: np.ndarray) -> None:
    """Warns of rows of equal number that are nearer to each other than others.

    They share a block, such as each reconstruction and its original, or the
    images of one class of two sets that are sorted by it.
    """
    if len(real) != len(fake) or len(real) < _LEAST_PAIRS:
        return
    rows = np.arange(len(real))[:: -(-len(real) // _SOME_PAIRS)]
    others = np.random.default_rng(0).permutation(rows)
    first = real[rows].astype(np.float64)
    of_pairs, by_lot = (
        np.linalg.norm(first - fake[chosen], axis=1)
        for chosen in (rows, others)
    )
    gains = by_lot - of_pairs
    if gains.mean() > _FAR * gains.std() / np.sqrt(len(rows)):
        errors.warn(
            "KID in blocks is too low, for rows of real and fake of the same "
            "number are nearer to each other than to others, as of pairs, or "
            "of sorted sets: bring either set into a random order of its own.",
            stacklevel=4,
        )


def shuffled_order(count: int, seed: int = 0) -> np.ndarray:
    """The numbers 0 to count - 1 in a random order, the same at each call.

    KID in blocks takes rows as they come. Files often hold their images sorted,
    by class or by writer, so that a block of neighbouring images would be no
    random sample of the whole. Sets that are compared need unequal seeds: by
    one order, pairs of images (each reconstruction and its original) would
    stay together, in blocks that then look too much alike.
    """
    return np.random.default_rng(seed).permutation(count)


def some_rows(rows: np.ndarray, most: int, seed: int = 0) -> np.ndarray:
    """So many rows at most, chosen by lot, in their order.

    The first ones of sorted rows would all be of one class. Paired sets need
    unequal seeds, as of `shuffled_order`.
    """
    if len(rows) <= most:
        return rows
    return rows[np.sort(shuffled_order(len(rows), seed)[:most])]
