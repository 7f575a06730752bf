"""What every score of two samples checks before it starts."""

import numpy as np

from tf_mmdgan import errors


def check(
    real: np.ndarray, fake: np.ndarray, minimum: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Real [n, d] and fake [m, d] features, both float32 or both float64.

    Raises:
      DataError: for another rank, unequal widths, fewer rows than `minimum`,
        or a value that is NaN or infinite.
    """
    real, fake = np.asarray(real), np.asarray(fake)
    for name, features in (("real", real), ("fake", fake)):
        _check_one(name, features, minimum)
    if real.shape[1] != fake.shape[1]:
        raise errors.DataError(
            f"real features have width {real.shape[1]}, fake features "
            f"{fake.shape[1]}: extract both with the same extractor."
        )
    double = np.float64 in (real.dtype, fake.dtype)
    dtype = np.float64 if double else np.float32
    return real.astype(dtype, copy=False), fake.astype(dtype, copy=False)


def _check_one(name: str, features: np.ndarray, minimum: int) -> None:
    if features.ndim != 2 or features.dtype.kind not in "fiu":
        raise errors.DataError(
            f"{name} features are {features.dtype} of shape "
            f"{features.shape}: need numbers of shape [samples, width]."
        )
    if len(features) < minimum:
        raise errors.DataError(
            f"{name} has {len(features)} samples: need at least {minimum}."
        )
    bad = ~np.isfinite(features).all(axis=1)
    if bad.any():
        raise errors.DataError(
            f"{name} features are NaN or infinite in {bad.sum()} of "
            f"{len(bad)} rows, the first of them row {bad.argmax()}: the "
            "samples or the extractor's weights are damaged."
        )


def block_bounds(
    num_real: int, num_fake: int, max_block_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where blocks begin and end: two arrays of num_blocks + 1 row numbers.

    num_blocks = ceil(max(n, m) / max_block_size); the blocks of one set have
    sizes that differ by one at most, the smaller ones first. This is the
    layout of TF-GAN's `kernel_classifier_distance_and_std_from_activations`.

    Raises:
      UsageError: for a `max_block_size` below 2.
      DataError: if that leaves a block with fewer than two real or fake rows.
    """
    if max_block_size < 2:
        raise errors.UsageError(f"max_block_size={max_block_size}: need >= 2.")
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


def shuffled_order(count: int) -> np.ndarray:
    """An order of chance of so many rows, the same each time.

    KID in blocks compares rows as they come, and files hold images by writer or
    by class: blocks of neighbours are not samples of the whole.
    """
    return np.random.default_rng(0).permutation(count)
