"""Names at the top level of the package."""

import pickle

import pytest

import tf_mmdgan as tm
from tf_mmdgan.config.catalogue import Catalogue


def test_rooms_are_there_without_being_imported():
    assert callable(tm.data.load)
    assert tm.errors.UsageError is not None
    assert {"data", "metrics", "Criterion", "StopAtNaN"} <= set(dir(tm))


@pytest.mark.parametrize("name", tm.__all__)
def test_every_public_name_is_there(name):
    assert getattr(tm, name) is not None


CATALOGUES = [
    name for name in tm.__all__ if isinstance(getattr(tm, name), Catalogue)
]


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_an_unknown_member_is_answered_with_the_near_one(catalogue):
    members = getattr(tm, catalogue)
    name = next(iter(members))
    with pytest.raises(KeyError, match=f"Did you mean '{name}'") as caught:
        members[f"{name}x"]
    assert len(str(caught.value).splitlines()) == 1
    assert isinstance(caught.value, tm.errors.UsageError)
    assert members.get("none") is None and "none" not in members


def test_a_catalogue_with_more_is_one():
    more = tm.KERNELS | {"wide": tm.Gaussian(9.0)}
    assert more["wide"] == tm.Gaussian(9.0) and "wide" not in tm.KERNELS
    with pytest.raises(KeyError, match="Did you mean 'wide'"):
        more["wid"]
    with pytest.raises(KeyError, match="need a name, not 3"):
        tm.KERNELS[3]
    assert len(CATALOGUES) == 12
    assert pickle.loads(pickle.dumps(tm.KERNELS)) == tm.KERNELS


def test_a_misspelt_name_is_answered_with_the_near_one():
    with pytest.raises(AttributeError, match="Did you mean 'Gaussian'"):
        _ = tm.Guassian
