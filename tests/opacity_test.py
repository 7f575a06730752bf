"""Images with opacity: colours are multiplied by it inside, and not outside."""

import io

import keras
import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import export, images, serving
from tf_mmdgan.latents import Latents


def levels(rng, count=3):
    pixels = rng.integers(0, 256, (count, 6, 5, 4), dtype=np.uint8)
    pixels[:, :2, :, 3] = 0
    pixels[:, 2, :, 3] = 1
    pixels[:, 3, :, 3] = 255
    return pixels


def test_floats_are_colour_times_opacity(rng):
    pixels = levels(rng)
    found = (images.from_uint8(pixels).numpy() + 1.0) / 2.0
    shares = pixels / 255.0
    shares[..., :3] *= shares[..., 3:]
    np.testing.assert_allclose(found, shares, atol=1e-6)


def test_levels_that_can_be_seen_come_back(rng):
    pixels = levels(rng)
    back = images.to_uint8(images.from_uint8(pixels)).numpy()
    seen = pixels[..., 3] > 0
    np.testing.assert_array_equal(back[seen], pixels[seen])
    assert not back[~seen].any()


def test_colours_that_no_pixel_has_are_clipped():
    found = images.to_uint8(np.float32([[[[1.0, -1.0, 0.0, 0.0]]]])).numpy()
    np.testing.assert_array_equal(found[0, 0, 0], [255, 0, 254, 128])
    found = images.to_uint8(np.float32([[[[3.0, 3.0, 3.0, -3.0]]]])).numpy()
    assert not found.any()


def test_other_images_are_mapped_as_before(rng):
    for shape in ((2, 3, 4, 1), (2, 3, 4, 3), (3, 4)):
        pixels = rng.integers(0, 256, shape, dtype=np.uint8)
        want = pixels.astype(np.float32) / np.float32(127.5) - np.float32(1.0)
        np.testing.assert_array_equal(images.from_uint8(pixels), want)


def test_pictures_and_grids_keep_it(rng):
    pixels = levels(rng)
    file = images.encode_png(pixels[0])
    with PIL.Image.open(io.BytesIO(file)) as picture:
        assert picture.mode == "RGBA"
        np.testing.assert_array_equal(np.asarray(picture), pixels[0])
    grid = images.grid(pixels, columns=2)
    np.testing.assert_array_equal(grid[:6, 7:12], pixels[1])
    assert not grid[:, 5:7].any()


def test_opaque_is_over_white(rng):
    pixels = levels(rng)
    found = images.opaque(pixels).astype(float)
    share = pixels[..., 3:] / 255.0
    want = pixels[..., :3] * share + 255.0 * (1.0 - share)
    np.testing.assert_allclose(found, want, atol=1.0)


@pytest.fixture(scope="module")
def generator():
    keras.utils.set_random_seed(0)
    latents = keras.Input((4,))
    x = keras.layers.Dense(8 * 8 * 4, activation="tanh")(latents)
    return keras.Model(latents, keras.layers.Reshape((8, 8, 4))(x))


def test_exports_draw_colours_as_they_are(generator, tmp_path):
    latents = Latents(4, "normal")
    path = export.export_generator(generator, latents, tmp_path)
    signatures = export.load_generator(path).signatures
    drawn = serving.Sampler(serving.LocalPredictor(signatures)).sample(3, 1)
    floats = signatures["serving_default"](latents.sample((0, 1), 3))["images"]
    assert drawn.images.shape == (3, 8, 8, 4) and floats.shape == (3, 8, 8, 4)
    png = signatures["sample_png"](num_samples=3, seed=np.int64(1))
    with PIL.Image.open(io.BytesIO(png["png_bytes"].numpy()[2])) as picture:
        np.testing.assert_array_equal(np.asarray(picture), drawn.images[2])
    with PIL.Image.open(path / "assets.extra" / "samples.png") as picture:
        assert picture.mode == "RGBA"
