"""Penalties on the critic in an update of their own."""

import numpy as np
import pytest
import tensorflow as tf
import tiny

from tf_mmdgan import errors
from tf_mmdgan.distribute import Update
from tf_mmdgan.objectives import WGAN, Batch, Objective, OrthogonalPenalty

RATE = 0.001


def descend(network, loss_of):
    """One step of plain descent."""
    with tf.GradientTape() as tape:
        loss = loss_of()
    variables = network.trainable_variables
    gradients = tape.gradient(loss, variables)
    for variable, gradient in zip(variables, gradients, strict=True):
        # Penalties on kernels say nothing of biases.
        if gradient is not None:
            variable.assign_sub(RATE * gradient)


def by_hand(steps, every):
    """As `tiny.model` is trained: two critic updates, then the generator's."""
    made = tiny.model()
    generator, objective = made.generator, made.objective
    plain = objective.unregularized()
    data, number = iter(tiny.batches()), 0
    for step in range(steps):
        for index in range(3):
            update = Update(5, tf.constant(number + index, tf.int64))
            real = Batch(next(data))
            latents = update.latents(tiny.LATENTS, 8)

            def loss(part, real=real, latents=latents, update=update):
                fakes = [Batch(generator(latents, training=True))]
                return part(made.view, real, fakes, update).value

            if index < 2:
                last = loss
                descend(made.critic, lambda: loss(plain.critic_loss))
            else:
                descend(generator, lambda: loss(objective.generator_loss))
        number += 3
        if step % every == 0:
            descend(
                made.critic,
                lambda loss=last: 2.0 * every * loss(objective.critic_penalty),
            )
    return made


def test_they_come_in_every_second_step_and_count_for_all_updates():
    made = tiny.model(rate=RATE, regularize_every=2)
    tiny.fit(made, 3)
    expected = by_hand(3, every=2)
    for name in ("critic", "generator"):
        pairs = zip(
            getattr(made, name).get_weights(),
            getattr(expected, name).get_weights(),
            strict=True,
        )
        for found, wanted in pairs:
            np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_the_penalty_is_that_of_the_usual_loss():
    made = tiny.model()
    real, fake = (Batch(batch) for batch in tiny.batches().take(2))
    arguments = made.view, real, [fake], Update(5, tf.constant(0, tf.int64))
    whole, alone, penalty = (
        loss(*arguments).value
        for loss in (
            made.objective.critic_loss,
            made.objective.unregularized().critic_loss,
            made.objective.critic_penalty,
        )
    )
    assert float(penalty) > 0.0
    np.testing.assert_allclose(whole, alone + penalty, rtol=1e-6)


def test_adam_counts_seventeen_updates_in_sixteen():
    made = tiny.adam_model(regularize_every=16)
    tiny.fit(made, 16)
    assert int(made.critic_optimizer.iterations) == 17
    assert int(made.generator_optimizer.iterations) == 16
    assert int(made.updates.numpy()) == 32


ORTHOGONAL = Objective(
    WGAN(), (), generator_regularizers=[OrthogonalPenalty(0.5)]
)


def test_the_generators_come_in_an_update_of_their_own():
    lazy = {"regularize_generator_every": 2, "critic_steps": 1}
    made, plain = (
        tiny.model(rate=RATE, objective=objective, outputs=1, **given)
        for objective, given in (
            (ORTHOGONAL, lazy),
            (Objective(WGAN()), {"critic_steps": 1}),
        )
    )
    tiny.fit(made, 1)
    tiny.fit(plain, 1)
    view = plain.generator_view
    descend(
        plain.generator,
        lambda: 2.0 * 0.5 * OrthogonalPenalty(0.5).penalty(view, None),
    )
    for one, two in zip(
        made.generator.get_weights(), plain.generator.get_weights(), strict=True
    ):
        np.testing.assert_allclose(one, two, atol=1e-6)


def test_adam_counts_five_updates_of_the_generator_in_four():
    made = tiny.adam_model(
        objective=ORTHOGONAL, outputs=1, regularize_generator_every=4
    )
    tiny.fit(made, 4)
    assert int(made.generator_optimizer.iterations) == 5
    assert int(made.critic_optimizer.iterations) == 4


@pytest.mark.slow
def test_two_replicas_take_them_like_one_device(two_cpus):
    settings = {"dtype": "float64", "regularize_every": 2}
    one, data = tiny.model(**settings), tiny.batches(dtype=np.float64)
    one.fit(data, steps_per_epoch=2, verbose=0)
    with two_cpus.scope():
        two = tiny.model(**settings)
    shared = two_cpus.experimental_distribute_dataset(data)
    two.fit(shared, steps_per_epoch=2, verbose=0)
    for a, b in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(
            a.numpy(), b.numpy(), atol=1e-10, err_msg=a.path
        )


def test_an_interval_below_one_is_refused():
    with pytest.raises(errors.UsageError, match="regularize_every"):
        tiny.model(regularize_every=0)


@pytest.mark.parametrize(
    "on", ["regularize_every", "regularize_generator_every"]
)
def test_an_update_of_no_penalty_is_refused(on):
    with pytest.raises(errors.UsageError, match=f"{on}=2: .*no penalty"):
        tiny.model(objective=Objective(WGAN()), outputs=1, **{on: 2})
