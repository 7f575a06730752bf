"""Losses of classifiers against NumPy, finite differences and divergences."""

import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.objectives import (
    FGAN,
    GAN,
    Batch,
    FeatureMatchingGAN,
    HingeGAN,
    LeastSquaresGAN,
    RelativisticGAN,
)
from tf_mmdgan.objectives.criterion import separate_passes
from tf_mmdgan.objectives.f_divergences import DIVERGENCES

FORMS = ("minimax", "non_saturating", "boundary_seeking")
both_types = pytest.mark.parametrize("dtype", smooth.TOLERANCE)
every_divergence = pytest.mark.parametrize("divergence", DIVERGENCES)


def logits(rng, dtype="float64"):
    """A critic, real and fake images and its outputs there."""
    critic = smooth.SmoothCritic(rng, outputs=1, dtype=dtype)
    pair = smooth.images(rng)
    return critic, pair, [critic.features(images) for images in pair]


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


@both_types
@pytest.mark.parametrize("form", FORMS)
def test_gan(rng, form, dtype):
    critic, pair, (x, y) = logits(rng, dtype)
    for_critic, for_generator = smooth.losses(GAN(form), critic, *pair)
    d_real, d_fake = sigmoid(x), sigmoid(y)
    expected = -np.log(d_real).mean() - np.log(1 - d_fake).mean()
    smooth.assert_close(for_critic.value, expected, dtype)
    expected = {
        "minimax": np.log(1 - d_fake).mean(),
        "non_saturating": -np.log(d_fake).mean(),
        "boundary_seeking": (
            0.5 * ((np.log(d_fake) - np.log(1 - d_fake)) ** 2).mean()
        ),
    }
    smooth.assert_close(for_generator.value, expected[form], dtype)


class Constant(smooth.SmoothCritic):
    """An output of one point is the point."""

    def __call__(self, batch):
        return super().__call__(batch)._replace(features=batch.images)


def losses_of_outputs(rng, criterion, x, y, dtype="float64"):
    critic = Constant(rng, outputs=1, shape=(1,), dtype=dtype)
    x, y = (np.reshape(outputs, [-1, 1]) for outputs in (x, y))
    return smooth.losses(criterion, critic, x, y)


def test_gan_is_finite_for_logits_that_saturate(rng):
    for form, of_sure in zip(FORMS, (-200.0, 0.0, 2e4), strict=True):
        wrong, _ = losses_of_outputs(rng, GAN(form), -200, 200, "float32")
        right, last = losses_of_outputs(rng, GAN(form), 200, 200, "float32")
        assert wrong.value == 400.0 and right.value == 200.0
        assert last.value == of_sure


def test_generator_learns_from_a_sure_critic_unless_it_is_minimax(rng):
    slopes = {}
    for form in FORMS:
        y = tf.constant([[-30.0]])
        critic = Constant(rng, outputs=1, shape=(1,), dtype="float32")
        with tf.GradientTape() as tape:
            tape.watch(y)
            apart = separate_passes(
                critic, Batch(y), [Batch(y)], smooth.update(), False
            )
            loss = GAN(form).generator_loss(apart)
        slopes[form] = tape.gradient(loss.value, y).numpy().item()
    assert abs(slopes["minimax"]) < 1e-12
    assert slopes["non_saturating"] == pytest.approx(-1)
    assert slopes["boundary_seeking"] == pytest.approx(-30)


@both_types
def test_hinge(rng, dtype):
    x, y = np.array([-0.5, 0.9, 1.1, 3.0]), np.array([-3.0, -1.1, -0.9, 0.5])
    for_critic, for_generator = losses_of_outputs(rng, HingeGAN(), x, y, dtype)
    real = fake = (1.5 + 0.1) / 4
    smooth.assert_close(for_critic.value, real + fake, dtype)
    smooth.assert_close(for_critic.terms["real_loss"], real, dtype)
    smooth.assert_close(for_critic.terms["fake_loss"], fake, dtype)
    smooth.assert_close(for_generator.value, -y.mean(), dtype)


@both_types
def test_feature_matching_compares_means_of_hidden_features(rng, dtype):
    critic, pair, _ = logits(rng, dtype)
    criterion = FeatureMatchingGAN()
    for_critic, for_generator = smooth.losses(criterion, critic, *pair)
    as_gan, _ = smooth.losses(GAN("minimax"), critic, *pair)
    assert for_critic.value == as_gan.value
    x, y = (critic.hidden(images).mean(0) for images in pair)
    smooth.assert_close(for_generator.value, ((x - y) ** 2).sum(), dtype)
    real = pair[0]
    _, of_itself = smooth.losses(criterion, critic, real, real[::-1])
    smooth.assert_close(of_itself.value, 0.0, dtype)


def test_feature_matching_holds_real_features_fixed(rng):
    critic, (real, fake), _ = logits(rng)
    points = tf.Variable(real)
    with tf.GradientTape() as tape:
        apart = separate_passes(
            critic,
            Batch(tf.convert_to_tensor(points)),
            [Batch(tf.constant(fake))],
            smooth.update(),
            True,
        )
        loss = FeatureMatchingGAN().generator_loss(apart)
    assert loss.value > 0 and tape.gradient(loss.value, points) is None


@both_types
@pytest.mark.parametrize(
    "form, targets", [("zero_one", (0, 1, 1)), ("pearson", (-1, 1, 0))]
)
def test_least_squares(rng, form, targets, dtype):
    critic, pair, (x, y) = logits(rng, dtype)
    a, b, c = targets
    for_critic, for_generator = smooth.losses(
        LeastSquaresGAN(form), critic, *pair
    )
    expected = ((x - b) ** 2).mean() / 2 + ((y - a) ** 2).mean() / 2
    smooth.assert_close(for_critic.value, expected, dtype)
    smooth.assert_close(for_generator.value, ((y - c) ** 2).mean() / 2, dtype)


def test_the_best_critic_of_least_squares_gives_a_pearson_divergence(rng):
    """Of two laws on three points, by as many rows as their weights say."""
    counts = np.array([1, 2, 3]), np.array([3, 2, 1])
    p, q = (count / 6 for count in counts)
    best = (p - q) / (p + q)
    criterion = LeastSquaresGAN("pearson")

    def of_outputs(outputs):
        x, y = (np.repeat(outputs, count) for count in counts)
        return losses_of_outputs(rng, criterion, x, y)

    least, for_generator = of_outputs(best)
    for _ in range(5):
        other, _ = of_outputs(best + 0.1 * rng.normal(size=3))
        assert other.value > least.value
    mixture = (p + q) / 2
    divergence = ((q - mixture) ** 2 / mixture).sum()
    of_real = (p * best**2).sum() / 2
    smooth.assert_close(of_real + for_generator.value, divergence)


@both_types
def test_relativistic_average(rng, dtype):
    critic, pair, (x, y) = logits(rng, dtype)
    d_real, d_fake = sigmoid(x - y.mean()), sigmoid(y - x.mean())
    for_critic, for_generator = smooth.losses(RelativisticGAN(), critic, *pair)
    expected = -np.log(d_real).mean() - np.log(1 - d_fake).mean()
    smooth.assert_close(for_critic.value, expected, dtype)
    expected = -np.log(d_fake).mean() - np.log(1 - d_real).mean()
    smooth.assert_close(for_generator.value, expected, dtype)


@both_types
def test_relativistic_pairs_are_rows(rng, dtype):
    critic, pair, (x, y) = logits(rng, dtype)
    criterion = RelativisticGAN("paired")
    for_critic, for_generator = smooth.losses(criterion, critic, *pair)
    smooth.assert_close(for_critic.value, -np.log(sigmoid(x - y)).mean(), dtype)
    smooth.assert_close(
        for_generator.value, -np.log(sigmoid(y - x)).mean(), dtype
    )


@pytest.mark.parametrize("comparison, best", [("average", 2), ("paired", 1)])
def test_relativistic_losses_know_no_level(rng, comparison, best):
    """What is added to all outputs changes nothing; equals are even."""
    criterion = RelativisticGAN(comparison)
    x, y = rng.normal(size=(2, 6))
    losses = losses_of_outputs(rng, criterion, x, y)
    moved = losses_of_outputs(rng, criterion, x + 5, y + 5)
    for one, other in zip(losses, moved, strict=True):
        smooth.assert_close(one.value, other.value)
    for loss in losses_of_outputs(rng, criterion, np.ones(6), np.ones(6)):
        smooth.assert_close(loss.value, best * np.log(2))
    sure = losses_of_outputs(rng, criterion, x + 500, y - 500, "float32")
    assert sure[0].value == 0.0 and np.isfinite(sure[1].value)


@both_types
@every_divergence
def test_f_gan(rng, divergence, dtype):
    row = DIVERGENCES[divergence]
    critic, pair, (x, y) = logits(rng, dtype)
    t_real, t_fake = row.output(tf.constant(x)), row.output(tf.constant(y))
    real = t_real.numpy().mean()
    fake = row.conjugate(t_fake).numpy().mean()
    for_critic, for_generator = smooth.losses(FGAN(row), critic, *pair)
    smooth.assert_close(for_critic.value, fake - real, dtype)
    smooth.assert_close(for_critic.terms["divergence"], real - fake, dtype)
    smooth.assert_close(for_generator.value, -fake, dtype)
    other = FGAN(row, "non_saturating")
    same, for_generator = smooth.losses(other, critic, *pair)
    assert same.value == for_critic.value
    smooth.assert_close(for_generator.value, -t_fake.numpy().mean(), dtype)


def critic_output_for(row, target):
    """v with g(v) = target, as near as |v| <= 30 comes, by bisection."""
    low, high = -30.0, 30.0
    for _ in range(100):
        middle = (low + high) / 2
        below = row.output(tf.constant(middle, tf.float64)) < target
        low, high = (middle, high) if below else (low, middle)
    return low


@every_divergence
def test_the_best_critic_of_f_gan_gives_the_divergence(rng, divergence):
    """Of two laws on three points, by as many rows as their weights say."""
    row = DIVERGENCES[divergence]
    p, q = np.array([1, 2, 3]), np.array([3, 2, 1])
    ratios = tf.constant(p / q)
    best = [critic_output_for(row, t) for t in row.derivative(ratios).numpy()]
    expected = (q * row.generator(ratios).numpy()).sum() / 6

    def bound(outputs):
        x, y = np.repeat(outputs, p), np.repeat(outputs, q)
        loss, _ = losses_of_outputs(rng, FGAN(row), x, y)
        return -float(loss.value)

    assert bound(best) == pytest.approx(expected, abs=1e-10)
    for _ in range(5):
        assert bound(best + 0.1 * rng.normal(size=3)) < expected + 1e-10


def test_gan_row_of_f_gan_is_the_minimax_gan(rng):
    critic, pair, _ = logits(rng, "float32")
    ours = smooth.losses(FGAN(DIVERGENCES["gan"]), critic, *pair)
    theirs = smooth.losses(GAN("minimax"), critic, *pair)
    for one, other in zip(ours, theirs, strict=True):
        assert one.value == other.value


def smooth_criteria():
    made = {form: GAN(form) for form in FORMS}
    made["hinge"] = HingeGAN()
    made["feature matching"] = FeatureMatchingGAN()
    made["least squares"] = LeastSquaresGAN("pearson")
    made["relativistic"] = RelativisticGAN()
    made["relativistic paired"] = RelativisticGAN("paired")
    for name, row in DIVERGENCES.items():
        made[f"f_gan {name}"] = FGAN(row)
    made["f_gan non_saturating"] = FGAN(DIVERGENCES["kl"], "non_saturating")
    return made


@pytest.mark.parametrize("name", smooth_criteria())
def test_gradients_pass_finite_differences(rng, name):
    critic, pair, _ = logits(rng)
    criterion = smooth_criteria()[name]
    smooth.assert_critic_slope(criterion, critic, rng, *pair)
    smooth.assert_generator_slope(criterion, critic, rng, *pair)


def test_curvatures_weigh_the_slopes_of_the_critic():
    a = np.linspace(-3, 3, 7)
    d = sigmoid(a)
    real, fake = GAN("minimax").noise_curvatures(tf.constant(a), tf.constant(a))
    np.testing.assert_allclose(real, (1 - d) ** 2)
    np.testing.assert_allclose(fake, d**2)
    row = DIVERGENCES["kl"]
    real, fake = FGAN(row).noise_curvatures(tf.constant(a), tf.constant(a))
    np.testing.assert_array_equal(real, np.zeros(7))
    np.testing.assert_allclose(fake, np.exp(a - 1))


@pytest.mark.parametrize(
    "make", [GAN, lambda form: FGAN(DIVERGENCES["kl"], form)]
)
def test_an_unknown_form_is_refused(make):
    message = "generator form 'saturating'; known: minimax, non_saturating"
    with pytest.raises(errors.UsageError, match=message):
        make("saturating")


@pytest.mark.parametrize(
    "make, words",
    [
        (LeastSquaresGAN, "generator form 'one'; known: zero_one, pearson"),
        (RelativisticGAN, "comparison 'one'; known: average, paired"),
    ],
)
def test_unknown_forms_of_later_gans_are_refused(make, words):
    with pytest.raises(errors.UsageError, match=words):
        make("one")
