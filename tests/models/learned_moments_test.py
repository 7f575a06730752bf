"""Turns of a generator and of the network of its moments."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
import tiny_matching as toy

from tf_mmdgan import config, errors, methods
from tf_mmdgan.models import LearnedMomentsModel
from tf_mmdgan.objectives import LearnedMoments


def moved(before, network):
    now = toy.numbers(network.trainable_variables)
    return any((a != b).any() for a, b in zip(before, now, strict=True))


@pytest.mark.slow
def test_the_network_moves_where_an_objective_begins_and_there_alone():
    """Two updates before the steps 0, 2 and 4."""
    made = toy.model("molm")
    for step, begins in enumerate([True, False, True, False, True]):
        own = toy.numbers(made.critic.trainable_variables)
        before = toy.numbers(made.generator.trainable_variables)
        start = int(made.updates.numpy())
        toy.fit(made, 1, start=start)
        assert int(made.step.numpy()) == step + 1
        assert int(made.updates.numpy()) == start + 1 + 2 * begins
        assert moved(own, made.critic) == begins
        assert moved(before, made.generator)


def test_the_target_is_the_mean_over_all_batches_of_an_objective():
    made = LearnedMomentsModel(
        tiny.generator(), tiny.critic(outputs=1), tiny.LATENTS,
        moment_updates=1, objective_steps=3,
    )  # fmt: skip
    made.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    images = toy.data()
    made.fit(images, batch_size=8, epochs=1, shuffle=False, verbose=0)
    # Steps 0 to 3, of batches 1, 2, 3 and, after a second training, 1.
    assert int(made.updates.numpy()) == 6
    expected = made._moments(tf.constant(images[8:16]))
    tf.nest.map_structure(
        lambda variable, mean: np.testing.assert_allclose(
            variable.numpy(), mean, rtol=1e-5, atol=1e-6
        ),
        [list(part) for part in made.target],
        [list(part) for part in expected],
    )
    made.fit(images, batch_size=8, epochs=1, steps_per_epoch=2, shuffle=False,
             verbose=0)  # fmt: skip
    means = made._moments(
        tf.constant(np.concatenate([images[8:16], images[:16]]))
    )
    for variable, mean in zip(
        made.target.gradients, means.gradients, strict=True
    ):
        np.testing.assert_allclose(variable.numpy(), mean, rtol=1e-5, atol=1e-6)


def test_a_step_descends_the_distance_of_moments():
    made = toy.model("molm")
    toy.fit(made, 1)
    by_hand = toy.numbers(made.generator.trainable_variables)
    start = int(made.updates.numpy())
    real = next(iter(tiny.batches(start=start)))
    latents = made.draw_latents(real, tf.constant(start, tf.int64))
    kept = [[v.numpy() for v in part] for part in made.target]
    own = made._moments(real)
    target = [
        [(old + new.numpy()) / 2 for old, new in zip(a, b, strict=True)]
        for a, b in zip(kept, own, strict=True)
    ]
    with tf.GradientTape() as tape:
        fake = made.generator(latents, training=True)
        found = made._moments(fake)
        loss = 0.5 * tf.add_n(
            [
                tf.reduce_sum((t - m) ** 2)
                for part, means in zip(target, found, strict=True)
                for t, m in zip(part, means, strict=True)
            ]
        )
    gradients = tape.gradient(loss, made.generator.trainable_variables)
    toy.fit(made, 1, start=start)
    for variable, old, gradient in zip(
        made.generator.trainable_variables, by_hand, gradients, strict=True
    ):
        assert np.abs(gradient).max() > 1e-4
        np.testing.assert_allclose(
            variable.numpy(), old - 0.05 * gradient, rtol=1e-4, atol=1e-6
        )


@pytest.mark.parametrize(
    ("network", "options", "words"),
    [
        ({"outputs": 2}, {}, "--critic_output: .* one output, .* has 2"),
        ({"outputs": 1, "batch_norm": True}, {}, "--critic_batch_norm: Mom"),
        ({"outputs": 1}, {"moment_updates": 0}, "moment_updates=0, need an"),
        ({"outputs": 1}, {"objective_steps": 0}, "objective_steps=0, need an"),
        ({"outputs": 1}, {"objective": 1.0}, "need a LearnedMoments, not 1.0"),
    ],
)
def test_networks_without_moments_of_images_are_refused(
    network, options, words
):
    with pytest.raises(errors.UsageError) as caught:
        LearnedMomentsModel(
            tiny.generator(), tiny.critic(**network), tiny.LATENTS, **options
        )
    assert re.search(words, caught.value.with_flag)


def test_settings_reach_the_model_and_wrong_ones_are_told():
    given = {
        "run_dir": "run", "objective": "molm", "architecture": "mlp",
        "generator_width": 2, "critic_width": 2, "moment_updates": 7,
        "objective_steps": 9, "moment_penalty": 0.5,
    }  # fmt: skip
    made = methods.make_model(config.TrainConfig(**given), (2, 2, 1))
    assert (made.moment_updates, made.objective_steps) == (7, 9)
    assert made.objective == LearnedMoments(0.5, 1.0)
    for wrong, words in (
        ({"mmd_scope": "replica"}, "--mmd_scope=replica: .* its moments"),
        ({"accumulate": 2}, "--accumulate=2: --objective=molm takes its bat"),
        ({"conditioning": "projection"}, "--objective=molm takes no labels"),
        ({"critic_batch_norm": True}, "--critic_batch_norm: Moments are"),
        ({"critic_output": 3}, "--critic_output: Moments are gradients"),
        ({"gradient_penalty": 1.0}, "--gradient_penalty has no meaning"),
    ):
        with pytest.raises(errors.UsageError) as caught:
            chosen = config.TrainConfig(**given | wrong)
            methods.make_model(chosen, (2, 2, 1))
        assert re.search(words, caught.value.with_flag)
