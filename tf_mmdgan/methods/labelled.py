"""Whether networks and batches of a method take the labels of the data."""

from typing import Any

from tf_mmdgan import errors
from tf_mmdgan.methods.builder import Builder, architecture
from tf_mmdgan.methods.method import Method


def check(builder: Builder[Any], method: Method[Any]) -> None:
    """Refuses labels that do not go with networks and batches, all at once.

    Args:
      builder: of the method's parts.
      method: of the run.

    Raises:
      UsageError: naming each setting that does not go, and what to give.
    """
    if builder.conditioning is None:
        return
    errors.together(
        lambda: _check_projection(builder, method),
        lambda: builder.classes_per_batch if method.by_class else None,
    )


def _check_projection(builder: Builder[Any], method: Method[Any]) -> None:
    config = builder.config
    if config.conditioning != "projection":
        return
    if not method.projects_labels:
        raise errors.UsageError(
            "--conditioning=projection: the generator of codes of --objective="
            f"{config.objective} has no batch normalisation for it to act in; "
            "give --conditioning=concatenation."
        )
    normalised = config.generator_batch_norm or architecture(config).style_based
    if not normalised:
        raise errors.UsageError(
            "--conditioning=projection acts in the generator's batch "
            "normalisation: leave that on (--generator_batch_norm=true), or "
            "give --conditioning=concatenation."
        )
