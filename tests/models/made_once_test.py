"""What a model is made of does not change, and it is called with latents."""

import inspect
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

import tf_mmdgan as tm
from tf_mmdgan import errors
from tf_mmdgan.models import updates

WIDE = np.zeros((4, 5), np.float32)


@pytest.fixture(scope="module")
def model():
    return tiny.model()


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m(WIDE),
        lambda m: m.predict(WIDE, verbose=0),
        lambda m: m.predict(
            tf.data.Dataset.from_tensor_slices(WIDE).batch(2), verbose=0
        ),
    ],
    ids=["call", "predict", "data"],
)
def test_latents_of_another_width_are_one_sentence(model, call):
    with pytest.raises(errors.UsageError, match=r"latents \[n, 3\], not") as e:
        call(model)
    assert len(str(e.value)) < 200


def test_predict_makes_what_the_model_makes(model):
    latents = tiny.LATENTS.sample([0, 1], 3)
    np.testing.assert_allclose(
        model.predict(latents, verbose=0), model(latents), rtol=1e-5
    )


def test_what_a_step_is_made_of_stays(model):
    for name in ("critic_steps", "objective", "ema_decay", "seed"):
        before = getattr(model, name)
        with pytest.raises(errors.UsageError, match=f"{name} is set when"):
            setattr(model, name, before)


@pytest.mark.parametrize("at_first", [False, True])
def test_what_is_trained_later_asks_for_compile(at_first):
    layer = keras.layers.Dense(2)
    layer.build((None, 3))
    adam = updates.prepare("sgd", layer.trainable_variables[at_first:])
    zeros = [tf.zeros_like(w.value) for w in layer.trainable_variables]
    later = ([], layer.trainable_variables)[at_first]
    with pytest.raises(errors.UsageError, match="compile it again"):
        updates.move(adam, zeros[: len(later)], later)


def test_batches_of_another_shape_are_told_in_any_step(model):
    def batches(shape):
        images = np.zeros((12, *shape), np.float32)
        return iter(tf.data.Dataset.from_tensor_slices(images).batch(2))

    model.train_step(batches(tiny.SHAPE))
    with pytest.raises(errors.DataError, match="3, 4, 1"):
        model.train_step(batches((3, 4, 1)))


@pytest.mark.parametrize(
    ("kind", "argument"),
    [
        (tm.AdversarialModel, "critic_steps"),
        (tm.MomentMatchingModel, "discrepancy"),
        (tm.SpectralNormalization, "vectors"),
        (tm.MinibatchDiscrimination, "kernels"),
        (tm.MinibatchDeviation, "group"),
        (types.new_class("Own", (tm.AdversarialModel,)), "accumulate"),
    ],
)
def test_notebooks_see_what_constructors_take(kind, argument):
    taken = inspect.signature(kind).parameters
    assert argument in taken and "self" not in taken
    assert issubclass(kind, keras.layers.Layer)


def test_functions_of_tensorflow_see_how_an_instance_is_called():
    layer = tm.SpectralNormalization(keras.layers.Dense(2))
    assert "layer" not in inspect.signature(layer).parameters
    assert tf.function(layer)(tf.ones([1, 3])).shape == (1, 2)
