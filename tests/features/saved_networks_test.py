"""Extractors from files: stand-ins of the same formats, with known outputs."""

import io
import os
import pathlib
import tarfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from inceptions import Hub, check_inception, frozen_graph, means, softmax
from keras.src.legacy.saving import legacy_h5_format

from tf_mmdgan import errors
from tf_mmdgan.features import extract, get_extractor, saved_networks


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, size=(5, 8, 8, 3), dtype=np.uint8)


@pytest.mark.parametrize("logits", ["logits", "softmax/logits"])
def test_inception_from_a_frozen_graph(tmp_path, images, logits):
    path = tmp_path / "inception.pb"
    path.write_bytes(frozen_graph(logits=logits))
    check_inception(get_extractor(f"inception:{path}"), images)


def test_inception_from_an_archive(tmp_path, images):
    path, content = tmp_path / "inception.tar.gz", frozen_graph()
    with tarfile.open(path, "w:gz") as archive:
        for name, data in (("note.txt", b"x"), ("a/inception.pb", content)):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    check_inception(get_extractor(f"inception:{path}"), images)


def published_graph(with_logits=True, width=3):
    """With a batch of one baked into its reshape."""
    with tf.Graph().as_default() as graph:
        shape = [None, 299, 299, 3]
        scaled = tf.compat.v1.placeholder(tf.float32, shape, name="Mul")
        pooled = tf.reduce_mean(scaled, (1, 2), keepdims=True, name="pool_3")
        if with_logits:
            flat = tf.reshape(pooled, [1, width], name="pool_3/_reshape")
            product = tf.matmul(flat, tf.constant(2.0 * np.eye(3, dtype="f4")))
            tf.add(product, 0.0, name="softmax/logits")
    return graph.as_graph_def().SerializeToString()


@pytest.mark.parametrize("width", [3, -1])
def test_the_published_graph_takes_any_batch(tmp_path, images, width):
    path = tmp_path / "inception.pb"
    path.write_bytes(published_graph(width=width))
    extractor = get_extractor(f"inception:{path}")
    extractor.check(images.shape[1:])
    check_inception(extractor, images)


def test_logits_of_features_that_are_flat_already(tmp_path, images):
    with tf.Graph().as_default() as graph:
        shape = [None, 299, 299, 3]
        scaled = tf.compat.v1.placeholder(tf.float32, shape, name="Mul")
        pooled = tf.reduce_mean(scaled, (1, 2), name="pool_3")
        tf.multiply(pooled, 2.0, name="logits")
    path = tmp_path / "inception.pb"
    path.write_bytes(graph.as_graph_def().SerializeToString())
    check_inception(get_extractor(f"inception:{path}"), images)


def test_features_do_not_need_logits(tmp_path, images):
    path = tmp_path / "inception.pb"
    path.write_bytes(published_graph(with_logits=False))
    extractor = get_extractor(f"inception:{path}")
    found = extract(extractor, images)
    np.testing.assert_allclose(found.features, means(images), atol=1e-4)
    assert found.probabilities is None and not extractor.classifies


class Two(tf.Module):
    """Called for a tuple."""

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3])])
    def __call__(self, scaled):
        pooled = tf.reduce_mean(scaled, axis=(1, 2))
        return pooled, 2.0 * pooled


def test_a_tuple_of_outputs_needs_a_name(tmp_path, images):
    tf.saved_model.save(Two(), tmp_path)
    text = f"saved_model:{tmp_path}"
    with pytest.raises(
        errors.UsageError, match="several outputs, output_0, output_1"
    ):
        get_extractor(text).check((8, 8, 3))
    found = extract(get_extractor(f"{text},output=output_1"), images)
    expected = 2.0 * (images.mean(axis=(1, 2)) / 127.5 - 1.0)
    np.testing.assert_allclose(found.features, expected, atol=1e-5)


def test_the_size_is_that_of_the_signature(tmp_path, images):
    module = Signed()
    tf.saved_model.save(
        module, tmp_path, signatures=module.serve.get_concrete_function()
    )
    text = f"saved_model:{tmp_path},output=pooled"
    np.testing.assert_array_equal(
        extract(get_extractor(text), images).features,
        extract(get_extractor(f"{text},size=6"), images).features,
    )


def test_inception_from_the_cache_of_the_hub(tmp_path, images, monkeypatch):
    for cache in ("TFHUB_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(cache, str(tmp_path))
    with pytest.raises(
        errors.DataError, match=r"not in TensorFlow Hub's.*:PATH"
    ):
        get_extractor("inception")
    tf.saved_model.save(
        Hub(), saved_networks.hub_cache(saved_networks.INCEPTION_URL)
    )
    check_inception(get_extractor("inception"), images)


def test_the_cache_of_the_hub_is_ones_own(tmp_path, monkeypatch):
    monkeypatch.delenv("TFHUB_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = saved_networks.hub_cache(saved_networks.INCEPTION_URL)
    assert folder.parent == tmp_path / "tfhub_modules"
    monkeypatch.delenv("XDG_CACHE_HOME")
    shared = saved_networks.hub_cache(saved_networks.INCEPTION_URL)
    assert shared.is_relative_to(pathlib.Path.home())
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "shared"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = saved_networks.hub_cache(saved_networks.INCEPTION_URL)
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"a program")
    for path in (folder.parent, folder, folder / "saved_model.pb"):
        mode = path.stat().st_mode
        path.chmod(mode | 0o002)
        with pytest.raises(errors.DataError, match="would be run"):
            get_extractor("inception")
        path.chmod(mode)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    if folder.stat().st_uid:
        with pytest.raises(errors.DataError, match="would be run"):
            get_extractor("inception")


def test_other_weights_and_settings_have_other_identifiers(tmp_path):
    first, second = tmp_path / "a.pb", tmp_path / "b.pb"
    first.write_bytes(frozen_graph())
    second.write_bytes(frozen_graph(logits="softmax/logits"))
    texts = (
        f"inception:{first}", f"inception:{second}",
        f"inception:{first},resize=antialias",
    )  # fmt: skip
    assert len({get_extractor(text).identifier for text in texts}) == 3


def test_other_outputs_have_other_identifiers(tmp_path):
    tf.saved_model.save(Hub(), tmp_path / "hub")
    path = tmp_path / "small.keras"
    small_model().save(path)
    hub, small = f"saved_model:{tmp_path}/hub", f"keras:{path}"
    texts = (
        f"{hub},output=pool_3", f"{hub},output=logits",
        f"{hub},output=pool_3,logits=logits", f"{hub},output=pool_3,size=9",
        f"{small}@pooled", f"{small}@pooled,logits=classes",
    )  # fmt: skip
    assert len({get_extractor(text).identifier for text in texts}) == 6


@pytest.mark.parametrize(
    "content, words",
    [
        (frozen_graph()[:50], "damaged"),
        (b"PNG?", "damaged"),
        (frozen_graph(features="pool"), "lacks nodes named Mul, pool_3"),
    ],
    ids=["truncated", "foreign", "another graph"],
)
def test_what_is_no_inception_graph_is_refused(tmp_path, content, words):
    path = tmp_path / "inception.pb"
    path.write_bytes(content)
    with pytest.raises(errors.DataError, match=words):
        get_extractor(f"inception:{path}")


def test_a_missing_file_is_named(tmp_path):
    for name in ("inception", "keras_inception", "keras"):
        with pytest.raises(errors.DataError, match=r"nothing\.here"):
            get_extractor(f"{name}:{tmp_path}/nothing.here")
    with pytest.raises(errors.DataError, match="no SavedModel"):
        get_extractor(f"saved_model:{tmp_path}")


def test_weights_that_keras_has_not_fetched_are_asked_for(
    tmp_path, monkeypatch
):
    for cache in ("KERAS_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(cache, str(tmp_path))
    with pytest.raises(errors.DataError, match=f"{tmp_path}/models/.*PATH"):
        get_extractor("keras_inception")


def small_model():
    inputs = keras.Input((4, 4, 3))
    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(inputs)
    logits = keras.layers.Dense(6, name="classes")(pooled)
    return keras.Model(inputs, logits)


def test_a_layer_of_a_keras_model(tmp_path, images):
    path, model = tmp_path / "small.keras", small_model()
    model.save(path)
    images = images[:, :4, :4]  # of its size
    text = f"keras:{path},output=pooled,logits=classes,range=unit"
    got = extract(get_extractor(text), images)
    expected = images.mean(axis=(1, 2)) / 255.0
    np.testing.assert_allclose(got.features, expected, atol=1e-5)
    logits = expected @ model.get_layer("classes").get_weights()[0]
    np.testing.assert_allclose(got.probabilities, softmax(logits), atol=1e-5)
    last = extract(get_extractor(f"keras:{path},range=unit"), images)
    np.testing.assert_allclose(last.features, logits, atol=1e-5)
    assert last.probabilities is None
    with pytest.raises(errors.UsageError, match=r"layer .*'poled'.*pooled"):
        get_extractor(f"keras:{path},output=poled")


def test_grey_images_are_repeated_for_three_channels(tmp_path, rng):
    path = tmp_path / "small.keras"
    small_model().save(path)
    extractor = get_extractor(f"keras:{path},output=pooled")
    grey = rng.integers(0, 256, size=(3, 4, 4, 1), dtype=np.uint8)
    np.testing.assert_array_equal(
        extractor(grey).features, extractor(grey.repeat(3, axis=-1)).features
    )


class Signed(tf.Module):
    """With a signature alone."""

    @tf.function(input_signature=[tf.TensorSpec([None, 6, 6, 3])])
    def serve(self, scaled):
        return {
            "pooled": tf.reduce_mean(scaled, axis=(1, 2)),
            "other": scaled,
        }


def test_an_output_of_a_saved_model(tmp_path, images):
    module = Signed()
    tf.saved_model.save(
        module, tmp_path, signatures=module.serve.get_concrete_function()
    )
    text = f"saved_model:{tmp_path},size=6,resize=bilinear,range=levels"
    extractor = get_extractor(f"{text},output=pooled")
    resized = tf.image.resize(images.astype(np.float32), (6, 6))
    np.testing.assert_allclose(
        extract(extractor, images).features,
        tf.reduce_mean(resized, axis=(1, 2)),
        rtol=1e-5,
    )
    with pytest.raises(errors.UsageError, match="outputs, other, pooled"):
        extract(get_extractor(text), images)


def test_outputs_are_looked_up_before_images_are(tmp_path):
    tf.saved_model.save(Hub(), tmp_path)
    shape = (8, 8, 3)
    text = f"saved_model:{tmp_path},output="
    get_extractor(f"{text}pool_3,logits=logits").check(shape)
    for outputs in ("pool_4", "pool_3,logits=classes"):
        with pytest.raises(errors.UsageError, match=r"output of .*pool_3"):
            get_extractor(f"{text}{outputs}").check(shape)


def test_wrong_settings_are_refused(tmp_path):
    path = tmp_path / "small.keras"
    small_model().save(path)
    for text, words in (
        (f"keras:{path},siz=3", r"setting of the extractor keras 'siz'"),
        (f"keras:{path},resize=tf2", r"resize 'tf2'.*antialias"),
        (f"keras:{path},range=bytes", r"range 'bytes'.*levels"),
        ("keras", r"keras:PATH"),
        ("pixels:here", "takes no path"),
    ):
        with pytest.raises(errors.UsageError, match=words):
            get_extractor(text)


def save_with(tmp_path, kind, value):
    """A network of each format with a weight of this value, and its name."""
    if kind == "keras":
        model = small_model()
        kernel, bias = model.get_layer("classes").get_weights()
        kernel[0, 0] = value
        model.get_layer("classes").set_weights([kernel, bias])
        model.save(tmp_path / "small.keras")
        return f"keras:{tmp_path}/small.keras"
    if kind == "saved_model":
        module = Hub()
        module.factor.assign(value)
        tf.saved_model.save(module, tmp_path)
        return f"saved_model:{tmp_path},output=pool_3"
    definition = tf.compat.v1.GraphDef.FromString(frozen_graph())
    weights = tf.make_tensor_proto(np.array([1.0, value], np.float32))
    node = definition.node.add(name="weights", op="Const")
    node.attr["value"].tensor.CopyFrom(weights)
    node.attr["dtype"].type = weights.dtype
    (tmp_path / "graph.pb").write_bytes(definition.SerializeToString())
    return f"inception:{tmp_path}/graph.pb"


@pytest.mark.parametrize("kind", ["keras", "saved_model", "inception"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(tmp_path, kind, value):
    with pytest.raises(errors.DataError, match="NaN or infinite"):
        get_extractor(save_with(tmp_path, kind, value))


def test_logits_behind_a_softmax_are_taken_as_they_are(tmp_path, images):
    model = small_model()
    outputs = keras.layers.Softmax(name="soft")(model.output)
    keras.Model(model.input, outputs).save(tmp_path / "soft.keras")
    text = f"keras:{tmp_path}/soft.keras,output=pooled,logits="
    right = extract(get_extractor(f"{text}classes"), images).probabilities
    with pytest.warns(UserWarning, match="probabilities already"):
        found = extract(get_extractor(f"{text}soft"), images).probabilities
    np.testing.assert_allclose(found, right, atol=1e-6)


@pytest.mark.slow
def test_keras_inception_from_its_weights(tmp_path, images):
    """Random weights in the official file's format; 95 MB, ten seconds."""
    model = keras.applications.InceptionV3(
        weights=None, classifier_activation=None
    )
    path = tmp_path / "inception_v3.h5"
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    extractor = get_extractor(f"keras_inception:{path}")
    got = extract(extractor, images)
    resized = tf.image.resize(
        images.astype(np.float32), (299, 299), antialias=True
    )
    # In a graph, which takes a tenth of the memory.
    logits = model.predict(resized / 127.5 - 1.0, verbose=0)
    np.testing.assert_allclose(got.probabilities, softmax(logits), atol=1e-5)
    assert got.features.shape == (5, 2048)
    kernel, bias = model.get_layer("predictions").get_weights()
    np.testing.assert_allclose(got.features @ kernel + bias, logits, atol=1e-3)
