"""What the original codes do otherwise than their papers.

The default of this package is what the papers say. Each deviation here makes
one thing as the published code has it; docs/deviations.md says what it changes,
and by how much.

https://github.com/mbinkowski/MMD-GAN (Binkowski et al. 2018, "demystifying")
https://github.com/MichaelArbel/Scaled-MMD-GAN (Arbel et al. 2018, "scaled")
https://github.com/lambertae/drifting (Deng et al. 2026, "drifting")
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.kernels import (
    Distance,
    Kernel,
    Linear,
    Product,
    RationalQuadratic,
    Sum,
    Tanh,
)
from tf_mmdgan.methods.settings import (
    AdversarialSettings,
    DriftSettings,
    Settings,
)
from tf_mmdgan.mmd.as_published import (
    ConstantDiagonal,
    PublishedRatio,
    RoundedDistance,
)
from tf_mmdgan.objectives import MMDGAN, CramerGAN

SettingsChange = Callable[[Any], Any]
S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Deviation:
    """One thing that a published code does otherwise.

    Attributes:
      codes: which of the codes have it.
      text: what it is.
      change: from the settings without it to those with it; the same ones where
        it does not apply.
      of: the class of settings that it is a change of.
    """

    codes: tuple[str, ...]
    text: str
    change: SettingsChange
    of: type[Settings] = AdversarialSettings


def _of_kernels(change: Callable[[Kernel], Kernel]) -> SettingsChange:
    """The change of the kernel of a criterion that has one."""

    def changed(settings: AdversarialSettings) -> AdversarialSettings:
        criterion = settings.criterion
        if not isinstance(criterion, MMDGAN):
            return settings
        kernel = change(criterion.kernel)
        return replace(settings, criterion=replace(criterion, kernel=kernel))

    return changed


def _each(known: type[Kernel], other: Kernel) -> SettingsChange:
    """The change of all kernels of a class, inside others too, to another."""

    def changed(kernel: Kernel) -> Kernel:
        if isinstance(kernel, Sum):
            return replace(kernel, kernels=tuple(map(changed, kernel.kernels)))
        if isinstance(kernel, Product):
            return Product(changed(kernel.left), changed(kernel.right))
        if isinstance(kernel, Tanh):
            return Tanh(changed(kernel.kernel))
        return other if isinstance(kernel, known) else kernel

    return _of_kernels(changed)


def _without_half(kernel: Kernel) -> Kernel:
    inner = kernel.kernel if isinstance(kernel, Tanh) else kernel
    plain = isinstance(inner, Distance | RoundedDistance)
    return 2.0 * kernel if plain else kernel


def _terms(kernel: Kernel) -> list[Kernel]:
    if isinstance(kernel, Sum):
        return [term for k in kernel.kernels for term in _terms(k)]
    return [kernel]


def _constant_diagonal(settings: AdversarialSettings) -> AdversarialSettings:
    criterion = settings.criterion
    if not isinstance(criterion, MMDGAN) or criterion.estimator != "unbiased":
        return settings
    terms = {type(term) for term in _terms(criterion.kernel)}
    # Only kernels that add a linear term to others have it wrong.
    if Linear not in terms or len(terms) < 2:
        return settings
    at_zero = float(criterion.kernel.diagonal(tf.zeros([1, 1]))[0])
    estimator = ConstantDiagonal(at_zero)
    return replace(settings, criterion=replace(criterion, estimator=estimator))


def _ratio(**keywords: Any) -> SettingsChange:
    """The change of the t-statistic, which keeps what changed before."""

    def changed(settings: AdversarialSettings) -> AdversarialSettings:
        criterion = settings.criterion
        if not isinstance(criterion, MMDGAN):
            return settings
        estimator = criterion.estimator
        if estimator == "ratio":
            estimator = PublishedRatio()
        if not isinstance(estimator, PublishedRatio):
            return settings
        estimator = replace(estimator, **keywords)
        return replace(
            settings, criterion=replace(criterion, estimator=estimator)
        )

    return changed


def _norm_epsilon(settings: AdversarialSettings) -> AdversarialSettings:
    # WGAN-GP has none. The codes' images are in [0, 1], those that
    # `penalty_epsilon` stands beside the squared gradients of in [-1, 1].
    if isinstance(settings.criterion, MMDGAN | CramerGAN):
        return replace(settings, penalty_epsilon=1e-5 / 4.0)
    return settings


def _burn_in(settings: AdversarialSettings) -> AdversarialSettings:
    # A method that was published elsewhere keeps a burn-in of its own.
    if settings.burn_in_critic_steps or settings.critic_steps >= 10:
        return settings
    return replace(
        settings, burn_in_critic_steps=10, burn_in_first=20, burn_in_every=500
    )


_BOTH = ("demystifying", "scaled")
_CODES = (*_BOTH, "drifting")


def _floored(settings: DriftSettings) -> DriftSettings:
    # The code has no other normalisation.
    if settings.drift_normalization != "both":
        return settings
    return replace(settings, drift_floor=1e-6)


# In the order in which they are applied: what depends on the kernel is behind
# what changes it.
DEVIATIONS: dict[str, Deviation] = {
    "rq_scales": Deviation(
        _BOTH,
        "rational quadratic kernels with the scales .1, 1, 10",
        _each(RationalQuadratic, RationalQuadratic((0.1, 1.0, 10.0))),
    ),
    "distance_without_half": Deviation(
        _BOTH,
        "the distance kernel without the factor 1/2",
        _of_kernels(_without_half),
    ),
    "distance_epsilon": Deviation(
        _BOTH,
        "1e-5 is added under the roots of the distance kernel",
        _each(Distance, RoundedDistance()),
    ),
    "constant_diagonal": Deviation(
        _BOTH,
        "kernels with a linear term: a constant is taken for the diagonal, so "
        "that the estimate of MMD^2 is not unbiased",
        _constant_diagonal,
    ),
    "ratio_diagonals": Deviation(
        _BOTH,
        "the t-statistic's MMD^2 has the diagonals in its sums",
        _ratio(diagonals=True),
    ),
    "ratio_plug_in": Deviation(
        _BOTH,
        "the t-statistic's variance is the biased estimate",
        _ratio(plug_in=True),
    ),
    "ratio_floor": Deviation(
        _BOTH,
        "the t-statistic's variance is at least 1e-5",
        _ratio(floor=1e-5),
    ),
    "norm_over_rows": Deviation(
        ("demystifying",),
        "the gradient penalty's norm runs over the rows of the image alone",
        lambda settings: replace(settings, penalty_norm="rows"),
    ),
    "norm_over_channels": Deviation(
        ("scaled",),
        "the gradient penalty's norm runs over the channels alone",
        lambda settings: replace(settings, penalty_norm="channels"),
    ),
    "norm_epsilon": Deviation(
        _BOTH,
        "1e-5 is added under the root of the gradient penalty's norm, but for "
        "WGAN-GP",
        _norm_epsilon,
    ),
    "clipped_gradients": Deviation(
        _BOTH,
        "the gradient of each variable is clipped to norm 1",
        lambda settings: replace(settings, clip_norm=1.0),
    ),
    "schedule_floor": Deviation(
        _BOTH,
        "the variance in the three-sample test of the learning rate is at "
        "least 1e-5",
        lambda settings: replace(settings, schedule_floor=1e-5),
    ),
    "small_initial_weights": Deviation(
        _BOTH,
        "the critic's first weights have standard deviation .02, not He et "
        "al.'s",
        lambda settings: replace(settings, published_weights=True),
    ),
    "batch_statistics": Deviation(
        _BOTH,
        "the generator's batch normalisation takes the statistics of the batch "
        "in scoring and sampling too",
        lambda settings: replace(settings, batch_statistics=True),
    ),
    "early_critic_steps": Deviation(
        ("scaled",),
        "10 critic updates in each of the first 20 steps and in every 500th",
        _burn_in,
    ),
    "one_power_vector": Deviation(
        ("scaled",),
        "spectral normalisation follows one singular vector alone",
        lambda settings: replace(settings, spectral_vectors=1),
    ),
    "moved_with_generator": Deviation(
        ("scaled",),
        "the vectors of spectral normalisation move in the generator's update "
        "too",
        lambda settings: replace(settings, moved_with_generator=True),
    ),
    "project_output": Deviation(
        ("scaled",),
        "a critic that is told the labels projects its output on them, not its "
        "last activations",
        lambda settings: replace(settings, project_output=True),
    ),
    "drift_floor": Deviation(
        ("drifting",),
        "the product of both softmaxes is at least 1e-6, so that all pairs of "
        "a drift attract, however far they are",
        _floored,
        DriftSettings,
    ),
    "drift_sizes_of_batch": Deviation(
        ("drifting",),
        "drifts are divided by their sizes in the batch at hand",
        lambda settings: replace(settings, drift_decay=0.0),
        DriftSettings,
    ),
}
_ONE_NORM = {"norm_over_rows", "norm_over_channels"}


def resolve(text: str) -> tuple[str, ...]:
    """Names of deviations, in the order of `DEVIATIONS`.

    Args:
      text: "none"; "demystifying", "scaled" or "drifting", all of that code;
        or names separated by commas.

    Raises:
      UsageError: for an unknown name, and for names that exclude each other.
    """
    if text == "none":
        return ()
    if text in _CODES:
        return tuple(n for n, d in DEVIATIONS.items() if text in d.codes)
    chosen = [name.strip() for name in text.split(",")]
    for name in chosen:
        known = {**DEVIATIONS, **dict.fromkeys(("none", *_CODES))}
        errors.pick(known, name, "deviation (--as_published)")
    if {"none", *_CODES}.intersection(chosen):
        raise errors.UsageError(
            f"--as_published={text}: none, {', '.join(_BOTH)} and drifting "
            "stand alone."
        )
    if _ONE_NORM.issubset(chosen):
        raise errors.UsageError(
            f"--as_published={text}: the gradient penalty has one norm; give "
            "norm_over_rows or norm_over_channels."
        )
    return tuple(name for name in DEVIATIONS if name in chosen)


def apply(names: tuple[str, ...], settings: S, given: Mapping[str, Any]) -> S:
    """The settings with these deviations, and with what was given by hand.

    Args:
      names: as `resolve` has them; of the class of these settings.
      settings: of the method.
      given: settings by name, which win over `settings` and deviations.
    """
    settings = settings.changed(given)
    for name in names:
        settings = DEVIATIONS[name].change(settings)
    return settings.changed(given)
