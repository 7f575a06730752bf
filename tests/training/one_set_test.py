"""One set of images alone, and features in place of images."""

import numpy as np
import pytest
from loading import load

from tf_mmdgan import errors, features, metrics, training


@pytest.fixture
def settings(tmp_path):
    return {"cache": "off", "features": "lenet_digits"}


def save_npz(path, images):
    np.savez(path, images=images)
    return str(path)


@pytest.fixture
def files(tmp_path):
    """Two files of digits, and what a LeNet finds in them."""
    images = load("digits", "test").images
    sets = images[:90], images[90:190]
    extractor = features.get_extractor("lenet_digits")
    found = [features.extract(extractor, some) for some in sets]
    return [
        save_npz(tmp_path / f"{name}.npz", some)
        for name, some in zip("ab", sets, strict=True)
    ], found


def test_the_inception_score_needs_no_real_images(files, settings):
    (_, path), found = files
    given = metrics.MetricSettings(num_splits=4)
    classes = found[1].probabilities
    for order in ("shuffled", "given"):
        report = training.evaluate(
            fake=path, metrics="inception_score", num_splits=4, order=order,
            **settings,
        )  # fmt: skip
        right = metrics.METRICS["inception_score"](classes, classes, given)
        scores = report.scores["inception_score"]
        assert (scores == pytest.approx(right, rel=1e-5)) == (order == "given")
    both = training.evaluate(real=path, fake=path, num_splits=4, **settings)
    report = training.evaluate(
        fake=path, metrics="inception_score", num_splits=4, **settings
    )
    assert report.scores["inception_score"] == both.scores["inception_score"]
    assert (report.real, report.num_real, report.num_fake) == (None, None, 100)
    assert "16 x 16 pixels" in report.preprocessing["fake"]


def test_moments_and_features_of_one_set_are_saved(tmp_path, files, settings):
    paths, found = files
    for name, path in zip("ab", paths, strict=True):
        report = training.evaluate(
            real=path, save_features=f"{tmp_path}/{name}_features.npz",
            save_statistics=f"{tmp_path}/{name}_stats.npz", **settings,
        )  # fmt: skip
        assert report.scores == {} and report.num_fake is None
    moments = metrics.read_moments(tmp_path / "b_stats.npz")
    mean = found[1].features.mean(axis=0)
    np.testing.assert_allclose(moments.mean, mean, rtol=1e-5)
    # Scores of the files are those of the images, without an extractor.
    of_images = training.evaluate(real=paths[0], fake=paths[1], **settings)
    of_files = training.evaluate(
        real=f"{tmp_path}/a_features.npz", fake=f"{tmp_path}/b_features.npz",
        cache="off", out=f"{tmp_path}/r.json",
    )  # fmt: skip
    assert set(of_files.scores) >= {"kid_subsets", "kid_exact", "fid", "prdc"}
    for metric, numbers in of_images.scores.items():
        assert of_files.scores[metric] == pytest.approx(numbers, nan_ok=True)
    assert of_files.extractor == of_images.extractor
    assert "<img" not in (tmp_path / "r.html").read_text()
    mixed = training.evaluate(
        real=f"{tmp_path}/a_features.npz", fake=paths[1], **settings
    )
    assert mixed.scores["kid_exact"] == of_images.scores["kid_exact"]


def test_one_set_is_called_what_it_is(tmp_path, settings):
    black = save_npz(tmp_path / "black.npz", np.full((9, 8, 8, 1), 200, "u1"))
    saved = f"{tmp_path}/f.npz"
    plain = {**settings, "features": "pixels"}
    with pytest.warns(UserWarning, match="real features are constant"):
        report = training.evaluate(
            real=black, save_features=saved, num_samples=5, **plain
        )
    assert report.num_real == 5
    assert len(features.read_features(saved)[0].features) == 5
    with pytest.warns(UserWarning, match="fake features are constant"):
        training.evaluate(fake=black, save_features=saved, **plain)


def test_features_of_other_tools_are_taken(tmp_path, rng):
    rows = rng.normal(size=(30, 4)), rng.normal(size=(40, 4)) + 0.3
    for name, some in zip("ab", rows, strict=True):
        np.savez(tmp_path / name, features=some)
    report = training.evaluate(
        real=f"{tmp_path}/a.npz", fake=f"{tmp_path}/b.npz", cache="off",
        metrics="kid_exact,fid",
    )  # fmt: skip
    right = metrics.METRICS["kid_exact"](*rows)
    assert report.scores["kid_exact"] == pytest.approx(right, nan_ok=True)
    assert report.extractor == "unknown"


@pytest.mark.parametrize(
    "given, words",
    [
        ({"fake": "a"}, "--fake needs --real"),
        ({"fake": "a", "metrics": "fid"}, "fid compares with real images"),
        ({"fake": "a", "metrics": "inception_score", "features": "pixels"},
         "needs class probabilities"),
        ({"fake": "a", "metrics": "inception_score", "num_splits": 91},
         "num_splits=91"),
        ({"real": "a"}, "--real with --save_statistics"),
        ({"real": "a", "save_features": "{}/a.npz"}, "holds no features"),
    ],
)  # fmt: skip
def test_what_one_set_does_not_allow_is_refused(
    tmp_path, files, settings, given, words
):
    (path, _), _ = files
    given = {
        name: path if value == "a" else str(value).replace("{}", str(tmp_path))
        for name, value in given.items()
    }
    if "num_splits" in given:
        given["num_splits"] = int(given["num_splits"])
    with pytest.raises(errors.UsageError, match=words):
        training.evaluate(**{**settings, **given})


@pytest.mark.parametrize(
    "arrays, words",
    [
        ({"features": np.zeros(3)}, r"features is float64 of shape \(3,\)"),
        ({"features": np.zeros((2, 2), complex)}, "features is complex"),
        (
            {"features": np.ones((3, 2)), "probabilities": np.ones((2, 2))},
            "not of as many",
        ),
        ({"features": np.full((3, 2), np.nan)}, "NaN"),
    ],
)
def test_files_that_hold_no_features_are_refused(tmp_path, arrays, words):
    np.savez(tmp_path / "a.npz", **arrays)
    path = f"{tmp_path}/a.npz"
    with pytest.raises(errors.DataError, match=words):
        training.evaluate(real=path, fake=path, cache="off", metrics="fid")


def test_features_of_another_extractor_are_refused(tmp_path, files, settings):
    (path, _), found = files
    stored = tmp_path / "f.npz"
    features.write_features(stored, found[1], "another")
    with pytest.raises(errors.DataError, match="extractor another, not lenet_"):
        training.evaluate(real=path, fake=str(stored), **settings)
    words = r"--features is missing: .* for \S*a\.npz"
    with pytest.raises(errors.UsageError, match=words):
        features_of = {**settings, "features": None}
        training.evaluate(real=str(stored), fake=path, **features_of)
