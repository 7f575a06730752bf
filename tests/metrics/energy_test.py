import numpy as np
import pytest

from tf_mmdgan import errors, metrics
from tf_mmdgan.metrics import energy


def mean_distance(x, y, same=False):
    distances = np.linalg.norm(x[:, None] - y[None], axis=-1)
    return distances.sum() / (len(x) * (len(y) - same))


def test_distance_and_test(rng):
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(30, 3)) + 1.0
    found = metrics.METRICS["energy_distance"](x, y)
    expected = 2.0 * mean_distance(x, y)
    expected -= mean_distance(x, x, same=True) + mean_distance(y, y, same=True)
    assert found["energy_distance"] == pytest.approx(expected, rel=1e-5)
    assert found["energy_p_value"] == pytest.approx(0.001)
    again = metrics.METRICS["energy_distance"](x, y)
    assert again == found and 0.0 < found["energy_standard_error"] < 1.0


def test_rows_are_scored_by_it_and_images_are_not():
    assert "energy_distance" in metrics.choose(None, of_rows=True)
    assert "energy_distance" not in metrics.choose(None)
    assert "energy_distance" in metrics.choose("all")
    assert "parzen" not in metrics.choose(None, of_rows=True)


def test_one_sample_is_refused_before_the_work():
    with pytest.raises(errors.UsageError, match="needs 2 images of each set"):
        metrics.check_available("energy_distance", metrics.Counts(1, 9))


def test_sorted_rows_of_one_law_are_not_told_apart(rng, monkeypatch):
    """The first rows of both sets would be of one class each."""
    monkeypatch.setattr(energy, "_TESTED", 100)
    x = np.repeat([0.0, 10.0], 150)[:, None] + rng.normal(size=(300, 2))
    y = np.repeat([10.0, 0.0], 150)[:, None] + rng.normal(size=(300, 2))
    assert energy.energy_distance(x, y).p_value > 0.05
    assert energy.energy_distance(x, y + 3.0).p_value < 0.01
