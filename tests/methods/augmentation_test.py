"""Changes of what the critic sees, from a configuration."""

import losses
import pytest

from tf_mmdgan import config, errors, methods
from tf_mmdgan.config import fields
from tf_mmdgan.objectives import CriticAugmentation


def settings(**kwargs):
    return config.TrainConfig(**{"run_dir": "run", **kwargs})


def test_changes_of_images_are_named_by_a_flag():
    made = losses.loss_of(settings(diff_augment="cutout, color"))
    assert made.augmentation == CriticAugmentation("cutout,color")
    assert losses.loss_of(settings(diff_augment="")).augmentation is None
    found = methods.settings_of(settings(diff_augment="color,cutout")).by_name()
    assert fields.as_json(found["diff_augment"]) == "color,cutout"


@pytest.mark.parametrize(
    "given, words",
    [
        ({"diff_augment": "colour"}, "Did you mean 'color'"),
        ({"diff_augment": "turn"}, "turn of every image would teach"),
        (
            {"objective": "gmmn", "diff_augment": "color"},
            "--diff_augment has no meaning for --objective=gmmn",
        ),
    ],
)
def test_changes_of_images_that_cannot_be(given, words):
    with pytest.raises(errors.UsageError, match=words):
        methods.settings_of(settings(**given))


def test_points_are_not_changed():
    given = settings(
        architecture="mlp",
        diff_augment="color",
        generator_width=2,
        critic_width=2,
    )
    with pytest.raises(errors.UsageError, match=r"arrays of shape \[2\]"):
        methods.make_model(given, (2,))
