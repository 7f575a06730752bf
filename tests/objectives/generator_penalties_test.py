"""Penalties on the generator itself."""

import keras
import numpy as np
import pytest
import smooth
import tensorflow as tf
import tiny

from tf_mmdgan import errors
from tf_mmdgan.models.views import GeneratorView
from tf_mmdgan.networks import layers
from tf_mmdgan.networks.spectral_normalization import SpectralNorm
from tf_mmdgan.objectives import (
    WGAN,
    FeaturePenalty,
    GeneratorRegularizer,
    Objective,
    OrthogonalPenalty,
)
from tf_mmdgan.objectives.objective import Loss

PENALTY = OrthogonalPenalty(1e-4)


class Kernels:
    """A generator with these kernels, [rows, columns] each."""

    def __init__(self, *matrices):
        self.matrices = [tf.Variable(m, dtype=tf.float64) for m in matrices]

    def kernels(self):
        return [matrix.value() for matrix in self.matrices]


def penalty_of(*filters):
    """Of matrices with one filter in each row, as papers write them."""
    generator = Kernels(*(np.transpose(f) for f in filters))
    with tf.GradientTape() as tape:
        value = PENALTY.penalty(generator, smooth.update())
    gradients = tape.gradient(value, generator.matrices)
    return float(value), [g.numpy().T for g in gradients]


def test_orthogonal_penalty_of_two_filters():
    value, (gradient,) = penalty_of([[1.0, 0.0], [1.0, 1.0]])
    assert value == 2.0
    np.testing.assert_array_equal(gradient, [[4.0, 4.0], [4.0, 0.0]])


def test_norms_of_filters_are_free(rng):
    turned, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    scales = np.array([[1.0], [2.0], [3.0], [4.0]])
    value, (gradient,) = penalty_of(scales * turned)
    assert value == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-12)
    filters = rng.normal(size=(2, 5))
    scaled = np.array([[3.0], [0.5]]) * filters
    assert penalty_of(scaled)[0] == pytest.approx(
        3.0**2 * 0.5**2 * penalty_of(filters)[0]
    )


def test_gradient_is_the_formula_and_kernels_are_added(rng):
    some = [rng.normal(size=size) for size in ((3, 4), (2, 5))]
    value, gradients = penalty_of(*some)
    for w, gradient in zip(some, gradients, strict=True):
        others = 1.0 - np.eye(len(w))
        np.testing.assert_allclose(gradient, 4.0 * (w @ w.T * others) @ w)
        value -= ((w @ w.T * others) ** 2).sum()
    assert value == pytest.approx(0.0, abs=1e-10)


def test_kernels_are_all_but_tables_and_before_spectral_norm(rng):
    wrap = SpectralNorm().wrap
    latents, one_hot = keras.Input((3,)), keras.Input((2,))
    x = wrap(keras.layers.Dense(8, name="linear"))(latents)
    x = keras.layers.Reshape((2, 2, 2))(x)
    x = layers.batch_norm("norm", num_classes=2)(x, one_hot)
    x = keras.layers.Conv2DTranspose(4, 3, name="deconv")(x)
    x = wrap(keras.layers.Conv2D(5, 3, name="conv"))(x)
    network = keras.Model([latents, one_hot], x)
    found = GeneratorView(network, tiny.LATENTS).kernels()
    kernels = {layer.name: layer for layer in network.layers}
    linear = kernels["linear"].layer.kernel.numpy()
    deconv = kernels["deconv"].kernel.numpy().transpose(0, 1, 3, 2)
    conv = kernels["conv"].layer.kernel.numpy()
    expected = [linear, deconv.reshape(-1, 4), conv.reshape(-1, 5)]
    for matrix, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(matrix, wanted)


def test_the_generators_loss_has_the_weighted_penalty():
    objective = Objective(WGAN(), generator_regularizers=OrthogonalPenalty(0.5))
    generator = Kernels([[1.0, 1.0], [0.0, 1.0]])
    loss = Loss(tf.constant(3.0), {"other": tf.constant(1.0)})
    found = objective.generator_penalized(loss, generator, smooth.update())
    assert float(found.value) == 3.0 + 0.5 * 2.0
    assert float(found.terms["orthogonal_penalty"]) == 2.0
    assert float(found.terms["other"]) == 1.0
    alone = Objective(WGAN()).generator_penalized(loss, None, None)
    assert alone.value is loss.value


def test_training_lowers_the_penalty():
    objective = Objective(WGAN(), (), None, None, [OrthogonalPenalty(1.0)])
    model = tiny.model(rate=0.01, objective=objective, outputs=1)
    logs = []
    model.fit(
        tiny.batches(), steps_per_epoch=1, epochs=4, verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(
            on_epoch_end=lambda _, found: logs.append(found)
        )],
    )  # fmt: skip
    values = [found["generator/orthogonal_penalty"] for found in logs]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.9 * values[0]


def test_what_is_no_penalty_on_the_generator_is_refused():
    with pytest.raises(errors.UsageError, match="generator_regularizers"):
        Objective(WGAN(), generator_regularizers=[FeaturePenalty(1.0)])

    class Weightless(GeneratorRegularizer):
        def penalty(self, generator, update):
            return 0.0

    with pytest.raises(errors.UsageError, match="has no weight"):
        Objective(WGAN(), generator_regularizers=Weightless())
    with pytest.raises(errors.UsageError, match="weight"):
        OrthogonalPenalty(-1.0)
