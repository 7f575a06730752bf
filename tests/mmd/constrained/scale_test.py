"""The Scaled MMD's scale against differences and the constrained MMD."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels
from tf_mmdgan.mmd.constrained import scale

WIDTH, PIXELS = 3, 4


def squares(u, v):
    return ((u - v) ** 2).sum(-1)


def rational_quadratic(u, v):
    scales = (0.2, 0.5, 1, 2, 5)
    return sum((1 + squares(u, v) / (2 * a)) ** -a for a in scales)


def inner(u, v):
    return (u * v).sum(-1)


FORMULAS = {
    "rbf": lambda u, v: np.exp(-squares(u, v) / 2),
    "rbf_octaves": lambda u, v: sum(
        np.exp(-squares(u, v) / (2 * s**2)) for s in (1, 2, 4, 8, 16)
    ),
    "rq": rational_quadratic,
    "rq_linear": lambda u, v: rational_quadratic(u, v) + inner(u, v),
    "tanh_rq": lambda u, v: rational_quadratic(np.tanh(u), np.tanh(v)),
    "linear": inner,
    "polynomial": lambda u, v: (inner(u, v) / WIDTH + 1) ** 3,
}
# Whose mixed Hessian is not a multiple of the identity.
NEED_PRODUCTS = ("tanh_rq", "polynomial")


@pytest.fixture
def points(rng):
    return rng.normal(size=(5, PIXELS))


@pytest.fixture
def critic(rng):
    w, v = rng.normal(size=(PIXELS, 6)), rng.normal(size=(6, WIDTH))
    return lambda x: np.tanh(x @ w / 2) @ v / 2


def central_jacobian(function, x, step=1e-6):
    """d function_a / d x_i at each row: [n, d, pixels]."""
    shifts = step * np.eye(PIXELS)
    columns = [(function(x + s) - function(x - s)) / (2 * step) for s in shifts]
    return np.stack(columns, axis=-1)


def expected_terms(formula, critic, x, step=1e-3):
    """k + sum_i d_i d_{i+d} k at u = v by differences over the pixels."""
    total = formula(critic(x), critic(x))
    for shift in step * np.eye(PIXELS):
        above, below = critic(x + shift), critic(x - shift)
        same = formula(above, above) + formula(below, below)
        crossed = formula(above, below) + formula(below, above)
        total = total + (same - crossed) / (4 * step**2)
    return total


@pytest.mark.parametrize("name", FORMULAS)
def test_terms_equal_differences_over_the_pixels(name, critic, points):
    jacobian = central_jacobian(critic, points)
    products = jacobian @ jacobian.transpose(0, 2, 1)
    expected = expected_terms(FORMULAS[name], critic, points)
    kernel, features = kernels.KERNELS[name], tf.constant(critic(points))
    actual = scale.scaled_mmd_terms(kernel, features, tf.constant(products))
    np.testing.assert_allclose(actual, expected, rtol=2e-5)

    traces = tf.linalg.trace(products)
    if name in NEED_PRODUCTS:
        with pytest.raises(ValueError, match="J J\\^T"):
            scale.scaled_mmd_terms(kernel, features, traces)
    else:
        by_trace = scale.scaled_mmd_terms(kernel, features, traces)
        np.testing.assert_allclose(by_trace, actual, rtol=1e-12)


def test_no_terms_without_a_derivative(points):
    with pytest.raises(ValueError, match="not differentiable"):
        scale.scaled_mmd_terms(
            kernels.KERNELS["distance"], points, tf.ones([5])
        )


@pytest.mark.parametrize("offset", [0.1, 1.0])
def test_square_is_one_over_offset_and_mean(rng, offset):
    terms = rng.uniform(1, 2, size=7)
    actual = scale.scaled_mmd_square(tf.constant(terms), offset)
    assert actual.numpy() == pytest.approx(1 / (offset + terms.mean()))


def derivatives(width, u, v):
    """k, its gradient by u, by v, and mixed Hessian, for one pair of points."""
    d = (u - v) / width**2
    k = np.exp(-((u - v) ** 2).sum() / (2 * width**2))
    mixed = (np.eye(len(u)) / width**2 - np.outer(d, d)) * k
    return np.block([[k, d[None] * k], [-d[:, None] * k, mixed]])


def constrained_square(width, x, y, points, offset):
    """MMD^2 under E_mu[f^2 + |grad f|^2] + offset ||f||^2 <= 1, mu on points.

    (MMD^2 - v^T (A + M offset I)^-1 v) / offset,  v and A the values and
    gradients at the M points of the witness and of the kernel.
    """

    def matrix(a, b):
        return np.array([[derivatives(width, u, v) for v in b] for u in a])

    def mean_value(a, b):
        return matrix(a, b)[:, :, 0, 0].mean()

    mmd2 = mean_value(x, x) + mean_value(y, y) - 2 * mean_value(x, y)
    size = len(points) * (points.shape[1] + 1)
    gram = matrix(points, points).transpose(0, 2, 1, 3).reshape(size, size)
    witness = (
        matrix(points, x)[..., 0].mean(1) - matrix(points, y)[..., 0].mean(1)
    ).ravel()
    solved = np.linalg.solve(
        gram + len(points) * offset * np.eye(size), witness
    )
    return mmd2, (mmd2 - witness @ solved) / offset


@pytest.mark.parametrize("width", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("offset", [0.01, 1.0])
@pytest.mark.parametrize("shift", [0.1, 2.0])
def test_scaled_mmd_is_at_most_the_constrained_mmd(rng, width, offset, shift):
    x = rng.normal(size=(6, 2))
    y = rng.normal(size=(6, 2)) + shift
    points = np.concatenate([x[:4], y[:4]])
    mmd2, upper = constrained_square(width, x, y, points, offset)
    terms = scale.scaled_mmd_terms(
        kernels.Gaussian((width,)),
        tf.constant(points),
        tf.fill([8], tf.constant(2.0, tf.float64)),
    )
    square = scale.scaled_mmd_square(terms, offset).numpy()
    assert 0 < square * mmd2 <= upper <= mmd2 / offset


def test_both_meet_in_the_limit_of_a_large_offset(rng):
    """Both are MMD^2 / offset then."""
    x, y = rng.normal(size=(2, 6, 2))
    mmd2, upper = constrained_square(1.0, x, y, x, 1e6)
    terms = scale.scaled_mmd_terms(
        kernels.Gaussian(), tf.constant(x), tf.fill([6], 2.0)
    )
    square = scale.scaled_mmd_square(terms, 1e6).numpy()
    assert square * mmd2 == pytest.approx(upper, rel=1e-5)
