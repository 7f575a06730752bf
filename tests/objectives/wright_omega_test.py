import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from tf_mmdgan.objectives import f_divergences


@pytest.mark.parametrize("alpha", [0.0, 1.0, np.inf, np.nan])
def test_alpha_out_of_range(alpha):
    with pytest.raises(ValueError, match=f"alpha={alpha}, need"):
        f_divergences.AlphaDivergence(alpha)


@pytest.mark.parametrize("pi", [0.0, 1.0, -0.1, np.nan])
def test_weight_out_of_range(pi):
    with pytest.raises(ValueError, match=f"pi={pi}, need"):
        f_divergences.JensenDivergence(pi)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_log_wright_omega(dtype):
    x = np.concatenate([np.linspace(-60, 60, 2001), [1.0, 1 - 1e-9, 1e6]])
    x = x.astype(dtype)
    got = f_divergences.log_wright_omega(tf.constant(x)).numpy()
    assert got.dtype == dtype
    omega = special.wrightomega(x.astype("float64"))
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(got, np.log(omega), atol=60 * eps, rtol=2 * eps)


def test_log_wright_omega_has_three_derivatives():
    x = tf.constant(np.linspace(-49.0, 51.0, 201))
    with tf.GradientTape() as third:
        third.watch(x)
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                a = f_divergences.log_wright_omega(x)
            da = first.gradient(a, x)
        dda = second.gradient(da, x)
    ddda = third.gradient(dda, x)
    w = special.wrightomega(x.numpy())
    np.testing.assert_allclose(da, 1 / (1 + w), rtol=1e-11)
    np.testing.assert_allclose(dda, -w / (1 + w) ** 3, rtol=1e-10, atol=1e-25)
    expected = w * (2 * w - 1) / (1 + w) ** 5
    np.testing.assert_allclose(ddda, expected, rtol=1e-9, atol=1e-20)
