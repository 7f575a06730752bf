"""Methods made of what other modules have, and of objects."""

import random
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from outsiders import members

from tf_mmdgan import config, errors, kernels, objectives
from tf_mmdgan.conditions import Classes
from tf_mmdgan.methods import (
    METHODS,
    get_method,
    make_generator,
    make_model,
    settings_of,
)
from tf_mmdgan.methods.adversarial import AdversarialMethod
from tf_mmdgan.methods.matching import FeatureMatchingMethod
from tf_mmdgan.methods.settings import AdversarialSettings

LEAST_SQUARES = "outsiders.members:LeastSquares(target=2.0)"
SHAPE = (16, 16, 1)


def settings(**chosen):
    small = {"generator_width": 4, "critic_width": 4, "architecture": "mlp"}
    return config.TrainConfig(**{"run_dir": "run", **small, **chosen})


@pytest.mark.parametrize("given", [LEAST_SQUARES, members.LeastSquares(2.0)])
def test_a_criterion_has_the_defaults_of_its_settings(given):
    chosen = settings(objective=given, gradient_penalty=3.0)
    found = settings_of(chosen)
    assert found == AdversarialSettings(
        criterion=members.LeastSquares(2.0), gradient_penalty=3.0
    )
    assert get_method(given).source == LEAST_SQUARES
    model = make_model(chosen, SHAPE)
    assert model.objective.criterion == members.LeastSquares(2.0)


def test_a_criterion_has_no_other_settings():
    with pytest.raises(errors.UsageError, match="--kernel has no meaning"):
        settings_of(settings(objective=LEAST_SQUARES, kernel="rbf"))


def test_a_criterion_without_fields_is_told_what_it_is_to_be():
    class Plain(objectives.ScalarCriterion):
        def critic_loss(self, seen): ...

        def generator_loss(self, seen): ...

    with pytest.raises(errors.UsageError, match="Plain has no fields"):
        settings_of(settings(objective=Plain()))


def test_a_kernel_by_expression_is_that_of_the_criterion():
    text = "outsiders.members:Laplacian(2.0) + 0.5*linear"
    expected = members.Laplacian(2.0) + 0.5 * kernels.Linear()
    for given in (text, expected):
        found = settings_of(settings(kernel=given))
        assert found.criterion == objectives.MMDGAN(expected)
    chosen = settings(
        objective="tf_mmdgan.objectives:MMDGAN(kernel=rq)", kernel="rbf(3)"
    )
    assert settings_of(chosen).criterion.kernel == kernels.Gaussian(3.0)


def test_what_is_published_for_a_kernel_holds_however_it_is_written():
    by_name = settings_of(settings(kernel="energy"))
    assert by_name.gradient_penalty == 10.0
    for same in ("2*distance", 2 * kernels.Distance(), "2.0 * Distance()"):
        assert settings_of(settings(kernel=same)) == by_name


def test_a_method_says_more_than_its_criterion():
    own = AdversarialSettings(
        criterion=members.LeastSquares(), critic_steps=1, r1=0.5
    )
    method = AdversarialMethod("mine", own)
    assert settings_of(settings(objective=method)) == own
    other = FeatureMatchingMethod("mine", METHODS["gfmn"].settings)
    with pytest.raises(errors.UsageError, match="must be listed in METHODS"):
        get_method(other)


def rows_of(images):
    return tf.reshape(images, [len(images), -1])


def test_matched_features_may_be_a_function():
    chosen = settings(objective="gmmn", matched_features=rows_of)
    assert make_model(chosen, SHAPE).matched_features == rows_of


@pytest.mark.parametrize(
    "chosen",
    [
        {"kernel": "nowhere.else:Kernel(3)"},
        {"kernel": "nowhere.else:K(1)", "as_published": "scaled"},
        {"objective": "nowhere.else:Criterion(3)", "r1": 2.0},
        {"objective": "f_gan", "divergence": "nowhere.else:D"},
        {"objective": "gmmn", "matched_features": "nowhere.else:F(1)"},
        {"objective": "gfmn", "matched_features": "vgg19:nothing.h5"},
        {"objective": "gfmn", "dataset": "nowhere.else:DATA"},
        {"objective": "gmmn_ae", "kernel": "nowhere.else:Kernel(3)"},
    ],
    ids=str,
)
def test_a_generator_needs_nothing_of_its_loss(chosen):
    with pytest.raises((errors.UsageError, errors.DataError)):
        make_model(settings(**chosen), SHAPE)
    model = make_generator(settings(**chosen), SHAPE)
    assert model.generate(2).shape == (2, *SHAPE)
    assert "nowhere" not in sys.modules


def test_a_generator_is_that_of_the_whole_model():
    chosen = settings(objective="gmmn_ae", critic_output=3)
    whole, alone = make_model(chosen, SHAPE), make_generator(chosen, SHAPE)
    shapes = [
        [weight.shape for weight in model.generator.weights]
        for model in (whole, alone)
    ]
    assert shapes[0] == shapes[1]
    labelled = settings(conditioning="concatenation")
    model = make_generator(labelled, SHAPE, Classes(3))
    assert model.num_classes == 3
    again = make_generator(labelled, SHAPE, Classes(3))
    np.testing.assert_array_equal(model.generate(4), again.generate(4))


def test_a_generator_leaves_the_numbers_of_the_user_as_they_are():
    """Else whoever draws after each run that is loaded draws the same."""
    found = []
    for loads in (False, True):
        keras.utils.set_random_seed(3)
        if loads:
            make_generator(settings(), SHAPE)
        drawn = random.random(), np.random.rand(), tf.random.normal([]).numpy()
        found.append(drawn)
    assert found[0] == found[1]
