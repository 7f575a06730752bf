"""A probability of changes that follows what the critic knows."""

import dataclasses

import keras
import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.objectives import (
    FGAN,
    GAN,
    MMDGAN,
    WGAN,
    AdaptiveProbability,
    CharacteristicGAN,
    CramerGAN,
    Criterion,
    CriticAugmentation,
    FeatureMatchingGAN,
    GradientPenalty,
    HingeGAN,
    LeastSquaresGAN,
    Objective,
    RelativisticGAN,
    RepulsiveMMD,
    SlicedEnergyGAN,
)
from tf_mmdgan.objectives.augmentations import ADAPTED, GatedChange, adaptive
from tf_mmdgan.objectives.augmentations.adaptive import margins, mean_sign

HALF = AdaptiveProbability(0.5)


def after(probability, signs, images, p=0.0):
    """The probability in the update after some, each with its r."""
    state = tf.constant([p, 0.0, 0.0])
    for r in signs:
        state = probability.after(state, probability.at(state, images), r)
    return float(probability.at(state, images))


def test_a_probability_rises_by_the_published_steps():
    # 10,000 images of 500,000, all of which are told.
    assert after(HALF, [1.0] * 200, 50) == pytest.approx(0.02)
    assert after(HALF, [1.0] * 4, 64) == pytest.approx(0.000512)
    # It moves after every 4 updates, and not between.
    assert after(HALF, [1.0] * 3, 64) == 0.0
    assert after(HALF, [1.0] * 7, 64) == after(HALF, [1.0] * 4, 64)
    quick = AdaptiveProbability(0.5, images=1000)
    assert after(quick, [1.0] * 8, 10, 0.1) == pytest.approx(0.18)
    assert after(quick, [0.4] * 8, 10, 0.1) == pytest.approx(0.02)


def test_the_mean_sign_of_four_updates_counts():
    assert after(HALF, [1.0, 0.0, 1.0, 0.0], 64, 0.3) == np.float32(0.3)
    assert after(HALF, [1.0, 1.0, 0.1, 0.0], 64, 0.3) > 0.3
    assert after(HALF, [1.0, 0.5, 0.1, 0.0], 64, 0.3) < 0.3


def test_a_probability_stays_one():
    quick = AdaptiveProbability(images=100)
    assert after(quick, [1.0] * 40, 64) == 1.0
    assert after(quick, [-1.0] * 40, 64) == 0.0


def leave_one_out(kernel, x, y):
    n, m = len(x), len(y)
    xx, yy, xy = kernel(x, x), kernel(y, y), kernel(x, y)
    w = (xx.sum(1) - np.diag(xx)) / (n - 1) - xy.mean(1)
    v = xy.mean(0) - (yy.sum(1) - np.diag(yy)) / (m - 1)
    return w - (w.mean() + v.mean()) / 2


def energy(a, b):
    root = np.sqrt(smooth.squares(a, b))
    lengths = [np.sqrt((z**2).sum(-1)) for z in (a, b)]
    return lengths[0][:, None] + lengths[1][None] - root


def test_margins_of_mmds_leave_a_point_itself_out(rng):
    critic = smooth.SmoothCritic(rng)
    pair = smooth.images(rng)
    x, y = map(critic.features, pair)
    seen = smooth.comparison(critic, *pair)
    cases = {
        MMDGAN("rbf"): smooth.gaussian,
        RepulsiveMMD("rbf"): smooth.gaussian,
        CharacteristicGAN(): smooth.gaussian,
        MMDGAN("rq_linear"): smooth.rq_linear,
        SlicedEnergyGAN(): energy,
    }
    for criterion, kernel in cases.items():
        np.testing.assert_allclose(
            margins(criterion, seen), leave_one_out(kernel, x, y), atol=1e-9
        )


def test_margins_of_pairs_and_of_single_outputs(rng):
    critic = smooth.SmoothCritic(rng, outputs=1)
    sets = smooth.images(rng, 3)
    seen = smooth.comparison(critic, *sets)
    x, y, z = (critic.features(images)[:, 0] for images in sets)
    logits = (
        GAN("minimax"), FeatureMatchingGAN(), HingeGAN(),
        LeastSquaresGAN("pearson"), FGAN("pearson"),
    )  # fmt: skip
    for criterion in logits:
        signs = np.sign(margins(criterion, seen))
        np.testing.assert_array_equal(signs, np.sign(x))
    np.testing.assert_allclose(margins(LeastSquaresGAN(), seen), x - 0.5)
    # g(v) = -exp(-v), and f'(1) = -1.
    np.testing.assert_allclose(
        margins(FGAN("reverse_kl"), seen), 1 - np.exp(-x)
    )
    expected = x - (x.mean() + y.mean()) / 2
    for criterion in (WGAN(), RelativisticGAN()):
        np.testing.assert_allclose(margins(criterion, seen), expected)

    def size(values):
        return np.sqrt(values**2 + 1e-5)

    real, fake = (size(a - y) - size(a) for a in (x, z))
    np.testing.assert_allclose(
        margins(CramerGAN("energy"), seen),
        real - (real.mean() + fake.mean()) / 2,
    )


@dataclasses.dataclass(frozen=True)
class Means(Criterion):
    """Of a user's own, with a witness and no margins."""

    def critic_loss(self, seen):
        return -self.generator_loss(seen)

    def generator_loss(self, seen):
        return tf.reduce_mean(self.witness(seen.x - seen.y, seen))

    def witness(self, features, seen):
        return 3.0 + tf.reduce_sum(features, axis=1)


def test_a_witness_without_a_zero_is_taken_from_its_middle(rng):
    critic = smooth.SmoothCritic(rng)
    pair = smooth.images(rng)
    x, y = (critic.features(images).sum(1) for images in pair)
    seen = smooth.comparison(critic, *pair)
    expected = x - (x.mean() + y.mean()) / 2
    np.testing.assert_allclose(margins(Means(), seen), expected)


def test_what_is_not_known_has_the_sign_0_on_average(rng):
    """Of one law; a point's kernel with itself would tell it each time."""
    kernel = kernels.Gaussian()
    signs, biased = [], []
    seen = smooth.comparison(smooth.SmoothCritic(rng), *smooth.images(rng))
    for _ in range(100):
        x, y = (tf.constant(rng.normal(size=(16, 8))) for _ in range(2))
        seen = seen._replace(x=x, ys=[y])
        signs.append(float(mean_sign(MMDGAN(kernel), seen)))
        w = MMDGAN(kernel).witness(x, seen)
        biased.append(float(tf.reduce_mean(tf.sign(w))))
    error = np.std(signs) / np.sqrt(len(signs))
    assert abs(np.mean(signs)) < 4 * error
    assert np.mean(biased) > 0.9


@pytest.mark.parametrize("name", ["rbf", "rq_linear"])
def test_what_is_known_has_the_sign_1(rng, name):
    """Also of a repulsive critic, whose real features are far apart."""
    critic = smooth.SmoothCritic(rng)
    seen = smooth.comparison(critic, *smooth.images(rng))
    spread = 8.0 * np.eye(6)
    seen = seen._replace(x=tf.constant(spread), ys=[tf.zeros_like(spread)])
    assert float(mean_sign(RepulsiveMMD(name), seen)) == 1.0


def adaptive_critic(rng, state):
    critic = smooth.SmoothCritic(rng)
    critic.adaptation = keras.Variable(state, trainable=False)
    return critic


@pytest.mark.parametrize("p", [0.0, 0.4])
def test_losses_are_of_images_changed_by_the_probability(rng, p):
    critic = adaptive_critic(rng, [p, 0.0, 0.0])
    real, fakes = smooth.batches(critic, *smooth.images(rng))
    changes = CriticAugmentation("color,luma_flip", AdaptiveProbability())
    plain = Objective(MMDGAN("rbf"), GradientPenalty(1.0))
    objective = dataclasses.replace(plain, augmentation=changes)
    shown = changes.apply([real, *fakes], smooth.update(), tf.constant(p))
    if p == 0.0:
        np.testing.assert_array_equal(shown[0].images, real.images)
    for loss in ("critic_loss", "generator_loss"):
        arguments = critic, real, fakes, smooth.update()
        found = getattr(objective, loss)(*arguments)
        expected = getattr(plain, loss)(
            critic, shown[0], shown[1:], smooth.update()
        )
        assert float(found.value) == float(expected.value)
    loss = objective.critic_loss(critic, real, fakes, smooth.update())
    assert float(loss.terms["augmentation_p"]) == np.float32(p)
    seen = smooth.comparison(critic, *(b.images.numpy() for b in shown))
    r = float(mean_sign(MMDGAN("rbf"), seen))
    assert float(loss.terms["real_sign"]) == r


def test_the_state_moves_after_an_update(rng):
    critic = adaptive_critic(rng, [0.5, 4.0, 4.0])
    real, fakes = smooth.batches(critic, *smooth.images(rng))
    quick = AdaptiveProbability(images=240)  # of which 4 updates have 24
    objective = Objective(
        MMDGAN("rbf"), augmentation=CriticAugmentation("color", quick)
    )
    loss = objective.critic_loss(critic, real, fakes, smooth.update())
    assert float(loss.terms["augmentation_p"]) == pytest.approx(0.6)
    objective.after_update(critic, loss.terms)
    r = float(loss.terms["real_sign"])
    np.testing.assert_allclose(critic.adaptation, [0.6, r, 1.0], rtol=1e-6)
    # Without a probability nothing is kept.
    certain = Objective(WGAN(), augmentation=CriticAugmentation("color"))
    certain.after_update(smooth.SmoothCritic(rng), {})
    assert (objective.is_adaptive, certain.is_adaptive) == (True, False)
    assert not Objective(WGAN()).is_adaptive


def test_changes_that_must_not_be_certain_have_a_probability():
    assert CriticAugmentation(ADAPTED, HALF).names == ADAPTED
    with pytest.raises(errors.UsageError, match="or give it a probability"):
        CriticAugmentation("color,hue")
    with pytest.raises(errors.UsageError, match="need an AdaptiveProb"):
        CriticAugmentation("color", 0.5)


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"target": 1.0}, "between -1 and 1"),
        ({"target": float("nan")}, "need a finite"),
        ({"images": 0}, "images=0"),
    ],
)
def test_settings_are_checked(wrong, words):
    with pytest.raises(errors.UsageError, match=words):
        AdaptiveProbability(**wrong)


def test_a_change_that_is_certain_may_leak(rng):
    """Points get a random sign: so N(2, 1) and N(-2, 1) are one law.

    By chance, a quarter of the points is turned, and the laws can be told.
    """

    def signs(images, numbers):
        return images * tf.where(numbers < 0.5, -1.0, 1.0)[:, :, None, None]

    change = GatedChange(signs, 1, needs_chance=True)
    distances = {}
    for p in (0.5, 1.0):
        laws = []
        for mean in (2.0, -2.0):
            points = rng.normal(mean, 1, (1000, 1, 1, 1)).astype("float32")
            draws = rng.uniform(0, 1, (1000, 2)).astype("float32")
            changed = change(tf.constant(points), tf.constant(draws), p)
            laws.append(tf.reshape(changed, [-1, 1]))
        grams = mmd.gram_matrices(kernels.Gaussian(), *laws)
        distances[p] = float(mmd.mmd2_unbiased(grams))
    assert distances[0.5] > 0.1
    assert abs(distances[1.0]) < 0.005


def test_the_protocol_is_that_of_the_criteria():
    assert isinstance(MMDGAN("rbf"), adaptive.Discerning)
    assert not isinstance(WGAN(), adaptive.Discerning)
