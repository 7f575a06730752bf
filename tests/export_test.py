"""Exported generators: signatures, versions, failures, reload."""

import json
import os
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors, export, images
from tf_mmdgan.latents import Latents, sampling_seed

LATENTS = Latents(6, "uniform")


def make_generator(channels=3, size=6):
    """A small network whose batch statistics are not those of a fresh one."""
    layers = [
        keras.Input((size,)),
        keras.layers.Dense(4 * 4 * 5, use_bias=False),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
        keras.layers.Reshape((4, 4, 5)),
        keras.layers.Conv2DTranspose(
            channels, 4, 2, padding="same", activation="tanh"
        ),
    ]
    network = keras.Sequential(layers)
    network(3.0 * tf.random.stateless_normal([64, size], [1, 2]), training=True)
    return network


@pytest.fixture(scope="module")
def generator():
    keras.utils.set_random_seed(0)
    return make_generator()


@pytest.fixture(scope="module")
def export_dir(generator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    export.export_generator(generator, LATENTS, folder, {"step": 12})
    return folder


@pytest.fixture(scope="module")
def loaded(export_dir):
    return export.load_generator(export_dir)


def call(loaded, signature, **inputs):
    outputs = loaded.signatures[signature](
        **{name: tf.constant(*value) for name, value in inputs.items()}
    )
    return {name: value.numpy() for name, value in outputs.items()}


def draw(loaded, count, seed=7, signature="sample"):
    return call(
        loaded,
        signature,
        num_samples=(count, tf.int32),
        seed=(seed, tf.int64),
    )


def draw_range(loaded, count, seed, start):
    return call(
        loaded,
        "sample_range",
        num_samples=(count, tf.int32),
        seed=(seed, tf.int64),
        start=(start, tf.int64),
    )


@pytest.mark.parametrize("count", [0, 1, 5])
def test_serving_default_is_the_generator_in_inference_mode(
    loaded, generator, rng, count
):
    latents = rng.uniform(-1, 1, size=(count, 6)).astype(np.float32)
    got = call(loaded, "serving_default", latents=(latents,))
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
        "sample_png": {"png"},
        "sample_range": {"images", "latents"},
    }
    assert found == {
        "serving_default": {"latents": "float32"},
        "sample": count_and_seed,
        "sample_png": count_and_seed,
        "sample_range": {**count_and_seed, "start": "int64"},
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


@pytest.mark.parametrize("channels", [1, 3])
def test_pngs_decode_to_the_sampled_images(
    loaded, channels, tmp_path, generator
):
    if channels == 1:
        export.export_generator(make_generator(1), LATENTS, tmp_path)
        loaded = export.load_generator(tmp_path)
    pngs = draw(loaded, 4, signature="sample_png")["png"]
    decoded = [tf.io.decode_png(png).numpy() for png in pngs]
    np.testing.assert_array_equal(decoded, draw(loaded, 4)["images"])


def test_no_samples(loaded):
    assert draw(loaded, 0)["images"].shape == (0, 8, 8, 3)
    assert draw(loaded, 0, signature="sample_png")["png"].shape == (0,)
    assert export.sample(loaded, 0, seed=1).shape == (0, 8, 8, 3)


@pytest.mark.parametrize("signature", ["sample", "sample_png"])
def test_negative_counts_are_named(loaded, signature):
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="num_samples must be 0 or more"
    ):
        draw(loaded, -1, signature=signature)


def test_negative_starts_are_named(loaded):
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="start must be 0 or more"
    ):
        draw_range(loaded, 1, 0, start=-1)


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_sample_in_chunks(loaded, batch_size):
    got = export.sample(loaded, 7, seed=5, batch_size=batch_size)
    want = draw(loaded, 7, seed=5)["images"].astype(int)
    assert got.dtype == np.uint8
    assert np.abs(got - want).max() <= 1
    assert len(np.unique(got.reshape(7, -1), axis=0)) == 7


def test_sample_refuses_bad_arguments(loaded):
    with pytest.raises(errors.UsageError, match="num_samples=-1"):
        export.sample(loaded, -1, seed=0)
    with pytest.raises(errors.UsageError, match="batch_size=0"):
        export.sample(loaded, 1, seed=0, batch_size=0)
    with pytest.raises(errors.UsageError, match="64 bits"):
        export.sample(loaded, 1, seed=2**63)
    with pytest.raises(errors.UsageError, match=r"label=0: .* no classes"):
        export.sample(loaded, 1, seed=0, label=0)


def test_metadata(loaded, export_dir):
    assert loaded.path == export_dir / "1"
    assert loaded.metadata == {
        "step": 12,
        "format": "tf_mmdgan generator",
        "latents": {"size": 6, "distribution": "uniform"},
        "image_shape": [8, 8, 3],
        "num_classes": None,
    }
    file = export_dir / "1" / "assets.extra" / "tf_mmdgan.json"
    assert json.loads(file.read_text()) == loaded.metadata


def test_only_the_generator_is_saved(loaded, generator):
    saved = tf.train.list_variables(str(loaded.path / "variables/variables"))
    shapes = [tuple(shape) for name, shape in saved if "GRAPH" not in name]
    assert sorted(shapes) == sorted(tuple(v.shape) for v in generator.variables)


def test_reload_in_another_process_gives_the_same_bits(loaded, tmp_path):
    out = tmp_path / "out.npz"
    program = (
        "import sys, numpy, tensorflow as tf\n"
        "model = tf.saved_model.load(sys.argv[1])\n"
        "found = model.signatures['sample'](\n"
        "    num_samples=tf.constant(5), seed=tf.constant(7, tf.int64))\n"
        "numpy.savez(sys.argv[2], **found)\n"
    )
    # TensorFlow alone: a server knows nothing of this package.
    subprocess.run(
        [sys.executable, "-c", program, str(loaded.path), str(out)],
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    here = draw(loaded, 5, seed=7)
    with np.load(out) as there:
        assert set(there) == set(here)
        for name, value in here.items():
            np.testing.assert_array_equal(there[name], value)


def test_versions_count_on_from_the_largest(generator, tmp_path, monkeypatch):
    monkeypatch.setattr(tf.saved_model, "save", write_little)
    names = [
        export.export_generator(generator, LATENTS, tmp_path / "new").name
        for _ in range(2)
    ]
    assert names == ["1", "2"]
    (tmp_path / "new" / "10").mkdir()
    (tmp_path / "new" / "best").mkdir()
    newest = export.export_generator(generator, LATENTS, tmp_path / "new")
    assert newest.name == "11"


def write_little(module, path, **kwargs):
    os.makedirs(path)
    with open(os.path.join(path, "saved_model.pb"), "wb") as file:
        file.write(b"half")


def test_two_exports_at_once_take_two_versions(
    generator, tmp_path, monkeypatch
):
    def overtaken(module, path, **kwargs):
        write_little(module, path)
        if not (tmp_path / "1").exists():
            write_little(module, tmp_path / "1")

    monkeypatch.setattr(tf.saved_model, "save", overtaken)
    counted = export._versions
    # The first look at the folder comes before the other export's rename.
    looks = iter([{}])
    monkeypatch.setattr(
        export, "_versions", lambda folder: next(looks, counted(folder))
    )
    written = export.export_generator(generator, LATENTS, tmp_path)
    assert written == tmp_path / "2"
    assert not (tmp_path / "1" / export.METADATA).exists()


def test_an_interrupted_export_leaves_nothing(generator, tmp_path, monkeypatch):
    def dies(module, path, **kwargs):
        write_little(module, path)
        assert not any(name.isdecimal() for name in os.listdir(tmp_path))
        raise KeyboardInterrupt

    monkeypatch.setattr(tf.saved_model, "save", dies)
    with pytest.raises(KeyboardInterrupt):
        export.export_generator(generator, LATENTS, tmp_path)
    assert os.listdir(tmp_path) == []


def test_old_leftovers_go_and_running_exports_stay(
    generator, tmp_path, monkeypatch
):
    monkeypatch.setattr(tf.saved_model, "save", write_little)
    for name, age in ((".export-old", 7200), (".export-new", 60)):
        (tmp_path / name).mkdir()
        when = time.time() - age
        os.utime(tmp_path / name, (when, when))
    export.export_generator(generator, LATENTS, tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".export-new", "1"]


def test_metadata_that_json_cannot_hold_fails_first(generator, tmp_path):
    with pytest.raises(TypeError):
        export.export_generator(
            generator, LATENTS, tmp_path / "new", {"step": object()}
        )
    assert not (tmp_path / "new").exists()


def test_load_takes_the_newest_version_or_the_one_named(
    export_dir, generator, tmp_path
):
    for step in (1, 2):
        export.export_generator(generator, LATENTS, tmp_path, {"step": step})
    assert export.load_generator(tmp_path).metadata["step"] == 2
    assert export.load_generator(tmp_path / "1").metadata["step"] == 1


def test_missing_and_foreign_folders(tmp_path):
    with pytest.raises(errors.DataError, match=r"no folder .*nowhere; tools/"):
        export.load_generator(tmp_path / "nowhere")
    with pytest.raises(errors.DataError, match="not a generator exported by"):
        export.load_generator(tmp_path)
    write_little(None, tmp_path / "3")
    with pytest.raises(errors.DataError, match=r"3 is not a generator"):
        export.load_generator(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "saved_model.pb",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
        export.METADATA,
    ],
)
def test_damaged_files_give_one_line(export_dir, tmp_path, name):
    copy = tmp_path / "1"
    subprocess.run(["cp", "-r", export_dir / "1", copy], check=True)
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(errors.DataError, match="1 is damaged") as caught:
        export.load_generator(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_file_in_the_place_of_the_folder(generator, tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(errors.DataError, match="Cannot make the folder"):
            export.export_generator(generator, LATENTS, path)


def test_generators_that_do_not_fit(generator, tmp_path):
    with pytest.raises(errors.UsageError, match=r"\[n, 5\].*\(None, 6\)"):
        export.export_generator(generator, Latents(5, "uniform"), tmp_path)
    with pytest.raises(errors.UsageError, match=r"shape \[8, 8, 2\]"):
        export.export_generator(make_generator(2), LATENTS, tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_generator_of_two_replicas(tmp_path, two_cpus):
    with two_cpus.scope():
        keras.utils.set_random_seed(1)
        mirrored = make_generator()
    export.export_generator(mirrored, LATENTS, tmp_path)
    loaded = export.load_generator(tmp_path)
    latents = LATENTS.sample((3, 4), 5)
    got = call(loaded, "serving_default", latents=(latents,))["images"]
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
    got = call(loaded, "serving_default", latents=(latents,))["images"]
    assert got.dtype == np.float32
