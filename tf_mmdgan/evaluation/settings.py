"""Settings of metrics, where a configuration leaves them open."""

from collections.abc import Mapping
from typing import Any

from tf_mmdgan import errors, kernels
from tf_mmdgan.config import EvaluateConfig

# The usual ones; fewer where there are few images.
MAXIMUM_SUBSET = 1000
NEAREST_K = 5
SPLITS = 10
MAXIMUM_BLOCK = 1000
BLOCKS = 5


def of_counts(num_real: int, num_fake: int, seed: int) -> dict[str, Any]:
    """The usual settings for so many images."""
    smaller = min(num_real, num_fake)
    return {
        "subset_size": max(2, min(MAXIMUM_SUBSET, smaller // 2)),
        "nearest_k": min(NEAREST_K, smaller - 1),
        "num_splits": min(SPLITS, num_fake),
        "seed": seed,
    }


def of_config(config: EvaluateConfig) -> dict[str, Any]:
    """The settings that a configuration names, but for the size of blocks.

    Raises:
      UsageError: for an unknown kernel, or parameters that it refuses.
    """
    settings = {
        "num_subsets": config.num_subsets,
        "subset_size": config.subset_size,
        "kernel": kid_kernel(config),
        "dtype": config.kid_dtype,
    }
    return {k: v for k, v in settings.items() if v is not None}


def kid_kernel(config: EvaluateConfig) -> kernels.Kernel | None:
    """The kernel that is asked for; None for the published one."""
    if config.kid_kernel not in (None, "polynomial"):
        return errors.pick(kernels.KERNELS, config.kid_kernel, "kernel")
    given = {
        "degree": config.kid_degree,
        "gamma": config.kid_gamma,
        "coef0": config.kid_coef0,
    }
    given = {k: v for k, v in given.items() if v is not None}
    if not given:
        return None
    try:
        return kernels.Polynomial(**given)
    except ValueError as error:
        raise errors.UsageError(f"--kid_{error}") from None


def described(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a report has them."""
    return {
        name: str(value) if isinstance(value, kernels.Kernel) else value
        for name, value in settings.items()
    }


def block_size(num_real: int, num_fake: int) -> int:
    """Images in a block of KID, where nothing else is said: five blocks.

    There are more than five where blocks would exceed 1,000 images.

    Raises:
      DataError: for fewer images than five blocks need.
    """
    smaller, larger = sorted((num_real, num_fake))
    if smaller < 2 * BLOCKS:
        raise errors.DataError(
            f"{smaller} images are too few for a score: need {2 * BLOCKS}. "
            "Add images; of a folder, one in ten is held out to score with."
        )
    return min(MAXIMUM_BLOCK, -(-larger // BLOCKS))
