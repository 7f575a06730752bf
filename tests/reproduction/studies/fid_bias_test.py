import numpy as np

from tf_mmdgan.reproduction.studies import fid_bias


def test_the_scores_are_means_over_seeds():
    found = fid_bias.scores(4, 60, (0, 1, 2))
    values = []
    for seed in range(3):
        rng = np.random.default_rng((seed, 4, 60))
        x, y = rng.normal(size=(2, 60, 4))
        s1, s2 = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
        root = np.sqrt(np.linalg.eigvals(s1 @ s2)).real.sum()
        squares = np.sum((x.mean(0) - y.mean(0)) ** 2)
        values.append(squares + np.trace(s1 + s2) - 2 * root)
    assert np.isclose(found["fid"]["mean"], np.mean(values), rtol=1e-4)
    error = np.std(values, ddof=1) / np.sqrt(3)
    assert np.isclose(found["fid"]["error"], error, rtol=1e-3)


def numbers(fid_mean=10.0, kid_mean=0.001):
    return {
        "curves": [
            {
                "law": [10.0],
                "fid": [{"mean": fid_mean, "error": 0.1}],
                "kid": [{"mean": kid_mean, "error": 0.001}],
            }
        ]
    }


def test_the_claim_fails_for_other_numbers():
    assert fid_bias.law(64, 320) == (64**2 + 5 * 64) / 640
    assert fid_bias.holds(numbers())
    assert not fid_bias.holds(numbers(fid_mean=11.5))
    assert not fid_bias.holds(numbers(kid_mean=-0.004))
