"""Exported generators: written, loaded, and what can go wrong."""

import json
import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from limits import within
from small import LATENTS, call

from tf_mmdgan import errors, export
from tf_mmdgan.latents import Latents


def test_metadata(loaded, export_dir):
    assert loaded.path == export_dir / "1"
    assert loaded.metadata == {
        "step": 12,
        "format": "tf_mmdgan generator",
        "latents": {"size": 6, "distribution": "uniform"},
        "image_shape": [8, 8, 3],
        "num_classes": None,
        "class_names": None,
        "label_width": None,
        "value_range": None,
        "max_samples": 1024,
    }
    file = export_dir / "1" / "assets.extra" / "tf_mmdgan.json"
    assert json.loads(file.read_text()) == loaded.metadata


def test_only_the_generator_is_saved(loaded, generator):
    saved = tf.train.list_variables(str(loaded.path / "variables/variables"))
    shapes = [tuple(shape) for name, shape in saved if "GRAPH" not in name]
    assert sorted(shapes) == sorted(tuple(v.shape) for v in generator.variables)


def test_a_session_restores_what_the_functions_read(loaded):
    """TF Serving has sessions; tf.saved_model.load takes another way."""
    compat = tf.compat.v1
    with tf.Graph().as_default(), compat.Session() as session:
        model = compat.saved_model.load(session, ["serve"], str(loaded.path))
        definition = model.signature_def["sample"]
        fetches = {k: v.name for k, v in definition.outputs.items()}
        feeds = {"num_samples": 5, "seed": 7}
        served = session.run(
            fetches, {definition.inputs[k].name: v for k, v in feeds.items()}
        )
    here = call(loaded, "sample", num_samples=5, seed=7)
    assert set(served) == set(here)
    for name, value in here.items():
        np.testing.assert_array_equal(served[name], value)


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
    here = call(loaded, "sample", num_samples=5, seed=7)
    with np.load(out) as there:
        assert set(there) == set(here)
        for name, value in here.items():
            np.testing.assert_array_equal(there[name], value)


def test_metadata_that_json_cannot_hold_fails_first(generator, tmp_path):
    for metadata, words in (
        ({"step": object()}, "what JSON holds .*object is not JSON"),
        ({"loss": float("nan")}, "what JSON holds .*not JSON compliant"),
        ("step 2", "metadata: need a Mapping, not step 2"),
    ):
        with pytest.raises(errors.UsageError, match=words):
            export.export_generator(
                generator, LATENTS, tmp_path / "new", metadata
            )
    assert not (tmp_path / "new").exists()


def test_a_network_without_inputs_is_not_exported(tmp_path):
    for given, words in (
        (
            keras.Sequential([keras.layers.Dense(4)]),
            "has no known inputs: give",
        ),
        ("dcgan", "generator: need a Model"),
    ):
        with pytest.raises(errors.UsageError, match=words):
            export.export_generator(given, LATENTS, tmp_path)


def test_load_takes_the_newest_version_or_the_one_named(
    export_dir, generator, tmp_path
):
    for step in (1, 2):
        export.export_generator(generator, LATENTS, tmp_path, {"step": step})
    assert export.load_generator(tmp_path).metadata["step"] == 2
    assert export.load_generator(tmp_path / "1").metadata["step"] == 1


def test_missing_and_foreign_folders(tmp_path):
    with pytest.raises(errors.DataError, match="nowhere; tf-mmdgan export"):
        export.load_generator(tmp_path / "nowhere")
    with pytest.raises(errors.DataError, match="not a generator exported by"):
        export.load_generator(tmp_path)
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "saved_model.pb").write_bytes(b"half")
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


@pytest.mark.parametrize(
    "change",
    [
        {"table": [1]}, {"table": 3}, {"num_classes": "many"},
        {"num_classes": 2**70}, {"image_shape": "8"}, {"image_shape": None},
    ],
    ids=range(6),
)  # fmt: skip
def test_metadata_of_other_types_give_one_line(export_dir, tmp_path, change):
    copy = tmp_path / "1"
    subprocess.run(["cp", "-r", export_dir / "1", copy], check=True)
    record = json.loads((copy / export.METADATA).read_text())
    (copy / export.METADATA).write_text(json.dumps(record | change))
    with pytest.raises(errors.DataError, match="1 is damaged"):
        export.load_generator(tmp_path)


def test_a_file_in_the_place_of_the_folder(generator, tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(errors.DataError, match="Cannot make the folder"):
            export.export_generator(generator, LATENTS, path)


def test_generators_that_do_not_fit(generator, tmp_path):
    with pytest.raises(errors.UsageError, match=r"\[n, 5\].*\(None, 6\)"):
        export.export_generator(generator, Latents(5, "uniform"), tmp_path)
    assert os.listdir(tmp_path) == []


def test_documents_and_a_limit_go_with_it(generator, tmp_path):
    path = export.export_generator(
        generator,
        LATENTS,
        tmp_path / "m",
        max_samples=7,
        documents={"report.json": {"fid": 1.5}},
    )
    assert (path / "assets.extra" / "report.json").read_text() == (
        '{\n  "fid": 1.5\n}\n'
    )
    loaded = export.load_generator(path)
    assert loaded.metadata["max_samples"] == 7
    with pytest.raises(tf.errors.InvalidArgumentError, match="1 to 7, not 8"):
        call(loaded, "sample", num_samples=8, seed=0)
    rows = np.zeros((8, 6), np.float32)
    assert len(call(loaded, "serving_default", latents=rows[:7])["images"]) == 7
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="rows must be 0 to 7, not 8"
    ):
        call(loaded, "serving_default", latents=rows)


@pytest.mark.parametrize(
    "name", ["saved_model.pb", export.METADATA, "variables/variables.index"]
)
def test_pipes_in_place_of_files_are_refused(export_dir, tmp_path, name):
    path = shutil.copytree(export_dir / "1", tmp_path / "1")
    (path / name).unlink()
    os.mkfifo(path / name)
    with within(seconds=10), pytest.raises(errors.DataError):
        export.load_generator(path)
