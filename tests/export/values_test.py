"""Generators of data that are no levels of 8 bits, and of many channels."""

import io

import keras
import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import errors, export, serving
from tf_mmdgan.latents import Latents

LATENTS = Latents(4, "normal")
RANGE = (-1000.0, 64535.0)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    keras.utils.set_random_seed(0)
    latents = keras.Input((LATENTS.size,))
    x = keras.layers.Dense(8 * 8 * 5, activation="tanh")(latents)
    generator = keras.Model(latents, keras.layers.Reshape((8, 8, 5))(x))
    return export.export_generator(
        generator, LATENTS, tmp_path_factory.mktemp("m"), value_range=RANGE
    )


@pytest.fixture(scope="module")
def loaded(path):
    return export.load_generator(path)


def test_values_are_in_the_range_of_the_data(loaded):
    assert loaded.metadata["value_range"] == list(RANGE)
    predictor = serving.LocalPredictor(loaded.signatures)
    sampler = serving.Sampler(predictor, batch_size=2)
    for drawn in (sampler.sample(3, seed=1), sampler.interpolate(1, 2, 3)):
        assert drawn.values.shape == drawn.images.shape == (3, 8, 8, 5)
        levels = (drawn.values - RANGE[0]) / (RANGE[1] - RANGE[0]) * 255.0
        np.testing.assert_allclose(drawn.images, levels, atol=0.51)
        assert np.any(levels != np.rint(levels))
    assert set(drawn.arrays()) == {"images", "values"}
    np.testing.assert_array_equal(
        drawn.rows(np.array([2])).values, drawn.values[[2]]
    )


def test_pictures_show_the_first_three_channels(loaded, path):
    png = loaded.signatures["sample_png"](num_samples=1, seed=np.int64(1))
    predictor = serving.LocalPredictor(loaded.signatures)
    want = serving.Sampler(predictor).sample(1, seed=1).images[0, ..., :3]
    with PIL.Image.open(io.BytesIO(png["png_bytes"].numpy()[0])) as picture:
        np.testing.assert_array_equal(np.asarray(picture), want)
    with PIL.Image.open(path / "assets.extra" / "samples.png") as picture:
        assert picture.mode == "RGB"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"value_range": (1.0, 0.0)}, "highest=0.0"),
        ({"value_range": "0,1"}, "value_range=0,1: need two numbers"),
        ({"documents": {"../other.json": {}}}, "is the name of no file"),
        ({"documents": {"other.json": {"a": np.nan}}}, "what JSON holds"),
    ],
)
def test_what_an_export_does_not_take(tmp_path, settings, message):
    layers = [keras.Input((2,)), keras.layers.Dense(3)]
    with pytest.raises(errors.UsageError, match=message):
        export.export_generator(
            keras.Sequential(layers), Latents(2, "normal"), tmp_path / "new",
            **settings,
        )  # fmt: skip
    assert not (tmp_path / "new").exists()
