"""Keras models of all kinds as extractors: right values, or one line."""

import warnings

import keras
import numpy as np
import pytest

from tf_mmdgan import errors
from tf_mmdgan.features import extract, get_extractor, get_matched

layers = keras.layers


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, size=(5, 4, 4, 3), dtype=np.uint8)


@pytest.fixture
def saved(tmp_path):
    def save(model):
        model.save(tmp_path / "net.keras")
        return f"keras:{tmp_path}/net.keras"

    return save


def pooled(images):
    return images.mean(axis=(1, 2)) / 127.5 - 1.0


def test_a_model_that_ends_in_an_operation_gives_its_output(saved, images):
    inputs = keras.Input((4, 4, 3))
    outputs = layers.GlobalAveragePooling2D(name="pooled")(inputs)[:, 1:]
    text = saved(keras.Model(inputs, outputs))
    found = extract(get_extractor(text), images).features
    np.testing.assert_allclose(found, pooled(images)[:, 1:], atol=1e-5)
    named = get_extractor(f"{text}@pooled")
    assert named.identifier != get_extractor(text).identifier
    assert extract(named, images).features.shape == (5, 3)


def test_the_output_need_not_be_that_of_the_last_layer(saved, images):
    inputs = keras.Input((4, 4, 3))
    twice = layers.Rescaling(2.0, name="twice")(inputs)
    means = layers.GlobalAveragePooling2D(name="pooled")(inputs)
    both = layers.Add(name="both")([means, layers.GlobalMaxPooling2D()(twice)])
    model = keras.Model(inputs, both)
    found = extract(get_extractor(saved(model)), images).features
    largest = 2.0 * (images.max(axis=(1, 2)) / 127.5 - 1.0)
    np.testing.assert_allclose(found, pooled(images) + largest, atol=1e-5)


def test_a_model_inside_of_a_model_gives_its_output(saved, images):
    inner = keras.Input((4, 4, 3))
    body = keras.Model(
        inner, layers.GlobalAveragePooling2D()(inner), name="body"
    )
    outer = keras.Input((4, 4, 3))
    text = saved(keras.Model(outer, body(layers.Rescaling(3.0)(outer))))
    found = extract(get_extractor(text), images).features
    np.testing.assert_allclose(found, 3.0 * pooled(images), atol=1e-5)
    with pytest.raises(errors.UsageError, match="network of its own"):
        get_extractor(f"{text}@body")


def test_pixels_of_an_integer_input_are_levels(saved, images):
    inputs = keras.Input((4, 4, 3), dtype="uint8")
    scaled = layers.Rescaling(1 / 255.0)(inputs)
    text = saved(keras.Model(inputs, layers.GlobalAveragePooling2D()(scaled)))
    found = extract(get_extractor(text), images).features
    np.testing.assert_allclose(
        found, images.mean(axis=(1, 2)) / 255.0, atol=1e-5
    )
    with pytest.raises(errors.UsageError, match=r"range=unit.*uint8"):
        get_extractor(f"{text},range=unit")
    with pytest.raises(errors.UsageError, match="cannot be differentiated"):
        get_matched(text, (4, 4, 3))


def two_inputs():
    first, second = keras.Input((4, 4, 3)), keras.Input((4, 4, 3))
    return keras.Model([first, second], layers.Add()([first, second]))


def two_outputs():
    inputs = keras.Input((4, 4, 3))
    first = layers.GlobalAveragePooling2D(name="first")(inputs)
    return keras.Model(inputs, [first, layers.Dense(2)(first)])


def with_states():
    inputs = keras.Input((4, 4, 3))
    rows = layers.Reshape((16, 3))(inputs)
    states = layers.LSTM(2, return_state=True, name="states")(rows)
    return keras.Model(inputs, states[0])


@pytest.mark.filterwarnings("ignore:You are saving a model")
@pytest.mark.parametrize(
    "build, sign, words",
    [
        (
            lambda: keras.Sequential([layers.Flatten()]),
            "",
            "net.* was never built",
        ),
        (two_inputs, "", r"net\S* takes 2 inputs"),
        (two_outputs, "", "several outputs: name a layer"),
        (with_states, "@states", "layer states of .*several outputs"),
        (
            lambda: keras.Sequential([keras.Input((9,)), layers.Dense(2)]),
            "",
            r"net\S* takes inputs of shape \[n, 9\]",
        ),
    ],
    ids=["unbuilt", "two inputs", "two outputs", "states", "rows"],
)
def test_what_is_no_network_of_images_is_refused(saved, build, sign, words):
    with pytest.raises((errors.UsageError, errors.DataError), match=words):
        get_extractor(f"{saved(build())}{sign}")


@pytest.mark.parametrize("nested", [False, True])
def test_a_model_that_divides_levels_itself_is_told_of(saved, nested):
    inputs = keras.Input((4, 4, 3))
    scaled = layers.Rescaling([1 / 255] * 3, name="unit")(inputs)
    model = keras.Model(inputs, layers.Flatten()(scaled))
    text = saved(keras.Sequential([inputs, model]) if nested else model)
    with pytest.warns(UserWarning, match=r"layer unit.* say range=levels"):
        get_extractor(text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        get_extractor(f"{text},range=levels")
        get_extractor(saved(keras.Sequential([inputs, layers.Rescaling(2.0)])))


def test_one_of_two_outputs_is_taken_by_its_layer(saved, images):
    text = f"{saved(two_outputs())}@first"
    found = extract(get_extractor(text), images).features
    np.testing.assert_allclose(found, pooled(images), atol=1e-5)
