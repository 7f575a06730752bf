"""How images are read and kept: defaults, units, what a run hands on."""

import pathlib

import pytest

from tf_mmdgan import config, errors


def test_default_folder_follows_the_environment(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    default = pathlib.Path("/home/ada/.cache/tf_mmdgan")
    assert config.ReadConfig().cache_folder == default
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache")
    other = pathlib.Path("/var/cache/tf_mmdgan")
    assert config.ReadConfig().cache_folder == other
    chosen = config.ReadConfig(cache_dir="a")
    assert chosen.cache_folder == pathlib.Path("a")


@pytest.mark.parametrize(
    ("gigabytes", "budget"), [(0.5, 2**29), (4.0, 2**32), (0.0, 0)]
)
def test_memory_budget_is_in_bytes(gigabytes, budget):
    chosen = config.ReadConfig(memory_budget_gb=gigabytes)
    assert chosen.memory_budget == budget


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_wrong_budget_is_named(wrong):
    with pytest.raises(errors.UsageError, match=f"--memory_budget_gb={wrong}"):
        config.ReadConfig(memory_budget_gb=wrong)


def test_what_is_left_out_is_as_in_the_run():
    run = config.TrainConfig(
        run_dir="run", data_dir="there", resize="area", cache_dir="cache"
    )
    chosen = config.EvaluateConfig(
        run_dir="run", data_dir="here", skip_unreadable=True
    )
    assert chosen.filled_from(run) == config.ReadConfig(
        data_dir="here", resize="area", cache_dir="cache", skip_unreadable=True
    )


def test_another_data_set_is_read_in_the_same_way():
    reading = config.EvaluateConfig(
        run_dir="run", data_dir="there", resize="area", image_size=20
    )
    made = config.DataConfig.of(reading, dataset="folder", data_dir="here")
    assert made == config.DataConfig(
        dataset="folder", data_dir="here", resize="area"
    )


def test_what_a_data_set_does_with_its_own_images_is_not_handed_on():
    run = config.TrainConfig(run_dir="run", resize="published")
    chosen = config.EvaluateConfig(run_dir="run")
    assert chosen.filled_from(run).resize is None
    chosen = config.EvaluateConfig(run_dir="run", resize="published")
    assert chosen.filled_from(run).resize == "published"
