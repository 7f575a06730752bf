import numpy as np
import pytest

from tf_mmdgan import data, errors
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.data import resize
from tf_mmdgan.data.sets import npz, npz_preview


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (200, 12, 12, 3)).astype(np.uint8)


def load(split, path, size=None):
    return npz.load(split, size, ReadConfig(data_dir=path))


def save(path, **arrays):
    np.savez(path, **arrays)
    return path


def rows_of(images, found):
    """Numbers of the images that were found, in their order."""
    places = {image.tobytes(): number for number, image in enumerate(images)}
    return [places[image.tobytes()] for image in found]


def test_single_file_is_split_once_and_for_all(images, tmp_path):
    labels = np.arange(200) % 4
    whole = save(tmp_path / "a.npz", images=images, labels=labels)
    train, test = (load(split, whole) for split in data.SPLITS)
    held_out = rows_of(images, test.images)
    assert held_out[:7] == [16, 33, 51, 69, 70, 90, 92]
    kept = rows_of(images, train.images)
    assert sorted(kept + held_out) == list(range(200))
    assert kept == sorted(kept)
    np.testing.assert_array_equal(train.labels, labels[kept])
    np.testing.assert_array_equal(test.labels, labels[held_out])
    assert train.num_classes == test.num_classes == 4
    shorter = save(tmp_path / "b.npz", images=images[:100])
    again = load("test", shorter)
    assert rows_of(images, again.images) == [n for n in held_out if n < 100]
    assert again.labels is None and again.num_classes is None


def test_folder_has_its_own_split(images, tmp_path):
    save(tmp_path / "train.npz", images=images[:9], labels=np.arange(9))
    save(tmp_path / "test.npz", images=images[9:], labels=np.zeros(191, "u1"))
    train, test = (load(split, tmp_path) for split in data.SPLITS)
    np.testing.assert_array_equal(train.images, images[:9])
    np.testing.assert_array_equal(test.images, images[9:])
    assert test.num_classes == 9  # although its own are all 0
    (tmp_path / "test.npz").unlink()
    with pytest.raises(errors.DataError, match=r"no file .*test\.npz"):
        load("train", tmp_path)


def test_halves_of_a_folder_must_fit(images, tmp_path):
    save(tmp_path / "train.npz", images=images, labels=np.zeros(200, int))
    save(tmp_path / "test.npz", images=images)
    with pytest.raises(errors.DataError, match="the other has none"):
        load("train", tmp_path)
    save(
        tmp_path / "test.npz",
        images=images[:, :8, :8],
        labels=np.zeros(200, int),
    )
    with pytest.raises(errors.DataError, match=r"\(8, 8, 3\) and \(12, 12, 3"):
        load("test", tmp_path)


def test_labels_of_floats_are_numbers(images, tmp_path):
    labels = np.linspace(-1, 1, 400).reshape(200, 2)
    whole = save(tmp_path / "a.npz", images=images, labels=labels)
    train = load("train", whole)
    kept = rows_of(images, train.images)
    assert train.num_classes is None and train.labels.dtype == np.float32
    np.testing.assert_array_equal(train.labels, np.float32(labels[kept]))
    assert (train.condition.width, len(train.condition.rows)) == (2, len(kept))
    save(tmp_path / "train.npz", images=images, labels=labels)
    for others in (labels[:, :1], np.zeros(200, int)):
        save(tmp_path / "test.npz", images=images, labels=others)
        with pytest.raises(errors.DataError, match="labels of other kinds"):
            load("train", tmp_path)


def test_grey_images_and_other_sizes(images, tmp_path):
    path = save(tmp_path / "a.npz", images=images[..., 0])
    native = load("train", path)
    assert native.image_shape == (12, 12, 1)
    resized = load("train", path, 8)
    np.testing.assert_array_equal(
        resized.images[..., 0], resize.resize_grey(native.images[..., 0], 8)
    )


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.zeros(3)}, "no array named 'images' .it has: x"),
        ({"images": np.zeros((3, 4, 4, 1))}, "holds float64"),
        ({"images": np.full((3, 4, 4, 1), np.nan)}, "NaN: 48 of 48"),
        ({"images": np.ones((3, 4, 4), np.uint8)}, "were these .* 0 to 1"),
        ({"images": np.zeros((3, 4), np.uint8)}, r"uint8 of shape \(3, 4\)"),
        ({"images": np.zeros((0, 4, 4, 1), np.uint8)}, r"shape \(0, 4, 4, 1"),
        (
            {"images": np.zeros((3, 4, 4, 1), np.uint8)},
            "3 images, too few to hold out",
        ),
        (
            {
                "images": np.zeros((3, 4, 4), np.uint8),
                "labels": np.zeros(2, int),
            },
            r"labels int64 of shape \(2,\) for 3",
        ),
        (
            {
                "images": np.full((30, 4, 4), 9, np.uint8),
                "labels": np.full((30, 2), 180.0),
            },
            "npz: the labels have a root mean square of 180 in column 0; need",
        ),
        (
            {
                "images": np.full((30, 4, 4), 9, np.uint8),
                "labels": np.zeros(30),
            },
            r"labels float64 of shape \(30,\) .* or floats \[n, k\]",
        ),
        (
            {"images": np.zeros((3, 4, 4), np.uint8), "labels": np.zeros(3)},
            "labels float64",
        ),
        (
            {
                "images": np.zeros((3, 4, 4), np.uint8),
                "labels": -np.ones(3, int),
            },
            "label -1: number classes from 0",
        ),
        (
            {
                "images": np.full((3, 4, 4), 9, np.uint8),
                "labels": np.array([0, 1, 2**31]),
            },
            "label 2147483648: there can be 65,536 classes at most",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_arrays_are_refused(arrays, words, tmp_path):
    path = save(tmp_path / "a.npz", **arrays)
    with pytest.raises(errors.DataError, match=words) as caught:
        load("train", path)
    assert str(path) in str(caught.value)


def test_rectangles_stay_or_are_brought_to_a_shape(images, tmp_path):
    path = save(tmp_path / "a.npz", images=images[:, :10])
    assert load("train", path).image_shape == (10, 12, images.shape[3])
    found = load("train", path, "8x12").images
    kept = load("train", path).images
    np.testing.assert_array_equal(found[0].shape, (8, 12, images.shape[3]))
    want = resize.resize_images(kept, "8x12", "antialias")
    np.testing.assert_array_equal(found, want)


def test_pickled_objects_are_not_read(tmp_path):
    path = save(tmp_path / "a.npz", images=np.array([{"a": 1}], object))
    with pytest.raises(errors.DataError, match="allow_pickle=False") as caught:
        load("train", path)
    assert str(path) in str(caught.value) and "savez" in str(caught.value)


def test_absent_and_foreign_files(tmp_path):
    with pytest.raises(errors.DataError, match=r"no file .*nowhere\.npz"):
        load("train", tmp_path / "nowhere.npz")
    (tmp_path / "a.npz").write_bytes(b"PK")
    with pytest.raises(errors.DataError, match=r"a\.npz is damaged or not"):
        load("train", tmp_path / "a.npz")
    with pytest.raises(errors.UsageError, match="--data_dir="):
        load("train", None)


def previewed(split, path, size=None, **reading):
    given = ReadConfig(data_dir=str(path), **reading)
    return npz_preview.preview(split, size, given)


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("kind", ["classes", "numbers", "none"])
@pytest.mark.parametrize("place", ["a.npz", "a.npy", "folder"])
def test_headers_say_what_is_read(images, split, kind, place, tmp_path):
    labels = {
        "classes": {"labels": np.arange(len(images)) % 5},
        "numbers": {"labels": np.zeros((len(images), 3), np.float32)},
        "none": {},
    }[kind]
    path = tmp_path / place
    if place == "a.npy":
        np.save(path, images)
    elif place == "a.npz":
        save(path, images=images, **labels)
    else:
        path.mkdir()
        for name, rows in (("train", slice(7, None)), ("test", slice(7))):
            some = {k: v[rows] for k, v in labels.items()}
            save(path / f"{name}.npz", images=images[rows], **some)
    for size in (None, "8x10"):
        found, wanted = previewed(split, path, size), load(split, path, size)
        assert found.is_of(wanted) and found.counted
        assert found.count == wanted.count
        assert found.image_shape == wanted.image_shape
        assert found.empty_classes == wanted.empty_classes


def test_what_headers_show_is_told_before_images_are_read(images, tmp_path):
    path = save(tmp_path / "a.npz", images=images.astype(float))
    with pytest.raises(errors.DataError, match="holds float64 of shape"):
        previewed("train", path)
    assert previewed("train", path, value_range="0,255").count > 0
    path = save(tmp_path / "b.npz", images=np.moveaxis(images, -1, 1))
    with pytest.raises(errors.DataError, match="second axis looks like"):
        previewed("train", path)
    path = save(tmp_path / "c.npz", images=images, labels=np.zeros(3, int))
    with pytest.raises(errors.DataError, match="labels int64 of shape"):
        previewed("train", path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more"])
@pytest.mark.parametrize("name", ["a.npz", "a.npy"])
def test_of_files_that_are_none_nothing_is_known(content, name, tmp_path):
    (tmp_path / name).write_bytes(content)
    assert previewed("train", tmp_path / name) is None
    assert previewed("train", tmp_path / "absent" / name) is None
    assert npz_preview.preview("train", None, ReadConfig()) is None
    save(tmp_path / "few.npz", images=np.full((3, 9, 9), 7, np.uint8))
    assert previewed("test", tmp_path / "few.npz") is None
