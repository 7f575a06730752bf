"""Features on disk, and files of other tools."""

import numpy as np
import pytest

from tf_mmdgan import errors, features, metrics
from tf_mmdgan.features import Extracted, cache
from tf_mmdgan.metrics import Moments


class Counted(features.FeatureExtractor):
    """Mean colours; counts its calls."""

    classifies = True

    def __init__(self, identifier="means-1"):
        self.identifier = identifier
        self.calls = 0

    def __call__(self, images):
        self.calls += 1
        means = images.mean(axis=(1, 2)).astype(np.float32)
        return Extracted(means, means / means.sum(axis=1, keepdims=True))


@pytest.fixture
def images(rng):
    return rng.integers(1, 256, size=(9, 4, 4, 3), dtype=np.uint8)


def test_the_second_time_is_from_the_file(images, tmp_path):
    extractor = Counted()
    first = features.cached(extractor, images, tmp_path / "new" / "folder")
    second = features.cached(extractor, images, tmp_path / "new" / "folder")
    assert extractor.calls == 1
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(first.features, images.mean(axis=(1, 2)))


def test_other_images_order_or_extractor_have_another_file(images, tmp_path):
    changed = images.copy()
    changed[3, 2, 1, 0] ^= 1
    cases = [
        (Counted(), images), (Counted(), changed), (Counted(), images[::-1]),
        (Counted("means-2"), images), (Counted(), images[:8]),
        (Counted(), images.reshape(9, 2, 8, 3)),
    ]  # fmt: skip
    for extractor, given in cases:
        got = features.cached(extractor, given, tmp_path).features
        assert extractor.calls == 1
        np.testing.assert_allclose(got, given.mean(axis=(1, 2)))
    assert len(list(tmp_path.iterdir())) == len(cases)


def test_images_are_hashed_in_parts(images, tmp_path, monkeypatch):
    whole = cache._key(Counted(), images)
    monkeypatch.setattr(cache, "_BYTES_AT_A_TIME", 100)
    assert cache._key(Counted(), images) == whole


def test_no_folder_no_file(images):
    extractor = Counted()
    for _ in range(2):
        features.cached(extractor, images, None)
    assert extractor.calls == 2


@pytest.mark.parametrize("damage", ["truncated", "foreign", "other", "part"])
def test_a_damaged_file_is_made_anew(images, tmp_path, damage):
    extractor = Counted()
    features.cached(extractor, images, tmp_path)
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "foreign":
        path.write_bytes(b"PNG?")
    elif damage == "part":  # without classes
        np.savez(path, features=np.zeros((9, 3), np.float32))
    else:
        np.savez(path, features=np.zeros((2, 3), np.float32))
    with pytest.warns(UserWarning, match="made anew"):
        got = features.cached(extractor, images, tmp_path)
    np.testing.assert_allclose(got.features, images.mean(axis=(1, 2)))
    features.cached(extractor, images, tmp_path)
    assert extractor.calls == 2


def test_moments_go_to_a_file_and_back(rng, tmp_path):
    expected = Moments.of(rng.normal(size=(50, 4)))
    path = tmp_path / "stats.npz"
    metrics.write_moments(path, expected, "lenet-1234")
    for a, b in zip(metrics.read_moments(path), expected, strict=True):
        np.testing.assert_array_equal(a, b)
    with np.load(path) as archive:
        assert str(archive["extractor"]) == "lenet-1234"


def test_other_files_hold_no_moments(tmp_path):
    path = tmp_path / "images.npz"
    np.savez(path, images=np.zeros(3))
    with pytest.raises(
        errors.DataError, match=r"images\.npz holds images: .*mu"
    ):
        metrics.read_moments(path)
    with pytest.raises(errors.DataError, match="no file"):
        metrics.read_moments(tmp_path / "none.npz")


def test_features_that_cannot_be_kept_are_not_lost(tmp_path, rng):
    images = rng.integers(1, 256, (5, 4, 4, 3), dtype=np.uint8)
    (tmp_path / "file").write_text("x")
    with pytest.warns(UserWarning, match="not kept in .*--cache_dir"):
        found = features.cached(Counted(), images, tmp_path / "file")
    assert found.features.shape == (5, 3)


@pytest.mark.parametrize(
    "mean, covariance, words",
    [
        (np.zeros(3), -np.eye(3), "eigenvalue -1"),
        (np.zeros(3), np.eye(3) + np.eye(3, k=1), "not symmetric"),
        (np.zeros(2), [[1.0, 2.0], [2.0, 1.0]], "eigenvalue -1"),
        (np.zeros(4), np.eye(3), "shape"),
        (np.zeros((1, 3)), np.eye(3), "shape"),
        (np.full(3, np.nan), np.eye(3), "NaN"),
        (np.array(["a"]), np.eye(1), "no numbers"),
    ],
)
def test_what_is_no_covariance_is_refused(tmp_path, mean, covariance, words):
    path = tmp_path / "stats.npz"
    np.savez(path, mu=mean, sigma=np.array(covariance))
    with pytest.raises(errors.DataError, match=f"stats.npz: .*{words}"):
        metrics.read_moments(path)


def test_needed_arrays_alone_are_read(tmp_path, rng):
    path = tmp_path / "stats.npz"
    moments = Moments.of(rng.normal(size=(9, 4)).astype(np.float32))
    other = np.array([{}], object)  # would have to be unpickled
    np.savez(
        path, mu=moments.mean, sigma=np.float32(moments.covariance), x=other
    )
    found = metrics.read_moments(path)
    np.testing.assert_allclose(found.covariance, moments.covariance, 1e-6)
    assert metrics.read_extractor(path) is None


def test_the_extractor_that_a_file_names_is_short_text(tmp_path):
    path = tmp_path / "a.npz"
    for name in ("\x1b[2J" * 10**5, np.zeros((99, 99))):
        np.savez(path, features=np.zeros((3, 2)), extractor=name)
        _, known = cache.read_features(path)
        assert known.isprintable() and len(known) < 1100
