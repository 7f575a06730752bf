"""The adversarial step against a hand-written one, alone and on replicas."""

import numpy as np
import pytest
import tensorflow as tf
import tiny

from tf_mmdgan.distribute import Update
from tf_mmdgan.models import BurnIn
from tf_mmdgan.objectives import Batch


def fit(made, steps, data=None):
    data = tiny.batches() if data is None else data
    made.fit(data, steps_per_epoch=steps, epochs=1, verbose=0)
    return made


def test_step_is_critic_updates_then_one_generator_update():
    trained = fit(tiny.model(rate=0.001), 1)
    by_hand = tiny.model()
    critic, generator = by_hand.view, by_hand.generator
    data = iter(tiny.batches())
    for number in range(3):
        update = Update(5, tf.constant(number, tf.int64))
        real = Batch(next(data))
        latents = update.latents(tiny.LATENTS, 8)
        losses = by_hand.objective
        on_critic = number < 2
        network = by_hand.critic if on_critic else generator
        with tf.GradientTape() as tape:
            fakes = [Batch(generator(latents, training=True))]
            loss_of = losses.critic_loss if on_critic else losses.generator_loss
            loss = loss_of(critic, real, fakes, update).value
        variables = network.trainable_variables
        gradients = tape.gradient(loss, variables)
        for variable, gradient in zip(variables, gradients, strict=True):
            variable.assign_sub(0.001 * gradient)
    for name in ("critic", "generator"):
        for a, b in zip(
            getattr(trained, name).get_weights(),
            getattr(by_hand, name).get_weights(),
            strict=True,
        ):
            np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("clip_norm", [None, 0.05])
def test_two_replicas_train_like_one_device(two_cpus, clip_norm):
    settings = {
        "dtype": "float64",
        "batch_norm": True,
        "clip_norm": clip_norm,
        "burn_in": BurnIn(4, 1, 2),
    }
    one = fit(tiny.model(**settings), 5, tiny.batches(dtype=np.float64))
    with two_cpus.scope():
        two = tiny.model(**settings)
    data = two_cpus.experimental_distribute_dataset(
        tiny.batches(dtype=np.float64)
    )
    fit(two, 5, data)
    for a, b in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(
            a.numpy(), b.numpy(), atol=1e-10, err_msg=a.path
        )
    for variable in two.critic.trainable_variables:
        first, second = variable.value.values
        np.testing.assert_array_equal(first.numpy(), second.numpy())


def test_clip_norm_bounds_the_update_of_each_variable():
    before = tiny.model()
    start = [w.numpy() for w in before.critic.trainable_variables]
    made = fit(tiny.model(rate=1.0, clip_norm=0.01, critic_steps=1), 1)
    for old, new in zip(start, made.critic.trainable_variables, strict=True):
        moved = np.linalg.norm(new.numpy() - old)
        assert moved <= 0.01 * (1 + 1e-4)
    assert moved > 0


def test_burn_in_takes_more_critic_updates_at_its_steps():
    made = fit(tiny.model(burn_in=BurnIn(6, first=2, every=4)), 6)
    # Steps 0, 1 and 4 have 6 critic updates, the others 2; 1 of generator each.
    assert made.updates.numpy() == 3 * 6 + 3 * 2 + 6
    assert made.step.numpy() == 6


def test_logs_name_the_losses_of_both_networks():
    made = tiny.model()
    history = made.fit(tiny.batches(), steps_per_epoch=1, verbose=0).history
    assert set(history) == {
        "critic/loss", "critic/mmd2", "critic/gradient_penalty",
        "critic/feature_penalty", "generator/loss", "generator/mmd2",
    }  # fmt: skip


def test_batch_norm_in_the_critic_keeps_real_and_fake_apart():
    made = tiny.model()
    network = tiny.critic(batch_norm=True)
    view = type(made.view)(network, made.multiplier)
    real = Batch(next(iter(tiny.batches())))
    fake = Batch(real.images * 0.1 + 2.0)
    features = view.joint(real, fake).features
    for rows, batch in zip(tf.split(features, 2), (real, fake), strict=True):
        np.testing.assert_allclose(
            rows, network(batch.images, training=True)["features"]
        )
