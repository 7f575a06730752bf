"""Recipes by name."""

import pytest

from tf_mmdgan import config, errors
from tf_mmdgan.config.recipes import Recipes, folder
from tf_mmdgan.tools import flag_config, recipes


def parsed(*arguments):
    return flag_config.parse(config.TrainConfig, ["--run_dir=x", *arguments])


def test_a_recipe_is_its_flags_in_place():
    path = folder() / "digits_mmd.cfg"
    named = parsed("--seed=3", "--recipe=digits_mmd", "--steps=7")
    assert named == parsed("--seed=3", f"--flagfile={path}", "--steps=7")
    assert (named.dataset, named.seed, named.steps) == ("digits", 3, 7)
    # The recipe says what the steps are, and it comes later.
    assert parsed("--steps=7", "--recipe=digits_mmd").steps != 7


def test_an_unknown_recipe_is_named_with_the_nearest():
    with pytest.raises(errors.UsageError, match=r"'digits_mm'.*'digits_mmd'"):
        parsed("--recipe=digits_mm")
    with pytest.raises(errors.UsageError, match=r"--recipe=list"):
        parsed("--recipe=../setup")


def test_every_recipe_is_listed_with_a_description():
    lines = dict(
        line.split(maxsplit=1) for line in recipes.listing().split("\n")
    )
    assert lines["digits_drift"].startswith("The default recipe")
    assert len(lines) > 90
    assert not [name for name in lines if name.startswith("compare_")]
    assert all(
        len(text) > 10 and "python" not in text for text in lines.values()
    )


@pytest.mark.parametrize("name", Recipes())
def test_a_recipe_says_the_same_in_python(name):
    path = folder() / f"{name}.cfg"
    settings = {"run_dir": "x", "recipe": name}
    given = config.given(config.TrainConfig, None, settings)
    assert given == parsed(f"--flagfile={path}") == parsed(f"--recipe={name}")


def test_what_is_given_beside_a_recipe_wins_in_python():
    settings = {"recipe": "digits_mmd", "preset": "small", "batch_size": 8}
    given = config.given(config.TrainConfig, None, settings | {"run_dir": "x"})
    assert (given.dataset, given.latent_size) == ("digits", 64)
    assert (given.generator_width, given.batch_size) == (16, 8)
    with pytest.raises(errors.UsageError, match="Did you mean 'digits_mmd'"):
        config.given(config.TrainConfig, None, {"recipe": "digits_mm"})
