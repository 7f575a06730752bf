"""Kernels of the user's own, and features of any type."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels
from tf_mmdgan.kernels import Kernel

X = np.random.default_rng(2).normal(size=(5, 3)).astype(np.float32)


@dataclasses.dataclass(frozen=True)
class Cosine(Kernel):
    """<u, v> / (|u| |v|), as it should be written."""

    def _matrix(self, x, y):
        x, y = (tf.math.l2_normalize(z, axis=-1) for z in (x, y))
        return tf.matmul(x, y, transpose_b=True)


@dataclasses.dataclass(frozen=True)
class OfMatrices(Kernel):
    """Right for matrices, and for nothing else."""

    def _matrix(self, x, y):
        squares = tf.reduce_sum(tf.square(x[:, None] - y[None]), axis=-1)
        return tf.exp(-squares)


@dataclasses.dataclass(frozen=True)
class WrongAxis(Kernel):
    """Its values for pairs have the right shape, and are wrong."""

    def _matrix(self, x, y):
        x, y = (tf.math.l2_normalize(z, axis=1) for z in (x, y))
        return tf.matmul(x, y, transpose_b=True)


def test_a_kernel_that_keeps_leading_axes_has_its_diagonal():
    for kernel in (Cosine(), Cosine() + 0.5 * kernels.Linear()):
        np.testing.assert_allclose(
            kernel.diagonal(X), np.diag(kernel(X, X)), rtol=1e-5
        )


@pytest.mark.parametrize("kind", [OfMatrices, WrongAxis])
def test_a_kernel_that_ignores_leading_axes_is_found_out(kind):
    kernel = kind()
    assert kernel(X, X).shape == (5, 5)
    for found in (kernel, kernels.Gaussian() * kernel, kernels.Tanh(kernel)):
        with pytest.raises(ValueError, match=r"must make \[n, 1, 1\]"):
            found.diagonal(X)
        with pytest.raises(ValueError, match=kind.__name__):
            tf.function(found.diagonal)(tf.constant(X))


@dataclasses.dataclass(frozen=True)
class Lopsided(Kernel):
    """<u, shifted v>, which is not <v, shifted u>."""

    def _matrix(self, x, y):
        return tf.matmul(x, tf.roll(y, 1, axis=-1), transpose_b=True)


def test_a_kernel_that_is_not_symmetric_is_found_out():
    message = r"Lopsided.*not symmetric"
    for _ in range(2):  # not the first time alone
        for found in (Lopsided(), kernels.Gaussian() + Lopsided()):
            for call in (found, tf.function(found)):
                with pytest.raises(ValueError, match=message):
                    call(tf.constant(X), tf.constant(X))


@dataclasses.dataclass(frozen=True)
class NoMatrix(Kernel):
    """Makes something else."""

    made: str

    def _matrix(self, x, y):
        row = tf.reduce_sum(x, axis=-1)
        return row if self.made == "row" else np.ones((5, 5))


@pytest.mark.parametrize(
    "made, what", [("row", r"\(5,\)"), ("array", r"an? ndarray")]
)
def test_what_is_no_matrix_is_refused(made, what):
    kernel = NoMatrix(made)
    message = rf"NoMatrix.*its _matrix made {what}, .* tensor \[5, 5\]"
    for call in (kernel, tf.function(kernel)):
        with pytest.raises(ValueError, match=message):
            call(X, X)


def test_a_kernel_without_a_matrix_is_told_what_is_missing():
    class Nothing(Kernel): ...

    with pytest.raises(TypeError, match="_matrix"):
        Nothing()


@pytest.mark.parametrize(
    "given",
    [
        X.tolist(),
        X.astype(np.float64),
        tf.constant(X),
        tf.cast(X, tf.bfloat16),
        np.round(4 * X).astype(np.int32),
    ],
    ids=["list", "float64", "tensor", "bfloat16", "int32"],
)
def test_matrix_and_pairs_take_the_same_types(given):
    kernel = kernels.Gaussian(2.0)
    matrix, pairs = kernel(given, given), kernel.of_pairs(given, given)
    assert matrix.dtype == pairs.dtype
    np.testing.assert_allclose(tf.linalg.diag_part(matrix), pairs, rtol=1e-5)
    whole = np.asarray(tf.cast(given, tf.float32))
    np.testing.assert_allclose(matrix, kernel(whole, whole), rtol=1e-4)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (X.astype(np.complex64), "complex64: need real numbers"),
        (X > 0.0, "bool: need real numbers"),
        (X[:0], "are empty"),
        (X[:, :0], "are empty"),
        (X.reshape(1, 5, 3, 1), "Flatten images"),
        (None, "a NoneType, not an array of numbers"),
        (np.array([["a", 1]], object), "a ndarray, not an array of numbers"),
    ],
)
def test_features_that_are_none(given, message):
    kernel = kernels.Gaussian()
    with pytest.raises(ValueError, match=message):
        kernel(given, given)
    if "Flatten" not in message:
        with pytest.raises(ValueError, match=message):
            kernel.of_pairs(given, given)


class Frame:
    """What data frames have in common, with columns of two types."""

    def __array__(self, dtype=None, copy=None):
        return np.asarray([[1, 2.5], [3, 0.5]], dtype or object)


def test_frames_are_features():
    kernel = kernels.Gaussian()
    expected = kernel(np.asarray(Frame(), float), np.ones((1, 2)))
    np.testing.assert_array_equal(kernel(Frame(), np.ones((1, 2))), expected)
    assert kernel.diagonal(Frame()).dtype == tf.float64
