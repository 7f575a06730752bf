"""Settings of metrics from flags."""

import pytest

from tf_mmdgan import config, errors, kernels
from tf_mmdgan.evaluation import settings


def evaluate_config(**kwargs):
    return config.EvaluateConfig(run_dir="run", **kwargs)


@pytest.mark.parametrize(
    "counts, expected", [((10, 10), 2), ((31, 12), 7), ((9_000, 60_000), 1000)]
)
def test_blocks_are_five_or_as_many_as_are_not_too_large(counts, expected):
    assert settings.block_size(*counts) == expected


def test_too_few_images_to_score_with_are_told():
    with pytest.raises(errors.DataError, match="9 images are too few"):
        settings.block_size(40, 9)


@pytest.mark.parametrize(
    "given, expected",
    [
        ({}, None),
        ({"kid_kernel": "polynomial"}, None),
        ({"kid_degree": 2}, kernels.Polynomial(degree=2)),
        (
            {"kid_gamma": 0.1, "kid_coef0": 0.0},
            kernels.Polynomial(gamma=0.1, coef0=0.0),
        ),
        ({"kid_kernel": "rq"}, kernels.RationalQuadratic()),
    ],
)
def test_the_kernel_is_that_of_the_flags(given, expected):
    assert settings.kid_kernel(evaluate_config(**given)) == expected


@pytest.mark.parametrize(
    "given, words",
    [
        ({"kid_kernel": "cubic"}, "cubic.*polynomial"),
        ({"kid_degree": 0}, "--kid_degree=0, need an integer >= 1"),
        ({"kid_gamma": -1.0}, "--kid_gamma=-1.0"),
        ({"kid_kernel": "rq", "kid_degree": 2}, "--kid_degree is for"),
    ],
)
def test_a_wrong_kernel_is_named(given, words):
    with pytest.raises(errors.UsageError, match=words):
        settings.of_config(evaluate_config(**given))


def test_what_is_left_open_is_not_among_the_settings():
    assert settings.of_config(evaluate_config()) == {"num_subsets": 100}
    given = evaluate_config(kid_dtype="float64", subset_size=9)
    assert settings.of_config(given) == {
        "num_subsets": 100, "subset_size": 9, "dtype": "float64",
    }  # fmt: skip


def test_small_sets_have_smaller_settings():
    assert settings.of_counts(6, 4, 3) == {
        "subset_size": 2, "nearest_k": 3, "num_splits": 4, "seed": 3,
    }  # fmt: skip
