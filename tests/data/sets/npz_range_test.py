"""Arrays that are no levels of 8 bits, and of any number of channels."""

import numpy as np
import pytest

from tf_mmdgan import data, errors
from tf_mmdgan.config import DataConfig, ReadConfig
from tf_mmdgan.data import resize
from tf_mmdgan.data.sets import npz
from tf_mmdgan.evaluation import images


def load(path, value_range, size=None, split="train", **reading):
    chosen = ReadConfig(data_dir=path, value_range=value_range, **reading)
    return npz.load(split, size, chosen)


@pytest.fixture
def deep(rng):
    return rng.integers(0, 65536, (60, 12, 9, 5), dtype=np.uint16)


def test_all_digits_are_kept_for_training(deep, tmp_path):
    np.save(tmp_path / "a.npy", deep)
    found = load(tmp_path / "a.npy", "0,65535")
    assert found.image_shape == (12, 9, 5) and found.images.dtype == np.uint8
    rows = [deep[i] for i in range(60) if not npz._is_held_out(i)]
    back = found.levels.astype(np.float64) / 255.0 * 65535.0
    np.testing.assert_allclose(back, rows, atol=0.01)
    np.testing.assert_array_equal(found.images, np.rint(found.levels))
    batch = next(iter(data.batches(found, len(rows), seed=1)))
    levels = (np.sort(batch.numpy(), axis=None) + 1.0) * 32767.5
    np.testing.assert_allclose(levels, np.sort(rows, axis=None), atol=0.02)


def test_floats_of_a_range_that_is_not_around_zero(rng, tmp_path):
    images = rng.uniform(-1000.0, -990.0, (40, 8, 8)).astype(np.float32)
    np.savez(tmp_path / "a.npz", images=images)
    found = load(tmp_path / "a.npz", "-1000,-990")
    assert found.image_shape == (8, 8, 1)
    low, high = found.levels.min(), found.levels.max()
    assert 0.0 <= low < 2.0 and 253.0 < high <= 255.0


def test_another_digit_is_another_digest(deep, tmp_path):
    digests = set()
    for change in (0, 1):
        deep[..., 0] = 7 + change  # of one level of 8 bits
        np.save(tmp_path / "a.npy", deep)
        digests.add(load(tmp_path / "a.npy", "0,65535").digest)
    assert len(digests) == 2


def test_they_are_resized_without_rounding(deep, tmp_path):
    np.save(tmp_path / "a.npy", deep)
    found = load(tmp_path / "a.npy", "0,65535", "8x9", fit="stretch")
    assert found.levels.shape == (*found.images.shape[:1], 8, 9, 5)
    assert np.any(found.levels != np.rint(found.levels))
    whole = load(tmp_path / "a.npy", "0,65535").levels
    want = resize.resize_levels(whole, "8x9", None, 2**30, "stretch")
    np.testing.assert_array_equal(found.levels, want)
    assert abs(want.mean() - whole.mean()) < 2.0


@pytest.mark.parametrize("channels", [2, 5])
def test_bytes_of_any_channels_are_resized(rng, channels):
    images = rng.integers(0, 256, (3, 12, 16, channels), dtype=np.uint8)
    found = resize.resize_images(images, "9x12", "area")
    for channel in range(channels):
        want = resize.resize_images(images[..., [channel]], "9x12", "area")
        np.testing.assert_array_equal(found[..., [channel]], want)


@pytest.mark.parametrize(
    "images, value_range, words",
    [
        (np.float32([[[[np.nan]]]] * 9), "0,1", "holds NaN"),
        (np.arange(900.0).reshape(9, 10, 10), "0,1", "898 of 900 numbers.*899"),
        (np.zeros((9, 9, 9, 4), np.uint16), "0,9", "four channels"),
        (np.zeros((9, 9, 9), np.uint16), None, "--value_range=LOW,HIGH"),
        (np.zeros((9, 9, 9), complex), "0,1", "holds complex128"),
        (np.full((9, 9, 9), 3, np.uint8), "0,9", "holds uint8, levels of 8"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(
    images, value_range, words, tmp_path
):
    np.save(tmp_path / "a.npy", images)
    with pytest.raises(errors.DataError, match=words):
        load(tmp_path / "a.npy", value_range)


@pytest.mark.parametrize(
    "wrong", ["", "1", "1,0", "0,0", "0,inf", "a,b", "0,nan"]
)
def test_ranges_are_two_numbers(wrong):
    with pytest.raises(errors.UsageError, match="LOW,HIGH, such as 0,65535"):
        ReadConfig(value_range=wrong)


def test_other_sets_have_a_range_of_their_own():
    chosen = DataConfig(dataset="synthetic", value_range="0,1")
    with pytest.raises(errors.UsageError, match="--dataset=npz"):
        data.load(chosen, "train")


def test_levels_stay_levels_beside_numbers_of_a_range(tmp_path, deep, rng):
    # As those are that tf-mmdgan sample draws of a run with a range.
    drawn = rng.integers(0, 256, (9, 12, 9, 5), dtype=np.uint8)
    np.savez(tmp_path / "drawn.npz", images=drawn)
    np.save(tmp_path / "real.npy", deep)
    reading = ReadConfig(value_range="0,65535")
    found, told = npz.read_uint8(tmp_path / "drawn.npz", reading)
    np.testing.assert_array_equal(found, drawn)
    assert told == ""
    found, told = npz.read_uint8(tmp_path / "real.npy", reading)
    np.testing.assert_array_equal(found, np.rint(deep / 257.0))
    assert told == "numbers of 0,65535 in 256 steps"
    loaded = images.load_images(str(tmp_path / "real.npy"), reading, "8x9")
    assert loaded.prepared.told.startswith("numbers of 0,65535 in 256 steps; ")
