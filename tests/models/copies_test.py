"""A generator's copy, which is averaged, makes what the generator makes."""

import keras
import numpy as np
import pytest
import tiny

from tf_mmdgan import errors
from tf_mmdgan.models import MomentMatchingModel
from tf_mmdgan.objectives.discrepancies import KernelDiscrepancy


class Scaled(keras.layers.Layer):
    """A layer whose `get_config` leaves out by what it multiplies."""

    def __init__(self, by=1.0, **kwargs):
        super().__init__(**kwargs)
        self.by = by

    def call(self, inputs):
        return self.by * inputs

    def get_config(self):
        return super().get_config()


class Noisy(Scaled):
    """Another draw at each call."""

    def call(self, inputs):
        return inputs + keras.random.normal(keras.ops.shape(inputs))


class Whole(Scaled):
    def get_config(self):
        return {**super().get_config(), "by": self.by}


def made(layer):
    network = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2), layer]
    )
    return MomentMatchingModel(network, tiny.LATENTS, KernelDiscrepancy("rbf"))


def test_a_copy_that_makes_something_else_is_refused():
    with pytest.raises(errors.UsageError, match="get_config of Scaled") as it:
        made(Scaled(5.0))
    assert "\n" not in str(it.value)


@pytest.mark.parametrize("layer", [Scaled(), Noisy(), Whole(5.0)])
def test_other_layers_of_the_users_are_copied(layer):
    model = made(layer)
    weights = (n.get_weights() for n in (model.generator, model.ema_generator))
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_layers_that_are_functions_serve_in_both_networks():
    model = made(keras.layers.Lambda(lambda rows: 2.0 * rows - 1.0))
    latents = np.ones((3, 3), np.float32)
    np.testing.assert_array_equal(
        model.generator(latents), model.ema_generator(latents)
    )
