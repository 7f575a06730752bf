"""Values of objectives check themselves when they are made."""

import dataclasses

import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors, kernels
from tf_mmdgan.latents import Latents
from tf_mmdgan.objectives import (
    FGAN,
    GAN,
    MMDGAN,
    WGAN,
    Annealing,
    AutoencoderMMD,
    CramerGAN,
    Criterion,
    FeaturePenalty,
    GradientConstrainedMMD,
    GradientPenalty,
    InstanceNoise,
    NoisePenalty,
    Objective,
    Regularizer,
    RepulsiveMMD,
    ScalarCriterion,
    Scale,
    ScaledMMD,
    SobolevGAN,
    WeightClipping,
    ZeroCentredPenalty,
)
from tf_mmdgan.objectives.discrepancies import (
    GradientConstrainedDiscrepancy,
    KernelDiscrepancy,
)
from tf_mmdgan.objectives.f_divergences import DIVERGENCES

RBF = kernels.Gaussian()
WRONG = [
    (lambda: GradientPenalty(1.0, "critc"), "'critc'; .*mean 'critic'"),
    (lambda: GradientPenalty(-1.0), "weight=-1.0, need a number >= 0"),
    (lambda: GradientPenalty("1"), "weight='1', need a number"),
    (lambda: GradientPenalty(float("nan")), "weight=nan, need a number"),
    (lambda: GradientPenalty(1.0, norm="pixel"), "Unknown norm 'pixel'"),
    (lambda: GradientPenalty(1.0, norm=["rows"]), "norm: need a name"),
    (lambda: GradientPenalty(1.0, epsilon=-1e-9), "epsilon=-1e-09"),
    (lambda: ZeroCentredPenalty(1.0, "reel"), "'reel'; .*mean 'real'"),
    (lambda: ZeroCentredPenalty(None, "real"), "weight=None"),
    (lambda: NoisePenalty(1.0, 100), "annealing: need an Annealing, not 100"),
    (lambda: FeaturePenalty(-0.1), "weight=-0.1"),
    (lambda: WeightClipping(0.0), "bound=0.0, need a number > 0"),
    (lambda: InstanceNoise(-1.0), "deviation=-1.0"),
    (lambda: Annealing(-5), "steps=-5, need an integer >= 0"),
    (lambda: Scale("papr"), "Unknown form 'papr'.*mean 'paper'"),
    (lambda: Scale("paper", offset=0.0), "offset=0.0, need a number > 0"),
    (lambda: Scale(measure="fake"), "Unknown measure 'fake'"),
    (lambda: Scale(jacobian="hutch"), "mean 'hutchinson'"),
    (lambda: ScaledMMD(RBF, scale="paper"), "scale: need a Scale, not paper"),
    (lambda: MMDGAN("rbff"), "Unknown kernel 'rbff'.*mean 'rbf'"),
    (lambda: MMDGAN(3.0), "kernel 3.0: need a name"),
    (lambda: MMDGAN(RBF, "biasd"), "estimator 'biasd'.*mean 'biased'"),
    (lambda: RepulsiveMMD(RBF, bounds=(4.0, 1.0)), "upper=1.0, need .* 4"),
    (lambda: RepulsiveMMD(RBF, real_weight="w"), "real_weight='w'"),
    (
        lambda: AutoencoderMMD(RBF, reconstruction_weight=-8.0),
        "reconstruction_weight=-8.0",
    ),
    (lambda: GradientConstrainedMMD(RBF, ridge=0.0), "ridge=0.0"),
    (lambda: GradientConstrainedMMD(RBF, solver="it"), "mean 'iterative'"),
    (lambda: SobolevGAN(0.0), "constraint_weight=0.0"),
    (lambda: CramerGAN("energi"), "mean 'energy'"),
    (lambda: GAN("saturating"), "Unknown generator form"),
    (lambda: FGAN("pearsn"), "mean 'pearson'"),
    (lambda: KernelDiscrepancy("rqq"), "mean 'rq'"),
    (lambda: GradientConstrainedDiscrepancy(RBF, 0.0), "ridge=0.0"),
    (
        lambda: GradientConstrainedDiscrepancy(kernels.Distance()),
        "not differentiable",
    ),
    (lambda: Latents(2.5, "normal"), "size=2.5, need an integer >= 1"),
    (lambda: Objective("mmd"), r"criterion: need .*train\(objective"),
    (lambda: Objective(RBF), r"no criterion: give MMDGAN\(Gaussian"),
    (lambda: Objective(FeaturePenalty(1.0)), "comes after a criterion"),
    (lambda: Objective(None), "need a Criterion, not None"),
    (lambda: Objective(WGAN), "need a Criterion"),
    (
        lambda: Objective(WGAN(), [WeightClipping(0.1)]),
        "regularizers: need a Regularizer, not WeightClipping",
    ),
    (
        lambda: Objective(WGAN(), instance_noise=0.1),
        "instance_noise: need an InstanceNoise, not 0.1",
    ),
    (
        lambda: Objective(WGAN(), weight_clipping=0.1),
        "weight_clipping: need a WeightClipping, not 0.1",
    ),
]


@pytest.mark.parametrize(("make", "message"), WRONG)
def test_wrong_values_are_refused_where_they_are_made(make, message):
    with pytest.raises(errors.UsageError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value) and "--" not in str(caught.value)


def test_names_of_catalogues_are_taken():
    rq = kernels.KERNELS["rq"]
    assert MMDGAN("rq") == MMDGAN(rq)
    assert MMDGAN("rq + linear").kernel == rq + kernels.Linear()
    assert FGAN("kl").divergence == DIVERGENCES["kl"]
    assert KernelDiscrepancy("rq").kernel == rq
    assert RepulsiveMMD(RBF, bounds=[1.0, 4.0]).bounds == (1.0, 4.0)


def test_a_lone_regulariser_is_one_of_them():
    penalty = GradientPenalty(1.0)
    assert Objective(WGAN(), penalty) == Objective(WGAN(), [penalty])


def test_what_is_missing_of_a_class_of_ones_own_is_named():
    class HalfCriterion(Criterion):
        def critic_loss(self, seen): ...

    class NoTerm(Regularizer):
        weight = 1.0

    class Weightless(Regularizer):
        def penalty(self, criterion, seen): ...

    with pytest.raises(errors.UsageError, match="Weightless has no weight"):
        Objective(WGAN(), Weightless())
    with pytest.raises(TypeError, match=r"generator_loss.*witness"):
        HalfCriterion()
    with pytest.raises(TypeError, match="penalty"):
        NoTerm()


@dataclasses.dataclass(frozen=True)
class Scalar(ScalarCriterion):
    """Losses without terms."""

    def critic_loss(self, seen):
        return tf.reduce_mean(seen.y) - tf.reduce_mean(seen.x)

    def generator_loss(self, seen):
        return -tf.reduce_mean(seen.y)


@dataclasses.dataclass(frozen=True)
class Rows(Scalar):
    """A loss of each row, by mistake."""

    def critic_loss(self, seen):
        return seen.y


@dataclasses.dataclass(frozen=True)
class Square(Regularizer):
    """A term of one's own, with no more than it needs."""

    weight: float

    def penalty(self, criterion, seen):
        return tf.reduce_mean(tf.square(seen.x))


def losses(objective, rng):
    critic = smooth.SmoothCritic(rng, outputs=1)
    real, fakes = smooth.batches(critic, *smooth.images(rng))
    return objective.critic_loss(critic, real, fakes, smooth.update())


def test_losses_may_be_scalars_alone():
    same = (np.random.default_rng(3) for _ in range(2))
    scalar, loss = (
        losses(Objective(criterion), rng)
        for criterion, rng in zip((Scalar(), WGAN()), same, strict=True)
    )
    np.testing.assert_array_equal(scalar.value, loss.value)
    assert scalar.terms == {}


def test_a_loss_that_is_no_scalar_is_refused(rng):
    with pytest.raises(errors.UsageError, match=r"Rows returns .*not a scalar"):
        losses(Objective(Rows()), rng)


def test_equal_regularisers_have_names_of_their_own(rng):
    penalty = Square(2.0)
    loss = losses(Objective(Scalar(), [penalty, penalty, Square(1.0)]), rng)
    assert list(loss.terms) == ["Square", "Square_2", "Square_3"]
