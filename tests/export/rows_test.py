"""Generators of rows: their signatures, in the units of the table."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors, export, serving
from tf_mmdgan.latents import Latents
from tf_mmdgan.networks import in_units


@pytest.fixture
def exported(tmp_path):
    """A generator of two columns in their units, and its folder."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((3,))
    generator = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    units = in_units(generator, (5.0, -100.0), (0.1, 30.0))
    latents = Latents(3, "normal")
    path = export.export_generator(units, latents, tmp_path / "served")
    return generator, latents, path


def test_units_are_in_the_graph(exported, rng):
    generator, _, path = exported
    latents = rng.normal(size=(4, 3)).astype(np.float32)
    signatures = export.load_generator(path).signatures
    found = signatures["serving_default"](latents=tf.constant(latents))["rows"]
    expected = generator(latents) * [0.1, 30.0] + [5.0, -100.0]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_rows_by_seed(exported):
    generator, latents, path = exported
    loaded = export.load_generator(path)
    assert "sample_png" not in loaded.signatures
    assert loaded.metadata["image_shape"] == [2]
    card = (path / "assets.extra" / "README.md").read_text()
    assert "rows of a table" in card and "samples.png" not in card
    sampler = serving.Sampler(serving.LocalPredictor(loaded.signatures), 2)
    assert sampler.makes_rows
    drawn = sampler.sample(5, seed=7)
    assert drawn.arrays()["rows"] is drawn.images and drawn.are_rows
    assert drawn.images.dtype == np.float32 and drawn.images.shape == (5, 2)
    from_seed = latents.sample((7, 0x5A3D), 5)
    expected = generator(from_seed) * [0.1, 30.0] + [5.0, -100.0]
    np.testing.assert_allclose(drawn.images, expected, rtol=1e-5)
    way = sampler.interpolate(7, 8, 3)
    np.testing.assert_allclose(way.images[0], drawn.images[0], rtol=1e-5)


def test_rows_are_not_scored_in_their_units(exported):
    from tf_mmdgan.evaluation.images import load_images

    with pytest.raises(errors.UsageError, match="score the run, by --run_dir"):
        load_images(str(exported[2]))
