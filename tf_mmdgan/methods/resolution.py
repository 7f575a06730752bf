"""The complete settings of a method, from a configuration.

A setting is what its flag says; else what a deviation of --as_published makes
of it; else what was published for the objective and the kernel; else the
default of methods published without.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

from tf_mmdgan import errors, kernels
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.fields import NamedList
from tf_mmdgan.methods import deviations
from tf_mmdgan.methods.published import METHODS, get_method
from tf_mmdgan.methods.settings import Settings
from tf_mmdgan.objectives import (
    AdaptiveProbability,
    CriticAugmentation,
    f_divergences,
)

# Settings that mean nothing without one of others.
_NEEDS = {
    "penalized_function": ("gradient_penalty",),
    "regularize_every": (
        "gradient_penalty",
        "r1",
        "r2",
        "feature_penalty",
        "noise_penalty",
    ),
    "regularize_generator_every": (
        "orthogonal_penalty",
        "path_length_penalty",
    ),
    "burn_in_first": ("burn_in_critic_steps",),
    "burn_in_every": ("burn_in_critic_steps",),
    "noise_annealing_steps": ("instance_noise", "noise_penalty"),
    "spectral_scale": ("spectral_norm",),
    "learnable_spectral_scale": ("spectral_norm",),
    "drift_decay": ("drift_scale",),
    "ada_target": ("ada",),
    "ada_images": ("ada",),
    "code_steps": ("refine_features",),
    "refine_learning_rate": ("refine_features",),
    "refine_places": ("refine_features",),
}
# Settings that mean nothing unless another has one of some values.
_NEEDS_VALUE = {
    "slices": ("discrepancy", ("sliced",)),
    "frequencies": ("discrepancy", ("random_features",)),
    "kernel": ("discrepancy", ("kernel", "random_features")),
    "bandwidths": ("discrepancy", ("kernel", "random_features")),
    "median_bandwidth": ("discrepancy", ("kernel", "random_features")),
    "mmd_estimator": ("discrepancy", ("kernel",)),
    "mmd_root": ("discrepancy", ("kernel",)),
    "drift_divergence": ("drift_normalization", ("separate",)),
}
# Values that switch a setting off.
_OFF = (None, 0, "none")


def settings_of(config: TrainConfig) -> Settings:
    """Every setting of the method that `config` names.

    Raises:
      UsageError: for unknown names, for a setting that this method does not
        have, and for one that has no effect or is impossible beside others.
    """
    method = get_method(config.objective)
    _refuse_foreign(config, method.names)
    given = _given(config, method.names)
    settings = method.published(config, given.get("kernel")).changed(given)
    settings = _with_deviations(config, settings, given)
    _refuse_idle(config, settings)
    return settings


def _refuse_foreign(config: TrainConfig, names: frozenset[str]) -> None:
    """Refuses what other methods have and this one has not."""
    everywhere = frozenset().union(*(m.names for m in METHODS.values()))
    for name in sorted((everywhere - names) & _fields(config)):
        value = getattr(config, name)
        # To switch off what is not there says nothing wrong.
        if value is not None and value is not False:
            raise errors.UsageError(
                f"--{name} has no meaning for --objective={config.objective}."
            )


def _given(config: TrainConfig, names: frozenset[str]) -> dict[str, Any]:
    """What flags say of these settings, by name."""
    given = {name: getattr(config, name) for name in names & _fields(config)}
    if given.get("scale_offset") is not None and not given["scale_form"]:
        given["scale_form"] = "paper"
    return {
        name: _READERS[name](value) if name in _READERS else value
        for name, value in given.items()
        if value is not None
    }


def _fields(config: TrainConfig) -> set[str]:
    return {field.name for field in dataclasses.fields(config)}


def _with_deviations(
    config: TrainConfig, settings: Settings, given: Mapping[str, Any]
) -> Settings:
    names = deviations.resolve(config.as_published)
    kinds = [deviations.DEVIATIONS[name].of for name in names]
    if not all(isinstance(settings, kind) for kind in kinds):
        raise errors.UsageError(
            f"--as_published={config.as_published}: these codes have no "
            f"--objective={config.objective}."
        )
    # What deviates in a kernel does so in one that is given by name, too.
    kept = {name: value for name, value in given.items() if name != "kernel"}
    return deviations.apply(names, settings, kept)


def _refuse_idle(config: TrainConfig, settings: Settings) -> None:
    """Refuses settings that mean nothing without others."""
    for name in idle(settings):
        if getattr(config, name):
            raise errors.UsageError(f"--{name} needs --{_needed(name)}.")


def _needed(name: str) -> str:
    if name in _NEEDS:
        return " or --".join(_NEEDS[name])
    other, some = _NEEDS_VALUE[name]
    return f"{other}={' or '.join(some)}"


def idle(settings: Settings) -> list[str]:
    """Names of the settings that have no effect, for lack of others."""
    values = settings.by_name()
    without = [
        name
        for name, others in _NEEDS.items()
        if name in values and all(values[o] in _OFF for o in others)
    ]
    besides = [
        name
        for name, (other, some) in _NEEDS_VALUE.items()
        if name in values and values.get(other, some[0]) not in some
    ]
    return without + besides


def _numbers(flag: str, text: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or not all(0.0 < number < 1e9 for number in numbers):
        raise errors.UsageError(
            f"--{flag}={text}: need numbers > 0, separated by commas."
        )
    return numbers


def _changes(given: NamedList) -> tuple[object, ...]:
    """The names of changes of images, each of which is one; of "" none."""
    # Whether they need a probability is not known yet.
    probable = AdaptiveProbability()
    return tuple(CriticAugmentation(given, probable).names) if given else ()


# Of settings that a flag gives in words and a method has as values.
_READERS: dict[str, Callable[[Any], Any]] = {
    "kernel": kernels.KERNEL_FAMILY.get,
    "divergence": f_divergences.DIVERGENCE_FAMILY.get,
    "drift_divergence": f_divergences.DIVERGENCE_FAMILY.get,
    "bandwidths": functools.partial(_numbers, "bandwidths"),
    "diff_augment": _changes,
    "temperatures": functools.partial(_numbers, "temperatures"),
}
