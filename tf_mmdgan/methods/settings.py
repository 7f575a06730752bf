"""Every setting of a method: as given, or else as published."""

import dataclasses
from typing import Any

from tf_mmdgan import errors, kernels
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.methods.catalogue import METHODS
from tf_mmdgan.methods.deviations import apply, resolve
from tf_mmdgan.objectives import f_divergences

# Settings that are given by name.
_CATALOGUES = {
    "kernel": kernels.KERNELS,
    "divergence": f_divergences.DIVERGENCES,
}

# Settings that mean nothing without one of others.
_NEEDS = {
    "penalized_function": ("gradient_penalty",),
    "burn_in_first": ("burn_in_critic_steps",),
    "burn_in_every": ("burn_in_critic_steps",),
    "noise_annealing_steps": ("instance_noise", "noise_penalty"),
}


def settings_of(config: TrainConfig) -> dict[str, Any]:
    """Every setting of the method: as given, or else as published.

    Kernels and divergences are the objects that their names stand for.

    Raises:
      UsageError: for unknown names, and for a setting that this objective does
        not have.
    """
    method = errors.pick(METHODS, config.objective, "objective")
    fields = {field.name for field in dataclasses.fields(config)}
    _refuse_foreign(config, method.names)
    settings = method.published(config)
    given = {
        name: getattr(config, name)
        for name in settings.keys() & fields
        if getattr(config, name) is not None
    }
    for name in _CATALOGUES.keys() & settings.keys():
        settings[name] = errors.pick(
            _CATALOGUES[name], given.pop(name, settings[name]), name
        )
    deviations = resolve(config.as_published)
    if deviations and not method.has_deviations:
        raise errors.UsageError(
            f"--as_published={config.as_published}: these codes have no "
            f"--objective={config.objective}."
        )
    settings = apply(deviations, settings, given)
    for name, others in _NEEDS.items():
        if getattr(config, name) and not any(settings[o] for o in others):
            needed = " or --".join(others)
            raise errors.UsageError(f"--{name} needs --{needed}.")
    return settings


def _refuse_foreign(config: TrainConfig, names: frozenset[str]) -> None:
    """Refuses what other methods have and this one has not."""
    known = {field.name for field in dataclasses.fields(config)}
    everywhere = frozenset().union(*(m.names for m in METHODS.values()))
    for name in sorted((everywhere - names) & known):
        value = getattr(config, name)
        # To switch off what is not there says nothing wrong.
        if value is not None and value is not False:
            raise errors.UsageError(
                f"--{name} has no meaning for --objective={config.objective}."
            )
