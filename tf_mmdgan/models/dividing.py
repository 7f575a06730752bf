"""How a replica's share of a batch is divided: in parts, groups and halves."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.models import adopting, shares
from tf_mmdgan.models.accumulated import InParts
from tf_mmdgan.models.passes import WholeBatch
from tf_mmdgan.objectives import Batch, Objective


def plan(
    accumulate: int,
    critic: keras.Model,
    objective: Objective,
    regularize_every: int,
) -> tuple[WholeBatch | InParts, Mapping[int, str]]:
    """How updates differentiate their losses; call it in the cluster's scope.

    Args:
      accumulate: into how many parts a share is divided.
      critic: that sees the images.
      objective: of the losses.
      regularize_every: as of `AdversarialModel`.

    Returns:
      The way, and what has to divide the number of images of a share, each with
      the reason, for `checked`.

    Raises:
      UsageError: for what cannot be had in parts.
    """
    errors.check_count(1, accumulate=accumulate)
    numbers = _divisors(accumulate, critic, objective)
    if accumulate == 1:
        return WholeBatch(), numbers
    parts = InParts(accumulate)
    parts.check(critic, objective, regularize_every)
    return parts, numbers


def _divisors(
    accumulate: int, critic: keras.Model, objective: Objective
) -> dict[int, str]:
    """Numbers, and the message for a share of which one is no divisor.

    Groups and halves of the shares of several replicas are those of the whole
    batch where they divide each share.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    found = {}
    if accumulate > 1:
        found[accumulate] = (
            f"accumulate={accumulate}: {{}} images of a batch on each device "
            f"are not {accumulate} equal parts."
        )
    if replicas == 1:
        return found
    group = adopting.deviation_group(critic)
    for number, name in (
        (group, "minibatch_deviation"),
        (2 if objective.needs_styles else 1, "path_length_penalty"),
    ):
        if number > 1:
            found[number] = (
                f"{name}: each of {replicas} devices has {{}} images of a "
                f"batch; need a multiple of {number}, for the result to be "
                "that of one device."
            )
    return found


def checked(batch: Batch, numbers: Mapping[int, str]) -> Batch:
    """A replica's share, if some numbers divide that of its images.

    Args:
      batch: the share.
      numbers: as of `plan`.

    Raises:
      UsageError: as `shares.in_multiples`.
    """
    for number, text in numbers.items():
        images = shares.in_multiples(batch.images, number, text)
        batch = batch._replace(images=images)
    return batch
