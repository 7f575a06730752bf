"""The front of the two-sample tests."""

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.mmd import two_sample
from tf_mmdgan.mmd.two_sample import two_sample_test

KERNEL = kernels.Gaussian((0.9,))


def mmd2(x, y):
    """Unbiased, of columns."""

    def mean(u, v, own):
        gram = np.exp(-((u[:, None] - v) ** 2) / (2 * 0.81))
        size = len(u) * (len(v) - own)
        return (gram.sum() - own * len(u)) / size

    return mean(x, x, True) + mean(y, y, True) - 2 * mean(x, y, False)


def test_permutation_p_value_tends_to_that_of_all_splits():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=5), rng.normal(size=4) + 1.0
    pooled = np.concatenate([x, y])
    every = []
    for chosen in itertools.combinations(range(9), 5):
        split = np.isin(np.arange(9), chosen)
        every.append(mmd2(pooled[split], pooled[~split]))
    exact = np.mean(np.array(every) >= mmd2(x, y) - 1e-12)
    found = two_sample_test(x, y, KERNEL, num_permutations=20_000)
    np.testing.assert_allclose(found.statistic, mmd2(x, y), rtol=1e-9)
    assert abs(found.p_value - exact) < 4 * np.sqrt(exact / 20_000)
    assert {round(v, 9) for v in found.null} <= {round(v, 9) for v in every}


def test_outcome_is_a_function_of_the_seed(rng):
    x, y = rng.normal(size=(12, 2)), rng.normal(size=(10, 2))
    first, again = (two_sample_test(x, y, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first.null, again.null)
    assert first.to_dict() == again.to_dict()
    assert np.any(two_sample_test(x, y, seed=6).null != first.null)


def test_samples_may_change_places(rng):
    x, y = rng.normal(size=(30, 2)), rng.normal(size=(20, 2)) + 0.4
    one, other = two_sample_test(x, y), two_sample_test(y, x)
    np.testing.assert_allclose(one.statistic, other.statistic, rtol=1e-9)
    assert one.kernel.sigmas == pytest.approx(other.kernel.sigmas)
    assert abs(one.p_value - other.p_value) < 0.05


def test_statistic_does_not_depend_on_tiles(rng):
    # More rows than a tile has.
    x, y = rng.normal(size=(700, 1)), rng.normal(size=(600, 1))
    found = two_sample_test(x, y, KERNEL, num_permutations=19)
    np.testing.assert_allclose(found.statistic, mmd2(x[:, 0], y[:, 0]))


def test_equal_values_tie_and_are_not_told_apart():
    x = np.array([0.0, 1.0] * 10)
    found = two_sample_test(x, x[::-1].copy(), "linear")
    # The samples hold the same numbers: no split is nearer.
    assert found.p_value == 1.0


def test_the_best_kernel_of_many_is_named(rng):
    x = rng.normal(size=(80, 1))
    # The same mean and variance; only a narrow kernel tells them apart.
    y = x + 0.25 * np.sign(np.sin(12 * x)) * rng.random(size=(80, 1))
    grid = [kernels.Gaussian((s,)) for s in (0.1, 50.0)]
    for method in ("mmdagg", "mmd_fuse"):
        found = two_sample_test(x, y + 5.0, grid, method)
        assert [kernel for kernel, _ in found.by_kernel] == grid
        least = min(found.by_kernel, key=lambda pair: pair[1])
        assert found.kernel is least[0]


def test_outcome_is_json(rng):
    x, y = rng.normal(size=(12, 2)), rng.normal(size=(12, 2))
    for method in two_sample.TWO_SAMPLE_TESTS:
        estimator = "cross" if method == "normal" else "quadratic"
        found = two_sample_test(x, y, method=method, estimator=estimator)
        told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
        assert told["p_value"] == found.p_value
        assert told["rejected"] == found.rejected


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"method": "permute"}, "Did you mean 'permutation'"),
        ({"method": "normal"}, "no normal null.*estimator=cross or block"),
        ({"estimator": "block"}, "not for method=permutation"),
        ({"method": "mmd_fuse", "estimator": "linear"}, "estimator=quadratic"),
        ({"kernel": [KERNEL]}, "takes one kernel"),
        ({"kernel": KERNEL, "method": "mmdagg"}, "sequence of kernels"),
        ({"kernel": "rbg"}, "Did you mean 'rbf'"),
        ({"kernel": 2.0}, "kernel 2.0: need a name"),
        ({"num_permutations": 18}, "need at least 19"),
        ({"num_permutations": 99, "level": 0.001}, "need at least 999"),
        ({"level": 2.0}, "level=2.0"),
        ({"level": "0.05"}, "level='0.05'"),
        ({"num_permutations": 99.5}, "num_permutations=99.5"),
    ],
)
def test_settings_that_cannot_be_honoured_are_refused(settings, message):
    x = np.arange(8.0)
    with pytest.raises(errors.UsageError, match=message) as caught:
        two_sample_test(x, x + 1.0, **settings)
    assert "\n" not in str(caught.value)


def test_a_bandwidth_of_zero_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match="need numbers > 0"):
        kernels.Gaussian((0.0,))


def test_wild_bootstrap_needs_pairs():
    for method in ("wild_bootstrap", "mmdagg"):
        with pytest.raises(errors.DataError, match="7 and 8"):
            two_sample_test(
                np.arange(7.0), np.arange(8.0), method=method,
                estimator="incomplete",
            )  # fmt: skip


def test_the_quadratic_statistic_has_its_own_exact_null_under_pairs(rng):
    x, y = rng.normal(size=(15, 2)), rng.normal(size=(15, 2))
    found = two_sample_test(x, y, KERNEL, "wild_bootstrap")
    grams = mmd.gram_matrices(KERNEL, x, y)
    np.testing.assert_allclose(found.statistic, mmd.mmd2_ustatistic(grams))


def test_importing_the_tests_loads_nothing_that_trains():
    code = (
        "import sys, tensorflow\n"
        "before = set(sys.modules)\n"
        "import tf_mmdgan\n"
        "tf_mmdgan.two_sample_test, tf_mmdgan.herd\n"
        "print(*sorted(set(sys.modules) - before))\n"
        "tf_mmdgan.MMDLoss, tf_mmdgan.deep_kernel_test, tf_mmdgan.kid_test\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded, with_others = (line.split() for line in done.stdout.splitlines())
    own = {name for name in loaded if name.startswith("tf_mmdgan.")}
    assert {name.split(".")[1] for name in own} <= {
        "errors", "config", "keras_settings", "kernels", "mmd", "switches",
    }  # fmt: skip
    others = {name.split(".")[0] for name in loaded} - {"tf_mmdgan"}
    foreign = {
        "tensorflow_gan", "tensorflow_datasets", "tensorflow_hub", "tf_keras",
        "tensorflow_probability", "keras", "sklearn", "matplotlib",
    }  # fmt: skip
    assert not others & foreign
    assert not {
        "tensorflow_gan", "tensorflow_datasets", "tf_mmdgan.training",
        "tf_mmdgan.models", "tf_mmdgan.data",
    } & set(with_others)  # fmt: skip
