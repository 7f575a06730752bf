import numpy as np

from tf_mmdgan import mmd
from tf_mmdgan.reproduction.studies import witness


def numpy_kernel(u, v):
    return np.exp(-((u[:, None] - v[None, :]) ** 2) / (2 * 0.5**2))


def test_the_witness_is_a_difference_of_mean_embeddings():
    rng = np.random.default_rng(0)
    x, y, t = rng.normal(size=5), rng.normal(size=7), rng.normal(size=3)
    expected = numpy_kernel(t, x).mean(1) - numpy_kernel(t, y).mean(1)
    columns = t[:, None], x[:, None], y[:, None]
    found = mmd.witness(witness._KERNEL, *columns)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_search_stays_in_the_ball_and_finds_the_mmd():
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(size=20), rng.normal(1.0, 1.0, 20)])
    gram = numpy_kernel(z, z)
    weights = np.repeat([1 / 20, -1 / 20], 20)
    _, values = witness.ascend(gram, weights, 200)
    norm = np.sqrt(weights @ gram @ weights)
    assert (np.diff(values) > -1e-12).all() and (values <= norm + 1e-12).all()
    assert norm - values[-1] < 1e-6 < norm - values[0]


def test_the_claim_fails_for_other_numbers():
    numbers = {
        "mmd2": 0.04, "mean_difference": 0.04, "mmd": 0.2, "searched_mmd": 0.2,
    }  # fmt: skip
    assert witness.holds(numbers)
    assert not witness.holds(numbers | {"mean_difference": 0.041})
    assert not witness.holds(numbers | {"searched_mmd": 0.19})
