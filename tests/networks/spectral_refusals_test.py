import keras
import numpy as np
import pytest

from tf_mmdgan import errors
from tf_mmdgan.networks.spectral_normalization import SpectralNorm


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.DepthwiseConv2D(3, name="odd"),
        keras.layers.BatchNormalization(name="odd"),
        keras.layers.Conv2D(4, 3, groups=2, name="odd"),
    ],
)
def test_other_layers_are_refused(layer):
    known = "Dense, Conv2D, Conv2DTranspose, Embedding"
    with pytest.raises(ValueError, match=f"'odd' is a .* takes {known}"):
        SpectralNorm().wrap(layer)


def test_bad_settings_are_refused():
    with pytest.raises(errors.UsageError, match="known: matrix, operator"):
        SpectralNorm("opreator")
    for scale in (0.0, -1.0, float("nan")):
        with pytest.raises(errors.UsageError, match="scale="):
            SpectralNorm(scale=scale)
    with pytest.raises(errors.UsageError, match="vectors=0"):
        SpectralNorm(vectors=0)


def test_the_operator_form_needs_one_size():
    wrapped = SpectralNorm("operator").wrap(keras.layers.Conv2D(2, 3))
    with pytest.raises(errors.UsageError, match="size"):
        wrapped.build((None, None, 8, 1))
    wrapped.build((None, 8, 8, 1))
    with pytest.raises(ValueError, match="incompatible"):
        wrapped(np.zeros([1, 6, 8, 1], np.float32))
