"""A criterion together with what regularises it."""

import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors, kernels
from tf_mmdgan.distribute import Purpose
from tf_mmdgan.objectives import (
    GAN,
    MMDGAN,
    WGAN,
    AutoencoderMMD,
    CramerGAN,
    CriticForm,
    FeaturePenalty,
    GradientPenalty,
    InstanceNoise,
    NoisePenalty,
    Objective,
    ScaledMMD,
    SobolevGAN,
    WeightClipping,
    ZeroCentredPenalty,
)

MMD = MMDGAN(kernels.Gaussian())


def test_critic_loss_is_the_weighted_sum(rng):
    critic = smooth.SmoothCritic(rng)
    pair = smooth.images(rng)
    parts = (
        GradientPenalty(0.7),
        ZeroCentredPenalty(0.2, "real"),
        ZeroCentredPenalty(0.1, "fake"),
        FeaturePenalty(0.3),
    )
    seen = smooth.comparison(critic, *pair)
    loss, terms = MMD.critic_loss(seen)
    expected = float(loss)
    for part in parts:
        expected += part.weight * float(part.penalty(MMD, seen))
    real, fakes = smooth.batches(critic, *pair)
    objective = Objective(MMD, parts)
    actual = objective.critic_loss(critic, real, fakes, smooth.update())
    smooth.assert_close(actual.value, expected)
    assert list(actual.terms) == [
        *terms,
        "gradient_penalty",
        "r1",
        "r2",
        "feature_penalty",
    ]
    # A term is logged before its weight.
    smooth.assert_close(actual.terms["r1"], parts[1].penalty(MMD, seen).numpy())


def test_generator_has_the_criterion_alone(rng):
    critic = smooth.SmoothCritic(rng)
    pair = smooth.images(rng)
    objective = Objective(MMD, [GradientPenalty(1.0), FeaturePenalty(1.0)])
    real, fakes = smooth.batches(critic, *pair)
    loss = objective.generator_loss(critic, real, fakes, smooth.update())
    expected = smooth.mmd2_unbiased(
        smooth.gaussian, *map(critic.features, pair)
    )
    smooth.assert_close(loss.value, expected)


def test_all_that_the_critic_sees_is_noisy(rng):
    critic = smooth.SmoothCritic(rng)
    pair = smooth.images(rng)
    shape = tf.TensorShape(smooth.IMAGE)
    # Pixels in [-1, 1] have twice the deviation of those in [0, 1].
    noisy = [
        images
        + 0.6
        * smooth.update()
        .normal(Purpose.INSTANCE_NOISE, 6, shape, index)
        .numpy()
        for index, images in enumerate(pair)
    ]
    objective = Objective(MMD, instance_noise=InstanceNoise(0.3))
    arguments = critic, *smooth.batches(critic, *pair), smooth.update()
    expected = smooth.losses(MMD, critic, *noisy)
    for_critic = objective.critic_loss(*arguments)
    for_generator = objective.generator_loss(*arguments)
    # The noise is float32.
    smooth.assert_close(for_critic.value, expected[0].value, "float32")
    smooth.assert_close(for_generator.value, expected[1].value, "float32")
    plain = Objective(MMD).critic_loss(*arguments)
    assert abs(float(plain.value - for_critic.value)) > 1e-3


def test_gradients_of_everything_pass_finite_differences(rng):
    critic = smooth.SmoothCritic(rng, outputs=1)
    real, fakes = smooth.batches(critic, *smooth.images(rng))
    objective = Objective(
        GAN("minimax"),
        [GradientPenalty(1.0), NoisePenalty(0.5), FeaturePenalty(0.3)],
        InstanceNoise(0.3),
    )

    def value():
        return objective.critic_loss(critic, real, fakes, smooth.update()).value

    smooth.assert_slope(value, critic.weights, rng)


def test_after_an_update_multipliers_move_and_weights_are_clipped(rng):
    critic = smooth.SmoothCritic(rng, outputs=1)
    terms = {"multiplier": tf.constant(0.5), "constraint": tf.constant(2.0)}
    objective = Objective(SobolevGAN(0.1), weight_clipping=WeightClipping(0.3))
    objective.after_update(critic, terms)
    assert float(critic.multiplier.value) == pytest.approx(0.7)
    assert critic.clipped == [0.3]
    Objective(WGAN()).after_update(critic, {})
    assert float(critic.multiplier.value) == pytest.approx(0.7)
    assert critic.clipped == [0.3]


def test_one_fake_batch_but_for_cramer():
    assert Objective(MMD).fakes_per_real == 1
    assert Objective(CramerGAN("energy")).fakes_per_real == 2


@pytest.mark.parametrize(
    "objective, independent",
    [
        (Objective(MMD), False),
        (Objective(MMD, [FeaturePenalty(1.0)]), False),
        (Objective(MMD, [FeaturePenalty(1.0), GradientPenalty(1.0)]), True),
        (Objective(AutoencoderMMD(kernels.Gaussian())), False),
        (Objective(ScaledMMD(kernels.Gaussian())), True),
        (Objective(SobolevGAN(0.1)), True),
    ],
)
def test_batch_norm_is_ruled_out_by_gradients(objective, independent):
    assert objective.needs_independent_examples == independent


@pytest.mark.parametrize("criterion", [WGAN(), GAN("minimax")])
def test_scalar_criteria_refuse_more_outputs(criterion):
    Objective(criterion).check(CriticForm(1))
    name = type(criterion).__name__
    message = f"{name} needs a critic with one output, not 16"
    with pytest.raises(errors.UsageError, match=message):
        Objective(criterion).check(CriticForm(16))


def test_a_critic_without_what_a_loss_is_of():
    with pytest.raises(errors.UsageError, match="critic with a decoder"):
        Objective(AutoencoderMMD(kernels.Gaussian())).check(
            CriticForm(4, decoder=False)
        )
    objective = Objective(MMD, [FeaturePenalty(1.0)])
    objective.check(CriticForm(4))
    with pytest.raises(errors.UsageError, match="on hidden layers too"):
        objective.check(CriticForm(4, activations=False))
    objective = Objective(WGAN(), [GradientPenalty(1.0)])
    objective.check(CriticForm(1))
    with pytest.raises(errors.UsageError, match="leave out either"):
        objective.check(CriticForm(1, batch_norm=True))
    with pytest.raises(errors.UsageError, match="minibatch discrimination"):
        objective.check(CriticForm(1, minibatch=True))
    with pytest.raises(errors.UsageError, match="the deviation of a group"):
        objective.check(CriticForm(1, deviation=True))
    published = Objective(WGAN(), [ZeroCentredPenalty(1.0, "real")])
    published.check(CriticForm(1, deviation=True))


def test_regularizers_are_asked_too():
    Objective(MMD).check(CriticForm(16))
    objective = Objective(MMD, [FeaturePenalty(1.0), NoisePenalty(1.0)])
    with pytest.raises(errors.UsageError, match="noise penalty"):
        objective.check(CriticForm(16))


def test_penalties_are_taken_of_noisy_images(rng):
    critic = smooth.SmoothCritic(rng, outputs=1)
    real, fakes = smooth.batches(critic, *smooth.images(rng))
    noise = InstanceNoise(0.3)
    objective = Objective(WGAN(), [ZeroCentredPenalty(1.0, "real")], noise)
    loss = objective.critic_loss(critic, real, fakes, smooth.update())
    noisy = noise.add([real], smooth.update())[0].images.numpy()
    squares = (2 * critic.jacobian(noisy)) ** 2
    expected = squares.sum((1, 2)).mean() / 2
    np.testing.assert_allclose(loss.terms["r1"], expected)


@pytest.mark.parametrize("given", ["gradient_penalty", 3, GradientPenalty])
def test_what_is_no_regulariser_is_named_as_a_whole(given):
    with pytest.raises(errors.UsageError, match="need a Regularizer, not") as e:
        Objective(WGAN(), given)
    assert errors.excerpt(given, 40) in str(e.value)
