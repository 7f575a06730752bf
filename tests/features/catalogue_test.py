"""One registry for scores and for matching."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from outsiders import feature_members as members

from tf_mmdgan import errors
from tf_mmdgan.features import (
    EXTRACTORS,
    FeatureExtractor,
    extract,
    get_extractor,
    get_matched,
    pixels,
)

SHAPE = (16, 16, 1)


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, size=(5, *SHAPE), dtype=np.uint8)


def scaled(images):
    return tf.constant(images.astype(np.float32) / 127.5 - 1.0)


@pytest.mark.parametrize(
    "text", ["lenet_digits", "lenet_digits@conv_1+features"]
)
def test_scores_and_matching_see_the_same_layers(images, text):
    """Of equal layers, equal features; by default, matching has more."""
    extractor = get_extractor(text)
    found = extract(extractor, images).features
    matched = get_matched(text, SHAPE)(scaled(images)).numpy()
    np.testing.assert_allclose(
        found, matched[:, -found.shape[1] :], rtol=1e-5, atol=1e-5
    )
    assert extractor.name == text
    assert extractor.classifies


@pytest.mark.parametrize(
    "value_range", ["levels", "unit", "inception", "caffe"]
)
def test_both_scale_images_alike(tmp_path, rng, value_range):
    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, keras.layers.Flatten(name="flat")(inputs))
    path = tmp_path / "a,b.keras"
    model.save(path)
    text = f"keras:'{path}'@flat,range={value_range}"
    images = rng.integers(0, 256, size=(2, 9, 9, 3), dtype=np.uint8)
    np.testing.assert_allclose(
        extract(get_extractor(text), images).features,
        get_matched(text, (9, 9, 3))(scaled(images)),
        rtol=1e-4,
        atol=1e-3,
    )


def test_a_layer_by_either_sign_has_one_identity(tmp_path):
    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, keras.layers.Flatten(name="flat")(inputs))
    path = tmp_path / "small.keras"
    model.save(path)
    identifiers = {
        get_extractor(f"keras:{path}{sign}").identifier
        for sign in ("", "@flat", ",output=flat")
    }
    assert len(identifiers) == 1
    with pytest.raises(errors.UsageError, match="not both"):
        get_extractor(f"keras:{path}@flat,output=flat")


def test_scores_take_networks_of_keras_applications(tmp_path, rng):
    network = keras.applications.VGG19(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    path = tmp_path / "vgg19.weights.h5"
    network.save_weights(path)
    images = rng.integers(0, 256, size=(2, 32, 32, 3), dtype=np.uint8)
    found = extract(get_extractor(f"vgg19:{path}"), images).features
    blue_first = images[..., ::-1] - np.array([103.939, 116.779, 123.68])
    expected = network(blue_first.astype(np.float32))
    np.testing.assert_allclose(
        found, np.reshape(expected, (2, -1)), rtol=1e-4, atol=1e-4
    )


def test_pixels_are_matched_alone_and_beside_others(images):
    assert get_matched("pixels", SHAPE) is pixels
    both = get_matched("pixels,lenet_digits@features", SHAPE)(scaled(images))
    np.testing.assert_allclose(
        both[:, :256], images.reshape(5, -1) / 255.0, atol=1e-6
    )
    assert both.shape == (5, 256 + 64)


def test_what_cannot_be_differentiated_says_what_can():
    for name, source in EXTRACTORS.items():
        if not source.differentiable:
            with pytest.raises(errors.UsageError, match=f"{name} cannot.*vgg1"):
                get_matched(name, SHAPE)


@pytest.mark.parametrize(
    "text, words",
    [
        ("pixels@layer", "pixels takes no layers"),
        ("inception@layer", "inception takes no layers"),
        ("lenet_digits:path", "lenet_digits takes no path"),
        ("lenet_digits,size=3", "setting of the extractor lenet_digits 'size'"),
        ("vgg19:x,image_shape=3", "setting of the extractor vgg19 'image_sha"),
        ("lenet_digits@conv_9", "layer of lenet_digits.*'conv_9'.*conv_1"),
        ("lenet", "lenet needs a path: lenet:PATH"),
        ("pixels,thumbnails", "names 2 networks"),
        ("outsiders.feature_members:MeanColour,power=2", "in parentheses"),
        ("outsiders.kernel_members:READY", "is no .*FeatureExtractor"),
    ],
)
def test_bad_names_are_refused(text, words):
    with pytest.raises(errors.UsageError, match=words):
        get_extractor(text)


def test_extractors_of_other_modules(images):
    extractor = get_extractor("outsiders.feature_members:MeanColour(power=2)")
    assert isinstance(extractor, FeatureExtractor)
    means = images.mean(axis=(1, 2)) / 255.0
    np.testing.assert_allclose(
        extract(extractor, images).features, means**2, rtol=1e-5
    )
    with pytest.raises(errors.UsageError, match="cannot be differentiated"):
        get_matched("outsiders.feature_members:MeanColour", SHAPE)


def test_objects_are_taken_as_they_are(images):
    extractor = members.MeanColour()
    assert get_extractor(extractor) is extractor
    matched = get_extractor("lenet_digits").frozen()
    assert get_matched(matched, SHAPE) is matched
    lenet = get_matched(get_extractor("lenet_digits@features"), SHAPE)
    assert lenet(scaled(images)).shape == (5, 64)
    with pytest.raises(errors.UsageError, match="extractor 3: need"):
        get_extractor(3)
    with pytest.raises(errors.UsageError, match="matched features 3: need"):
        get_matched(3, SHAPE)


def test_an_extractor_of_ones_own_says_what_it_lacks():
    class Nameless(FeatureExtractor):
        name = "nameless"

        def __call__(self, images): ...

    with pytest.raises(errors.UsageError, match="Nameless has no identifier"):
        get_extractor(Nameless())
