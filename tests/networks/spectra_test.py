import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.networks import spectra, spectral_normalization


def test_singular_values_by_numpy(rng):
    kernel = rng.normal(size=(3, 2, 4, 5)).astype(np.float32)
    found = spectra.singular_values(tf.constant(kernel))
    expected = np.linalg.svd(kernel.astype(np.float64).reshape(24, 5))[1]
    assert found.dtype == tf.float64
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_effective_rank_by_numpy():
    shares = np.array([0.5, 0.25, 0.25])
    expected = np.exp(-np.sum(shares * np.log(shares)))  # 2**1.5
    np.testing.assert_allclose(
        spectra.effective_rank(8.0 * shares), expected, rtol=1e-12
    )
    np.testing.assert_allclose(expected, 2.0**1.5)


def test_effective_rank_of_extreme_matrices(rng):
    column, row = rng.normal(size=(7, 1)), rng.normal(size=(1, 5))
    orthogonal = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    for matrix, rank in [
        (column @ row, 1.0),
        (orthogonal, 6.0),
        (np.zeros((3, 4)), 0.0),
    ]:
        values = spectra.singular_values(tf.constant(matrix))
        found = spectra.effective_rank(values)
        assert isinstance(found, float)
        assert found == pytest.approx(rank, abs=1e-9)
    assert np.isnan(spectra.effective_rank(np.array([np.nan, 1.0])))


def test_spectra_of_a_network(rng):
    norm = spectral_normalization.SpectralNorm(scale=2.0)
    block = keras.Sequential(
        [
            keras.Input((4, 4, 3)),
            keras.layers.Conv2DTranspose(2, 3, name="conv"),
            keras.layers.BatchNormalization(),
        ],
        name="block",
    )
    network = keras.Sequential(
        [
            keras.Input((4, 4, 3)),
            block,
            keras.layers.Flatten(),
            norm.wrap(keras.layers.Dense(5, name="conv")),
        ]
    )
    found = spectra.layer_spectra(network)
    assert sorted(found) == ["block/conv", "conv"]

    kernel = block.get_layer("conv").kernel.numpy()  # [3, 3, outputs, inputs]
    matrix = np.moveaxis(kernel, 2, 3).reshape(27, 2)
    np.testing.assert_allclose(
        found["block/conv"], np.linalg.svd(matrix)[1], rtol=1e-5
    )
    values = np.linalg.svd(network.layers[-1].layer.kernel.numpy())[1]
    np.testing.assert_allclose(
        found["conv"], 2.0 * values / values[0], rtol=0.01
    )
    np.testing.assert_allclose(  # up to what sigma still lacks, exactly
        found["conv"] / found["conv"][0], values / values[0], rtol=1e-5
    )
