"""Too few examples, also where a graph does not know how many there are."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels, mmd
from tf_mmdgan.mmd import as_published, estimators

# The estimator, and the least number of examples that it takes.
ESTIMATORS = {
    "biased": (mmd.mmd2_biased, 1),
    "unbiased": (mmd.mmd2_unbiased, 2),
    "ustatistic": (mmd.mmd2_ustatistic, 2),
    "variance": (mmd.mmd2_variance, 4),
    "ratio": (mmd.mmd2_ratio, 4),
    "constant": (as_published.ConstantDiagonal(1.0), 2),
    "published_ratio": (as_published.PublishedRatio(), 4),
}
UNKNOWN = [tf.TensorSpec([None, 2], tf.float32)] * 2
EITHER = (ValueError, tf.errors.InvalidArgumentError)


def rows(count):
    return np.random.default_rng(count).normal(size=(count, 2)).astype("f4")


@pytest.mark.parametrize("name", ESTIMATORS)
def test_too_few_examples_are_refused_in_the_same_words(name):
    estimate, least = ESTIMATORS[name]

    def value(x, y):
        return estimate(mmd.gram_matrices(kernels.Gaussian(), x, y))

    graph = tf.function(value, input_signature=UNKNOWN)
    for function in (value, graph):
        enough = function(rows(least), rows(least))
        assert np.isfinite(enough) or name == "ratio"
        for count in range(least):
            with pytest.raises(EITHER, match=r"Need at least|are empty"):
                function(rows(count), rows(count))
    np.testing.assert_allclose(
        graph(rows(6), rows(6)), value(rows(6), rows(6)), rtol=1e-5
    )


def test_unequal_sizes_of_a_u_statistic():
    @tf.function(input_signature=UNKNOWN)
    def value(x, y):
        return mmd.mmd2_ustatistic(mmd.gram_matrices(kernels.Linear(), x, y))

    with pytest.raises(tf.errors.InvalidArgumentError, match="needs n = m"):
        value(rows(3), rows(4))


def test_a_witness_of_no_rows():
    def values(points, real):
        return mmd.witness(kernels.Gaussian(), points, real, rows(2))

    for function in (values, tf.function(values, input_signature=UNKNOWN)):
        assert function(rows(2), rows(3)).shape == [2]
        with pytest.raises(EITHER, match=r"Need at least 1|are empty"):
            function(rows(2), rows(0))


def test_weights_of_nothing_are_a_distance_of_nothing():
    x = rows(4)
    grams = mmd.gram_matrices(kernels.Gaussian(), x, x[:2])
    for biased in (True, False):
        value = mmd.mmd2_weighted(grams, np.zeros(4), np.zeros(2), biased)
        assert value.numpy() == 0.0
    one = mmd.mmd2_weighted(
        grams, np.array([1.0, 0.0, 0.0, 0.0]), np.array([0.0, 1.0]), False
    )
    assert one.numpy() == pytest.approx(-2.0 * grams.xy.numpy()[0, 1])


def test_sizes_that_are_known_cost_no_check():
    @tf.function(input_signature=[tf.TensorSpec([3, 3], tf.float32)])
    def mean(gram):
        return estimators.mean_off_diagonal(gram)

    nodes = mean.get_concrete_function().graph.get_operations()
    assert not any(node.type == "Assert" for node in nodes)
