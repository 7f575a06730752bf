"""Batch normalization that follows a vector of each example."""

import keras
import numpy as np
import pytest
from numpy_layers import normalize, randomize, weights

from tf_mmdgan import errors
from tf_mmdgan.networks import blocks
from tf_mmdgan.networks.modulation import (
    ClassTable,
    latent_chunks,
    modulated_batch_norm,
)


def network():
    x, condition = keras.Input((2, 2, 3)), keras.Input((4,))
    norm = modulated_batch_norm(condition, blocks.LayerFactory().linear, False)
    return keras.Model([x, condition], norm(x, "norm"))


def inputs(rng):
    x = rng.normal(size=(5, 2, 2, 3)).astype(np.float32)
    return x, rng.normal(size=(5, 4)).astype(np.float32)


def test_without_gain_and_offset_it_is_plain_batch_norm(rng):
    made, (x, condition) = network(), inputs(rng)
    for weight in made.trainable_weights:
        weight.assign(np.zeros(weight.shape))
    plain = keras.layers.BatchNormalization(epsilon=1e-5)
    np.testing.assert_allclose(
        made([x, condition], training=True),
        plain(x, training=True),
        rtol=1e-5,
        atol=1e-6,
    )


def test_gain_and_offset_are_linear_in_the_vector(rng):
    made, (x, condition) = network(), inputs(rng)
    randomize(made, rng)
    (gain,), (offset,) = (
        weights(made, "norm_gain"),
        weights(made, "norm_offset"),
    )
    expected = normalize(x, (0, 1, 2)) * (1 + condition @ gain)[:, None, None]
    expected += (condition @ offset)[:, None, None]
    found = made([x, condition], training=True)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    # Of two examples whose vectors change places, these alone change.
    swapped = condition[[1, 0, 2, 3, 4]]
    other = made([x, swapped], training=True).numpy()
    np.testing.assert_allclose(other[2:], found[2:], rtol=1e-5)
    assert np.abs(other[:2] - found[:2]).max() > 1e-2


def test_a_table_has_a_row_for_each_class(rng):
    layer = ClassTable(6)
    rows = layer(np.eye(3, dtype=np.float32)[[2, 0, 2]]).numpy()
    table = layer.table.numpy()
    np.testing.assert_array_equal(rows, table[[2, 0, 2]])
    np.testing.assert_allclose(table @ table.T, np.eye(3), atol=1e-5)
    copy = ClassTable.from_config(layer.get_config())
    assert copy.width == 6


@pytest.mark.parametrize(
    ("size", "count", "sizes"),
    [
        (120, 6, [20] * 6),
        (130, 4, [34, 32, 32, 32]),
        (5, 5, [1] * 5),
    ],
)
def test_latents_in_parts(size, count, sizes, rng):
    latents = keras.Input((size,))
    parts = latent_chunks(latents, count)
    assert [part.shape[-1] for part in parts] == sizes
    split = keras.Model(latents, parts)
    values = rng.normal(size=(2, size)).astype(np.float32)
    np.testing.assert_array_equal(np.concatenate(split(values), 1), values)


def test_too_few_latents_are_refused():
    with pytest.raises(errors.UsageError, match=r"4 parts.* not 3"):
        latent_chunks(keras.Input((3,)), 4)
