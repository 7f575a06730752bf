"""Features that would make any two sets alike."""

import warnings

import numpy as np
import pytest

from tf_mmdgan.features import Extracted
from tf_mmdgan.metrics import Moments, score, warn_of_degenerate_moments
from tf_mmdgan.metrics.inception_score import inception_score


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda z: np.zeros_like(z), "fake features are constant"),
        (
            lambda z: np.float32(3.0 + 1e-7 * z),
            "fake features are constant.* up to rounding",
        ),
        (lambda z: z[:, :1] * np.arange(1.0, 5.0) + 3.0, "fake .* rank one"),
        (lambda z: np.maximum(z, 0) * [1, 0, 0, 0] + 1.0, "fake .* rank one"),
    ],
    ids=["dead", "rounding", "line", "one unit"],
)
def test_degenerate_features_get_a_warning(rng, make, words):
    real = rng.normal(size=(60, 4))
    with pytest.warns(UserWarning, match=words):
        score(Extracted(real), Extracted(make(real)), ["fid"])


@pytest.mark.parametrize(
    "shape", [(60, 4), (3, 2), (40, 1)], ids=["usual", "few", "one column"]
)
def test_sound_features_get_none(rng, shape):
    sides = [Extracted(100.0 + rng.normal(size=shape)) for _ in range(2)]
    far = [Extracted(np.float32(1e3 + 0.01 * s.features)) for s in sides]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score(*sides, ["fid"])
        score(*far, ["fid"])


def test_splits_that_hold_too_few_images_get_a_warning(rng):
    rows = rng.dirichlet(np.full(6, 0.3), size=50)
    with pytest.warns(UserWarning, match="splits of 5 .* 6 classes"):
        inception_score(rows, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inception_score(rows, 8)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda z: 0.0 * z, "real features are constant.* covariance is zero"),
        (lambda z: 3.7 + 1e-7 * z, "real features are constant"),
        (lambda z: z[:, :1] * np.arange(1.0, 5.0) + 3.0, "real .* rank one"),
    ],
    ids=["dead", "rounding", "line"],
)
def test_degenerate_moments_get_a_warning(rng, make, words):
    found = Moments.of(np.float32(make(rng.normal(size=(60, 4)))))
    with pytest.warns(UserWarning, match=words):
        warn_of_degenerate_moments("real", found)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(60, 4), (3, 2), (40, 1)], ids=str)
def test_sound_moments_get_none(rng, shape):
    rows = np.float32(1e3 + 0.01 * rng.normal(size=shape))
    for scale in (1.0, 1e-100, 1e150):
        moments = Moments.of(scale * np.float64(rows))
        warn_of_degenerate_moments("real", moments)
