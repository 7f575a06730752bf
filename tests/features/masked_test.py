"""The masked auto-encoder: training, its files, the weights that ship."""

import json

import numpy as np
import pytest
from limits import within
from loading import load

from tf_mmdgan import errors
from tf_mmdgan.features import extract, get_extractor, masked
from tf_mmdgan.features.own_networks import MASKED


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "weights.npz"
    masked.save(path, masked.build((8, 8, 1), width=1, seed=4), {"seed": 4})
    return path


def test_loaded_weights_give_the_same_bits(saved, rng):
    images = rng.uniform(-1, 1, size=(3, 8, 8, 1)).astype(np.float32)
    loaded, metadata = masked.load(saved)
    made = masked.build((8, 8, 1), width=1, seed=4)
    np.testing.assert_array_equal(loaded(images), made(images))
    assert (metadata["image_shape"], metadata["width"]) == ([8, 8, 1], 1)


def test_half_of_the_patches_are_hidden(rng):
    hidden = masked.masks(rng, 500, (10, 8, 1), 4)
    assert hidden.shape == (500, 10, 8, 1)
    assert set(np.unique(hidden)) == {0.0, 1.0}
    patch = hidden[:, :4, :4].reshape(500, -1)
    assert (patch == patch[:, :1]).all()
    assert abs(hidden.mean() - 0.5) < 0.05


def test_it_learns_what_is_hidden():
    stripes = np.zeros((64, 8, 8, 1), np.uint8)
    stripes[::2, :, ::2] = 255
    stripes[1::2, ::2] = 255
    _, before = masked.train(stripes, steps=1, width=2, patch=2)
    _, after = masked.train(stripes, steps=150, width=2, patch=2)
    assert after < 0.5 * before


@pytest.mark.parametrize(
    "claim", [{"width": 10**6}, {"image_shape": [10**6, 10**6, 1]},
              {"image_shape": [8, 8]}, {"width": True}],
)  # fmt: skip
def test_sizes_are_those_of_the_weights(saved, claim):
    with np.load(saved) as archive:
        arrays = dict(archive)
    metadata = json.loads(str(arrays["metadata"])) | claim
    arrays["metadata"] = np.array(json.dumps(metadata))
    np.savez(saved, **arrays)
    with (
        within(seconds=10, megabytes=50),
        pytest.raises(errors.DataError, match="not masked auto-encoder"),
    ):
        masked.load(saved)


@pytest.mark.parametrize("name", MASKED)
def test_the_weights_that_ship_say_how_they_were_made(name):
    _, metadata = masked.load(MASKED[name])
    assert f"--dataset={name.removeprefix('masked_')}" in metadata["command"]
    assert "--out=tf_mmdgan/features/weights/" in metadata["command"]
    assert MASKED[name].stat().st_size < 450_000


def test_features_of_digits_tell_them_apart():
    # Of each held-out digit, the class of the nearest training image.
    extractor = get_extractor("masked_digits")
    train, test = (load("digits", split) for split in ("train", "test"))
    known, asked = (
        extract(extractor, images).features
        for images in (train.images, test.images[:200])
    )
    squares = ((asked[:, None] - known) ** 2).sum(axis=-1)
    found = train.labels[squares.argmin(axis=1)]
    assert (found == test.labels[:200]).mean() > 0.9


def test_impossible_networks_and_images_are_refused():
    with pytest.raises(errors.UsageError, match="masked auto-encoder of width"):
        masked.build((4, 8, 1))
    with pytest.raises(errors.DataError, match="need uint8"):
        masked.train(np.zeros((2, 8, 8, 1), np.float32))


@pytest.mark.parametrize("kind", ["c8", "M8[s]", "?", "U1"])
def test_weights_are_float32(saved, kind):
    with np.load(saved) as archive:
        arrays = dict(archive)
    arrays["code/bias"] = arrays["code/bias"].astype(kind)
    np.savez(saved, **arrays)
    with pytest.raises(errors.DataError, match="code/bias is no float32"):
        masked.load(saved)
