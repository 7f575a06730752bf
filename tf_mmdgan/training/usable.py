"""The generator of a run as it is used: sampled, exported and served."""

import keras

from tf_mmdgan import data, networks
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.models.standing import with_standing_statistics

# The most images of a batch that gives standing statistics.
_STANDING_ROWS = 256


def network(
    model: ImplicitModel,
    weights: str,
    table: data.Table | None,
    standing_batches: int,
    batch_size: int,
) -> keras.Model:
    """A generator, of rows in the units of their table.

    Args:
      model: that of the run.
      weights: "ema" or "current".
      table: the columns of rows; None of images.
      standing_batches: how many batches give the statistics of batch
        normalisation; 0: they are those of training.
      batch_size: of the run.
    """
    made = model.network(weights)
    if standing_batches:
        made = with_standing_statistics(
            made,
            model.latents,
            standing_batches,
            min(batch_size, _STANDING_ROWS),
            condition=model.condition,
        )
    return made if table is None else networks.in_units(made, *table.units)
