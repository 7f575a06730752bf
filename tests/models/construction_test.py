"""What does not go together is refused when a model is made."""

import keras
import pytest
import tiny
import tiny_conditional

from tf_mmdgan import errors, kernels, networks
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
from tf_mmdgan.objectives.density_ratio import RatioMatching
from tf_mmdgan.objectives.discrepancies import KernelDiscrepancy
from tf_mmdgan.objectives.drifting import DriftDiscrepancy

MMD = Objective(MMDGAN(kernels.Gaussian()))
PENALTY = [GradientPenalty(1.0)]
DISCREPANCY = KernelDiscrepancy(kernels.Gaussian())


AUTOENCODER = networks.autoencoder(
    networks.ARCHITECTURES["mlp"].critic(
        tiny.SHAPE, networks.CriticOptions(5, width=4)
    ),
    networks.ARCHITECTURES["mlp"].generator(
        tiny.SHAPE, networks.GeneratorOptions(5, width=4)
    ),
)


STYLED = networks.GeneratorOptions(3, width=1, styles=networks.StyleOptions(1))


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


def regularized(**regularizer):
    layer = keras.layers.Dense(2, name="last", **regularizer)
    return critic_of(lambda images, hidden: layer(hidden))


def with_logits(images, hidden):
    features = keras.layers.Dense(2)(hidden)
    return {"features": features, "logits": features}


def one_activation(images, hidden):
    return {"features": keras.layers.Dense(2)(hidden), "activations": hidden}


def flat_reconstruction(images, hidden):
    return {"features": keras.layers.Dense(2)(hidden), "reconstruction": hidden}


def two_images():
    made = tiny.generator()
    return keras.Model(made.inputs, [made.outputs[0], made.outputs[0]])


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
    "unknown output": (
        lambda: adversarial(critic=critic_of(with_logits)),
        "The critic returns 'logits'; what is taken is features, activations",
    ),
    "one activation": (
        lambda: adversarial(critic=critic_of(one_activation)),
        "activations of the critic must be a list",
    ),
    "reconstruction": (
        lambda: adversarial(critic=critic_of(flat_reconstruction)),
        r"reconstruction of the critic is \[16\], and images are \[4, 4, 1\]",
    ),
    "two outputs": (
        lambda: adversarial(generator=two_images()),
        "The generator must return one tensor",
    ),
    "labels for the generator alone": (
        lambda: adversarial(
            generator=tiny_conditional.generator(), condition=Classes(3)
        ),
        "takes labels, and the critic none: it would not see",
    ),
    "law of latents": (
        lambda: ImplicitModel(
            networks.ARCHITECTURES["stylegan2"].generator(
                (16, 16, 1), STYLED
            ),
            tiny.LATENTS,
        ),
        "mixes styles of normal latents, and these are uniform: give its Style",
    ),
    "losses of weights": (
        lambda: adversarial(critic=regularized(kernel_regularizer="l2")),
        "The critic has losses of its own, of last/kernel, that no step adds",
    ),
    "losses of activities": (
        lambda: adversarial(critic=regularized(activity_regularizer="l1")),
        "losses of its own, of last, that no step adds",
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
    "inputs of a projection": (
        lambda: RatioMatchingModel(
            tiny.generator(), tiny_conditional.critic(), tiny.LATENTS,
            RatioMatching(),
        ),
        "The projection takes 2 inputs: need images",
    ),
    "inputs of a critic": (
        lambda: adversarial(critic=tiny_conditional.critic()),
        "The critic takes labels, and the model has no classes",
    ),
    "labels of no use": (
        lambda: RatioMatchingModel(
            tiny_conditional.generator(), tiny.critic(), tiny.LATENTS,
            RatioMatching(), condition=Classes(3),
        ),
        "a RatioMatchingModel takes no labels",
    ),
    "guidance": (
        lambda: MomentMatchingModel(
            tiny_conditional.generator(), tiny.LATENTS,
            DriftDiscrepancy(guidance=2.0), condition=Classes(3),
            classes_per_batch=3,
        ),
        "the model has 3 there, the discrepancy classes=1",
    ),
    "projection": (
        lambda: ImplicitModel(None, tiny.LATENTS),
        "generator: need a Model, not None",
    ),
    "codes": (
        lambda: CodeMatchingModel(
            AUTOENCODER, networks.code_generator(2, 3), tiny.LATENTS,
            DISCREPANCY, autoencoder_steps=1,
        ),
        r"makes codes \[2\], and the decoder takes \[5\]",
    ),
    "latents of codes": (
        lambda: CodeMatchingModel(
            AUTOENCODER, networks.code_generator(5, 4), tiny.LATENTS,
            DISCREPANCY, autoencoder_steps=1,
        ),
        "The code_generator takes latents of width 4",
    ),
    "no decoder": (
        lambda: CodeMatchingModel(
            tiny.critic(), networks.code_generator(2, 3), tiny.LATENTS,
            DISCREPANCY, autoencoder_steps=1,
        ),
        'must return its "reconstruction"',
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
