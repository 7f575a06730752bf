"""Names at the top level of the package."""

import pytest

import tf_mmdgan as tm


def test_rooms_are_there_without_being_imported():
    assert callable(tm.data.load)
    assert tm.errors.UsageError is not None
    assert {"data", "metrics", "Criterion", "StopAtNaN"} <= set(dir(tm))


@pytest.mark.parametrize("name", tm.__all__)
def test_every_public_name_is_there(name):
    assert getattr(tm, name) is not None


def test_a_misspelt_name_is_answered_with_the_near_one():
    with pytest.raises(AttributeError, match="Did you mean 'Gaussian'"):
        _ = tm.Guassian
