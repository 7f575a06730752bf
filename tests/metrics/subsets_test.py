"""MMD^2 of subsets, by either way, is that of the points they have."""

import numpy as np
import pytest

from tf_mmdgan import kernels, mmd
from tf_mmdgan.metrics import subsets


def draw(rng, count, size, available):
    rows = [rng.choice(available, size, replace=False) for _ in range(count)]
    return np.array(rows)


# Few subsets of many points are evaluated one by one, the others at once.
@pytest.mark.parametrize("count, n, m", [(3, 70, 50), (300, 20, 25)])
@pytest.mark.parametrize(
    "kernel", [kernels.Polynomial(), kernels.RationalQuadratic()]
)
def test_values_are_those_of_whole_matrices(rng, kernel, count, n, m):
    x, y = rng.normal(size=(n, 8)), rng.normal(size=(m, 8)) + 0.2
    x_rows, y_rows = draw(rng, count, 15, n), draw(rng, count, 15, m)
    found = subsets.mmd2_of_subsets(kernel, x, y, x_rows, y_rows)
    assert found.dtype == np.float64
    expected = [
        float(mmd.mmd2_unbiased(mmd.gram_matrices(kernel, x[i], y[j])))
        for i, j in zip(x_rows, y_rows, strict=True)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("count", [3, 300])  # either way of the above
def test_a_point_far_from_all_costs_no_digits(rng, count):
    """Its kernel value with itself, 1e36, is not summed up."""
    kernel = kernels.Polynomial()
    x, y = rng.normal(size=(2, 30, 8))
    x[1] = 1e6
    x_rows, y_rows = draw(rng, count, 25, 30), draw(rng, count, 25, 30)
    found = subsets.mmd2_of_subsets(kernel, x, y, x_rows, y_rows)
    expected = [
        float(mmd.mmd2_unbiased(mmd.gram_matrices(kernel, x[i], y[j])))
        for i, j in zip(x_rows, y_rows, strict=True)
    ]
    largest = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-9 * largest)
    block = subsets.mmd2_of_block(kernel, x, y)
    whole = float(mmd.mmd2_unbiased(mmd.gram_matrices(kernel, x, y)))
    assert block == pytest.approx(whole, rel=1e-9)


@pytest.mark.parametrize(
    "points, width, shape, shared",
    [
        # The usual 100 subsets of 1,000 of Inception's features.
        (20_000, 2048, (100, 1000), True),
        (24_000, 2048, (100, 1000), False),
        (20_000, 2048, (50, 1000), False),
        # As many subsets as features: the sums cost what the kernel does.
        (20_000, 100, (100, 1000), False),
    ],
)
def test_the_cheaper_way_is_taken(points, width, shape, shared):
    assert subsets._shared_is_faster(points, width, shape) == shared
