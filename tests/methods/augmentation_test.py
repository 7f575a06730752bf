"""Changes of what the critic sees, from a configuration."""

import losses
import pytest

from tf_mmdgan import config, errors, methods
from tf_mmdgan.config import fields
from tf_mmdgan.objectives import AdaptiveProbability, CriticAugmentation
from tf_mmdgan.objectives.augmentations import ADAPTED


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
        ({"ada_target": 0.5}, "--ada_target needs --ada"),
        ({"objective": "gram", "ada": True}, "--ada has no meaning for"),
        ({"objective": "gc_mmd", "ada": True}, "--ada has no meaning for"),
        (
            {"objective": "gmmn", "diff_augment": "color"},
            "--diff_augment has no meaning for --objective=gmmn",
        ),
    ],
)
def test_changes_of_images_that_cannot_be(given, words):
    with pytest.raises(errors.UsageError, match=words):
        methods.settings_of(settings(**given))


def test_a_probability_is_named_by_flags():
    made = losses.loss_of(settings(ada=True)).augmentation
    assert made == CriticAugmentation(ADAPTED, AdaptiveProbability())
    made = losses.loss_of(
        settings(
            ada=True, ada_target=0.5, ada_images=1000, diff_augment="color,turn"
        )
    ).augmentation
    expected = AdaptiveProbability(0.5, 1000)
    assert made == CriticAugmentation("color,turn", expected)
    with pytest.raises(errors.UsageError, match="turn of every image would"):
        losses.loss_of(settings(diff_augment="turn"))


def test_a_projection_sees_changed_images_too():
    model = methods.make_model(
        settings(
            objective="gram", diff_augment="color",
            generator_width=2, critic_width=2,
        ),
        (16, 16, 1),
    )  # fmt: skip
    assert model.augmentation == CriticAugmentation("color")


def test_points_are_not_changed():
    given = settings(
        architecture="mlp",
        diff_augment="color",
        generator_width=2,
        critic_width=2,
    )
    with pytest.raises(errors.UsageError, match=r"arrays of shape \[2\]"):
        methods.make_model(given, (2,))
