"""What is compared with what: refused, or made alike, before any work."""

import numpy as np
import pytest
from loading import load

from tf_mmdgan import config, errors, features, metrics, training
from tf_mmdgan.evaluation import from_config
from tf_mmdgan.evaluation.comparable import compared, in_force
from tf_mmdgan.evaluation.loaded import Loaded

PIXELS = features.get_extractor("pixels")


def run(**kwargs):
    return config.TrainConfig(run_dir="run", **kwargs)


def save_npz(path, *shape):
    rng = np.random.default_rng(0)
    np.savez(path, images=rng.integers(0, 256, shape, dtype=np.uint8))
    return str(path)


def stored(path, made_with, classes=True):
    """Features of twenty digits in a file, and maybe their classes."""
    found = features.extract(
        features.get_extractor("lenet_digits"), load("digits", "test").images
    )
    probabilities = found.probabilities[:20] if classes else None
    some = features.Extracted(found.features[:20], probabilities)
    features.write_features(path, some, made_with)
    return str(path)


def moments(path, made_with):
    rows = np.random.default_rng(0).normal(size=(50, 3))
    metrics.write_moments(path, metrics.Moments.of(rows), made_with)
    return str(path)


@pytest.mark.parametrize("kind", [stored, moments])
def test_files_alone_are_of_the_extractor_that_they_name(tmp_path, kind):
    """Reports, and what is saved, would tell another one."""
    paths = {
        side: kind(tmp_path / f"{side}.npz", "net-1-square-64-antialias")
        for side in ("real", "fake")
    }
    given = {**paths, "metrics": ["fid"], "cache": "off"}
    assert training.evaluate(**given).extractor == "net-1-square-64-antialias"
    with pytest.raises(errors.DataError, match=r"extractor net-1.*not pixels"):
        training.evaluate(**given, features="pixels")


def test_one_file_alone_is_of_the_extractor_that_it_names(tmp_path):
    path = stored(tmp_path / "a.npz", "pixels-square-16-antialias")
    given = {"fake": path, "metrics": "inception_score", "cache": "off"}
    report = training.evaluate(**given, features="pixels")
    assert report.extractor == "pixels-square-16-antialias"
    with pytest.raises(errors.DataError, match=r"pixels-squ.*not thumbnails"):
        training.evaluate(**given, features="thumbnails")


def test_files_that_name_none_are_of_the_extractor_that_is_named(tmp_path, rng):
    sets = []
    for name in "ab":
        path = tmp_path / f"{name}.npz"
        np.savez(path, features=rng.normal(size=(20, 3)))
        sets.append(Loaded(from_config.load_images(str(path)).images, name))
    assert in_force(PIXELS, *sets).identifier == "pixels"
    assert in_force(None, *sets).identifier == "unknown"
    pictures = Loaded(np.zeros((2, 4, 4, 1), np.uint8), "c")
    assert in_force(PIXELS, sets[0], pictures) is PIXELS


def test_a_file_that_names_no_extractor_is_remarked_on(tmp_path, rng):
    path = tmp_path / "s.npz"
    rows = rng.normal(size=(50, 256))
    unsigned = metrics.Moments.of(rows)
    np.savez(path, mu=unsigned.mean, sigma=unsigned.covariance)
    given = {"fake": "digits/test", "features": "pixels", "metrics": "fid"}
    (remark,) = training.evaluate(real=str(path), **given).remarks
    assert "s.npz does not say which" in remark and "for pixels." in remark
    metrics.write_moments(path, unsigned, "pixels")
    assert training.evaluate(real=str(path), **given).remarks == ()


def test_weights_that_files_make_needless_need_not_be_at_hand(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "empty"))
    path = stored(tmp_path / "a.npz", "inception-1")
    report = training.evaluate(
        protocol="torch_fidelity", metrics="fid", real=path, fake=path
    )
    assert report.extractor == "inception-1"
    other = moments(tmp_path / "s.npz", "inception-1")
    report = training.evaluate(protocol="pytorch_fid", real=other, fake=other)
    assert report.scores["fid"]["fid"] == pytest.approx(0.0, abs=1e-9)
    other = save_npz(tmp_path / "b.npz", 9, 8, 8, 3)
    with pytest.raises(errors.DataError, match="Inception's weights are not"):
        training.evaluate(protocol="torch_fidelity", real=path, fake=other)


def test_classes_that_a_file_lacks_are_missed_before_the_work(
    tmp_path, monkeypatch
):
    lenet = features.get_extractor("lenet_digits").identifier
    path = stored(tmp_path / "a.npz", lenet, classes=False)
    given = config.EvaluateConfig(
        real="digits/test", fake=path, features="lenet_digits",
        metrics="inception_score",
    )  # fmt: skip
    with pytest.raises(errors.UsageError, match="needs class probabilities"):
        from_config.make_pair(given)


@pytest.mark.parametrize("sides", [(0, 1), (1, 0), (0, 2), (2, 0)])
def test_opacity_beside_none_is_laid_over_white(rng, sides):
    """A picture of half opacity is half of its colour, and half white."""
    clear = np.full((3, 4, 4, 4), [[[[100, 100, 100, 51]]]], np.uint8)
    white = np.full((3, 4, 4, 3), 255 - 31, np.uint8)
    kinds = {"a": clear, "b": white, "c": white[..., :1]}
    sets = [Loaded(images, name) for name, images in kinds.items()]
    found = compared(PIXELS, [sets[number] for number in sides])
    first, second = (images.images for images in found)
    np.testing.assert_allclose(first.astype(int), second, atol=1)
    remarks = sum((images.prepared.remarks for images in found), ())
    assert "a: transparent pixels are laid over white." in remarks


class MeanColour(features.FeatureExtractor):
    """Takes any number of channels, as networks take opacity."""

    name = identifier = "mean_colour"

    def __call__(self, images):
        return features.Extracted(images[..., :3].mean(axis=(1, 2)))


def test_a_run_with_opacity_is_scored_against_arrays_without(tmp_path):
    real = save_npz(tmp_path / "a.npz", 30, 16, 16, 3)
    given = {"run_dir": "run", "real": real, "cache": "off"}
    shape = (16, 16, 4)
    made = from_config.make_scorer(
        config.EvaluateConfig(**given, features=MeanColour()), run(), shape
    )
    assert made.real.shape == (30, 16, 16, 3)
    with pytest.raises(
        errors.DataError, match=r"768 of .*1024 of .*the run: .*both"
    ):
        from_config.make_scorer(
            config.EvaluateConfig(**given, features="thumbnails"), run(), shape
        )


@pytest.mark.parametrize("features_", ["pixels", "thumbnails"])
def test_a_grey_run_is_not_found_to_be_grey_after_the_work(tmp_path, features_):
    real = save_npz(tmp_path / "a.npz", 30, 16, 16, 3)
    given = config.EvaluateConfig(
        run_dir="run", real=real, features=features_, cache="off"
    )
    with pytest.raises(
        errors.DataError, match=r"768 of .*256 of .*the run: .*both"
    ):
        from_config.make_scorer(given, run(), (16, 16, 1))


def test_a_run_has_the_size_that_files_were_made_at(tmp_path):
    """A size is as if the run's images had been brought to it."""
    saved = tmp_path / "f.npz"
    made_with = "pixels-square-16-antialias"
    rows = np.random.default_rng(0).normal(size=(30, 256))
    features.write_features(saved, features.Extracted(rows), made_with)
    given = {"run_dir": "run", "real": str(saved), "features": "pixels"}
    with pytest.raises(errors.DataError, match="--image_size"):
        from_config.make_scorer(
            config.EvaluateConfig(**given), run(), (16, 16, 1)
        )
    made = from_config.make_scorer(
        config.EvaluateConfig(**given, image_size=16), run(), (16, 16, 1)
    )
    assert made.identifier == made_with
