"""Extractors: values, independence of batches, bad input."""

import numpy as np
import pytest
import scipy.special

from tf_mmdgan import errors, features
from tf_mmdgan.features import extract, extractors, get_extractor, lenet


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, size=(23, 8, 8, 1), dtype=np.uint8)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "small.npz"
    lenet.save(path, lenet.build((8, 8, 1), 3, width=2), {})
    return path


def test_pixels_are_flat_and_between_minus_one_and_one():
    images = np.array([[[[0], [255]]], [[[51], [102]]]], np.uint8)
    got = extract(get_extractor("pixels"), images).features
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, [[-1.0, 1.0], [-0.6, -0.2]], atol=1e-6)


def test_thumbnails_are_antialiased(rng):
    images = rng.integers(0, 256, size=(3, 64, 64, 3), dtype=np.uint8)
    got = extract(get_extractor("thumbnails"), images).features
    # The bilinear triangle, widened to four pixels on either side.
    triangle = np.array([1, 3, 5, 7, 7, 5, 3, 1]) / 32.0
    rows = np.zeros((16, 64))
    for row in range(16):
        for offset, weight in enumerate(triangle):
            column = 4 * row - 2 + offset
            if 0 <= column < 64:
                rows[row, column] = weight
    rows /= rows.sum(axis=1, keepdims=True)
    scaled = images / 127.5 - 1.0
    expected = np.einsum("yr,xc,nrcd->nyxd", rows, rows, scaled)
    np.testing.assert_allclose(got, expected.reshape(3, -1), atol=1e-5)


def test_small_images_are_their_own_thumbnails(images):
    np.testing.assert_array_equal(
        extract(get_extractor("thumbnails"), images).features,
        extract(get_extractor("pixels"), images).features,
    )


def test_lenet_gives_the_last_hidden_layer(weights, images):
    extractor = get_extractor(str(weights))
    model, metadata = lenet.load(weights)
    got, probabilities = extract(extractor, images)
    kernel, bias = model.get_layer("logits").get_weights()
    logits = model(images / 127.5 - 1.0, training=False)
    np.testing.assert_allclose(got @ kernel + bias, logits, atol=1e-4)
    np.testing.assert_allclose(
        probabilities, scipy.special.softmax(logits, 1), atol=1e-5
    )
    assert got.shape == (23, 8)
    assert (got >= 0.0).all() and got.any()
    assert extractor.name == "small"
    digest = metadata["sha256"][:12]
    assert extractor.identifier == f"small-{digest}-antialias-symmetric"


@pytest.mark.parametrize("batch_size", [1, 5, 23, 100])
def test_the_batch_size_does_not_matter(weights, images, batch_size):
    extractor = get_extractor(str(weights))
    np.testing.assert_allclose(
        extract(extractor, images, batch_size).features,
        extract(extractor, images).features,
        rtol=1e-5,
        atol=1e-6,
    )


@pytest.mark.parametrize("sizes", [[1, 2, 20], [0, 23], [9, 9, 5]])
def test_the_batches_of_a_stream_do_not_matter_at_all(weights, images, sizes):
    extractor = get_extractor(str(weights))
    stream = iter(np.split(images, np.cumsum(sizes)[:-1]))
    np.testing.assert_array_equal(
        extract(extractor, stream, batch_size=6).features,
        extract(extractor, images, batch_size=6).features,
    )


def test_a_stream_is_read_no_further_than_needed(images):
    read = []

    def stream():
        for start in range(0, 20, 5):
            read.append(start)
            yield images[start : start + 5]

    class Recorder(extractors.Pixels):
        def __call__(self, batch):
            seen.append((len(batch), len(read)))
            return super().__call__(batch)

    seen = []
    extract(Recorder(), stream(), batch_size=5)
    assert seen == [(5, 1), (5, 2), (5, 3), (5, 4)]


class Sizes(extractors.Pixels):
    """Notes how many images it is given at a time."""

    def __init__(self, size=None):
        self.size, self.seen = size, []

    def __call__(self, batch):
        self.seen.append(len(batch))
        return super().__call__(batch)


@pytest.mark.parametrize(
    "size, shape, given, seen",
    [
        (None, (8, 8, 1), None, [70]),
        ((299, 299), (8, 8, 1), None, [33, 33, 4]),
        (None, (300, 400, 1), None, [25, 25, 20]),
        ((2000, 2000), (8, 8, 1), None, [1] * 70),
        ((299, 299), (8, 8, 1), 40, [40, 30]),
    ],
)
def test_batches_are_small_where_images_are_large(size, shape, given, seen):
    extractor = Sizes(size)
    extract(extractor, np.zeros((70, *shape), np.uint8), given)
    assert extractor.seen == seen


class Wide(extractors.Pixels):
    """Claims 2^40 features, which take no memory here."""

    def __call__(self, batch):
        row = np.broadcast_to(np.float32(0.0), (len(batch), 2**40))
        return extractors.Extracted(row)


def test_more_features_than_there_is_memory_for_are_refused(images):
    said = "of each of 23 images take 94,208 GiB, and this machine has"
    for given in (images, extractors.in_batches(images)):
        with pytest.raises(errors.UsageError, match=said):
            extract(Wide(), given, batch_size=5, count=len(images))


def test_batches_of_several_sizes_keep_the_order(rng):
    shapes = [(2, 8, 1), (4, 4, 1), (2, 8, 1), (2, 8, 1)]
    images = [rng.integers(0, 256, s, dtype=np.uint8) for s in shapes]
    extractor = Sizes()
    found = extract(extractor, [image[None] for image in images]).features
    assert extractor.seen == [1, 1, 2]
    flat = np.stack([image.ravel() for image in images])
    np.testing.assert_allclose(found, flat / 127.5 - 1.0, atol=1e-6)
    wrong = [image[None] for image in (images[0], images[1][:2])]
    with pytest.raises(errors.DataError, match=r"16 of images \(2, 8, 1\)"):
        extract(extractor, wrong)


def test_images_of_another_size_are_resized(weights):
    extractor = get_extractor(str(weights))
    small = np.full((2, 8, 8, 1), 200, np.uint8)
    large = np.full((2, 21, 13, 1), 200, np.uint8)
    np.testing.assert_allclose(
        extractor(large).features, extractor(small).features, rtol=1e-4
    )


def test_another_number_of_channels_is_refused(weights):
    with pytest.raises(errors.UsageError, match=r"1 channel.*have 3"):
        get_extractor(str(weights))(np.zeros((2, 8, 8, 3), np.uint8))


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 8, 8, 1), np.float32),
        np.zeros((2, 8, 8), np.uint8),
        [],
        np.zeros((0, 8, 8, 1), np.uint8),
    ],
)
def test_bad_images_are_refused(images):
    with pytest.raises(errors.DataError, match="images"):
        extract(get_extractor("pixels"), images)


def test_unknown_extractors_are_refused():
    with pytest.raises(errors.UsageError, match=r"pixel.*lenet_digits.*mean"):
        get_extractor("pixel")
    with pytest.raises(errors.DataError, match=r"nowhere\.npz: no such file"):
        get_extractor("nowhere.npz")


class Own(features.FeatureExtractor):
    """An extractor of a user's, which gives what `make` makes of pixels."""

    name = identifier = "own"

    def __init__(self, make, classifies=False):
        self.make, self.classifies = make, classifies

    def __call__(self, images):
        return self.make(np.float32(images.reshape(len(images), -1)))


FAULTY = {
    "array": (lambda x: x, "gives float32 of shape .*: return tm.Extracted"),
    "nothing": (lambda x: None, "of type NoneType: return tm.Extracted"),
    "fewer": (lambda x: features.Extracted(x[:-1]), "2 rows of features for 3"),
    "flat": (lambda x: features.Extracted(x.ravel()), r"shape \[3, width\]"),
    "texts": (lambda x: features.Extracted(x.astype(str)), "gives <U.* as fea"),
}


@pytest.mark.parametrize("make, words", FAULTY.values(), ids=FAULTY)
def test_what_an_extractor_gives_is_looked_at(images, make, words):
    for look in (Own(make).check, lambda _: extract(Own(make), images[:3])):
        with pytest.raises(errors.UsageError, match=f"^The .* own .*{words}"):
            look((8, 8, 1))


def test_probabilities_of_an_extractor_are_looked_at(images):
    without = Own(features.Extracted, classifies=True)
    fewer = Own(lambda x: features.Extracted(x, x[1:, :4]), classifies=True)
    with pytest.raises(errors.UsageError, match="NoneType as probabilities"):
        extract(without, images)
    with pytest.raises(errors.UsageError, match="22 rows of probabilities"):
        extract(fewer, images)


@pytest.mark.parametrize("kind", ["batch", "chance"])
def test_features_that_depend_on_more_than_the_image_are_refused(kind, rng):
    def make(x):
        beside = x.mean(axis=0) if kind == "batch" else rng.normal(size=64)
        return features.Extracted(x / 255.0 + np.float32(beside))

    with pytest.raises(errors.DataError, match=r"own has .* or on chance"):
        Own(make).check((8, 8, 1))
    Own(features.Extracted).check((8, 8, 1))


@pytest.mark.parametrize("name", ["pixels", "lenet_digits"])
def test_an_extractor_has_what_reports_and_caches_need(images, name):
    assert name in features.EXTRACTORS
    extractor = get_extractor(name)
    got = extract(extractor, images)
    assert extractor.name == name
    assert extractor.identifier.startswith(name)
    assert got.features.dtype == np.float32
    assert np.isfinite(got.features).all()
    assert (got.probabilities is not None) == extractor.classifies
