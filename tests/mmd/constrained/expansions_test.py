"""Kernel expansions against sums and differences of the kernel itself."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels
from tf_mmdgan.mmd.constrained import expansions
from tf_mmdgan.mmd.constrained.expansions import Expansion

NAMES = ["rbf_mix", "rq", "rq_linear", "tanh_rq", "linear", "polynomial"]
STEP = 1e-4


def shifted(points, index):
    """Points [m, p] moved by +-STEP along an axis; 0: not at all."""
    if index == 0:
        return ((points, 1.0),)
    shift = STEP * np.eye(points.shape[1])[index - 1]
    scale = 1 / (2 * STEP)
    return (points + shift, scale), (points - shift, -scale)


def differences(kernel, u, v):
    """[n, 1 + p, m, 1 + p], index 0 for no derivative."""
    width = 1 + u.shape[1]
    blocks = [
        [
            sum(
                a * b * kernel(x, y).numpy()
                for x, a in shifted(u, i)
                for y, b in shifted(v, j)
            )
            for j in range(width)
        ]
        for i in range(width)
    ]
    return np.array(blocks).transpose(2, 0, 3, 1)


@pytest.mark.parametrize("name", NAMES)
def test_all_forms_equal_differences(rng, name):
    kernel = 0.5 * kernels.KERNELS[name]
    centres, points = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    coefficients = rng.normal(size=(4, 4))
    expansion = Expansion(tf.constant(centres), tf.constant(coefficients))
    expected = np.einsum(
        "ia,iajb->jb", coefficients, differences(kernel, centres, points)
    )
    points = tf.constant(points)
    np.testing.assert_allclose(
        expansion.jets(kernel, points), expected, atol=1e-6
    )
    np.testing.assert_allclose(
        expansion.values(kernel, points), expected[:, 0], atol=1e-6
    )
    np.testing.assert_allclose(
        expansions.derivative_grams(kernel, tf.constant(centres)),
        differences(kernel, centres, centres),
        atol=1e-6,
    )


@pytest.mark.parametrize("name", ["rbf", "polynomial"])
def test_at_its_own_centres(rng, name):
    """Where both arguments of the kernel are one tensor."""
    centres = tf.constant(rng.normal(size=(4, 2)))
    expansion = Expansion(centres, tf.constant(rng.normal(size=(4, 3))))
    copy = tf.constant(centres.numpy())
    for form in (expansion.values, expansion.jets):
        np.testing.assert_allclose(
            form(kernels.KERNELS[name], centres),
            form(kernels.KERNELS[name], copy),
        )


def test_sums_and_multiples(rng):
    kernel, points = kernels.Gaussian(), tf.constant(rng.normal(size=(3, 2)))
    real, fake = rng.normal(size=(4, 2)), rng.normal(size=(5, 2))
    eta = 2.0 * expansions.witness(tf.constant(real), tf.constant(fake))
    expected = 2 * (
        kernel(points, real).numpy().mean(1)
        - kernel(points, fake).numpy().mean(1)
    )
    np.testing.assert_allclose(eta.values(kernel, points), expected)
