"""The loss of drifting: its gradient, its sizes, GMMN as its special case."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.objectives.discrepancies import KernelDiscrepancy
from tf_mmdgan.objectives.drift import DriftField
from tf_mmdgan.objectives.drifting import DriftDiscrepancy

LAPLACE = kernels.Laplace()
SEED = (0, 0)


def samples(rng, n=6, m=5, d=3):
    return rng.normal(size=(n, d)) + 0.4, rng.normal(size=(m, d))


def gradient(function, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    return tape.gradient(value, x).numpy()


def mean_distance(real, fake):
    """Of generated points to all others; none is its own."""
    distances = [
        np.linalg.norm(u - v)
        for i, u in enumerate(fake)
        for v in [*real, *fake[:i], *fake[i + 1 :]]
    ]
    return np.mean(distances)


def drifts(real, fake, temperatures, **field):
    """In the unit S, of kernels with their bandwidths."""
    distance = mean_distance(real, fake)
    unit = distance / np.sqrt(real.shape[1])
    return unit, [
        DriftField(kernels.Laplace(t * distance), **field)(
            fake, real, fake, own=True
        ).numpy()
        / unit
        for t in temperatures
    ]


@pytest.mark.parametrize("name", ["both", "row", "separate", "none"])
@pytest.mark.parametrize("scaled", [False, True])
def test_loss_and_gradient_are_those_of_the_drifts(rng, name, scaled):
    real, fake = samples(rng)
    unit, found = drifts(real, fake, (0.1, 0.3), normalization=name)
    if scaled:
        found = [v / np.sqrt(np.mean(v**2)) for v in found]
    total = sum(found)
    made = DriftDiscrepancy(DriftField(LAPLACE, name), (0.1, 0.3), scaled)
    np.testing.assert_allclose(made(real, fake), np.mean(total**2), rtol=1e-9)
    np.testing.assert_allclose(
        gradient(lambda y: made(real, y), fake),
        -2 * total / (5 * 3 * unit),
        rtol=1e-9,
    )


def test_no_gradient_reaches_real_features(rng):
    real, fake = samples(rng)
    real = tf.constant(real)
    with tf.GradientTape() as tape:
        tape.watch(real)
        loss = DriftDiscrepancy()(real, fake)
    assert tape.gradient(loss, real) is None


def test_loss_of_one_temperature_is_one_by_the_sizes_of_the_batch(rng):
    made = DriftDiscrepancy(temperatures=(0.1,))
    assert float(made(*samples(rng))) == pytest.approx(1.0)


@pytest.mark.parametrize("scaled", [False, True])
def test_loss_does_not_depend_on_the_unit_of_features(rng, scaled):
    real, fake = samples(rng)
    made = DriftDiscrepancy(temperatures=(0.1, 0.3), scaled=scaled)
    expected = made(real, fake)
    found = made(7 * real + 50, 7 * fake + 50)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize(
    "kernel, companion",
    [
        (kernels.Laplace(), kernels.Matern(1.5, np.sqrt(3.0))),
        (kernels.Gaussian(), kernels.Gaussian()),
    ],
)
def test_gmmn_is_the_special_case_without_normalisation(rng, kernel, companion):
    real, fake = samples(rng)
    distance = mean_distance(real, fake)
    unit = distance / np.sqrt(3)
    drift = DriftDiscrepancy(DriftField(kernel, "none"), (0.4,), scaled=False)
    gmmn = KernelDiscrepancy(
        kernels.Rescaled(companion, 0.4 * distance), "unbiased", root=False
    )
    factor = (0.4 * distance / unit) ** 2
    np.testing.assert_allclose(
        gradient(lambda y: drift(real, y), fake),
        factor * gradient(lambda y: gmmn(real, y), fake) / 3,
        rtol=1e-9,
    )


def test_sizes_are_averaged_over_steps(rng):
    made = DriftDiscrepancy(temperatures=(0.1, 0.3), decay=0.75)
    (real, fake), (other, moved) = samples(rng), samples(rng)
    first = made.lowered(real, fake, tf.zeros([2], tf.float64), SEED)
    sizes = [np.sqrt(np.mean(v**2)) for v in drifts(real, fake, (0.1, 0.3))[1]]
    np.testing.assert_allclose(first.memory, sizes, rtol=1e-9)
    second = made.lowered(other, moved, first.memory, SEED)
    found = drifts(other, moved, (0.1, 0.3))[1]
    now = [np.sqrt(np.mean(v**2)) for v in found]
    average = 0.75 * np.array(sizes) + 0.25 * np.array(now)
    np.testing.assert_allclose(second.memory, average, rtol=1e-9)
    total = sum(v / size for v, size in zip(found, average, strict=True))
    np.testing.assert_allclose(second.loss, np.mean(total**2), rtol=1e-9)
    for t, size in zip((0.1, 0.3), now, strict=True):
        assert float(second.logs[f"drift/size_{t:g}"]) == pytest.approx(size)


def test_logs_have_the_mmd_of_companions_and_its_error(rng):
    real, fake = samples(rng)
    distance = mean_distance(real, fake)
    kernel = sum(
        kernels.Matern(1.5, np.sqrt(3.0) * t * distance) for t in (0.1, 0.3)
    )
    grams = mmd.gram_matrices(kernel, real, fake)
    variance = mmd.variance_from_sums(mmd.sum_pairs(grams)).clipped
    made = DriftDiscrepancy(temperatures=(0.1, 0.3))
    logs = made.lowered(real, fake, tf.zeros([2]), SEED).logs
    assert float(logs["drift/mmd2"]) == pytest.approx(
        float(mmd.mmd2_unbiased(grams)), rel=1e-9
    )
    assert float(logs["drift/mmd2_error"]) == pytest.approx(
        float(np.sqrt(variance)), rel=1e-9
    )


def test_kernels_without_a_companion_have_no_mmd_to_log(rng):
    made = DriftDiscrepancy(DriftField(kernels.RationalQuadratic()))
    logs = made.lowered(*samples(rng), tf.zeros([3]), SEED).logs
    assert sorted(logs) == [
        "drift/size_0.02",
        "drift/size_0.05",
        "drift/size_0.2",
    ]


@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_small_drifts_are_not_rounded_away_beside_features(rng, offset):
    real, fake = samples(rng, 200, 200)
    made = DriftDiscrepancy(temperatures=(0.05,), scaled=False)
    exact = gradient(lambda y: made(real, y), fake)
    real, fake = np.float32(real + offset), np.float32(fake + offset)
    found = gradient(lambda y: made(real, y), fake)
    np.testing.assert_allclose(
        found, exact, atol=(1e-5 + 1e-6 * offset) * np.abs(exact).max()
    )


def test_points_that_coincide_have_gradient_zero():
    same = np.ones([5, 3], np.float32)
    made = DriftDiscrepancy()
    assert float(made(same, same)) == 0.0
    assert not gradient(lambda y: made(same, y), same).any()


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"temperatures": ()}, "temperatures=..: need one or more"),
        ({"temperatures": "warm"}, "temperatures=warm: need one or more"),
        ({"temperatures": (0.1, -1.0)}, "temperature=-1.0, need a number > 0"),
        ({"temperatures": (float("nan"),)}, "temperature=nan, need"),
        ({"temperatures": ("1",)}, "temperatures=.'1',.: need one or more"),
        ({"decay": 1.0}, "decay=1.0, need less than 1"),
        ({"field": "row"}, "field: need a DriftField, not row"),
    ],
)
def test_impossible_settings_are_refused(wrong, words):
    with pytest.raises(errors.UsageError, match=words):
        DriftDiscrepancy(**wrong)


def test_a_point_alone_has_nowhere_to_drift(rng):
    # It would have no negative but itself: NaN, or no drift at all.
    real, fake = samples(rng, m=1)
    words = "Need at least 2 examples"
    for name in ("both", "separate", "none"):
        made = DriftDiscrepancy(DriftField(LAPLACE, name))
        with pytest.raises(ValueError, match=words):
            made(real, fake)
        with pytest.raises(ValueError, match=words):
            made(np.stack([real] * 3), np.stack([fake] * 3))
        with pytest.raises(ValueError, match=words):
            DriftField(LAPLACE, name)(fake, real, fake, own=True)
    unknown = tf.function(
        DriftDiscrepancy(), autograph=False
    ).get_concrete_function(*[tf.TensorSpec([1, None, 3], tf.float64)] * 2)
    two = samples(rng, m=2)
    assert np.isfinite(unknown(*(tf.constant([rows]) for rows in two)))
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        unknown(tf.constant([real]), tf.constant([fake]))
