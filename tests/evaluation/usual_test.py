"""By what data sets are scored where nobody says it."""

import warnings

import numpy as np
import pytest

from tf_mmdgan import config, data, features
from tf_mmdgan.evaluation import (
    by_statistics,
    from_config,
    layers,
    one_set,
    sample_files,
    usual,
)
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
        "rows": "columns",
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


@pytest.mark.parametrize(
    "sources, name",
    [
        (["photos", "others"], "imagenet"), (["a.npz"], "imagenet"),
        (["photos", "digits/train"], "lenet_digits"),
        (["mnist", "digits"], "pixels"), (["cifar10/test", "x"], "imagenet"),
    ],
)  # fmt: skip
def test_sources_have_the_features_of_the_first_data_set(sources, name):
    assert usual.default_features(sources) == name


def test_scores_and_tests_of_two_sets_have_the_same_features(
    tmp_path, rng, without
):
    for name in ("x", "y"):
        images = rng.integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
        np.savez(tmp_path / f"{name}.npz", images=images)
    x, y = (f"{tmp_path}/{name}.npz" for name in "xy")
    words = "thumbnails of 16 x 16 pixels.* shapes; .*by the features imagenet"
    with pytest.warns(UserWarning, match=words):
        scorer, _ = from_config.make_pair(config.EvaluateConfig(real=x, fake=y))
    with pytest.warns(UserWarning, match=words):
        _, extractor = sample_files.load_samples(
            config.TwoSampleConfig(x=x, y=y), None
        )
    assert scorer.identifier == extractor.identifier == "thumbnails-16"


def test_the_fallback_chooses_no_best_checkpoint(without):
    assert not usual.chooses_best(FOLDER, None, None)
    assert not usual.chooses_best(FOLDER, None, "thumbnails")
    assert usual.chooses_best(FOLDER, "thumbnails", "thumbnails")
    assert usual.chooses_best(data.DATASETS["mnist"], None, "pixels")


def test_a_run_that_began_with_the_fallback_has_no_best_later():
    assert usual.chooses_best(FOLDER, None, None)
    assert usual.chooses_best(FOLDER, None, "imagenet")
    assert not usual.chooses_best(FOLDER, None, "thumbnails")


@pytest.fixture
def asked(monkeypatch):
    """Arguments by which extractors are made; `Asked` is what they give."""
    calls = []

    def get_extractor(given, usual=None, layers=(), download=False):
        calls.append((given, dict(usual or {}), list(layers), download))
        raise Asked

    monkeypatch.setattr(features, "get_extractor", get_extractor)
    return calls


class Asked(Exception):
    pass


def pair(**settings):
    return config.EvaluateConfig(
        real="digits/test", fake="digits/train", features="inception",
        download=True, **settings,
    )  # fmt: skip


def test_every_extractor_is_made_as_the_configuration_allows(asked):
    run = config.TrainConfig(run_dir="run", features="inception", download=True)
    of_run = config.EvaluateConfig(
        run_dir="run", download=True, feature_range="unit"
    )
    one = config.EvaluateConfig(
        real="digits/test", save_features="a.npz", features="inception",
        download=True,
    )  # fmt: skip
    samples = config.TwoSampleConfig(
        x="digits/test", y="digits/train", features="inception", download=True
    )
    makers = [
        lambda: from_config.extractor_of_run(run),
        lambda: from_config.make_scorer(of_run, run, (16, 16, 1)),
        lambda: from_config.make_pair(pair(feature_resize="antialias")),
        lambda: layers.split(pair(metrics="fid@a,kid_exact")),
        lambda: one_set.look_at_one_set(one),
        lambda: by_statistics.score_by_statistics(pair()),
        lambda: sample_files.load_samples(samples, None),
    ]
    for make in makers:
        with pytest.raises(Asked):
            make()
    assert asked == [
        ("inception", {}, [], True),
        ("inception", {"range": "unit"}, [], True),
        ("inception", {"resize": "antialias"}, [], True),
        ("inception", {}, ["a"], True),
        *[("inception", {}, [], True)] * 3,
    ]
