"""Labels that networks and batches do not take are refused at once."""

import pytest

from tf_mmdgan import config, errors, methods
from tf_mmdgan.conditions import Classes
from tf_mmdgan.distribute import Cluster
from tf_mmdgan.training import parts

SHAPE = (16, 16, 1)


def refused(**settings):
    chosen = config.TrainConfig(
        run_dir="run", generator_width=2, critic_width=2, **settings
    )
    with pytest.raises(errors.UsageError) as caught:
        methods.make_model(chosen, SHAPE, Classes(3))
    return str(caught.value)


@pytest.mark.parametrize("objective", ["drift_ae", "gmmn_ae"])
def test_codes_take_no_projection_and_batches_must_fit_the_classes(objective):
    given = {"objective": objective, "architecture": "gmmn"}
    told = refused(**given, conditioning="projection", batch_size=200)
    assert "no batch normalisation" in told
    assert "conditioning=concatenation" in told
    assert "batch_size=200" in told and "a multiple of 3" in told
    # One fault by itself.
    told = refused(**given, conditioning="projection", batch_size=201)
    assert "concatenation" in told and "multiple" not in told
    told = refused(**given, conditioning="concatenation", batch_size=200)
    assert "projection" not in told and "multiple of 3" in told


def test_projection_without_batch_norm_and_a_batch_that_does_not_fit():
    told = refused(
        objective="gmmn", conditioning="projection", batch_size=32,
        generator_batch_norm=False,
    )  # fmt: skip
    assert "leave that on" in told and "generator_batch_norm=true" in told
    assert "a multiple of 3" in told
    # Where images are not compared by class any batch will do.
    told = refused(
        conditioning="projection", batch_size=32, generator_batch_norm=False
    )
    assert "leave that on" in told and "multiple" not in told


def test_a_batch_larger_than_the_data_is_told_beside():
    chosen = config.TrainConfig(
        run_dir="run", dataset="digits", objective="gmmn", batch_size=2001,
        conditioning="concatenation", generator_width=2,
    )  # fmt: skip
    with pytest.raises(
        errors.UsageError, match=r"need 1 to 1297.*a multiple of 10"
    ):
        parts.make_parts(chosen, Cluster())
