import pytest

from tf_mmdgan import config, data, errors
from tf_mmdgan.data import catalogue


def test_options_are_those_of_the_configuration():
    made = catalogue.options(
        config.ReadConfig(
            cache_dir="cache",
            memory_budget_gb=0.5,
            resize="area",
            download=True,
            skip_unreadable=True,
        )
    )
    assert made == data.LoadOptions(
        cache_dir="cache",
        memory_budget=2**29,
        resize="area",
        download=True,
        skip_unreadable=True,
    )


def test_defaults_are_the_same_in_both_places():
    assert catalogue.options(config.ReadConfig()) == data.LoadOptions()


def test_loads_the_split_of_the_data_set_at_its_size():
    chosen = config.DataConfig(dataset="digits", image_size=12)
    loaded = data.load(chosen, "test")
    assert loaded.images.shape == (500, 12, 12, 1)


def test_what_is_left_out_is_as_in_the_run():
    run = config.TrainConfig(
        run_dir="run", data_dir="there", resize="area", cache_dir="cache"
    )
    chosen = config.EvaluateConfig(
        run_dir="run", data_dir="here", skip_unreadable=True
    )
    assert catalogue.inherited(chosen, run) == config.ReadConfig(
        data_dir="here", resize="area", cache_dir="cache", skip_unreadable=True
    )


@pytest.mark.parametrize("wrong", [{"memory_budget_gb": -1.0}])
def test_wrong_setting_is_named(wrong):
    with pytest.raises(errors.UsageError, match="--memory_budget_gb=-1"):
        config.ReadConfig(**wrong)
