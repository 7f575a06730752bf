"""Sizes: one number, or height by width."""

import pytest

from tf_mmdgan import config, errors
from tf_mmdgan.config import sizes


@pytest.mark.parametrize(
    "given, settled, sides",
    [
        (64, 64, (64, 64)),
        ("64", 64, (64, 64)),
        ("64x64", 64, (64, 64)),
        ("48x64", "48x64", (48, 64)),
        ("048x064", "48x64", (48, 64)),
    ],
)
@pytest.mark.parametrize(
    "config_class",
    [config.DataConfig, config.TrainConfig, config.EvaluateConfig],
)
def test_each_size_has_one_spelling(config_class, given, settled, sides):
    settings = {"run_dir": "a"} if config_class is not config.DataConfig else {}
    found = config_class(image_size=given, **settings).image_size
    assert found == settled and type(found) is type(settled)
    assert sizes.sides(found) == sizes.sides(given) == sides


@pytest.mark.parametrize(
    "wrong", [0, -1, "0", "48x0", "x", "48x", "48x64x3", "48 x 64", "4.5", "²"]
)
def test_other_texts_are_refused(wrong):
    with pytest.raises(errors.UsageError, match="such as 48x64"):
        config.DataConfig(image_size=wrong)


def test_an_unknown_fit_is_refused():
    with pytest.raises(errors.UsageError, match="crop, pad, stretch"):
        config.DataConfig(fit="squeeze")
