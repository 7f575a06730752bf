"""From a configuration to the settings of metrics."""

import dataclasses

from tf_mmdgan import errors, kernels
from tf_mmdgan.config import EvaluateConfig
from tf_mmdgan.config.spelling import text
from tf_mmdgan.metrics import (
    LEAST_IMAGES,
    MetricSettings,
    block_bounds,
    block_size,
    choose,
)


def metric_settings(config: EvaluateConfig) -> MetricSettings:
    """The settings that a configuration names, but for the size of blocks.

    Raises:
      UsageError: for an unknown kernel or metric, or settings out of range.
    """
    choose(config.metrics)
    return MetricSettings(
        num_subsets=config.num_subsets,
        subset_size=config.subset_size,
        seed=config.seed,
        kernel=_kid_kernel(config),
        dtype=config.kid_dtype,
        nearest_k=config.nearest_k,
        num_splits=config.num_splits,
        sigma=config.sigma,
    )


def _kid_kernel(config: EvaluateConfig) -> kernels.Kernel:
    if config.kid_kernel not in (None, "polynomial"):
        return kernels.KERNEL_FAMILY.get(config.kid_kernel)
    degree, coef0 = config.kid_degree, config.kid_coef0
    usual = kernels.Polynomial()
    try:
        return kernels.Polynomial(
            usual.degree if degree is None else degree,
            config.kid_gamma,
            usual.coef0 if coef0 is None else coef0,
        )
    except ValueError as error:
        raise errors.UsageError(f"--kid_{error}") from None


def settings_for(
    config: EvaluateConfig,
    usual_block: int | None,
    num_real: int,
    num_fake: int,
) -> MetricSettings:
    """The settings that a configuration names, for so many images.

    Raises:
      UsageError: for settings that are out of range, or need more images.
    """
    settings = metric_settings(config)
    named = config.max_block_size
    chosen = {text(metric) for metric in choose(config.metrics)}
    if named is not None and chosen & {"kid_tfgan", "kid_blocks"}:
        try:
            block_bounds(num_real, num_fake, named)
        except errors.DataError as error:
            raise errors.UsageError(f"--max_block_size: {error}") from None
    return with_blocks(settings, named or usual_block, num_real, num_fake)


def with_blocks(
    settings: MetricSettings,
    size: int | None,
    num_real: int,
    num_fake: int,
    strict: bool = False,
) -> MetricSettings:
    """Sets the size of blocks, by default to one for so many images.

    Too few images for blocks are refused if `strict`; else they are one block.

    Raises:
      DataError: if `strict`, for too few images.
    """
    if not size and not strict and min(num_real, num_fake) < LEAST_IMAGES:
        return settings
    size = size or block_size(num_real, num_fake)
    if strict:
        block_bounds(num_real, num_fake, size)
    return dataclasses.replace(settings, max_block_size=size)
