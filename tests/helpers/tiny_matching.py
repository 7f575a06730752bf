"""Models without a critic's game, small enough to train in milliseconds."""

import keras
import tensorflow as tf
import tiny

from tf_mmdgan import kernels, networks
from tf_mmdgan.features import FeatureGroups, FrozenFeatures, pixels
from tf_mmdgan.models import (
    CodeMatchingModel,
    FeatureMatchingModel,
    LearnedMomentsModel,
    MomentMatchingModel,
    RatioMatchingModel,
    RefinedModel,
)
from tf_mmdgan.models.few_steps import EnergyScoreModel, InductiveModel
from tf_mmdgan.objectives.density_ratio import RatioMatching
from tf_mmdgan.objectives.discrepancies import (
    GradientConstrainedDiscrepancy,
    KernelDiscrepancy,
    SlicedEnergy,
)
from tf_mmdgan.objectives.drifting import DriftDiscrepancy
from tf_mmdgan.objectives.energy_score import EnergyScore
from tf_mmdgan.objectives.inductive import InductiveMatching

DISCREPANCY = KernelDiscrepancy(kernels.Gaussian((1.0, 3.0)))
PRETRAINING = 2


def network(dtype):
    """Smooth features of images, never trained."""
    images = keras.Input(tiny.SHAPE, dtype=dtype)
    flat = keras.layers.Flatten(dtype=dtype)(images)
    rows = keras.layers.Dense(5, activation="tanh", dtype=dtype)(flat)
    return keras.Model(images, rows)


def _gmmn(dtype, **options):
    return MomentMatchingModel(
        tiny.generator(dtype), tiny.LATENTS, DISCREPANCY, **options
    ), []


def _gc_mmd(dtype, **options):
    discrepancy = GradientConstrainedDiscrepancy(
        kernels.Gaussian((1.0,)), ridge=0.3, solver="direct"
    )
    return MomentMatchingModel(
        tiny.generator(dtype), tiny.LATENTS, discrepancy, **options
    ), []


def _drift(dtype, **options):
    return MomentMatchingModel(
        tiny.generator(dtype),
        tiny.LATENTS,
        DriftDiscrepancy(temperatures=(0.3, 1.0), decay=0.5),
        **options,
    ), []


def _code_networks(dtype):
    critic = tiny.critic(dtype)
    latents = keras.Input((2,), dtype=dtype)
    flat = keras.layers.Dense(16, activation="tanh", dtype=dtype)(latents)
    shape = keras.layers.Reshape(tiny.SHAPE, dtype=dtype)(flat)
    autoencoder = networks.with_decoder(critic, keras.Model(latents, shape))
    z = keras.Input((tiny.LATENTS.size,), dtype=dtype)
    codes = keras.layers.Dense(2, dtype=dtype)(z)
    return autoencoder, keras.Model(z, codes)


def _gmmn_ae(dtype, **options):
    return CodeMatchingModel(
        *_code_networks(dtype),
        tiny.LATENTS,
        # Each step draws lines.
        SlicedEnergy(slices=5),
        autoencoder_steps=PRETRAINING,
        **options,
    ), [0.1]


def groups(dtype="float32"):
    """Features in groups: those of a map at two of its places, and pixels."""
    images = keras.Input(tiny.SHAPE, dtype=dtype)
    layer = keras.layers.Conv2D(3, 2, activation="tanh", dtype=dtype)
    mapped = FrozenFeatures("map", keras.Model(images, layer(images)), ())
    return FeatureGroups([mapped, pixels], places=2)


def _refined(dtype, **options):
    return RefinedModel(
        *_code_networks(dtype),
        tiny.LATENTS,
        DriftDiscrepancy(temperatures=(0.3, 1.0), decay=0.5),
        groups(dtype),
        autoencoder_steps=1,
        code_steps=1,
        **options,
    ), [0.1, 0.02]


def _gfmn(dtype, **options):
    features = network(dtype)
    return FeatureMatchingModel(
        tiny.generator(dtype), tiny.LATENTS, features, **options
    ), [0.3]


def _gram(dtype, **options):
    return RatioMatchingModel(
        tiny.generator(dtype),
        tiny.critic(dtype),
        tiny.LATENTS,
        RatioMatching((1.0, 2.0), 0.1),
        **options,
    ), [0.01]


def _molm(dtype, **options):
    return LearnedMomentsModel(
        tiny.generator(dtype),
        tiny.critic(dtype, outputs=1),
        tiny.LATENTS,
        moment_updates=2,
        objective_steps=2,
        **options,
    ), [0.01]


dense = keras.layers.Dense  # of denoisers; tests may put others here


def _denoiser(dtype, channels):
    maps = keras.Input((*tiny.SHAPE[:-1], channels), dtype=dtype)
    times = keras.Input((2,), dtype=dtype)
    flat = keras.layers.Flatten(dtype=dtype)(maps)
    rows = keras.layers.Concatenate(dtype=dtype)([flat, times])
    rows = dense(5, activation="tanh", dtype=dtype)(rows)
    rows = dense(16, dtype=dtype)(rows)
    made = keras.layers.Reshape(tiny.SHAPE, dtype=dtype)(rows)
    return keras.Model([maps, times], made)


def _imm(dtype, **options):
    return InductiveModel(
        _denoiser(dtype, 1),
        InductiveMatching("unbiased", gap=8),
        group_size=2,
        **{"sampling_steps": 2, **options},
    ), []


def _energy_score(dtype, **options):
    return EnergyScoreModel(
        _denoiser(dtype, 2),
        EnergyScore(),
        draws=3,
        **{"sampling_steps": 2, **options},
    ), []


MODELS = {
    "gmmn": _gmmn,
    "gc_mmd": _gc_mmd,
    "drift": _drift,
    "gmmn_ae": _gmmn_ae,
    "refined": _refined,
    "gfmn": _gfmn,
    "gram": _gram,
    "molm": _molm,
    "energy_score": _energy_score,
    "imm": _imm,
}


def model(
    name,
    dtype="float32",
    optimizer=keras.optimizers.SGD,
    clip=None,
    **options,
):
    """A compiled model of that name."""
    keras.utils.set_random_seed(1)
    made, rates = MODELS[name](dtype, seed=5, **options)
    made.compile(
        optimizer(0.05),
        *(optimizer(rate) for rate in rates),
        clip_norm=clip,
        jit_compile=False,
    )
    made.adapt(data(dtype))
    return made


def data(dtype="float32"):
    """What models adapt to."""
    return next(iter(tiny.batches(32, 7, dtype))).numpy()


def fit(made, steps, batches=None, start=0):
    """Trains on, from batch number `start`."""
    batches = tiny.batches(start=start) if batches is None else batches
    made.fit(batches, steps_per_epoch=steps, epochs=1, verbose=0)
    return made


def numbers(weights):
    """What they hold now."""
    return [tf.identity(weight.value).numpy() for weight in weights]
