import numpy as np

from tf_mmdgan import kernels
from tf_mmdgan.metrics import kid
from tf_mmdgan.reproduction.studies import kid_normality


def test_an_estimate_is_the_kid_of_its_sample():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.normal(0.5, 1.0, (15, 3))
    joint = np.concatenate([x, y])
    gram = kernels.Polynomial()(joint, joint).numpy()
    (found,) = kid_normality.estimates(gram, 20, 6, 1, seed=7)
    rng = np.random.default_rng(7)
    chosen = rng.integers(20, size=6), rng.integers(20, 35, size=6)
    expected = kid.kid(joint[chosen[0]], joint[chosen[1]], "exact").mean
    assert abs(found - expected) < 1e-9


def test_estimates_are_unbiased_for_the_populations():
    rng = np.random.default_rng(0)
    joint = rng.normal(size=(30, 2))
    joint[15:] += 0.5
    gram = kernels.Polynomial()(joint, joint).numpy()
    found = kid_normality.estimates(gram, 15, 5, 4000, seed=1)
    error = found.std() / np.sqrt(len(found))
    assert abs(found.mean() - kid_normality.population(gram, 15)) < 4 * error
