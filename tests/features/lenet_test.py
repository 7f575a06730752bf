"""LeNet: training, weights files, the weights that ship."""

import json
import zipfile

import numpy as np
import other_keras
import pytest
from limits import within
from loading import load

from tf_mmdgan import errors
from tf_mmdgan.features import LENETS, get_extractor, lenet


@pytest.fixture
def model():
    return lenet.build((8, 8, 1), 3, width=2, seed=4)


@pytest.fixture
def saved(model, tmp_path):
    path = tmp_path / "weights.npz"
    lenet.save(path, model, {"dataset": "toy", "seed": 4})
    return path


def test_loaded_weights_give_the_same_bits(model, saved, rng):
    loaded, metadata = lenet.load(saved)
    images = rng.uniform(-1, 1, size=(6, 8, 8, 1)).astype(np.float32)
    np.testing.assert_array_equal(loaded(images), model(images))
    assert metadata["dataset"] == "toy"
    assert metadata["image_shape"] == [8, 8, 1]
    assert (metadata["num_classes"], metadata["width"]) == (3, 2)


def test_the_same_seed_builds_the_same_network():
    first, same, other = (
        lenet.build((8, 8, 1), 3, seed=seed).get_weights() for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first[0], same[0])
    assert not np.array_equal(first[0], other[0])


def test_it_learns(rng):
    labels = rng.integers(0, 2, size=120)
    noise = rng.integers(0, 100, size=(120, 8, 8, 1))
    noise[:, :4] += 100 * labels[:, None, None, None]
    noise[:, 4:] += 100 * (1 - labels)[:, None, None, None]
    images = noise.astype(np.uint8)
    model = lenet.train(images, labels, 2, seed=0, epochs=6, width=4)
    assert lenet.accuracy(model, images, labels, batch_size=64) > 0.98


def test_accuracy_counts_what_is_right(model, rng):
    images = rng.integers(0, 256, size=(50, 8, 8, 1), dtype=np.uint8)
    found = np.argmax(model(images / 127.5 - 1.0), axis=1)
    labels = np.where(np.arange(50) < 10, (found + 1) % 3, found)
    assert lenet.accuracy(model, images, labels, batch_size=7) == 0.8


def test_shift_moves_whole_images_and_repeats_the_border(rng):
    image = np.arange(25, dtype=np.uint8).reshape(1, 5, 5, 1)
    padded = np.pad(image[0, :, :, 0], 1, "edge")
    allowed = {
        padded[top : top + 5, left : left + 5].tobytes()
        for top in range(3)
        for left in range(3)
    }
    moved = lenet.shift(image.repeat(200, axis=0), 1, rng)
    assert {one.tobytes() for one in moved} == allowed
    np.testing.assert_array_equal(lenet.shift(image, 0, rng), image)


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_truncated_weights_are_refused(saved, keep):
    content = saved.read_bytes()
    end = keep if isinstance(keep, int) else int(keep * len(content))
    saved.write_bytes(content[:end])
    with pytest.raises(errors.DataError, match=r"weights\.npz: damaged"):
        lenet.load(saved)


def test_any_flipped_byte_is_noticed_or_harmless(model, saved, rng):
    content = saved.read_bytes()
    for position in rng.integers(0, len(content), size=40):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        saved.write_bytes(damaged)
        try:
            loaded, _ = lenet.load(saved)
        except errors.DataError as error:
            assert "\n" not in str(error)
        else:
            for one, other in zip(
                loaded.get_weights(), model.get_weights(), strict=True
            ):
                np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("change", ["values", "missing", "width", "json"])
def test_tampered_weights_are_refused(saved, change):
    with np.load(saved) as archive:
        arrays = dict(archive)
    if change == "values":
        arrays["logits/bias"] = arrays["logits/bias"] + np.float32(1.0)
    elif change == "missing":
        del arrays["logits/bias"]
    elif change == "width":
        metadata = json.loads(str(arrays["metadata"])) | {"width": 3}
        arrays["metadata"] = np.array(json.dumps(metadata))
    else:
        arrays["metadata"] = np.array("{")
    np.savez(saved, **arrays)
    with pytest.raises(errors.DataError, match="damaged, or not LeNet"):
        lenet.load(saved)


@pytest.mark.parametrize(
    "claim",
    [
        {"width": 10**7},
        {"num_classes": 10**10},
        {"image_shape": [10**6, 10**6, 1]},
        {"image_shape": [8, 8]},
        {"image_shape": ["8", 8, 1]},
        {"width": True},
        {"width": [1] * 3},
    ],
)
def test_sizes_are_those_of_the_weights(saved, claim):
    with np.load(saved) as archive:
        arrays = dict(archive)
    metadata = json.loads(str(arrays["metadata"])) | claim
    arrays["metadata"] = np.array(json.dumps(metadata))
    np.savez(saved, **arrays)
    with (
        within(seconds=10, megabytes=50),
        pytest.raises(errors.DataError, match="damaged, or not LeNet"),
    ):
        lenet.load(saved)


def test_what_a_file_says_of_itself_is_short(saved):
    with np.load(saved) as archive:
        arrays = dict(archive)
    lists = "[]," * 2**20
    arrays["metadata"] = np.array('{"a": [' + lists + "1]}")
    np.savez_compressed(saved, **arrays)
    with (
        within(seconds=10, megabytes=60),
        pytest.raises(errors.DataError, match=r"metadata has 12,[\d,]+ bytes"),
    ):
        lenet.load(saved)


def test_foreign_files_are_refused(tmp_path):
    path = tmp_path / "foreign.npz"
    np.savez(path, images=np.zeros(3))
    with pytest.raises(errors.DataError, match="not LeNet weights"):
        lenet.load(path)
    np.savez(path, metadata=np.array([{}], dtype=object))
    with pytest.raises(errors.DataError, match="not LeNet weights"):
        lenet.load(path)  # would have to be unpickled
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata", "hello")
    with pytest.raises(errors.DataError, match="not LeNet weights"):
        lenet.load(path)
    with pytest.raises(errors.DataError, match="no such file"):
        lenet.load(tmp_path)


@pytest.mark.parametrize(
    "images, labels, culprit",
    [
        (np.zeros((2, 8, 8, 1), np.float32), np.zeros(2, int), "uint8"),
        (np.zeros((2, 8, 8, 1), np.uint8), None, "label"),
        (np.zeros((2, 8, 8, 1), np.uint8), np.zeros(3, int), "label"),
        (np.zeros((2, 8, 8, 1), np.uint8), np.array([0, 3]), "0 to 2"),
    ],
)
def test_bad_training_data_is_refused(images, labels, culprit):
    with pytest.raises(errors.DataError, match=culprit):
        lenet.train(images, labels, 3)


def test_impossible_networks_are_refused():
    for shape, classes, width in (((2, 8, 1), 3, 2), ((8, 8, 1), 3, 0)):
        with pytest.raises(errors.UsageError, match="LeNet of width"):
            lenet.build(shape, classes, width)


def test_another_setting_of_keras_is_no_damage(saved):
    with (
        other_keras.setting("image_data_format", "channels_first"),
        pytest.raises(errors.UsageError, match="image_data_format"),
    ):
        lenet.load(saved)


def test_the_digits_weights_are_as_good_as_they_say():
    path = LENETS["lenet_digits"]
    model, metadata = lenet.load(path)
    held_out = load("digits", "test", image_size=16)
    accuracy = lenet.accuracy(model, held_out.images, held_out.labels)
    assert accuracy == pytest.approx(metadata["test_accuracy"], abs=0.002)
    assert accuracy >= 0.97
    assert "tools/train_lenet.py" in metadata["command"]
    assert path.stat().st_size < 1_000_000


def test_the_fashion_weights_say_how_good_they_are():
    path = LENETS["lenet_fashion_mnist"]
    model, metadata = lenet.load(path)
    assert model.input_shape == (None, 28, 28, 1)
    assert metadata["test_accuracy"] >= 0.9
    assert "--dataset=fashion_mnist" in metadata["command"]
    assert path.stat().st_size < 1_800_000


def test_weights_of_a_lenet_that_are_not_finite_are_refused(tmp_path):
    model = lenet.build((8, 8, 1), 3, width=2)
    model.weights[0].assign(np.nan * model.weights[0])
    lenet.save(tmp_path / "mine.npz", model, {})
    with pytest.raises(errors.DataError, match=r"conv_1.* NaN or infinite"):
        get_extractor(f"{tmp_path}/mine.npz")
