"""SavedModels of all kinds of inputs: right values, or one line."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.features import extract, get_extractor


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, size=(5, 8, 8, 3), dtype=np.uint8)


class Means(tf.Module):
    """The mean of all inputs over the pixels; can be called."""

    @tf.function(autograph=False)
    def __call__(self, *inputs):
        pixels = sum(tf.cast(x, tf.float32) for x in inputs)
        return tf.reduce_mean(pixels, axis=(1, 2))


def spec(*shape, dtype=tf.float32):
    return tf.TensorSpec(shape, dtype)


@pytest.fixture(params=["called", "signature"])
def saved(tmp_path, request):
    def save(*specs):
        means = Means()
        if request.param == "called":
            means.__call__.get_concrete_function(*specs)
            tf.saved_model.save(means, tmp_path)
        else:
            traced = tf.function(lambda *x: {"out": means(*x)}, autograph=False)
            signature = traced.get_concrete_function(*specs)
            tf.saved_model.save(tf.Module(), tmp_path, signatures=signature)
        return f"saved_model:{tmp_path}"

    return save


def test_grey_networks_take_grey_images(saved, images):
    extractor = get_extractor(saved(spec(None, None, None, 1)))
    grey = images[..., :1]
    extractor.check(grey.shape[1:])
    np.testing.assert_allclose(
        extract(extractor, grey).features,
        grey.mean(axis=(1, 2)) / 127.5 - 1.0,
        atol=1e-5,
    )
    with pytest.raises(errors.UsageError, match=r"1 channel.*have 3"):
        extractor.check(images.shape[1:])


def test_networks_of_integers_take_levels(saved, images):
    text = saved(spec(None, 8, 8, 3, dtype=tf.uint8))
    np.testing.assert_allclose(
        extract(get_extractor(text), images).features,
        images.mean(axis=(1, 2)),
        rtol=1e-5,
    )
    with pytest.raises(errors.UsageError, match=r"range=symmetric.*uint8"):
        get_extractor(f"{text},range=symmetric")


def test_the_fixed_size_is_known(saved, images):
    text = saved(spec(None, 6, 6, 3))
    resized = tf.image.resize(
        images.astype(np.float32) / 127.5 - 1.0, (6, 6), antialias=True
    )
    found = extract(get_extractor(text), images).features
    np.testing.assert_allclose(
        found, tf.reduce_mean(resized, axis=(1, 2)), atol=1e-5
    )
    for size, words in (("0", "a number"), ("abc", "a number"), ("9", "6 x 6")):
        with pytest.raises(errors.UsageError, match=f"size={size}: .*{words}"):
            get_extractor(f"{text},size={size}")


@pytest.mark.parametrize(
    "specs, words",
    [
        ((spec(None, 8, 8, 3), spec(None, 8, 8, 3)), "takes 2 inputs"),
        ((spec(None, 8, 8, 3), spec()), "takes 2 inputs"),
        ((spec(1, 8, 8, 3),), "takes batches of 1"),
        ((spec(None, 3, 8, 8),), "channels first"),
    ],
)
def test_what_takes_something_else_is_refused(saved, specs, words):
    text = saved(*specs)
    with pytest.raises(errors.DataError, match=words):
        get_extractor(text)


def save_called(folder, *traces):
    means = Means()
    for trace in traces:
        means.__call__.get_concrete_function(trace)
    tf.saved_model.save(means, folder)
    return f"saved_model:{folder}"


def test_a_model_of_several_sizes_takes_each(tmp_path, images):
    text = save_called(tmp_path, spec(None, 8, 8, 3), spec(None, 4, 4, 3))
    expected = images.mean(axis=(1, 2)) / 127.5 - 1.0
    found = extract(get_extractor(text), images).features
    np.testing.assert_allclose(found, expected, atol=1e-5)
    with pytest.raises(errors.DataError, match=r"no images of shape \(7, 7"):
        get_extractor(text).check((7, 7, 3))


@pytest.mark.parametrize(
    "traces",
    [
        (spec(None, 8, 8, 3), spec(None, 8, 8, 1)),
        (spec(None, 8, 8, 3), spec(None, 8, 8, 3, dtype=tf.uint8)),
        (),
    ],
    ids=["channels", "types", "never called"],
)
def test_a_model_of_several_kinds_is_refused(tmp_path, traces):
    with pytest.raises(errors.DataError, match=r"in . ways"):
        get_extractor(save_called(tmp_path, *traces))


def test_outputs_may_be_named_by_numbers(tmp_path, images):
    class Numbered(tf.Module):
        @tf.function(input_signature=[spec(None, 8, 8, 3)], autograph=False)
        def __call__(self, pixels):
            pooled = tf.reduce_mean(pixels, axis=(1, 2))
            return {"0": pooled, "1": 2.0 * pooled}

    tf.saved_model.save(Numbered(), tmp_path)
    text = f"saved_model:{tmp_path},output="
    zero, one = (
        extract(get_extractor(f"{text}{name}"), images).features
        for name in ("0", "1")
    )
    np.testing.assert_allclose(one, 2.0 * zero, atol=1e-6)


@pytest.mark.parametrize(
    "output, words",
    [
        (lambda x: tf.complex(x[:, 0, 0], x[:, 0, 1]), "values of complex64"),
        (lambda x: tf.strings.as_string(x[:, 0, 0]), "values of string"),
        (tf.reduce_mean, "a single value"),
    ],
)
def test_outputs_that_are_no_real_rows_are_refused(tmp_path, output, words):
    module = tf.Module()
    module.__call__ = tf.function(
        output, input_signature=[spec(None, None, None, 3)], autograph=False
    )
    signature = module.__call__.get_concrete_function()
    tf.saved_model.save(module, tmp_path, signatures=signature)
    extractor = get_extractor(f"saved_model:{tmp_path}")
    with pytest.raises(errors.DataError, match=f"gives {words}: name an out"):
        extractor.check((8, 8, 3))
