import numpy as np
import pytest

from tf_mmdgan import errors, kernels
from tf_mmdgan.objectives.drift import DriftField
from tf_mmdgan.objectives.f_divergences import DIVERGENCES

LAPLACE = kernels.Laplace(0.6)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: DriftField(LAPLACE, "bth"), "Did you mean 'both'"),
        (lambda: DriftField(kernels.Linear()), "kernel of the distance"),
        (
            lambda: DriftField(kernels.Gaussian((1.0, 2.0)), "sharp"),
            "No sharp drift: .* no companion",
        ),
        (
            lambda: DriftField(LAPLACE, "row", DIVERGENCES["kl"]),
            "normalised separately, not 'row'",
        ),
        (lambda: DriftField("laplac"), "mean 'laplace'"),
        (lambda: DriftField(LAPLACE, "separate", "kll"), "mean 'kl'"),
        (lambda: DriftField(LAPLACE, floor=-1.0), "floor=-1.0, need"),
        (lambda: DriftField(LAPLACE, "row", floor=1e-6), "'row' has no floor"),
    ],
)
def test_impossible_fields_are_refused(make, words):
    with pytest.raises(errors.UsageError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_points_of_any_type_are_of_one_width(rng):
    points, positives, negatives = rng.integers(0, 9, (3, 4, 2))
    field = DriftField(LAPLACE, "row")
    expected = field(*(np.float64(x) for x in (points, positives, negatives)))
    found = field(points.tolist(), positives, np.float32(negatives))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    for wrong in (positives[:, :1], positives[0]):
        with pytest.raises(ValueError, match="of one width d"):
            field(points, wrong, negatives)
