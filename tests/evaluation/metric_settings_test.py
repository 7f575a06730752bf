"""Settings of metrics that configurations name."""

import pytest

from tf_mmdgan import config, errors, kernels
from tf_mmdgan.evaluation.metric_settings import metric_settings, settings_for
from tf_mmdgan.metrics import MetricSettings


def evaluate_config(**kwargs):
    return config.EvaluateConfig(**{"run_dir": "run", **kwargs})


@pytest.mark.parametrize(
    "given, expected",
    [
        ({}, kernels.Polynomial()),
        ({"kid_kernel": "polynomial"}, kernels.Polynomial()),
        ({"kid_degree": 2}, kernels.Polynomial(degree=2)),
        (
            {"kid_gamma": 0.1, "kid_coef0": 0.0},
            kernels.Polynomial(gamma=0.1, coef0=0.0),
        ),
        ({"kid_kernel": "rq"}, kernels.RationalQuadratic()),
    ],
)
def test_the_kernel_is_that_of_the_flags(given, expected):
    settings = metric_settings(evaluate_config(**given))
    assert settings == MetricSettings(kernel=expected)


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
        metric_settings(evaluate_config(**given))


def test_settings_of_flags():
    given = evaluate_config(
        kid_dtype="float64", subset_size=9, num_subsets=7, seed=5
    )
    assert metric_settings(given) == MetricSettings(
        dtype="float64", subset_size=9, num_subsets=7, seed=5
    )


def test_a_size_of_blocks_that_is_named_must_be_had():
    given = evaluate_config(max_block_size=4)
    assert settings_for(given, 100, 9, 9).max_block_size == 4
    with pytest.raises(
        errors.UsageError, match=r"--max_block_size: real has 3"
    ):
        settings_for(given, 100, 3, 9)
    other = evaluate_config(max_block_size=4, metrics="fid")
    assert settings_for(other, 100, 3, 9).max_block_size == 4
    assert settings_for(evaluate_config(), None, 3, 9) == MetricSettings()
