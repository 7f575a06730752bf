"""Signatures of exported generators."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small import LATENTS, call, make_generator

from tf_mmdgan import errors, export, images
from tf_mmdgan.latents import Latents, sampling_seed


def draw(loaded, count, seed=7, signature="sample"):
    return call(loaded, signature, num_samples=count, seed=seed)


def draw_range(loaded, count, seed, start, truncation=1.0):
    return call(
        loaded,
        "sample_range",
        num_samples=count,
        seed=seed,
        start=start,
        truncation=truncation,
    )


@pytest.mark.parametrize("count", [0, 1, 5])
def test_serving_default_is_the_generator_in_inference_mode(
    loaded, generator, rng, count
):
    latents = rng.uniform(-1, 1, size=(count, 6)).astype(np.float32)
    got = call(loaded, "serving_default", latents=latents)
    assert set(got) == {"images"} and got["images"].dtype == np.float32
    want = tf.function(generator)(latents, training=False)
    np.testing.assert_array_equal(got["images"], want)
    if count == 5:
        twin = keras.models.clone_model(generator)
        twin.set_weights(generator.get_weights())
        training = twin(latents, training=True)
        assert np.abs(got["images"] - training).max() > 1e-3


def test_input_and_output_names_and_types(loaded):
    found = {
        name: {
            tensor.name: tensor.dtype.name
            for tensor in function.structured_input_signature[1].values()
        }
        for name, function in loaded.signatures.items()
    }
    count_and_seed = {"num_samples": "int32", "seed": "int64"}
    outputs = {
        name: set(function.structured_outputs)
        for name, function in loaded.signatures.items()
    }
    assert outputs == {
        "serving_default": {"images"},
        "sample": {"images", "latents"},
        "sample_png": {"png_bytes"},
        "sample_range": {"images", "latents"},
        "interpolate": {"images", "latents"},
        "sample_by_seed": {"images"},
    }
    truncation = {"truncation": "float32"}
    assert found == {
        "serving_default": {"latents": "float32"},
        "sample": count_and_seed,
        "sample_png": count_and_seed,
        "sample_range": {**count_and_seed, "start": "int64", **truncation},
        "interpolate": {
            "seed_a": "int64",
            "seed_b": "int64",
            "steps": "int32",
            **truncation,
        },
        "sample_by_seed": {"seed": "int64", "index": "int64", **truncation},
    }


def test_sample_generates_from_the_latents_of_the_seed(loaded, generator):
    got = draw(loaded, 5, seed=11)
    latents = LATENTS.sample(sampling_seed(11), 5)
    np.testing.assert_array_equal(got["latents"], latents)
    want = images.to_uint8(tf.function(generator)(latents, training=False))
    np.testing.assert_array_equal(got["images"], want)
    assert got["images"].dtype == np.uint8 and got["images"].std() > 1.0


def test_seeds_repeat_and_differ(loaded):
    first, again, other = (draw(loaded, 5, seed) for seed in (7, 7, 8))
    for name in ("images", "latents"):
        np.testing.assert_array_equal(first[name], again[name])
        assert not np.array_equal(first[name], other[name])


def test_fewer_samples_are_the_first_ones(loaded):
    np.testing.assert_array_equal(
        draw(loaded, 3)["latents"], draw(loaded, 5)["latents"][:3]
    )


def test_a_range_continues_the_sequence(loaded):
    whole, rest = draw(loaded, 5, seed=9), draw_range(loaded, 2, 9, start=3)
    np.testing.assert_array_equal(rest["latents"], whole["latents"][3:])
    levels = rest["images"].astype(int) - whole["images"][3:]
    assert np.abs(levels).max() <= 1


def test_rows_by_seed_are_the_images_of_the_scalar_signature(loaded):
    seeds, indices = [7, -3, 7, 2**40], [0, 5, 2, 2**30]
    truncations = [1.0, 0.5, 0.25, 1.0]
    rows = call(
        loaded,
        "sample_by_seed",
        seed=seeds,
        index=indices,
        truncation=truncations,
    )["images"]
    for row, *asked in zip(rows, seeds, indices, truncations, strict=True):
        alone = draw_range(loaded, 1, *asked)["images"][0]
        np.testing.assert_array_equal(row, alone)
    assert rows.std() > 1.0


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_rows_by_seed_of_one_request_are_its_bits(generator, kind):
    servable = export.Servable(generator, Latents(6, kind))
    rows = servable.sample_by_seed(
        tf.fill([9], tf.constant(7, tf.int64)),
        tf.range(2, 11, dtype=tf.int64),
        tf.fill([9], 0.4),
    )
    whole = servable.sample_range(*scalars(9, 7, 2), tf.constant(0.4))
    np.testing.assert_array_equal(rows["images"], whole["images"])


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"index": [0, -1]}, "index must be >= 0"),
        ({"truncation": [1.0, 0.0]}, "truncation must be > 0"),
        ({"seed": [], "index": [], "truncation": []}, "number of rows must be"),
    ],
)
def test_rows_by_seed_are_checked(loaded, wrong, words):
    good = {"seed": [1, 2], "index": [0, 0], "truncation": [1.0, 1.0]}
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        call(loaded, "sample_by_seed", **{**good, **wrong})


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_truncation_is_that_of_the_latents(generator, kind):
    latents = Latents(6, kind)
    servable = export.Servable(generator, latents)
    got = servable.sample_range(*scalars(4, 7, 2), tf.constant(0.4))
    want = latents.sample(sampling_seed(7), 4, 2, truncation=0.4)
    np.testing.assert_array_equal(got["latents"], want)
    whole = servable.sample_range(*scalars(4, 7, 2), tf.constant(1.0))
    want = latents.sample(sampling_seed(7), 4, 2)
    np.testing.assert_array_equal(whole["latents"], want)


def scalars(count, seed, start):
    return (
        tf.constant(count),
        tf.constant(seed, tf.int64),
        tf.constant(start, tf.int64),
    )


def test_interpolation_leads_from_seed_to_seed(loaded, generator):
    got = call(
        loaded, "interpolate", seed_a=3, seed_b=4, steps=5, truncation=0.5
    )
    ends = [
        LATENTS.sample(sampling_seed(seed), 1, truncation=0.5)[0]
        for seed in (3, 4)
    ]
    np.testing.assert_array_equal(got["latents"][[0, -1]], ends)
    middle = (ends[0] + ends[1]) / 2.0
    np.testing.assert_allclose(got["latents"][2], middle, atol=1e-6)
    made = images.to_uint8(generator(got["latents"], training=False))
    assert np.abs(got["images"].astype(int) - made).max() <= 1


@pytest.mark.parametrize(
    "signature, inputs, message",
    [
        ("sample", {"num_samples": 0, "seed": 0}, "1 to 1024, not 0"),
        ("sample", {"num_samples": -1, "seed": 0}, "1 to 1024, not -1"),
        ("sample_png", {"num_samples": 1025, "seed": 0}, "not 1025"),
        (
            "sample_range",
            {"num_samples": 1, "seed": 0, "start": -1, "truncation": 1.0},
            "start must be >= 0, not -1",
        ),
        (
            "sample_range",
            {"num_samples": 1, "seed": 0, "start": 0, "truncation": 0.0},
            "truncation must be > 0 and <= 1, not 0",
        ),
        (
            "interpolate",
            {"seed_a": 0, "seed_b": 0, "steps": 1, "truncation": 1.0},
            "steps must be 2 to 1024, not 1",
        ),
        (
            "interpolate",
            {"seed_a": 0, "seed_b": 0, "steps": 2, "truncation": np.nan},
            "truncation must be > 0 and <= 1, not nan",
        ),
    ],
)
def test_inputs_out_of_range_are_named(loaded, signature, inputs, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call(loaded, signature, **inputs)


def test_the_limit_on_samples_is_a_choice(generator):
    servable = export.Servable(generator, LATENTS, max_samples=3)
    seed = tf.constant(0, tf.int64)
    assert servable.sample(tf.constant(3), seed)["images"].shape[0] == 3
    with pytest.raises(tf.errors.InvalidArgumentError, match="1 to 3, not 4"):
        servable.sample(tf.constant(4), seed)
    with pytest.raises(
        errors.UsageError, match="max_samples=1, need an integer >= 2"
    ):
        export.Servable(generator, LATENTS, max_samples=1)


@pytest.mark.parametrize("channels", [1, 3])
def test_pngs_decode_to_the_sampled_images(
    loaded, channels, tmp_path, generator
):
    if channels == 1:
        export.export_generator(make_generator(1), LATENTS, tmp_path)
        loaded = export.load_generator(tmp_path)
    pngs = draw(loaded, 4, signature="sample_png")["png_bytes"]
    decoded = [tf.io.decode_png(png).numpy() for png in pngs]
    np.testing.assert_array_equal(decoded, draw(loaded, 4)["images"])


def test_a_generator_of_two_replicas(tmp_path, two_cpus):
    with two_cpus.scope():
        keras.utils.set_random_seed(1)
        mirrored = make_generator()
    export.export_generator(mirrored, LATENTS, tmp_path)
    loaded = export.load_generator(tmp_path)
    latents = LATENTS.sample((3, 4), 5)
    got = call(loaded, "serving_default", latents=latents)["images"]
    want = mirrored(latents, training=False)
    np.testing.assert_allclose(got, want, atol=1e-6)


def test_a_16_bit_generator_serves_float32(tmp_path):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = make_generator()
    finally:
        keras.config.set_dtype_policy(before)
    export.export_generator(half, LATENTS, tmp_path)
    loaded = export.load_generator(tmp_path)
    latents = LATENTS.sample((3, 4), 2)
    got = call(loaded, "serving_default", latents=latents)["images"]
    assert got.dtype == np.float32
