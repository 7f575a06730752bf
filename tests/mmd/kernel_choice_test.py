"""Kernels by name, at the median distance, and in grids."""

import numpy as np
import pytest
import scipy.spatial.distance

from tf_mmdgan import errors, kernels
from tf_mmdgan.mmd import kernel_choice


def test_kernels_and_names_are_taken_as_they_are(rng):
    pooled = rng.normal(size=(5, 2))
    given = kernels.Gaussian((3.0,)) + kernels.Linear()
    assert kernel_choice.resolve(given, pooled, rng) is given
    assert kernel_choice.resolve("rq", pooled, rng) is kernels.KERNELS["rq"]
    summed = kernel_choice.resolve("rbf(3) + linear", pooled, rng)
    assert summed == given


def test_the_median_may_be_the_unit_of_any_expression(rng):
    pooled = rng.normal(size=(15, 3))
    median = np.median(scipy.spatial.distance.pdist(pooled))
    found = kernel_choice.resolve(
        "rq(scales=(1, 2)) + rbf, median heuristic", pooled, rng
    )
    base = kernels.RationalQuadratic((1.0, 2.0)) + kernels.Gaussian()
    scaled = pooled / median
    np.testing.assert_allclose(found(pooled, pooled), base(scaled, scaled))


def test_expressions_are_kernels(rng):
    pooled = rng.normal(size=(15, 3))
    kernel = kernel_choice.resolve("rbf(2.0) + 0.5 * linear", pooled, rng)
    assert kernel == kernels.Gaussian((2.0,)) + 0.5 * kernels.Linear()
    median = np.median(scipy.spatial.distance.pdist(pooled))
    scaled = kernel_choice.resolve(
        "rbf(2.0) + 0.5 * linear, median heuristic", pooled, rng
    )
    expected = kernel(pooled / median, pooled / median)
    np.testing.assert_allclose(scaled(pooled, pooled), expected)
    # What was used can be asked for again.
    assert kernel_choice.resolve(str(scaled), pooled, rng) == scaled


def test_median_heuristic_is_the_median_of_all_pairs(rng):
    pooled = rng.normal(size=(15, 3))
    median = np.median(scipy.spatial.distance.pdist(pooled))
    (sigma,) = kernel_choice.resolve(
        "rbf, median heuristic", pooled, rng
    ).sigmas
    np.testing.assert_allclose(sigma, median, rtol=1e-12)


def test_other_kernels_get_the_median_as_their_unit(rng):
    pooled = rng.normal(size=(15, 3))
    median = np.median(scipy.spatial.distance.pdist(pooled))
    kernel = kernel_choice.resolve("rq, median heuristic", pooled, rng)
    scaled = pooled / median
    expected = kernels.KERNELS["rq"](scaled, scaled)
    np.testing.assert_allclose(kernel(pooled, pooled), expected)
    mixture = kernel_choice.resolve(
        "rbf_octaves, median heuristic", pooled, rng
    )
    sigmas = median * np.array([1, 2, 4, 8, 16])
    np.testing.assert_allclose(mixture.sigmas, sigmas)


def test_pairs_of_equal_rows_do_not_count():
    pooled = np.array([[0.0]] * 8 + [[3.0]])
    kernel = kernel_choice.resolve(
        "rbf, median heuristic", pooled, np.random.default_rng(0)
    )
    assert kernel.sigmas == (3.0,)


def test_which_rows_are_x_does_not_matter(rng):
    pooled = rng.normal(size=(2500, 1))
    other = np.concatenate([pooled[1000:], pooled[:1000]])
    found = [
        kernel_choice.resolve(
            "rbf, median heuristic", rows, np.random.default_rng(seed)
        ).sigmas[0]
        for rows in (pooled, other)
        for seed in range(3)
    ]
    # Of a part of the rows, but of all alike.
    exact = np.median(scipy.spatial.distance.pdist(pooled))
    np.testing.assert_allclose(found, exact, rtol=0.03)


@pytest.mark.parametrize("spacing", ["geometric", "linear"])
def test_grid_spans_the_distances(rng, spacing):
    pooled = rng.normal(size=(30, 2))
    found = kernel_choice.grid(pooled, rng, spacing)
    gaussians = [k.sigmas[0] for k in found[:10]]
    laplaces = [k.scale for k in found[10:]]
    for metric, bandwidths in (
        ("euclidean", gaussians),
        ("cityblock", laplaces),
    ):
        distances = scipy.spatial.distance.pdist(pooled, metric)
        ends = np.quantile(distances, [0.05, 0.95]) * [0.5, 2.0]
        steps = np.geomspace if spacing == "geometric" else np.linspace
        np.testing.assert_allclose(bandwidths, steps(*ends, 10), rtol=1e-9)


@pytest.mark.parametrize(
    "kernel, message",
    [
        ("rbff", "Did you mean 'rbf'"),
        ("rbff, median heuristic", "Did you mean 'rbf'"),
        ("rbf(0.0)", "need numbers > 0"),
        (3.0, "kernel 3.0"),
    ],
)
def test_what_is_no_kernel_is_refused(rng, kernel, message):
    with pytest.raises(errors.UsageError, match=message):
        kernel_choice.resolve(kernel, np.ones((3, 1)), rng)
