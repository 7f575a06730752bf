"""A generator of standardised rows, in the units of their table."""

from collections.abc import Sequence

import keras


def in_units(
    generator: keras.Model,
    means: Sequence[float],
    deviations: Sequence[float],
) -> keras.Model:
    """A generator whose rows are multiplied by deviations, with means added.

    Args:
      generator: of rows [b, d]; the new model shares its weights.
      means: of the d columns.
      deviations: of the d columns.
    """
    scaled = keras.layers.Rescaling(
        list(deviations), list(means), dtype="float32", name="units"
    )
    return keras.Model(generator.inputs, scaled(generator.outputs[0]))
