"""What holds for every objective, and for every f-divergence of f-GAN."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import config, kernels
from tf_mmdgan.distribute import Update
from tf_mmdgan.methods.published import OBJECTIVES
from tf_mmdgan.models.views import CriticView
from tf_mmdgan.networks import with_denoiser
from tf_mmdgan.objectives import Batch, CriticAugmentation
from tf_mmdgan.objectives.augmentations import (
    CRITIC_AUGMENTATIONS,
    adaptive,
)
from tf_mmdgan.objectives.criterion import joint_pass
from tf_mmdgan.objectives.f_divergences import DIVERGENCES

IMAGE, POINT = (4, 4, 1), (2,)
CASES = [(name, None) for name in OBJECTIVES if name != "f_gan"]
CASES += [("f_gan", divergence) for divergence in DIVERGENCES]
every_case = pytest.mark.parametrize("name, divergence", CASES)
both_shapes = pytest.mark.parametrize("shape", [IMAGE, POINT])


def make(name, divergence=None):
    entry = OBJECTIVES[name]
    changes = {"divergence": DIVERGENCES[divergence]} if divergence else {}
    settings = entry.settings.changed(changes)
    return entry.loss(settings), settings.critic_output


def make_critic(objective, width, shape):
    keras.utils.set_random_seed(0)
    images = keras.Input(shape)
    hidden = keras.layers.Dense(5, activation="tanh")(
        keras.layers.Flatten()(images)
    )
    features = keras.layers.Dense(width)(hidden)
    outputs = {
        "features": features,
        "activations": [hidden],
        "penultimate": hidden,
    }
    if objective.criterion.needs_decoder:
        pixels = int(np.prod(shape))
        flat = keras.layers.Dense(pixels, name="decoder")(features)
        outputs["reconstruction"] = keras.layers.Reshape(shape)(flat)
    critic = keras.Model(images, outputs)
    if objective.criterion.needs_denoiser:
        critic = with_denoiser(critic, 2)
    return critic


def view(critic):
    return CriticView(critic, keras.Variable(0.0, trainable=False))


def batches(rng, objective, shape, same=False):
    real = rng.uniform(-1, 1, (6, *shape)).astype(np.float32)
    fakes = [
        rng.uniform(-1, 1, (6, *shape)).astype(np.float32) * 0.5 + 0.3
        for _ in range(objective.fakes_per_real)
    ]
    if same:
        fakes = [real for _ in fakes]
    return Batch(tf.constant(real)), [Batch(tf.constant(f)) for f in fakes]


def update():
    return Update(0, tf.constant(0, tf.int64))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_published_settings_are_complete(name):
    entry = OBJECTIVES[name]
    chosen = config.TrainConfig(run_dir="run")
    for kernel in (None, *kernels.KERNELS.values()):
        published = entry.published(chosen, kernel)
        assert published.by_name().keys() == entry.names
        assert published.critic_output >= 1
        assert published.critic_steps >= 1
    objective, _ = make(name)
    assert objective.criterion == entry.settings.criterion
    assert entry.source
    # Batch norm goes with objectives of batches only.
    if entry.settings.critic_batch_norm:
        assert not objective.needs_independent_examples


@every_case
@both_shapes
def test_both_gradients_are_finite_and_not_zero(name, divergence, shape, rng):
    objective, width = make(name, divergence)
    critic = make_critic(objective, width, shape)
    real, fakes = batches(rng, objective, shape)
    images = [f.images for f in fakes]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        arguments = (view(critic), real, [Batch(i) for i in images], update())
        for_critic = objective.critic_loss(*arguments).value
        for_generator = objective.generator_loss(*arguments).value
    assert for_critic.shape == for_generator.shape == ()
    assert np.isfinite(for_critic) and np.isfinite(for_generator)
    # Of a difference of features, a bias is no part.
    weights = [w for w in critic.trainable_variables if len(w.shape) == 2]
    for gradient in (
        *tape.gradient(for_critic, weights),
        *tape.gradient(for_generator, images),
    ):
        assert np.isfinite(gradient.numpy()).all()
        assert np.abs(gradient.numpy()).max() > 0


@pytest.mark.parametrize("name", OBJECTIVES)
def test_both_losses_are_of_changed_images(name, rng):
    """As those of images that were changed before, and their gradient."""
    plain, width = make(name)
    seen = view(make_critic(plain, width, IMAGE))
    real, fakes = batches(rng, plain, IMAGE)
    changes = CriticAugmentation("color,cutout")
    objective = dataclasses.replace(plain, augmentation=changes)
    shown, *others = changes.apply([real, *fakes], update())
    found = objective.critic_loss(seen, real, fakes, update()).value
    expected = plain.critic_loss(seen, shown, others, update()).value
    assert float(found) == float(expected)

    images, gradients = [f.images for f in fakes], []
    for loss, change in (
        (objective.generator_loss, lambda batches: batches),
        (plain.generator_loss, lambda b: changes.apply(b, update())),
    ):
        with tf.GradientTape() as tape:
            tape.watch(images)
            shown, *others = change([real, *map(Batch, images)])
            value = loss(seen, shown, others, update()).value
        gradients.append(tape.gradient(value, images))
    for actual, needed in zip(*gradients, strict=True):
        assert np.abs(actual.numpy()).max() > 0
        np.testing.assert_array_equal(actual, needed)


@every_case
def test_margins_tell_single_real_images(name, divergence, rng):
    """Those by which the probability of changes follows the critic."""
    objective, width = make(name, divergence)
    seen = view(make_critic(objective, width, IMAGE))
    real, fakes = batches(rng, objective, IMAGE)
    passed = joint_pass(seen, real, fakes, update())
    margins = adaptive.margins(objective.criterion, passed).numpy()
    assert margins.shape == (6,)
    assert np.isfinite(margins).all() and np.ptp(margins) > 0


@pytest.mark.parametrize(
    "name",
    [n for n, c in CRITIC_AUGMENTATIONS.items() if not c.needs_chance],
)
def test_any_change_goes_with_an_mmd(name, rng):
    plain, width = make("mmd")
    objective = dataclasses.replace(
        plain, augmentation=CriticAugmentation(name)
    )
    shape = (8, 8, 3)
    critic = make_critic(objective, width, shape)
    real, (fake,) = batches(rng, objective, shape)
    with tf.GradientTape() as tape:
        tape.watch(fake.images)
        loss = objective.generator_loss(view(critic), real, [fake], update())
    gradient = tape.gradient(loss.value, fake.images).numpy()
    assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0
    one = plain.generator_loss(view(critic), real, [fake], update())
    assert float(one.value) != float(loss.value)


@every_case
def test_losses_stay_finite_where_real_and_fake_coincide(name, divergence, rng):
    objective, width = make(name, divergence)
    critic = make_critic(objective, width, IMAGE)
    real, fakes = batches(rng, objective, IMAGE, same=True)
    images = [f.images for f in fakes]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        arguments = (view(critic), real, [Batch(i) for i in images], update())
        for_critic = objective.critic_loss(*arguments).value
        for_generator = objective.generator_loss(*arguments).value
    assert np.isfinite(for_critic) and np.isfinite(for_generator)
    gradients = tape.gradient(
        for_critic, critic.trainable_variables, unconnected_gradients="zero"
    )
    gradients += tape.gradient(for_generator, images)
    assert all(np.isfinite(g.numpy()).all() for g in gradients)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_after_an_update_weights_are_within_their_bound(name, rng):
    objective, width = make(name)
    critic = make_critic(objective, width, IMAGE)
    real, fakes = batches(rng, objective, IMAGE)
    seen = view(critic)
    loss = objective.critic_loss(seen, real, fakes, update())
    before = [w.numpy() for w in critic.weights]
    objective.after_update(seen, loss.terms)
    bound = OBJECTIVES[name].settings.weight_clip or np.inf
    for weight, old in zip(critic.weights, before, strict=True):
        limit = np.inf if "decoder" in weight.path else bound
        expected = np.clip(old, -limit, limit)
        np.testing.assert_array_equal(weight.numpy(), expected)
    if bound < np.inf:
        assert max(np.abs(old).max() for old in before) > bound


def test_two_replicas_have_the_loss_of_one_device(
    two_cpus, mean_over_replicas, rng
):
    """One with all that a replica may get wrong: noise, means, penalties."""
    entry = OBJECTIVES["smmd"]
    settings = entry.settings.changed(
        {
            "kernel": kernels.Gaussian(),
            "scale_measure": "mixture",
            "scale_jacobian": "hutchinson",
            "gradient_penalty": 1.0,
            "r1": 1.0,
            "feature_penalty": 1.0,
            "instance_noise": 0.2,
        }
    )
    objective = entry.loss(settings)
    with two_cpus.scope():
        critic = make_critic(objective, 3, IMAGE)
        seen = view(critic)
    real, (fake,) = batches(rng, objective, IMAGE)

    def replica_update(rows):
        with tf.GradientTape() as tape:
            parts = [Batch(batch.images[rows]) for batch in (real, fake)]
            loss = objective.critic_loss(seen, parts[0], parts[1:], update())
        return loss.value, tape.gradient(loss.value, critic.weights[0].value)

    means = mean_over_replicas(replica_update, len(real.images))
    expected = replica_update(slice(None))
    for actual, one_device in zip(means, expected, strict=True):
        np.testing.assert_allclose(actual, one_device, rtol=1e-4, atol=1e-6)
