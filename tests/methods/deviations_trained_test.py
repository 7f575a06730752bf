import keras
import numpy as np
import pytest
import tensorflow as tf
from deviating import make_model, settings

from tf_mmdgan.conditions import Classes
from tf_mmdgan.networks.spectral_normalization import (
    power_iterate,
    spectral_layers,
)


def batch(rng, count=4, shape=(16, 16, 1)):
    return tf.constant(rng.uniform(-1, 1, size=(count, *shape)), tf.float32)


def test_gradients_are_clipped_one_by_one(rng):
    model = make_model("clipped_gradients")
    assert settings("clipped_gradients").clip_norm == 1.0
    weights = model.critic.trainable_variables
    start = [10 * w.numpy() for w in weights]
    images = batch(rng)

    def moves(clip_norm):
        for weight, value in zip(weights, start, strict=True):
            weight.assign(value)
        sgd = keras.optimizers.SGD
        model.compile(sgd(1.0), sgd(1.0), clip_norm=clip_norm)
        model.critic_update(images, tf.constant(0, tf.int64))
        return [s - w.numpy() for s, w in zip(start, weights, strict=True)]

    clipped, free = moves(1.0), moves(None)
    norms = [np.linalg.norm(gradient) for gradient in free]
    assert max(norms) > 2
    for actual, gradient, norm in zip(clipped, free, norms, strict=True):
        expected = gradient / max(norm, 1)
        np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-4)


def test_first_weights_of_the_critic():
    def deviations(text):
        network = make_model(text, critic_width=16).critic
        return {
            layer.name: layer.kernel.numpy().std()
            for layer in network.layers
            if hasattr(layer, "kernel")
        }

    # Normals of deviation .02 that are cut at .04.
    small, large = deviations("small_initial_weights"), deviations("none")
    he = {"conv1": 2 / 25, "conv2": 2 / 400, "conv3": 2 / 800}
    for name, variance in he.items():
        assert small[name] == pytest.approx(0.0176, rel=0.1)
        assert large[name] == pytest.approx(variance**0.5, rel=0.1)
    assert small["features"] == pytest.approx(0.01, rel=0.1)


def test_batch_statistics_in_evaluation(rng):
    latents = tf.constant(rng.uniform(-1, 1, (6, 100)), tf.float32)
    for deviations, same in (("batch_statistics", True), ("none", False)):
        generator = make_model(deviations).generator
        moving = [w.numpy() for w in generator.non_trainable_variables]
        evaluated = generator(latents, training=False).numpy()
        for before, after in zip(
            moving, generator.non_trainable_variables, strict=True
        ):
            np.testing.assert_array_equal(before, after)
        trained = generator(latents, training=True).numpy()
        assert np.allclose(evaluated, trained, atol=1e-5) == same


def test_early_critic_steps():
    model = make_model("early_critic_steps")
    steps = np.array([0, 1, 19, 20, 25, 499, 500, 501, 1000])
    published = np.where((steps < 20) | (steps % 500 == 0), 10, 5)
    extra = [int(model.extra_updates(tf.constant(step))) for step in steps]
    np.testing.assert_array_equal(5 + np.array(extra), published)
    # The figure of the documentation.
    steps = np.arange(150_000)
    burn_in = model.burn_in.applies(tf.constant(steps)).numpy()
    assert burn_in.sum() * 5 == 1595
    assert make_model("none").burn_in is None


def spectral_model(deviations, rng, **kwargs):
    """A model of points whose kernels have moved away from their vectors."""
    made = make_model(
        deviations, (4,), objective="sn_gan", architecture="mlp",
        critic_width=6, generator_width=6, **kwargs,
    )  # fmt: skip
    for layer in spectral_layers(made.critic):
        kernel = layer.layer.kernel
        kernel.assign(rng.normal(size=kernel.shape))
    return made


def vectors(made):
    return [layer.u.numpy() for layer in spectral_layers(made.critic)]


def power_step(kernel, u):
    v = kernel @ u / np.linalg.norm(kernel @ u)
    return kernel.T @ v / np.linalg.norm(kernel.T @ v), v


def test_vectors_move_in_the_generators_update(rng):
    both = "one_power_vector,moved_with_generator"
    for deviations in ("one_power_vector", both):
        made = spectral_model(deviations, rng)
        before = vectors(made)
        points = batch(rng, shape=(4,))
        made.generator_update(points, tf.constant(0, tf.int64))
        for layer, u in zip(spectral_layers(made.critic), before, strict=True):
            expected = u
            if deviations == both:
                kernel = layer.layer.kernel.numpy()
                expected = power_step(kernel, u[0])[0][None]
            np.testing.assert_allclose(layer.u.numpy(), expected, atol=1e-5)


def test_one_vector_takes_a_power_step(rng):
    made = spectral_model("one_power_vector", rng)
    before = vectors(made)
    power_iterate(made.critic)
    for layer, u in zip(spectral_layers(made.critic), before, strict=True):
        kernel = layer.layer.kernel.numpy()
        u, v = power_step(kernel, u[0])
        sigma = v @ kernel @ u
        # Less than the norm: the layer is steeper than it should be.
        norm = np.linalg.norm(kernel, 2)
        assert sigma < norm * (1 + 1e-6)
        actual = layer.normalized_kernel()
        np.testing.assert_allclose(actual, kernel / sigma, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("deviations", ["none", "project_output"])
def test_projection_of_labels(rng, deviations):
    made = make_model(
        deviations, (4,), Classes(3), architecture="mlp", critic_output=2,
        conditioning="projection",
    )  # fmt: skip
    labels = np.array([0, 2, 1, 1])
    outputs = made.critic([batch(rng, shape=(4,)), tf.constant(labels)])
    kernel, bias = made.critic.get_layer("features").get_weights()
    (table,) = made.critic.get_layer("embedding").get_weights()
    phi = outputs["activations"][-1].numpy()
    f = phi @ kernel + bias
    if deviations == "none":
        share = np.einsum("bp,bpd->bd", phi, table[labels].reshape(4, -1, 2))
    else:
        share = (table[labels] * f).sum(1, keepdims=True)
    np.testing.assert_allclose(outputs["features"], f + share, rtol=1e-4)


def test_labels_that_are_appended_are_not_projected():
    made = make_model(
        "scaled", (16, 16, 1), Classes(3), conditioning="concatenation"
    )
    assert made.critic.input_shape == [(None, 16, 16, 1), (None,)]
