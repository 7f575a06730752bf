"""What every listed kernel must do."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels

RQ_SCALES = (0.2, 0.5, 1.0, 2.0, 5.0)


def square(u, v):
    return np.sum((u - v) ** 2)


def gaussians(*sigmas):
    def formula(u, v):
        return sum(np.exp(-square(u, v) / (2 * s**2)) for s in sigmas)

    return formula


def rq(u, v):
    return sum((1 + square(u, v) / (2 * a)) ** -a for a in RQ_SCALES)


def distance(u, v):
    norm = np.linalg.norm
    return (norm(u) + norm(v) - norm(u - v)) / 2


def matern(u, v):
    r = np.sqrt(3) * np.linalg.norm(u - v)
    return (1 + r) * np.exp(-r)


FORMULAS = {
    "rbf": gaussians(1),
    "rbf_half_octaves": gaussians(1, np.sqrt(2), 2, np.sqrt(8), 4),
    "rbf_octaves": gaussians(1, 2, 4, 8, 16),
    "rbf_mix": gaussians(2, 5, 10, 20, 40, 80),
    "rbf_gmmn": gaussians(*np.sqrt([2, 5, 10, 20, 40, 80])),
    "rq": rq,
    "rq_linear": lambda u, v: rq(u, v) + u @ v,
    "rq_01linear": lambda u, v: rq(u, v) + 0.1 * (u @ v),
    "rq_001linear": lambda u, v: rq(u, v) + 0.01 * (u @ v),
    "rq_10linear": lambda u, v: rq(u, v) + 10 * (u @ v),
    "tanh_rq": lambda u, v: rq(np.tanh(u), np.tanh(v)),
    "linear": lambda u, v: u @ v,
    "distance": distance,
    "energy": lambda u, v: 2 * distance(u, v),
    "tanh_distance": lambda u, v: distance(np.tanh(u), np.tanh(v)),
    "laplace": lambda u, v: np.exp(-np.linalg.norm(u - v)),
    "laplace_l1": lambda u, v: np.exp(-np.sum(np.abs(u - v))),
    "matern": matern,
    "polynomial": lambda u, v: (u @ v / len(u) + 1) ** 3,
}

every_kernel = pytest.mark.parametrize("name", kernels.KERNELS)


def test_every_kernel_has_a_formula():
    assert FORMULAS.keys() == kernels.KERNELS.keys()


@every_kernel
def test_matrix_is_the_formula(rng, name):
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(4, 3))
    expected = [[FORMULAS[name](u, v) for v in y] for u in x]
    got = kernels.KERNELS[name](x, y)
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


@every_kernel
def test_gram_is_symmetric_and_positive_semi_definite(rng, name):
    x = rng.normal(size=(30, 3)) * 3.0
    gram = kernels.KERNELS[name](x, x).numpy()
    np.testing.assert_allclose(gram, gram.T, rtol=1e-12)
    eigenvalues = np.linalg.eigvalsh(gram)
    assert eigenvalues[0] > -1e-10 * eigenvalues[-1]


@every_kernel
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_diagonal_is_that_of_the_matrix_and_of_the_formula(rng, name, dtype):
    x = rng.normal(size=(9, 5)).astype(dtype)
    diagonal = kernels.KERNELS[name].diagonal(x)
    rtol = 10 * np.finfo(dtype).eps
    expected = [FORMULAS[name](u, u) for u in np.float64(x)]
    np.testing.assert_allclose(diagonal, expected, rtol=rtol)
    matrix = kernels.KERNELS[name](x, x)
    np.testing.assert_allclose(diagonal, np.diag(matrix), rtol=rtol)


@every_kernel
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e-4, 1e4])
def test_gradients_are_finite_where_points_repeat(name, scale):
    points = [[0.0, 0.1], [0.0, 0.1], [2.0, -1.0], [0.0, 0.0]]
    x = scale * tf.constant(points, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        gram = kernels.KERNELS[name](x, x)
    gradient = tape.gradient(gram, x).numpy()
    assert np.all(np.isfinite(gradient))
    # Points that coincide cannot be told apart, not even by their gradients.
    np.testing.assert_allclose(gradient[0], gradient[1], rtol=1e-3)


@every_kernel
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_graphs_compute_the_same(rng, name, dtype):
    x = rng.normal(size=(6, 3)).astype(dtype)
    y = rng.normal(size=(4, 3)).astype(dtype)
    kernel = kernels.KERNELS[name]
    spec = tf.TensorSpec([None, 3], dtype)
    in_graph = tf.function(kernel, input_signature=[spec, spec])(x, y)
    assert in_graph.dtype == tf.float32
    exact = kernel(np.float64(x), np.float64(y))
    np.testing.assert_allclose(in_graph, exact, rtol=1e-5, atol=1e-5)


@every_kernel
def test_scaled_mmd_part_is_finite_and_not_negative_or_refused(rng, name):
    x, jacobian = rng.normal(size=(6, 3)), rng.normal(size=(6, 3, 8))
    squares = jacobian @ jacobian.swapaxes(1, 2)
    kernel = kernels.KERNELS[name]
    if "distance" in name or name in ("energy", "laplace", "laplace_l1"):
        with pytest.raises(ValueError, match="not differentiable"):
            kernel.derivative_trace(x, squares)
    else:
        trace = kernel.derivative_trace(x, squares)
        hessian = kernel.mixed_hessian(x)
        expected = np.einsum("nab,nab->n", hessian, squares)
        np.testing.assert_allclose(trace, expected, rtol=1e-10)
        assert np.min(trace) > 0.0
