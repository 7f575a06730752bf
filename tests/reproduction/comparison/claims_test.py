"""Claims of the sources, decided by features of two runs."""

import numpy as np
import pytest

from tf_mmdgan import files
from tf_mmdgan.reproduction import comparison
from tf_mmdgan.reproduction.comparison import cells, claims, curves


def rows(*pairs):
    return [{"difference": d, "p_value": p} for d, p in pairs]


@pytest.mark.parametrize(
    "seeds, verdict",
    [
        (rows((-1, 0.001), (-2, 0.001), (-1, 0.009)), "holds"),
        (rows((1, 0.001), (2, 0.001), (1, 0.009)), "fails"),
        (rows((-1, 0.001), (-2, 0.001), (1, 0.001)), "undecided"),
        (rows((-1, 0.001), (-2, 0.001), (-1, 0.02)), "undecided"),
        (rows((-1, 0.001), (-2, 0.001)), "undecided"),
        ([], "undecided"),
    ],
)
def test_three_seeds_decide_if_each_is_sure(seeds, verdict):
    assert claims.verdict(seeds) == verdict


def test_claims_are_about_methods_of_the_comparison():
    for claim in claims.CLAIMS.values():
        assert claim.better in comparison.ENTRIES, claim
        assert claim.worse in comparison.ENTRIES, claim
        assert claim.data in cells.DATA


def test_the_nearer_method_is_found(tmp_path, rng):
    claim = claims.CLAIMS["usual_critic"]
    real = rng.normal(size=(200, 5))
    for seed in (0, 1, 2):
        for method, shift in ((claim.better, 0.2), (claim.worse, 1.0)):
            folder = cells.run_folder(tmp_path, claim.data, method, seed)
            folder.mkdir(parents=True)
            generated = rng.normal(shift, size=(200, 5))
            files.write_npz(
                folder / curves.FEATURES, real=real, generated=generated
            )
    found = comparison.decide(tmp_path, [0, 1, 2, 3])
    decided = found["usual_critic"]
    assert decided["verdict"] == "holds"
    assert [row["seed"] for row in decided["seeds"]] == [0, 1, 2]
    assert np.all([row["difference"] < 0 for row in decided["seeds"]])
    assert found["small_critic"]["seeds"] == []
