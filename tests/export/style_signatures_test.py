"""What an exported style-based generator can be asked for beside."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from small import call

from tf_mmdgan import errors, export, images, serving
from tf_mmdgan.conditions import Classes
from tf_mmdgan.latents import Latents, sampling_seed
from tf_mmdgan.networks import (
    ARCHITECTURES,
    Conditioning,
    GeneratorOptions,
    StyleOptions,
    style_parts,
    styles,
)

LATENTS, LAYERS = Latents(8, "normal"), 6


def make(conditioning=None):
    """With noise that shows, and a mean of w that is not 0."""
    keras.utils.set_random_seed(0)
    made = ARCHITECTURES["stylegan2"].generator(
        (16, 16, 1),
        GeneratorOptions(
            LATENTS.size, width=2, conditioning=conditioning,
            styles=StyleOptions(2, 0.9, "normal"),
        ),
    )  # fmt: skip
    for layer in style_parts(made).synthesis.layers:
        if isinstance(layer, styles.NoiseInput):
            layer.strength.assign(0.3)
    style_parts(made).styles.mean.assign([0.3, -0.4, 0.5, 0.1])
    return made


@pytest.fixture(scope="module")
def generator():
    return make()


@pytest.fixture(scope="module")
def loaded(generator):
    """The functions themselves: to trace and to save them takes long."""
    arguments = export.servable_of(generator, LATENTS)._arguments()
    functions = {name: function for name, (function, *_) in arguments.items()}
    return types.SimpleNamespace(signatures=functions)


def latents(seed, index=0, count=1):
    return LATENTS.sample(sampling_seed(seed), count, index)


def expected(generator, given, noise, truncation=1.0):
    """8-bit images of styles, by the parts of the generator."""
    parts = style_parts(generator)
    near = styles.truncated(given, parts.styles.mean.value, truncation)
    return images.to_uint8(parts.synthesis([near, noise])).numpy()


def near(found, wanted):
    """Up to a level: other batch sizes sum in another order."""
    assert found.dtype == np.uint8 and np.std(found) > 5.0
    np.testing.assert_allclose(found.astype(int), wanted.astype(int), atol=1)


def mix(loaded, cutoff, truncation=1.0, **labels):
    """Three images of seed 7 with fine styles of one of seed 9."""
    return call(
        loaded, "mix_styles", seed=[7] * 3, index=[0, 1, 2],
        other_seed=[9] * 3, other_index=[5] * 3, cutoff=cutoff,
        truncation=[truncation] * 3, **labels,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["cutoff", "truncation", "other_index"])
def test_a_long_column_makes_no_more_images(loaded, name):
    rows = {"seed": [7], "index": [0], "truncation": [1.0]}
    rows |= {"other_seed": [9], "other_index": [5], "cutoff": [2]}
    long = {name: rows[name] * 1025}
    asked = ["mix_styles"] + ["sample_by_seed"] * (name == "truncation")
    for signature in asked:
        taken = rows if signature == "mix_styles" else dict([*rows.items()][:3])
        with pytest.raises(
            tf.errors.InvalidArgumentError, match="of the first, not 1025"
        ):
            call(loaded, signature, **{**taken, **long})


def test_styles_are_mixed_by_layer_and_noise_is_that_of_the_first(
    loaded, generator
):
    chosen = style_parts(generator).chosen
    z, other = latents(7, count=3), latents(9, 5)
    cutoffs = [0, 2, LAYERS]
    given = styles.mixed(chosen(z), tf.repeat(chosen(other), 3, 0), cutoffs)
    found = mix(loaded, cutoffs)
    assert set(found) == {"images", "layers"}
    np.testing.assert_array_equal(found["layers"], [LAYERS] * 3)
    near(found["images"], expected(generator, given, z))
    # With none of the other's styles, it is the image itself.
    own = call(loaded, "sample", num_samples=3, seed=7)["images"]
    near(mix(loaded, [LAYERS] * 3)["images"], own)
    truncated = mix(loaded, cutoffs, 0.5)["images"]
    near(truncated, expected(generator, given, z, 0.5))
    assert np.abs(truncated.astype(int) - found["images"]).max() > 10


def test_styles_are_interpolated_with_one_noise(loaded, generator):
    way = {"seed_a": 7, "seed_b": 9, "steps": 3}
    found = call(loaded, "interpolate_styles", truncation=1.0, **way)
    assert set(found) == {"images"}
    chosen, noise = style_parts(generator).chosen, latents(7)
    first, last = chosen(noise), chosen(latents(9))
    given = tf.concat([first, 0.5 * (first + last), last], 0)
    near(
        found["images"], expected(generator, given, tf.repeat(noise, 3, axis=0))
    )


def test_truncation_is_that_of_styles_in_all_signatures(loaded, generator):
    z = latents(7, count=3)
    given = style_parts(generator).chosen(z)
    wanted = expected(generator, given, z, 0.4)
    whole = {"num_samples": 3, "seed": 7, "start": 0}
    drawn = call(loaded, "sample_range", truncation=0.4, **whole)
    near(drawn["images"], wanted)
    np.testing.assert_array_equal(drawn["latents"], z)
    rows = {"seed": [7] * 3, "index": [0, 1, 2]}
    by_seed = call(loaded, "sample_by_seed", truncation=[0.4] * 3, **rows)
    near(by_seed["images"], wanted)
    none = call(loaded, "sample_range", truncation=1.0, **whole)["images"]
    plain = call(loaded, "serving_default", latents=z)["images"]
    near(none, images.to_uint8(plain).numpy())
    ends = {"seed_a": 7, "seed_b": 9, "steps": 2}
    way = call(loaded, "interpolate", truncation=0.4, **ends)["images"]
    near(way[:1], wanted[:1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cutoff": [7]}, "cutoff must be 0 to 6, not 7"),
        ({"cutoff": [-1]}, "cutoff must be 0 to 6, not -1"),
        ({"other_index": [-2]}, "other_index must be >= 0, not -2"),
        ({"index": [-2]}, "index must be >= 0, not -2"),
        ({"truncation": [0.0]}, "truncation must be > 0 and <= 1, not 0"),
    ],
)
def test_bad_requests_are_refused(loaded, changes, message):
    given = {
        "seed": [1], "index": [0], "other_seed": [2], "other_index": [0],
        "cutoff": [2], "truncation": [1.0], **changes,
    }  # fmt: skip
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call(loaded, "mix_styles", **given)


@pytest.mark.slow
def test_the_sampler_mixes_in_parts_and_goes_along_styles(generator, tmp_path):
    export.export_generator(generator, LATENTS, tmp_path)
    loaded = export.load_generator(tmp_path)
    predictor = serving.LocalPredictor(loaded.signatures)
    sampler = serving.Sampler(predictor, batch_size=2)
    assert sampler.has_styles
    assert sampler.style_layers == LAYERS
    pairs = [(0, 5), (1, 5), (2, 5)]
    drawn = sampler.mix_styles(7, 9, pairs, cutoff=2)
    near(drawn.images, mix(loaded, [2, 2, 2])["images"])
    several = sampler.mix_styles(7, 9, pairs, cutoff=[0, 2, LAYERS])
    near(several.images, mix(loaded, [0, 2, LAYERS])["images"])
    way = sampler.interpolate(7, 9, 3).images
    same = {"seed_a": 7, "seed_b": 9, "steps": 3, "truncation": 1.0}
    near(way, call(loaded, "interpolate_styles", **same)["images"])
    with pytest.raises(errors.UsageError, match="cutoff must be 0 to 6"):
        sampler.mix_styles(7, 9, pairs, cutoff=9)


@pytest.mark.slow
def test_generators_with_classes_mix_within_one(tmp_path):
    made = make(Conditioning(Classes(3), "projection"))
    export.export_generator(made, LATENTS, tmp_path, condition=Classes(3))
    loaded = export.load_generator(tmp_path)
    found = mix(loaded, [2] * 3, label=[0, 1, 2])
    np.testing.assert_array_equal(found["labels"], [0, 1, 2])
    z, other = latents(7, count=3), tf.repeat(latents(9, 5), 3, axis=0)
    chosen, labels = style_parts(made).chosen, tf.constant([0, 1, 2])
    given = styles.mixed(chosen([z, labels]), chosen([other, labels]), 2)
    near(found["images"], expected(made, given, z))
    sampler = serving.Sampler(serving.LocalPredictor(loaded.signatures))
    with pytest.raises(errors.UsageError, match="name the label"):
        sampler.mix_styles(7, 9, [(0, 0)], cutoff=2)
    drawn = sampler.mix_styles(7, 9, [(0, 5)], cutoff=2, label=0)
    near(drawn.images, found["images"][:1])
    way = sampler.interpolate(7, 9, 3, label=1)
    np.testing.assert_array_equal(way.labels, [1, 1, 1])
