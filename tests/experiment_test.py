"""What is refused before a run, and how flags follow a flagfile."""

import pathlib

import pytest

from tf_mmdgan import config, errors, experiment
from tf_mmdgan.tools import flag_config

RECIPES = sorted((pathlib.Path(__file__).parents[1] / "flags").glob("*.cfg"))


def settings(**kwargs):
    return config.TrainConfig(**{"run_dir": "run", **kwargs})


@pytest.mark.parametrize(
    "wrong, error, words",
    [
        ({"dataset": "digit"}, errors.UsageError, "Did you mean 'digits'"),
        ({"image_size": 8}, errors.UsageError, "16 to 160 pixels"),
        ({"batch_size": 2000}, errors.UsageError, "batch_size=2000"),
        ({"features": "lenett"}, errors.UsageError, "known: pixels"),
        ({"features": "none.npz"}, errors.DataError, r"none\.npz"),
        ({"max_block_size": 1}, errors.UsageError, "max_block_size=1"),
        ({"evaluation_samples": 1}, errors.DataError, "1 samples"),
        (
            {"dataset": "fashion_mnist", "data_dir": "flags"},
            errors.DataError,
            "--data_dir",
        ),
    ],
    ids=str,
)
def test_nothing_is_written_for_what_cannot_start(
    tmp_path, wrong, error, words
):
    toy = {"generator_width": 4, "critic_width": 4, "steps": 20, **wrong}
    run_dir = tmp_path / "run"
    with pytest.raises(error, match=words):
        experiment.prepare(settings(**toy, run_dir=str(run_dir)))
    assert not run_dir.exists()


def test_later_flags_win_over_the_flagfile():
    recipe = flag_config.parse(
        config.TrainConfig,
        [f"--flagfile={RECIPES[0]}", "--run_dir=run", "--batch_size=7"],
    )
    assert recipe.batch_size == 7
