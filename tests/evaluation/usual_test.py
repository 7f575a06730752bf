"""By what data sets are scored where nobody says it."""

import warnings

import pytest

from tf_mmdgan import data
from tf_mmdgan.evaluation import usual
from tf_mmdgan.features import imagenet

FOLDER = data.DATASETS["folder"]


@pytest.fixture
def without(monkeypatch):
    """As if the package with the weights were not installed."""
    monkeypatch.setattr(imagenet, "weights_file", lambda: None)


def test_sets_in_colour_prefer_a_network_of_imagenet():
    chosen = {k: usual.usual_features(v) for k, v in data.DATASETS.items()}
    others = {
        "digits": "lenet_digits", "fashion_mnist": "lenet_fashion_mnist",
        "mnist": "pixels", "synthetic": "pixels", "synthetic_grey": "pixels",
    }  # fmt: skip
    assert chosen == dict.fromkeys(data.DATASETS, "imagenet") | others
    for name, entry in data.DATASETS.items():
        count = 77 if name in others else 2_000
        assert usual.usual_samples(entry, 77) == count


def test_nothing_is_told_where_it_is_at_hand():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert usual.usual_features(FOLDER, told=True) == "imagenet"


@pytest.mark.parametrize(
    "name, words",
    [
        ("folder", "thumbnails of 16 x 16 pixels, which show colours"),
        ("cifar10", "pixels themselves, which do not show what"),
    ],
)
def test_the_fallback_tells_its_limits_and_the_remedy(without, name, words):
    entry = data.DATASETS[name]
    with pytest.warns(UserWarning, match=words) as told:
        assert usual.usual_features(entry, told=True) == entry.features
    (line,) = (str(warning.message) for warning in told)
    assert "\n" not in line and "no best checkpoint" in line
    assert line.endswith("pip install 'tf_mmdgan[imagenet]'")


def test_the_fallback_chooses_no_best_checkpoint(without):
    assert not usual.chooses_best(FOLDER, None, None)
    assert not usual.chooses_best(FOLDER, None, "thumbnails")
    assert usual.chooses_best(FOLDER, "thumbnails", "thumbnails")
    assert usual.chooses_best(data.DATASETS["mnist"], None, "pixels")


def test_a_run_that_began_with_the_fallback_has_no_best_later():
    assert usual.chooses_best(FOLDER, None, None)
    assert usual.chooses_best(FOLDER, None, "imagenet")
    assert not usual.chooses_best(FOLDER, None, "thumbnails")
