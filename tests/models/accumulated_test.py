"""Batches that are differentiated in parts, with the whole's gradients."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
import tiny_conditional

from tf_mmdgan import errors, kernels
from tf_mmdgan.distribute import Update
from tf_mmdgan.distribute.update import Purpose
from tf_mmdgan.models import AdversarialModel
from tf_mmdgan.networks import MinibatchDiscrimination, mlp
from tf_mmdgan.networks.options import CriticOptions, GeneratorOptions
from tf_mmdgan.networks.spectral_normalization import SpectralNorm
from tf_mmdgan.objectives import (
    MMDGAN,
    AdaptiveProbability,
    CramerGAN,
    CriticAugmentation,
    FeatureMatchingGAN,
    GradientPenalty,
    HingeGAN,
    InstanceNoise,
    NoisePenalty,
    Objective,
    OrthogonalPenalty,
    Regularizer,
    ScaledMMD,
    ZeroCentredPenalty,
)
from tf_mmdgan.objectives.gan import GAN

RQ = kernels.KERNELS["rq_linear"]
CRAMER = Objective(CramerGAN("energy"), GradientPenalty(10.0))


def trained(accumulate, objective=None, steps=2, **settings):
    made = tiny.model(
        dtype="float64", objective=objective, accumulate=accumulate, rate=0.01,
        **settings,
    )  # fmt: skip
    history = made.fit(
        tiny.batches(dtype=np.float64), steps_per_epoch=steps, epochs=1,
        verbose=0,
    ).history  # fmt: skip
    return made, history


def check_alike(one, other, atol=1e-12):
    for a, b in zip(one.weights, other.weights, strict=True):
        np.testing.assert_allclose(
            a.numpy(), b.numpy(), atol=atol, err_msg=a.path
        )


@pytest.mark.parametrize(
    ("objective", "outputs", "accumulate"),
    [
        pytest.param(tiny.PENALISED_MMD, 2, 4, id="penalised mmd"),
        pytest.param(
            Objective(MMDGAN(RQ)), 2, 2, id="mmd", marks=pytest.mark.slow
        ),
        pytest.param(
            Objective(CramerGAN("energy"), GradientPenalty(10.0)), 2, 4,
            id="cramer", marks=pytest.mark.slow,
        ),
        pytest.param(
            Objective(
                GAN("minimax"),
                [NoisePenalty(0.1), ZeroCentredPenalty(1.0, "fake")],
                InstanceNoise(0.1),
                generator_regularizers=OrthogonalPenalty(0.1),
            ),
            1,
            2,
            id="gan, noise",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            Objective(
                HingeGAN(),
                ZeroCentredPenalty(1.0, "real"),
                augmentation=CriticAugmentation(
                    "brightness", AdaptiveProbability(0.6, 100)
                ),
            ),
            1,
            2,
            id="hinge, augmented",
            marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_parts_train_as_the_whole_batch_does(objective, outputs, accumulate):
    (whole, told), (parts, also) = (
        trained(n, objective, outputs=outputs) for n in (1, accumulate)
    )
    check_alike(whole, parts)
    assert told.keys() == also.keys()
    for name, values in told.items():
        np.testing.assert_allclose(also[name], values, atol=1e-10)
    start = tiny.model(dtype="float64", outputs=outputs, objective=objective)
    moved = zip(start.critic.weights, parts.critic.weights, strict=True)
    assert any(np.abs(a.numpy() - b.numpy()).max() > 1e-4 for a, b in moved)


def conditional(accumulate, objective, **options):
    keras.utils.set_random_seed(1)
    made = AdversarialModel(
        tiny_conditional.generator("float64"),
        tiny_conditional.critic("float64"),
        tiny.LATENTS, objective, critic_steps=1,
        condition=tiny_conditional.Classes(3), accumulate=accumulate, seed=5,
        **options,
    )  # fmt: skip
    sgd = keras.optimizers.SGD
    made.compile(sgd(0.01), sgd(0.01), jit_compile=False)
    return made


@pytest.mark.slow
def test_each_part_has_its_own_labels():
    data = tiny_conditional.batches(dtype=np.float64)
    whole, parts = (conditional(n, tiny.PENALISED_MMD) for n in (1, 4))
    for made in (whole, parts):
        made.fit(data, steps_per_epoch=2, epochs=1, verbose=0)
    check_alike(whole, parts)


@pytest.mark.slow
def test_several_replicas_take_parts_of_their_own(two_cpus):
    data = tiny.batches(dtype=np.float64)
    one, _ = trained(1)
    with two_cpus.scope():
        two = tiny.model(dtype="float64", accumulate=2, rate=0.01)
    two.fit(
        two_cpus.experimental_distribute_dataset(data), steps_per_epoch=2,
        epochs=1, verbose=0,
    )  # fmt: skip
    check_alike(one, two, atol=1e-10)


def test_noise_of_parts_is_that_of_their_rows():
    update = Update(3, tf.constant(7, tf.int64))
    whole = update.uniform(Purpose.INTERPOLATION, 8)
    rows = update.normal(Purpose.PROBES, 8, tf.TensorShape([2]))
    for number in range(4):
        own = dataclasses.replace(update, parts=4, part=number)
        part = slice(2 * number, 2 * number + 2)
        np.testing.assert_array_equal(
            own.uniform(Purpose.INTERPOLATION, 2), whole[part]
        )
        np.testing.assert_array_equal(
            own.normal(Purpose.PROBES, 2, tf.TensorShape([2])), rows[part]
        )


def of_package(accumulate, objective, outputs, **options):
    """A pair whose critic returns what its last layer is given."""
    keras.utils.set_random_seed(1)
    generator = mlp.generator(
        tiny.SHAPE, GeneratorOptions(tiny.LATENTS.size, width=4)
    )
    chosen = CriticOptions(outputs, width=4, **options)
    critic = mlp.critic(tiny.SHAPE, chosen)
    made = AdversarialModel(
        generator, critic, tiny.LATENTS, objective, critic_steps=1, seed=5,
        accumulate=accumulate,
    )  # fmt: skip
    made.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
    made.fit(tiny.batches(), steps_per_epoch=2, epochs=1, verbose=0)
    return made


@pytest.mark.slow
@pytest.mark.parametrize(
    ("objective", "outputs"),
    [(Objective(FeatureMatchingGAN()), 1), (Objective(MMDGAN(RQ)), 3)],
)
def test_spectral_norms_and_inputs_of_last_layers(objective, outputs):
    """And a generator whose batch normalization is over the whole batch."""
    pair = [
        of_package(n, objective, outputs, spectral_norm=SpectralNorm())
        for n in (1, 4)
    ]
    check_alike(*pair, atol=1e-5)  # In float32, as spectral norms are.


class Squares(Regularizer):
    """No mean over images: a square of one."""

    weight = 1.0

    def penalty(self, criterion, seen):
        return tf.square(tf.reduce_mean(seen.output.features))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"objective": Objective(ScaledMMD("rbf"))},
            "the loss of ScaledMMD is of more than the critic's features",
        ),
        (
            {"objective": Objective(MMDGAN("rbf"), Squares())},
            "Squares is no mean over images",
        ),
        ({"regularize_every": 2}, "penalties have updates of their own"),
        ({"accumulate": 0}, "accumulate=0, need an integer >= 1"),
    ],
)
def test_what_has_another_gradient_in_parts_is_refused(settings, message):
    with pytest.raises(errors.UsageError, match=message):
        tiny.model(**{"accumulate": 2, **settings})


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (keras.layers.BatchNormalization(), "compares the images of a batch"),
        (MinibatchDiscrimination(2), "compares the images of a batch"),
        # A part that is passed through it again would be another one.
        (keras.layers.Dropout(0.5), "the critic draw numbers, such as dropout"),
        (keras.layers.GaussianNoise(0.1), "the critic draw numbers"),
    ],
)
def test_critics_that_parts_would_change_are_refused(layer, message):
    critic = keras.Sequential(
        [
            keras.Input(tiny.SHAPE), keras.layers.Flatten(), layer,
            keras.layers.Dense(2),
        ]
    )  # fmt: skip
    with pytest.raises(errors.UsageError, match=message):
        AdversarialModel(
            tiny.generator(), critic, tiny.LATENTS, Objective(MMDGAN("rbf")),
            accumulate=2,
        )  # fmt: skip


@pytest.mark.parametrize(
    "batches",
    [tiny.batches(), tiny.batches().unbatch().batch(8)],
    ids=["known size", "unknown size"],
)
def test_batches_without_equal_parts_are_refused(batches):
    made = tiny.model(accumulate=3)
    wanted = r"8 images of a batch on each device are not 3 equal parts\.$"
    with pytest.raises(errors.UsageError, match=wanted):
        made.fit(batches, steps_per_epoch=1, verbose=0)
