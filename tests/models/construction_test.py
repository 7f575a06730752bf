"""What does not go together is refused when a model is made."""

import keras
import pytest
import tiny

from tf_mmdgan import errors, kernels
from tf_mmdgan.conditions import Classes
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import (
    AdversarialModel,
    BurnIn,
    CodeMatchingModel,
    FeatureMatchingModel,
    ImplicitModel,
    MomentMatchingModel,
    RatioMatchingModel,
)
from tf_mmdgan.objectives import (
    GAN,
    MMDGAN,
    WGAN,
    AutoencoderMMD,
    FeaturePenalty,
    GradientPenalty,
    HingeGAN,
    NoisePenalty,
    Objective,
    ScaledMMD,
)
from tf_mmdgan.objectives.discrepancies import KernelDiscrepancy

MMD = Objective(MMDGAN(kernels.Gaussian()))
PENALTY = [GradientPenalty(1.0)]
DISCREPANCY = KernelDiscrepancy(kernels.Gaussian())


def adversarial(objective=MMD, critic=None, generator=None, **options):
    return AdversarialModel(
        generator or tiny.generator(),
        tiny.critic() if critic is None else critic,
        options.pop("latents", tiny.LATENTS),
        objective,
        **options,
    )


def critic_of(*outputs, shape=tiny.SHAPE):
    images = keras.Input(shape)
    hidden = keras.layers.Flatten()(images)
    return keras.Model(images, outputs[0](images, hidden))


def plain(images, hidden):
    return keras.layers.Dense(2)(hidden)


def without_activations(images, hidden):
    return {"features": keras.layers.Dense(2)(hidden)}


def unflattened(images, hidden):
    return {"features": keras.layers.Dense(2)(images), "activations": []}


def wrong_name(images, hidden):
    return {"logits": keras.layers.Dense(2)(hidden)}


WRONG = {
    # What the command line refuses too.
    "outputs of WGAN": (
        lambda: adversarial(Objective(WGAN())),
        "WGAN needs a critic with one output, not 2",
    ),
    "outputs of hinge": (
        lambda: adversarial(Objective(HingeGAN())),
        "HingeGAN needs a critic with one output, not 2",
    ),
    "batch norm": (
        lambda: adversarial(
            Objective(MMD.criterion, PENALTY), tiny.critic(batch_norm=True)
        ),
        "batch normalisation in the critic mixes them",
    ),
    "scale": (
        lambda: Objective(ScaledMMD(kernels.Distance())),
        "no Scaled MMD: .*not differentiable",
    ),
    "decoder": (
        lambda: adversarial(Objective(AutoencoderMMD(kernels.Gaussian()))),
        "needs a critic with a decoder",
    ),
    "noise penalty": (
        lambda: adversarial(Objective(MMD.criterion, [NoisePenalty(0.1)])),
        "MMDGAN has none",
    ),
    "burn-in": (
        lambda: adversarial(burn_in=BurnIn(5, 1, 0)),
        "must be more than the 5",
    ),
    # What it cannot express.
    "critic's function": (
        lambda: adversarial(
            Objective(MMD.criterion, [GradientPenalty(1.0, "critic")])
        ),
        "single output, not 2",
    ),
    "activations": (
        lambda: adversarial(
            Objective(MMD.criterion, [FeaturePenalty(1.0)]),
            critic_of(without_activations),
        ),
        "on hidden layers too",
    ),
    "name": (lambda: adversarial(critic=critic_of(wrong_name)), "dictionary"),
    "rank": (
        lambda: adversarial(critic=critic_of(unflattened)),
        r"must be \[b, d\] with a fixed d",
    ),
    "images": (
        lambda: adversarial(critic=critic_of(plain, shape=(8, 8, 1))),
        r"makes images \[4, 4, 1\], and the critic takes \[8, 8, 1\]",
    ),
    "rank of images": (
        lambda: adversarial(critic=critic_of(plain, shape=(16,))),
        r"makes images \[4, 4, 1\], and the critic takes \[16\]",
    ),
    "latents": (
        lambda: adversarial(latents=Latents(5, "normal")),
        r"latents of width 3, and latents.size=5",
    ),
    "kind of latents": (
        lambda: adversarial(latents=3),
        r"latents: need a Latents, not 3 \(of type int\)",
    ),
    "classes": (
        lambda: adversarial(condition=Classes(3)),
        r"3 classes, .*1 inputs: need 2, latents, labels",
    ),
    "generator": (
        lambda: adversarial(generator="dcgan"),
        r"generator: need a Model, not dcgan \(of type str\)",
    ),
    "critic": (lambda: adversarial(critic=len), "critic: need a Model"),
    "objective": (
        lambda: adversarial(GAN("minimax")),
        r"objective: need an Objective, not GAN\(",
    ),
    "critic steps": (
        lambda: adversarial(critic_steps=0),
        "critic_steps=0, need an integer >= 1",
    ),
    "burn-in's number": (
        lambda: BurnIn(2.5, 1, 0),
        "critic_steps=2.5, need an integer >= 1",
    ),
    "burn-in's type": (
        lambda: adversarial(burn_in=25),
        "burn_in: need a BurnIn, not 25",
    ),
    "average": (lambda: adversarial(ema_decay=1.0), "ema_decay=1.0, need less"),
    "negative average": (
        lambda: adversarial(ema_decay=-0.1),
        "ema_decay=-0.1, need a number >= 0",
    ),
    "scope": (
        lambda: adversarial(mmd_scope="globl"),
        "Unknown mmd_scope 'globl'.*Did you mean 'global'",
    ),
    "seed": (lambda: adversarial(seed=0.5), "seed=0.5, need an integer"),
    # The other models.
    "discrepancy": (
        lambda: MomentMatchingModel(tiny.generator(), tiny.LATENTS, "mmd"),
        "discrepancy: need a Discrepancy, not mmd",
    ),
    "features": (
        lambda: MomentMatchingModel(
            tiny.generator(), tiny.LATENTS, DISCREPANCY, "pixels"
        ),
        "features: need a function of tensors, not pixels",
    ),
    "matched features": (
        lambda: FeatureMatchingModel(tiny.generator(), tiny.LATENTS, "pixels"),
        "features: need a function of tensors, not pixels",
    ),
    "ratio": (
        lambda: RatioMatchingModel(
            tiny.generator(), tiny.critic(), tiny.LATENTS, MMD
        ),
        "objective: need a RatioMatching",
    ),
    "projection": (
        lambda: ImplicitModel(None, tiny.LATENTS),
        "generator: need a Model, not None",
    ),
    "autoencoder": (
        lambda: CodeMatchingModel(
            len, tiny.generator(), tiny.LATENTS, DISCREPANCY,
            autoencoder_steps=1,
        ),
        "autoencoder: need a Model",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_go_together(case):
    make, message = WRONG[case]
    with pytest.raises(errors.UsageError, match=message) as caught:
        make()
    text = str(caught.value)
    assert "\n" not in text and "--" not in text and len(text) < 160
