"""What the original codes do otherwise than their papers.

The default of this package is what the papers say. Each deviation here makes
one thing as the published code has it; docs/deviations.md says what it changes,
and by how much.

https://github.com/mbinkowski/MMD-GAN (Binkowski et al. 2018, "demystifying")
https://github.com/MichaelArbel/Scaled-MMD-GAN (Arbel et al. 2018, "scaled")
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from tf_mmdgan import errors, mmd
from tf_mmdgan.kernels import Distance, Kernel, RationalQuadratic, Sum, Tanh

Settings = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Deviation:
    """One thing that a published code does otherwise.

    Attributes:
      codes: which of the two have it.
      text: what it is.
      change: from all settings to those that become others.
    """

    codes: tuple[str, ...]
    text: str
    change: Callable[[Settings], Settings]


def _constantly(**changed: Any) -> Callable[[Settings], Settings]:
    return lambda settings: changed


def mmd2_constant_diagonal(
    grams: mmd.Grams, diagonal: float | tf.Tensor
) -> tf.Tensor:
    """MMD^2 with a constant taken for the diagonals of both kernel matrices.

    For a kernel with a linear term, whose diagonal is not constant, this is
    too large by weight (sum ||x_i||^2 + sum ||y_i||^2) / (m (m - 1)), so that
    the critic gains from large features.

    Args:
      grams: kernel matrices.
      diagonal: k(0, 0).
    """

    def mean(gram):
        m = tf.cast(tf.shape(gram)[0], gram.dtype)
        return (tf.reduce_sum(gram) - m * diagonal) / (m * (m - 1.0))

    return mean(grams.xx) + mean(grams.yy) - 2.0 * tf.reduce_mean(grams.xy)


def _constant_diagonal(settings: Settings) -> Settings:
    if settings.get("estimator", mmd.mmd2_unbiased) is not mmd.mmd2_unbiased:
        return {}
    kernel = settings.get("kernel")
    # Only kernels that add a linear term to a mixture have it wrong.
    if not (isinstance(kernel, Sum) and len(kernel.kernels) > 1):
        return {}
    at_zero = float(kernel.diagonal(tf.zeros([1, 1]))[0])
    estimator = functools.partial(mmd2_constant_diagonal, diagonal=at_zero)
    return {"estimator": estimator}


def _replace_kernels(
    kernel: Kernel, replace: Callable[[Kernel], Kernel]
) -> Kernel:
    if isinstance(kernel, Sum):
        parts = tuple(_replace_kernels(k, replace) for k in kernel.kernels)
        return dataclasses.replace(kernel, kernels=parts)
    if isinstance(kernel, Tanh):
        return Tanh(_replace_kernels(kernel.kernel, replace))
    return replace(kernel)


def _kernel_change(
    replace: Callable[[Kernel], Kernel],
) -> Callable[[Settings], Settings]:
    def change(settings: Settings) -> Settings:
        if "kernel" not in settings:
            return {}
        return {"kernel": _replace_kernels(settings["kernel"], replace)}

    return change


def _published_scales(kernel: Kernel) -> Kernel:
    known = isinstance(kernel, RationalQuadratic)
    return RationalQuadratic((0.1, 1.0, 10.0)) if known else kernel


def _without_half(settings: Settings) -> Settings:
    kernel = settings.get("kernel")
    plain = isinstance(kernel, Distance) or (
        isinstance(kernel, Tanh) and isinstance(kernel.kernel, Distance)
    )
    return {"kernel": 2.0 * kernel} if plain else {}


def _floored_ratio(settings: Settings) -> Settings:
    if settings.get("estimator") is not mmd.mmd2_ratio:
        return {}
    return {"estimator": functools.partial(mmd.mmd2_ratio, floor=1e-5)}


_BOTH = ("demystifying", "scaled")

DEVIATIONS: dict[str, Deviation] = {
    "constant_diagonal": Deviation(
        _BOTH,
        "kernels with a linear term: a constant is taken for the diagonal, so "
        "that the estimate of MMD^2 is not unbiased",
        _constant_diagonal,
    ),
    "rq_scales": Deviation(
        _BOTH,
        "rational quadratic kernels with the scales .1, 1, 10",
        _kernel_change(_published_scales),
    ),
    "distance_without_half": Deviation(
        _BOTH,
        "the distance kernel without the factor 1/2",
        _without_half,
    ),
    "ratio_floor": Deviation(
        _BOTH,
        "the t-statistic's variance is at least 1e-5",
        _floored_ratio,
    ),
    "norm_over_rows": Deviation(
        ("demystifying",),
        "the gradient penalty's norm runs over the rows of the image alone",
        _constantly(penalty_norm="rows"),
    ),
    "norm_over_channels": Deviation(
        ("scaled",),
        "the gradient penalty's norm runs over the channels alone",
        _constantly(penalty_norm="channels"),
    ),
    "norm_epsilon": Deviation(
        _BOTH,
        "1e-5 is added under the root of the gradient penalty's norm",
        _constantly(penalty_epsilon=1e-5),
    ),
    "clipped_gradients": Deviation(
        _BOTH,
        "the gradient of each variable is clipped to norm 1",
        _constantly(clip_norm=1.0),
    ),
    "small_initial_weights": Deviation(
        _BOTH,
        "the critic's first weights have standard deviation .02, not He et "
        "al.'s",
        _constantly(published_weights=True),
    ),
    "batch_statistics": Deviation(
        ("demystifying",),
        "the generator's batch normalisation takes the statistics of the batch "
        "in scoring and sampling too",
        _constantly(batch_statistics=True),
    ),
    "scale_coefficient": Deviation(
        ("scaled",),
        "the Scaled MMD's sigma^2 is 1 / (10 E ||J||^2 + 1), without k(x, x) "
        "and the kernel's own constant",
        _constantly(scale_coefficient=10.0),
    ),
    "moved_with_generator": Deviation(
        ("scaled",),
        "the vectors of spectral normalisation move in the generator's update "
        "too",
        _constantly(moved_with_generator=True),
    ),
}


def resolve(text: str) -> tuple[str, ...]:
    """Names of deviations, in the order of `DEVIATIONS`.

    Args:
      text: "none", "demystifying", "scaled" (all of that code), or names
        separated by commas.

    Raises:
      UsageError: for an unknown name.
    """
    if text == "none":
        return ()
    if text in _BOTH:
        return tuple(n for n, d in DEVIATIONS.items() if text in d.codes)
    chosen = {name.strip() for name in text.split(",")}
    for name in chosen:
        known = {**DEVIATIONS, **dict.fromkeys(("none", *_BOTH))}
        errors.pick(known, name, "deviation (--as_published)")
    if chosen & {"none", *_BOTH}:
        raise errors.UsageError(
            f"--as_published={text}: none, demystifying and scaled stand alone."
        )
    return tuple(name for name in DEVIATIONS if name in chosen)


def apply(names: tuple[str, ...], settings: Settings) -> dict[str, Any]:
    """The settings with these deviations."""
    changed = dict(settings)
    for name in names:
        changed.update(DEVIATIONS[name].change(changed))
    return changed
