"""Exported generators with classes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small import LATENTS, call

from tf_mmdgan import class_names, errors, export, images
from tf_mmdgan.conditions import Classes
from tf_mmdgan.latents import draw_labels, sampling_seed

CLASSES = 3


def one_hot(labels):
    return keras.ops.one_hot(labels, CLASSES)


@pytest.fixture(scope="module")
def generator():
    """The red channel is brightest for class 0, and so on."""
    keras.utils.set_random_seed(0)
    latents = keras.Input((LATENTS.size,))
    labels = keras.Input((), dtype="int32")
    x = keras.layers.Dense(4 * 4 * 3)(latents)
    x = keras.layers.Reshape((4, 4, 3))(x)
    share = keras.layers.Reshape((1, 1, 3))(one_hot(labels))
    x = keras.layers.Activation("tanh")(0.1 * x + share - 0.5)
    return keras.Model([latents, labels], x)


@pytest.fixture(scope="module")
def loaded(generator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    export.export_generator(
        generator, LATENTS, folder, {"step": 3}, Classes(CLASSES)
    )
    return export.load_generator(folder)


def draw(loaded, signature, count, seed=7, start=None, label=None):
    inputs = {"num_samples": count, "seed": seed}
    if start is not None:
        inputs |= {"start": start, "truncation": 1.0}
    if label is not None:
        inputs["label"] = label
    return call(loaded, signature, **inputs)


def test_input_and_output_names_and_types(loaded):
    found = {
        name: (
            {
                tensor.name: (tensor.dtype.name, tensor.shape.rank)
                for tensor in function.structured_input_signature[1].values()
            },
            {
                name: output.dtype.name
                for name, output in function.structured_outputs.items()
            },
        )
        for name, function in loaded.signatures.items()
    }
    asked = {"num_samples": ("int32", 0), "seed": ("int64", 0)}
    truncation, label = {"truncation": ("float32", 0)}, {"label": ("int32", 0)}
    ranged = {**asked, "start": ("int64", 0), **truncation}
    ends = dict.fromkeys(("seed_a", "seed_b"), ("int64", 0))
    way = {**ends, "steps": ("int32", 0), **truncation, **label}
    drawn = {"images": "uint8", "latents": "float32", "labels": "int32"}
    assert found == {
        "serving_default": (
            {"latents": ("float32", 2), "labels": ("int32", 1)},
            {"images": "float32"},
        ),
        "sample": (asked, drawn),
        "sample_png": (asked, {"png_bytes": "string", "labels": "int32"}),
        "sample_range": (ranged, drawn),
        "sample_class": ({**ranged, **label}, drawn),
        "interpolate": (way, drawn),
        "sample_by_seed": (
            {
                "seed": ("int64", 1),
                "index": ("int64", 1),
                "truncation": ("float32", 1),
                "label": ("int32", 1),
            },
            {"images": "uint8", "labels": "int32"},
        ),
    }


def test_serving_default_is_the_generator(loaded, generator, rng):
    latents = tf.constant(rng.uniform(-1, 1, size=(4, 6)), tf.float32)
    labels = tf.constant([2, 0, 1, 2])
    got = call(loaded, "serving_default", latents=latents, labels=labels)
    want = generator([latents, labels], training=False)
    np.testing.assert_allclose(got["images"], want, atol=1e-6)
    brightest = got["images"].mean((1, 2)).argmax(1)
    np.testing.assert_array_equal(brightest, labels)


@pytest.mark.parametrize("wrong", [-1, CLASSES, 99])
def test_serving_default_refuses_labels_that_are_none(loaded, wrong):
    latents = np.zeros((2, 6), np.float32)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=f"label must be.*{wrong}"
    ):
        call(loaded, "serving_default", latents=latents, labels=[0, wrong])


def test_classes_are_drawn_by_their_shares(generator):
    shares = np.array([0.1, 0.9, 0.0])
    servable = export.Servable(generator, LATENTS, Classes(CLASSES, shares))
    drawn = servable.sample(tf.constant(500), tf.constant(7, tf.int64))
    want = draw_labels(sampling_seed(7), 500, 0, CLASSES, shares)
    np.testing.assert_array_equal(drawn["labels"], want)
    assert np.bincount(want)[1] > 400
    with pytest.raises(errors.UsageError, match=f"need {CLASSES} numbers"):
        Classes(CLASSES, shares[:2])


@pytest.mark.parametrize("start", [0, 4])
def test_labels_are_drawn_and_returned(loaded, generator, start):
    got = draw(loaded, "sample_range", 20, start=start)
    seed = sampling_seed(7)
    labels = draw_labels(seed, 20, start, CLASSES)
    latents = LATENTS.sample(seed, 20, start)
    np.testing.assert_array_equal(got["labels"], labels)
    np.testing.assert_array_equal(got["latents"], latents)
    assert set(got["labels"]) == {0, 1, 2}
    want = images.to_uint8(generator([latents, labels])).numpy().astype(int)
    assert np.abs(got["images"] - want).max() <= 1


def test_all_signatures_draw_the_same_sequence(loaded):
    ranged = draw(loaded, "sample_range", 9, start=0)
    sampled = draw(loaded, "sample", 9)
    for name, value in ranged.items():
        np.testing.assert_array_equal(sampled[name], value)
    encoded = draw(loaded, "sample_png", 9)
    np.testing.assert_array_equal(encoded["labels"], ranged["labels"])
    decoded = [tf.io.decode_png(png) for png in encoded["png_bytes"]]
    np.testing.assert_array_equal(decoded, ranged["images"])


def test_rows_by_seed_have_the_classes_asked_for(loaded):
    asked = {"seed": [4, 4, 9], "index": [0, 3, 1], "label": [2, 0, 1]}
    got = call(loaded, "sample_by_seed", **asked, truncation=[1.0] * 3)
    np.testing.assert_array_equal(got["labels"], asked["label"])
    for row, seed, index, label in zip(
        got["images"], *asked.values(), strict=True
    ):
        alone = call(
            loaded,
            "sample_class",
            num_samples=1,
            seed=seed,
            start=index,
            truncation=1.0,
            label=label,
        )
        np.testing.assert_array_equal(row, alone["images"][0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="label must be"):
        call(
            loaded,
            "sample_by_seed",
            **{**asked, "label": [0, 1, CLASSES]},
            truncation=[1.0] * 3,
        )


@pytest.mark.parametrize("label", range(CLASSES))
def test_sample_class_gives_the_class_asked_for(loaded, label):
    got = draw(loaded, "sample_class", 9, start=2, label=label)
    np.testing.assert_array_equal(got["labels"], np.full(9, label))
    np.testing.assert_array_equal(
        got["images"].mean((1, 2)).argmax(1), np.full(9, label)
    )
    ranged = draw(loaded, "sample_range", 9, start=2)
    np.testing.assert_array_equal(got["latents"], ranged["latents"])
    same = ranged["labels"] == label
    np.testing.assert_array_equal(got["images"][same], ranged["images"][same])


@pytest.mark.parametrize("label", range(CLASSES))
def test_an_interpolation_shows_one_class(loaded, label):
    got = call(
        loaded, "interpolate", seed_a=1, seed_b=2, steps=4, truncation=1.0,
        label=label,
    )  # fmt: skip
    np.testing.assert_array_equal(got["labels"], np.full(4, label))
    brightest = got["images"].mean((1, 2)).argmax(1)
    np.testing.assert_array_equal(brightest, got["labels"])


@pytest.mark.parametrize("label", [-1, CLASSES])
def test_a_class_that_there_is_not(loaded, label):
    message = f"label must be 0 to 2, not {label}"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        draw(loaded, "sample_class", 1, start=0, label=label)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call(
            loaded, "interpolate", seed_a=1, seed_b=2, steps=4, truncation=1.0,
            label=label,
        )  # fmt: skip


@pytest.mark.parametrize(
    "count, start, message",
    [(0, 0, "num_samples must be 1 to 1024"), (1, -1, "start must be >= 0")],
)
def test_numbers_out_of_range_are_named(loaded, count, start, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        draw(loaded, "sample_class", count, start=start, label=0)


def test_metadata(loaded):
    assert loaded.metadata["num_classes"] == CLASSES
    assert loaded.metadata["step"] == 3


def test_classes_are_those_of_the_generator(generator, tmp_path):
    with pytest.raises(errors.UsageError, match=r"take latents \[n, 6\]: it"):
        export.export_generator(generator, LATENTS, tmp_path)
    plain = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4)])
    with pytest.raises(errors.UsageError, match=r"\[n, 6\] and labels \[n\]"):
        export.export_generator(plain, LATENTS, tmp_path, condition=Classes(3))
    assert not list(tmp_path.iterdir())


NAMES = ("-a", "2", "лампа & <b>")


def test_names_of_classes_are_exported(generator, tmp_path):
    path = export.export_generator(
        generator, LATENTS, tmp_path, condition=Classes(CLASSES, names=NAMES)
    )
    named = export.load_generator(tmp_path)
    assert named.metadata["class_names"] == list(NAMES)
    card = (path / "assets.extra" / "README.md").read_text()
    assert "3, by number from 0: -a, 2, лампа &amp; &lt;b>" in card
    got = call(named, "class_names", label=[2, 0])
    assert class_names.decoded(got["name"]) == (NAMES[2], NAMES[0])
    np.testing.assert_array_equal(got["num_classes"], [3, 3])
    with pytest.raises(tf.errors.InvalidArgumentError, match="0 to 2, not 3"):
        call(named, "class_names", label=[3])
    with pytest.raises(tf.errors.InvalidArgumentError, match="rows must be 0"):
        call(named, "class_names", label=[0] * 1025)
    one = np.zeros((1, 6), np.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="first, not 9"):
        call(named, "serving_default", latents=one, labels=[0] * 9)
    with pytest.raises(tf.errors.InvalidArgumentError, match="first, not 9"):
        call(
            named, "sample_by_seed", seed=[1], index=[0], truncation=[1.0],
            label=[0] * 9,
        )  # fmt: skip


def test_names_must_be_those_of_the_classes():
    for names in (NAMES[:2], ("a", "a", "b"), ("a", "b", "../c")):
        with pytest.raises(errors.UsageError, match="class_names: need 3"):
            Classes(CLASSES, names=names)
