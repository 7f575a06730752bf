"""The generator in Keras' other formats gives the same images."""

import importlib.util
import warnings

import keras
import numpy as np
import onnx
import onnx.reference
import pytest
import tensorflow as tf
from small import LATENTS, make_generator

from tf_mmdgan import errors, export
from tf_mmdgan.export import formats

RNG = np.random.default_rng(0)
LATENT_ROWS = RNG.uniform(-1, 1, (3, LATENTS.size)).astype(np.float32)


def of_keras(path):
    return keras.models.load_model(path)(LATENT_ROWS, training=False)


def of_litert(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        interpreter = tf.lite.Interpreter(str(path))
    ((signature, names),) = interpreter.get_signature_list().items()
    run = interpreter.get_signature_runner(signature)
    (images,) = run(**{names["inputs"][0]: LATENT_ROWS}).values()
    return images


def of_onnx(path):
    model = onnx.load(path)
    onnx.checker.check_model(model)
    evaluator = onnx.reference.ReferenceEvaluator(model)
    return evaluator.run(None, {model.graph.input[0].name: LATENT_ROWS})[0]


@pytest.fixture(scope="module")
def generator():
    return make_generator()


@pytest.mark.parametrize(
    "name, file, run",
    [
        ("keras", "generator.keras", of_keras),
        ("litert", "generator.tflite", of_litert),
        ("onnx", "generator.onnx", of_onnx),
    ],
)
def test_the_same_images(generator, tmp_path, name, file, run):
    version = export.export_generator(
        generator, LATENTS, tmp_path, other_formats=["saved_model", name]
    )
    got = run(version / "assets.extra" / file)
    want = generator(LATENT_ROWS, training=False)
    np.testing.assert_allclose(got, want, atol=1e-5)


def test_unknown_formats_are_refused_before_anything_is_written(
    generator, tmp_path
):
    with pytest.raises(errors.UsageError, match="Unknown format 'tflit'"):
        export.export_generator(
            generator, LATENTS, tmp_path / "m", other_formats=["tflit"]
        )
    assert not (tmp_path / "m").exists()


def test_an_absent_converter_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(errors.UsageError, match=r"'tf_mmdgan\[onnx\]'"):
        formats.check(["onnx"])
    formats.check(["keras", "litert"])


class Signs(keras.layers.Layer):
    """Of what ONNX files have no operation for."""

    def call(self, x):
        words = tf.cast(x, tf.int64)
        return tf.cast(tf.bitwise.bitwise_xor(words, words + 1), tf.float32)


def test_what_onnx_has_no_operation_for_is_refused(tmp_path, caplog, capfd):
    """The converter logs it, and writes a file that nothing can load."""
    latents = keras.Input((LATENTS.size,))
    network = keras.Model(latents, Signs()(latents))
    network(LATENT_ROWS)
    with pytest.raises(errors.UsageError, match=r"as onnx: .*Bitwise"):
        formats.write(network, tmp_path, ["onnx"])
    assert not caplog.records and "Traceback" not in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("operations", [[], [b"FlexCumsum", b"FlexErf"]])
def test_operations_that_need_a_delegate_are_told(
    generator, tmp_path, monkeypatch, operations, recwarn
):
    def save(generator, path):
        path.write_bytes(b"TFL3\0" + b"\0\0".join([*operations, b"Flexible"]))

    monkeypatch.setitem(formats.FORMATS, "litert", ("tflite", save))
    formats.write(generator, tmp_path, ["litert"])
    told = " ".join(str(warning.message) for warning in recwarn)
    assert ("FlexCumsum, FlexErf: an interpreter" in told) == bool(operations)
    assert "Flexible" not in told


def test_a_failing_converter_leaves_no_version(
    generator, tmp_path, monkeypatch
):
    def fails(generator, path):
        raise RuntimeError("no such operation\nand so on")

    monkeypatch.setitem(formats.FORMATS, "litert", ("tflite", fails))
    with pytest.raises(errors.UsageError, match=r"as litert: no such op"):
        export.export_generator(
            generator, LATENTS, tmp_path, other_formats=["litert"]
        )
    assert not list(tmp_path.iterdir())
