"""Values, moments and split independence of the latent noise."""

import statistics

import numpy as np
import philox
import pytest
import tensorflow as tf

from tf_mmdgan import errors, latents

SEED = (3, -7)
KINDS = sorted(["uniform", "normal"])
SIZES = [1, 2, 10, 128]
VARIANCE = {"uniform": 1.0 / 3.0, "normal": 1.0}
FOURTH_MOMENT = {"uniform": 1.0 / 5.0, "normal": 3.0}


@pytest.mark.parametrize("seed", [(0, 0), SEED, (2**62 + 5, -(2**40))])
def test_uniform_values_are_philox(seed):
    got = latents.Latents(10, "uniform").sample(seed, 3, start=5)
    want = [philox.uniform_row(seed, row, 10) for row in (5, 6, 7)]
    np.testing.assert_array_equal(got, want)


def test_normal_values_are_box_muller_of_philox():
    got = latents.Latents(10, "normal").sample(SEED, 2, start=4)
    for row, values in zip((4, 5), got.numpy(), strict=True):
        first, second = np.split(philox.uniform_row(SEED, row, 32), 2)
        radius = np.sqrt(-2.0 * np.log((first + 1.0 + 2.0**-23) / 2.0))
        want = (radius * np.cos(np.pi * second))[:10]
        np.testing.assert_allclose(values, want, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_row_depends_on_seed_and_index_only(kind, size, jit_compile):
    source = latents.Latents(size, kind)
    whole = compiled(source, 300, 0, jit_compile)
    splits = [(0, 3), (3, 297), (201, 1), (199, 7), (17, 64)]
    for start, count in splits:
        part = compiled(source, count, start, jit_compile)
        np.testing.assert_array_equal(part, whole[start : start + count])


def compiled(source, count, start, jit_compile):
    if not jit_compile:
        return DYNAMIC[source.distribution, source.size](SEED, count, start)
    # XLA wants static shapes: count is a Python number here.
    draw = tf.function(
        lambda: source.sample(SEED, count, start), jit_compile=True
    )
    return draw()


def dynamic_sampler(source):
    scalar = tf.TensorSpec([], tf.int32)
    pair = tf.TensorSpec([2], tf.int32)
    return tf.function(source.sample, input_signature=[pair, scalar, scalar])


DYNAMIC = {
    (kind, size): dynamic_sampler(latents.Latents(size, kind))
    for kind in KINDS
    for size in SIZES
}


def test_uniform_is_the_same_with_xla():
    source = latents.Latents(10, "uniform")
    np.testing.assert_array_equal(
        compiled(source, 50, 3, True), compiled(source, 50, 3, False)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_far_rows_need_no_near_ones(kind):
    source = latents.Latents(3, kind)
    far = 2**40
    both = source.sample(SEED, 2, start=tf.constant(far, tf.int64))
    last = source.sample(SEED, 1, start=tf.constant(far + 1, tf.int64))
    np.testing.assert_array_equal(both[1:], last)
    assert not np.array_equal(both, source.sample(SEED, 2))


@pytest.mark.parametrize("kind", KINDS)
def test_no_rows(kind):
    assert latents.Latents(3, kind).sample(SEED, 0).shape == (0, 3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [3, 20])
def test_moments_within_four_standard_errors(kind, size):
    count = 20_000
    draw = latents.Latents(size, kind).sample(SEED, count).numpy()
    draw = draw.astype(np.float64)
    variance, fourth = VARIANCE[kind], FOURTH_MOMENT[kind]
    within(draw.mean(), 0.0, variance, draw.size)
    squares = fourth - variance**2
    within((draw**2).mean(), variance, squares, draw.size)
    within((draw**3).mean(), 0.0, 15.0 * variance, draw.size)
    # Neighbours: next row, next column, and the same row of other seeds.
    within((draw[1:] * draw[:-1]).mean(), 0.0, variance**2, draw.size)
    columns = draw[:, 1:] * draw[:, :-1]
    within(columns.mean(), 0.0, variance**2, columns.size)
    for other in ((4, -7), (3, -6), (-7, 3)):
        another = latents.Latents(size, kind).sample(other, count).numpy()
        within((draw * another).mean(), 0.0, variance**2, draw.size)


def within(mean, expected, variance, count):
    assert abs(mean - expected) < 4.0 * np.sqrt(variance / count)


def test_uniform_stays_in_range_and_normal_is_finite():
    uniform = latents.Latents(128, "uniform").sample(SEED, 5_000).numpy()
    assert uniform.min() >= -1.0 and uniform.max() < 1.0
    normal = latents.Latents(128, "normal").sample(SEED, 5_000).numpy()
    assert np.abs(normal).max() < 5.78
    # P(|z| > 2) of the normal distribution, 640,000 draws.
    share = np.mean(np.abs(normal) > 2.0)
    within(share, 0.0455003, 0.0455003 * 0.9544997, normal.size)


def test_sampling_seed_is_a_pair_per_number():
    one, two = latents.sampling_seed(1), latents.sampling_seed(2**40)
    assert one.shape == (2,) and one.dtype == tf.int64
    assert one[0] == 1 and two[0] == 2**40 and one[1] == two[1]


def test_bad_settings_are_usage_errors():
    with pytest.raises(errors.UsageError, match="known: uniform, normal"):
        latents.Latents(8, "unifrom")
    with pytest.raises(errors.UsageError, match="size=0, need an integer >= 1"):
        latents.Latents(0, "normal")


def labels_of(count, start=0, num_classes=10):
    return latents.draw_labels(SEED, count, start, num_classes).numpy()


@pytest.mark.parametrize("num_classes", [1, 2, 10, 1000])
def test_labels_are_the_integer_parts_of_scaled_philox(num_classes):
    got = latents.draw_labels(SEED, 4, 5, num_classes)
    stream = (SEED[0], SEED[1] ^ 0x1ABE0000)
    unit = [
        (philox.uniform_row(stream, row, 1)[0] + 1.0) / 2.0
        for row in range(5, 9)
    ]
    np.testing.assert_array_equal(got, np.floor(num_classes * np.array(unit)))
    assert got.dtype == tf.int32 and got.shape == (4,)


@pytest.mark.parametrize("bits, last", [(-(2**23), False), (2**23 - 1, True)])
def test_labels_stay_in_range_at_the_ends(monkeypatch, bits, last):
    end = tf.constant([[bits / 2.0**23]])
    monkeypatch.setattr(latents, "_uniform", lambda *arguments: end)
    for num_classes in [*range(1, 300), 1000, 10_000, 2**20 + 1]:
        expected = num_classes - 1 if last else 0
        assert labels_of(1, 0, num_classes) == expected


# 99.9 % quantiles of chi-square, by degrees of freedom.
@pytest.mark.parametrize(
    "num_classes, quantile", [(2, 10.828), (10, 27.877), (100, 148.230)]
)
def test_labels_are_uniform(num_classes, quantile):
    seed = latents.sampling_seed(0)
    labels = latents.draw_labels(seed, 10_000, 0, num_classes)
    counts = np.bincount(labels)
    assert counts.shape == (num_classes,)
    assert chi_square(counts, 10_000 / num_classes) < quantile


def test_labels_follow_the_shares_of_classes():
    shares = np.array([0.05, 0.0, 0.6, 0.35])
    seed = latents.sampling_seed(0)
    labels = latents.draw_labels(seed, 10_000, 0, 4, shares)
    counts = np.bincount(labels, minlength=4)
    assert counts[1] == 0 and labels.dtype == tf.int32
    kept = [0, 2, 3]
    expected = 10_000 * shares[kept]
    assert chi_square(counts[kept], expected) < 13.816  # 2 degrees of freedom
    part = latents.draw_labels(seed, 7, 40, 4, shares)
    np.testing.assert_array_equal(part, labels[40:47])


def chi_square(counts, expected):
    return np.sum((counts - expected) ** 2 / expected)


@pytest.mark.parametrize(
    "shares",
    [[3, 1], [0.5, 0.4], [0.2, 0.3, 0.5], [1.5, -0.5], [float("nan"), 1.0],
     [1e308, 1e308]],
)  # fmt: skip
def test_shares_of_classes_are_a_law(shares):
    with pytest.raises(errors.UsageError, match="need 2 numbers >= 0"):
        latents.checked_shares(shares, 2)


def test_shares_are_float64_or_none():
    found = latents.checked_shares([0.25, 0.75], 2)
    assert found.dtype == np.float64 and found.tolist() == [0.25, 0.75]
    assert latents.checked_shares(None, 2) is None
    assert latents.checked_shares([0.25, 0.75], None) is None


def test_a_label_depends_on_seed_and_row_only():
    whole = labels_of(300)
    draw = tf.function(
        lambda count, start: latents.draw_labels(SEED, count, start, 10)
    )
    for start, count in [(0, 3), (3, 297), (201, 1), (17, 64), (5, 0)]:
        part = draw(tf.constant(count), tf.constant(start))
        np.testing.assert_array_equal(part, whole[start : start + count])
    far = tf.constant(2**40, tf.int64)
    np.testing.assert_array_equal(labels_of(2, far)[1:], labels_of(1, far + 1))
    for other in ((4, -7), (3, -6)):
        drawn = latents.draw_labels(other, 300, 0, 10).numpy()
        assert np.mean(drawn == whole) < 0.2


@pytest.mark.parametrize("size", [1, 4])
def test_labels_tell_nothing_of_the_latents(size):
    labels = labels_of(10_000)
    drawn = latents.Latents(size, "uniform").sample(SEED, 10_000).numpy()
    for column in drawn.T:
        tenths = np.floor(5.0 * (column + 1.0)).astype(int)
        table = np.bincount(10 * labels + tenths, minlength=100)
        # 99.9 % quantile of 99 degrees of freedom; a copy has 90,000.
        assert chi_square(table, 100.0) < 148.230


def test_check_label_names_what_there_is():
    latents.check_label(None, None)
    latents.check_label(None, 3)
    for label in (0, 2):
        latents.check_label(label, 3)
    for label in (-1, 3):
        with pytest.raises(errors.UsageError, match=f"label={label}.*0 to 2"):
            latents.check_label(label, 3)
    with pytest.raises(errors.UsageError, match="no classes; leave the label"):
        latents.check_label(0, None)


@pytest.mark.parametrize("kind", KINDS)
def test_truncation_of_one_is_none_bit_for_bit(kind):
    source = latents.Latents(20, kind)
    whole = source.sample(SEED, 50)
    truncated = source.sample(SEED, 50, truncation=tf.constant(1.0))
    np.testing.assert_array_equal(truncated, whole)


def test_truncation_scales_uniform_latents():
    source = latents.Latents(20, "uniform")
    want = source.sample(SEED, 50).numpy() * np.float32(0.3)
    got = source.sample(SEED, 50, truncation=0.3)
    np.testing.assert_array_equal(got, want)


def test_truncation_keeps_the_central_share_of_normal_latents():
    normal = statistics.NormalDist()
    source = latents.Latents(20, "normal")
    whole = source.sample(SEED, 2_000).numpy()
    got = source.sample(SEED, 2_000, truncation=0.7).numpy()
    for z, inner in zip(whole.flat[:200], got.flat[:200], strict=True):
        want = normal.inv_cdf(0.5 + 0.7 * (normal.cdf(z) - 0.5))
        assert abs(inner - want) < 1e-5
    bound = normal.inv_cdf(0.85)
    assert np.abs(got).max() < bound + 1e-6
    # Those of a truncated normal distribution, by its density.
    grid = np.linspace(-bound, bound, 100_001)
    density = np.exp(-(grid**2) / 2.0)
    variance = np.average(grid**2, weights=density)
    fourth = np.average(grid**4, weights=density)
    within(got.mean(), 0.0, variance, got.size)
    within((got**2).mean(), variance, fourth - variance**2, got.size)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_truncated_rows_depend_on_seed_and_index_only(kind, size):
    source = latents.Latents(size, kind)
    whole = source.sample(SEED, 300, truncation=0.6).numpy()
    for start, count in [(0, 3), (3, 297), (201, 1), (199, 7), (17, 64)]:
        part = source.sample(SEED, count, start, truncation=0.6)
        np.testing.assert_array_equal(part, whole[start : start + count])


def test_uniform_latents_go_straight():
    source = latents.Latents(3, "uniform")
    first, last = np.float32([[1.0, 0.0, -0.5], [0.0, 0.5, 0.5]])
    got = source.interpolate(first, last, 3)
    np.testing.assert_allclose(got, [first, [0.5, 0.25, 0.0], last], atol=1e-7)


def test_normal_latents_go_along_the_great_circle(rng):
    source = latents.Latents(64, "normal")
    first, last = rng.normal(size=(2, 64)).astype(np.float32)
    last *= np.linalg.norm(first) / np.linalg.norm(last)
    got = source.interpolate(first, last, tf.constant(9)).numpy()
    np.testing.assert_array_equal(got[[0, -1]], [first, last])
    lengths = np.linalg.norm(got, axis=1)
    np.testing.assert_allclose(lengths, lengths[0], rtol=1e-5)
    angles = np.arccos(np.sum(got[1:] * got[:-1], 1) / lengths[0] ** 2)
    np.testing.assert_allclose(angles, angles[0], rtol=1e-3)


def test_a_row_leads_to_itself():
    row = np.float32([0.3, -2.0, 0.0])
    for kind in KINDS:
        got = latents.Latents(3, kind).interpolate(row, row, 4)
        np.testing.assert_allclose(got, [row] * 4, rtol=1e-6)


@pytest.mark.parametrize(
    ("threshold", "share", "variance"),
    [(2.0, 0.9545, 0.7737), (1.0, 0.6827, 0.2911), (0.5, 0.3829, 0.0806)],
)
def test_truncation_has_the_law_of_drawing_again(threshold, share, variance):
    law = latents.Latents(100, "normal")
    truncation = law.truncation(threshold)
    assert truncation == pytest.approx(share, abs=1e-4)
    moved = law.sample((3, 4), 1000, truncation=truncation).numpy()
    assert np.abs(moved).max() <= threshold
    assert moved.var() == pytest.approx(variance, abs=0.005)
    drawn = law.sample((5, 6), 4000).numpy().ravel()
    again = drawn[np.abs(drawn) <= threshold][: moved.size]
    shares = np.linspace(0.01, 0.99, 50)
    np.testing.assert_allclose(
        np.quantile(moved, shares), np.quantile(again, shares), atol=0.02
    )


def test_truncation_of_uniform_latents_is_the_threshold_itself():
    law = latents.Latents(4, "uniform")
    assert law.truncation(0.3) == 0.3
    assert law.truncation(7.0) == 1.0
    for kind in ("uniform", "normal"):
        with pytest.raises(errors.UsageError, match=r"threshold=0\.0"):
            latents.Latents(4, kind).truncation(0.0)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda law: law.sample(3, 4), r"need two integers, such as \(0, 1\)"),
        (lambda law: law.sample((0, 1), 4, truncation=2.0), "truncation=2.0"),
        (lambda law: law.interpolate([0.0], [1.0], 1), "steps=1, need an int"),
    ],
)
def test_what_cannot_be_drawn(act, words):
    with pytest.raises(errors.UsageError, match=words):
        act(latents.Latents(1, "normal"))
