"""Presets stand for settings of a run, with any recipe."""

import pathlib

import pytest

from tf_mmdgan import config, errors
from tf_mmdgan.config.presets import PRESETS
from tf_mmdgan.tools import flag_config

RECIPES = sorted((pathlib.Path(__file__).parents[2] / "flags").glob("*.cfg"))


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_takes_every_preset(recipe, name):
    parsed = flag_config.parse(
        config.TrainConfig,
        [
            f"--flagfile={recipe}", f"--preset={name}", "--run_dir=run",
            "--critic_width=8",
        ],
    )  # fmt: skip
    assert parsed.steps == PRESETS[name]["steps"]
    assert parsed.generator_width == PRESETS[name]["generator_width"]
    assert parsed.critic_width == 8  # later flags win


def test_a_preset_in_python():
    given = config.given(
        config.TrainConfig,
        None,
        {"preset": "small", "run_dir": "r", "steps": 7},
    )
    assert (given.generator_width, given.steps) == (16, 7)
    with pytest.raises(errors.UsageError, match=r"preset 'smal'.*small"):
        config.given(config.TrainConfig, None, {"preset": "smal"})
