"""Recipes by name."""

import pytest

from tf_mmdgan import errors
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.tools import flag_config, recipes


def parsed(*arguments):
    given = recipes.expand(["--run_dir=x", *arguments])
    return flag_config.parse(TrainConfig, given)


def test_a_recipe_is_its_flags_in_place():
    path = recipes.folder() / "digits_mmd.cfg"
    named = parsed("--seed=3", "--recipe=digits_mmd", "--steps=7")
    assert named == parsed("--seed=3", f"--flagfile={path}", "--steps=7")
    assert (named.dataset, named.seed, named.steps) == ("digits", 3, 7)
    # The recipe says what the steps are, and it comes later.
    assert parsed("--steps=7", "--recipe=digits_mmd").steps != 7


def test_an_unknown_recipe_is_named_with_the_nearest():
    with pytest.raises(errors.UsageError, match=r"'digits_mm'.*'digits_mmd'"):
        recipes.expand(["--recipe=digits_mm"])
    with pytest.raises(errors.UsageError, match=r"--recipe=list"):
        recipes.expand(["--recipe=../setup"])


def test_every_recipe_is_listed_with_a_description():
    lines = dict(
        line.split(maxsplit=1) for line in recipes.listing().split("\n")
    )
    assert lines["digits_mmd"].startswith("The default recipe")
    assert len(lines) > 90
    assert not [name for name in lines if name.startswith("compare_")]
    assert all(
        len(text) > 10 and "python" not in text for text in lines.values()
    )
