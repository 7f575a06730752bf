"""Penalties against NumPy formulas and finite differences."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.objectives import gradients, regularizers


def test_interpolate_lies_between_paired_images(rng):
    real, fake = rng.normal(size=(2, 3, 4, 4, 1))
    weights = np.array([0.0, 0.25, 1.0])
    points = gradients.interpolate(*map(tf.constant, (real, fake, weights)))
    expected = [real[0], 0.75 * real[1] + 0.25 * fake[1], fake[2]]
    np.testing.assert_allclose(points, expected, atol=1e-12)


def test_witness_is_difference_of_mean_similarities(rng):
    points, real = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    fake = rng.normal(size=(6, 3))

    def gaussian(a, b):
        return np.exp(-np.sum((a - b) ** 2) / 2)

    expected = [
        np.mean([gaussian(t, x) for x in real])
        - np.mean([gaussian(t, y) for y in fake])
        for t in points
    ]
    actual = mmd.witness(
        kernels.Gaussian(), *map(tf.constant, (points, real, fake))
    )
    np.testing.assert_allclose(actual, expected, atol=1e-12)


def test_gradient_norm_runs_over_the_whole_image(rng):
    images = tf.constant(rng.normal(size=(5, 4, 3, 2)))
    slopes = tf.constant(rng.normal(size=(4, 3, 2)))

    def function(x):
        return tf.reduce_sum(slopes * tf.square(x), axis=[1, 2, 3])

    # By pixels in [0, 1], which are half as far apart.
    expected = 2 * np.sqrt(((2 * slopes * images).numpy() ** 2).sum((1, 2, 3)))
    np.testing.assert_allclose(
        gradients.gradient_norms(function, images), expected, rtol=1e-9
    )


@pytest.mark.parametrize("axes", [[1], [3], [1, 3], None])
def test_gradient_norms_over_some_axes(rng, axes):
    images = tf.constant(rng.normal(size=(2, 4, 3, 2)))
    slopes = rng.normal(size=(4, 3, 2))

    def function(x):
        return tf.reduce_sum(slopes * x, axis=[1, 2, 3])

    axes_of_slopes = tuple(np.array(axes) - 1) if axes else None
    squares = (slopes**2).sum(axes_of_slopes)
    np.testing.assert_allclose(
        gradients.gradient_norms(function, images, axes, epsilon=0.0) ** 2,
        np.broadcast_to(4 * squares, (2, *squares.shape)),
        rtol=1e-12,
    )
    np.testing.assert_allclose(
        gradients.gradient_norms(function, images, axes, epsilon=0.5)[0],
        2 * np.sqrt(squares + 0.5),
        rtol=1e-12,
    )


def test_slopes_are_by_pixels_from_0_to_1_and_by_points_as_they_are():
    assert gradients.pixel_unit(tf.zeros([2, 4, 4, 1])) == 2.0
    assert gradients.pixel_unit(tf.zeros([2, 2])) == 1.0
    for shape, slope in (((2, 4, 4, 1), 6.0), ((2, 3), 3.0)):
        points = tf.ones(shape)
        ones = tf.ones([2, 1])

        def function(x):
            return 3.0 * tf.reshape(x, [2, -1])[:, :1]

        squares = gradients.gradient_squares(
            lambda x: function(x)[:, 0], points
        )
        norms = gradients.gradient_norms(lambda x: function(x)[:, 0], points)
        _, products = gradients.jacobian_products(function, points)
        _, estimates = gradients.estimated_jacobian_squares(
            function, points, ones
        )
        np.testing.assert_allclose(norms, [slope] * 2)
        for found in (squares, products[:, 0, 0], estimates):
            np.testing.assert_array_equal(found, [slope**2] * 2)


class Features:
    """h(x) = tanh(x W) V and its Jacobian, written out."""

    def __init__(self, rng, outputs, shape):
        self.shape = shape
        self.w = rng.normal(size=(int(np.prod(shape)), 4))
        self.v = rng.normal(size=(4, outputs))

    def __call__(self, images):
        flat = tf.reshape(images, [-1, len(self.w)])
        return tf.tanh(flat @ self.w) @ self.v

    def jacobian(self, images):
        unit = 2.0 if len(self.shape) == 3 else 1.0  # pixels in [0, 1]
        slopes = 1 - np.tanh(images.reshape(len(images), -1) @ self.w) ** 2
        return unit * np.einsum("hd,bh,ph->bdp", self.v, slopes, self.w)


@pytest.mark.parametrize("shape", [(2, 3, 1), (2,)])
def test_jacobian_products_equal_the_jacobian_written_out(rng, shape):
    features = Features(rng, 3, shape)
    images = rng.normal(size=(5, *shape))
    actual, products = gradients.jacobian_products(
        features, tf.constant(images)
    )
    np.testing.assert_allclose(actual, features(images))
    jacobian = features.jacobian(images)
    expected = jacobian @ jacobian.transpose(0, 2, 1)
    np.testing.assert_allclose(products, expected, rtol=1e-10, atol=1e-12)


def test_estimated_squares_have_the_mean_of_the_exact_ones(rng):
    """Over all signs, so that the mean is the expectation itself."""
    features = Features(rng, 3, (2, 3, 1))
    images = rng.normal(size=(5, 2, 3, 1))
    estimates = []
    for signs in itertools.product([-1.0, 1.0], repeat=3):
        rows = tf.constant([signs] * 5, tf.float64)
        actual, estimate = gradients.estimated_jacobian_squares(
            features, tf.constant(images), rows
        )
        estimates.append(estimate)
    np.testing.assert_allclose(actual, features(images))
    expected = (features.jacobian(images) ** 2).sum((1, 2))
    np.testing.assert_allclose(np.mean(estimates, axis=0), expected)
    assert np.std(estimates, axis=0).min() > 0


def test_estimated_squares_are_exact_for_one_output(rng):
    features = Features(rng, 1, (2,))
    points = rng.normal(size=(5, 2))
    for sign in (-1.0, 1.0):
        _, estimate = gradients.estimated_jacobian_squares(
            features, tf.constant(points), tf.fill([5, 1], sign)
        )
        expected = (features.jacobian(points) ** 2).sum((1, 2))
        np.testing.assert_allclose(estimate, expected)


def test_gradients_pass_through_the_jacobian(rng):
    images = tf.constant(rng.normal(size=(5, 2)))
    w = tf.Variable(rng.normal(size=(2, 3)))
    signs = tf.constant(np.sign(rng.normal(size=(5, 3))))

    def exact():
        _, products = gradients.jacobian_products(
            lambda x: tf.tanh(x @ w), images
        )
        return tf.reduce_sum(products)

    def estimated():
        _, squares = gradients.estimated_jacobian_squares(
            lambda x: tf.tanh(x @ w), images, signs
        )
        return tf.reduce_sum(squares)

    for function in (exact, estimated):
        with tf.GradientTape() as tape:
            value = function()
        gradient = tape.gradient(value, w)
        direction, start = rng.normal(size=(2, 3)), w.numpy()
        values = []
        for step in (1e-5, -1e-5):
            w.assign(start + step * direction)
            values.append(function().numpy())
        w.assign(start)
        expected = (values[0] - values[1]) / 2e-5
        actual = np.sum(gradient * direction)
        assert actual == pytest.approx(expected, rel=1e-6)


def test_gradient_norm_of_a_flat_function_has_finite_gradient():
    images = tf.zeros([2, 4, 4, 1])
    scale = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        norms = gradients.gradient_norms(
            lambda x: scale * tf.reduce_sum(x, axis=[1, 2, 3]), images
        )
        loss = regularizers.two_sided(norms)
    assert np.isfinite(tape.gradient(loss, scale).numpy())
    assert loss.numpy() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    "norms, expected", [([1.0, 1.0], 0.0), ([0.0, 3.0], 2.5)]
)
def test_two_sided_punishes_below_and_above(norms, expected):
    actual = regularizers.two_sided(tf.constant(norms))
    assert actual.numpy() == pytest.approx(expected)


def test_feature_l2_sums_layers_and_averages_units(rng):
    hidden, output = rng.normal(size=(3, 2, 2, 5)), rng.normal(size=(3, 7))
    expected = (hidden**2).mean() + (output**2).mean()
    actual = regularizers.feature_l2([tf.constant(hidden), tf.constant(output)])
    assert actual.numpy() == pytest.approx(expected, rel=1e-6)


def test_feature_l2_of_half_precision_does_not_overflow():
    large = tf.fill([4, 8], tf.constant(1000.0, tf.float16))
    actual = regularizers.feature_l2([large])
    assert actual.dtype == tf.float32
    assert actual.numpy() == 1e6


def test_slopes_are_of_one_number_for_each_image():
    images = tf.ones([3, 4, 4, 1])
    with pytest.raises(errors.UsageError, match=r"\(3, 2\).*witness"):
        gradients.gradient_squares(lambda x: x[:, 0, :2, 0], images)


def test_a_function_that_takes_no_images_has_no_slope(rng):
    images = tf.constant(rng.normal(size=(3, 2, 2, 1)))
    with pytest.raises(errors.UsageError, match="does not depend on the imag"):
        gradients.gradient_norms(lambda x: tf.zeros([3]), images)
