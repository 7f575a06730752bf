"""Training on (images, labels): whose labels the generated images bear."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
import tiny_conditional

from tf_mmdgan import errors
from tf_mmdgan.conditions import Classes
from tf_mmdgan.distribute import Update
from tf_mmdgan.models import AdversarialModel
from tf_mmdgan.objectives import MMDGAN, Batch, CramerGAN, Loss, Objective


def fit(made, steps, data=None):
    data = tiny_conditional.batches() if data is None else data
    made.fit(data, steps_per_epoch=steps, epochs=1, verbose=0)
    return made


def trained_by_hand(labels_of):
    """One step; `labels_of` gives the generated images' from the real ones'."""
    made = tiny_conditional.model()
    data = iter(tiny_conditional.batches())
    for number in range(3):
        update = Update(5, tf.constant(number, tf.int64))
        real = Batch(*next(data))
        inputs = [update.latents(tiny.LATENTS, 8), labels_of(real.labels)]
        on_critic = number < 2
        network = made.critic if on_critic else made.generator
        objective = made.objective
        loss_of = (
            objective.critic_loss if on_critic else objective.generator_loss
        )
        with tf.GradientTape() as tape:
            fakes = [Batch(made.generator(inputs, training=True), inputs[1])]
            loss = loss_of(made.view, real, fakes, update).value
        variables = network.trainable_variables
        gradients = tape.gradient(loss, variables)
        for variable, gradient in zip(variables, gradients, strict=True):
            variable.assign_sub(0.001 * gradient)
    return made


def largest_difference(first, second):
    return max(
        np.abs(a - b).max()
        for name in ("critic", "generator")
        for a, b in zip(
            getattr(first, name).get_weights(),
            getattr(second, name).get_weights(),
            strict=True,
        )
    )


def test_step_takes_the_labels_of_the_real_images():
    trained = fit(tiny_conditional.model(), 1)
    assert largest_difference(trained, trained_by_hand(lambda x: x)) < 1e-6
    others = trained_by_hand(lambda x: (x + 1) % 3)
    assert largest_difference(trained, others) > 1e-5


class Recorder(Objective):
    """An objective that keeps what it is shown, and teaches nothing."""

    fakes_per_real = 2

    def __init__(self):
        super().__init__(CramerGAN("energy"))

    def critic_loss(self, view, real, fakes, update):
        seen = types.SimpleNamespace(real=real, fakes=fakes, update=update)
        joint = view.joint(real, *fakes)
        vars(self).update(seen=seen, joint=joint)  # it is frozen
        return Loss(tf.reduce_sum(0.0 * joint.features), {})

    generator_loss = critic_loss

    def after_update(self, view, terms):
        pass


def test_every_set_of_generated_images_bears_the_real_labels():
    objective = Recorder()
    made = tiny_conditional.model(objective=objective)
    images, labels = next(iter(tiny_conditional.batches()))
    assert len(set(labels.numpy())) == 3
    for take in (made.critic_update, made.generator_update):
        take((images, labels), tf.constant(4, tf.int64))
        seen = objective.seen
        np.testing.assert_array_equal(seen.real.labels, labels)
        assert len(seen.fakes) == 2
        for index, fake in enumerate(seen.fakes):
            np.testing.assert_array_equal(fake.labels, labels)
            latents = seen.update.latents(tiny.LATENTS, 8, index)
            expected = made.generator([latents, labels], training=True)
            np.testing.assert_allclose(fake.images, expected, atol=1e-6)


def test_the_critic_is_told_the_label_of_each_row():
    objective = Recorder()
    made = tiny_conditional.model(objective=objective)
    images, labels = next(iter(tiny_conditional.batches()))
    made.critic_update((images, labels), tf.constant(4, tf.int64))
    rows = tf.split(objective.joint.features, 3)
    sets = [images, *(fake.images for fake in objective.seen.fakes)]
    for features, shown in zip(rows, sets, strict=True):
        expected = made.critic([shown, labels])["features"]
        np.testing.assert_allclose(features, expected, rtol=1e-5, atol=1e-6)
        others = made.critic([shown, (labels + 1) % 3])["features"]
        assert np.abs(features - others).max() > 1e-3


def test_networks_without_labels_ignore_those_of_the_data():
    plain, labelled = tiny.model(), tiny.model()
    plain.fit(tiny.batches(), steps_per_epoch=2, verbose=0)
    fit(labelled, 2)
    for a, b in zip(tiny.weights(plain), tiny.weights(labelled), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_two_replicas_train_like_one_device(two_cpus):
    data = tiny_conditional.batches(dtype=np.float64)
    one = fit(tiny_conditional.model("float64"), 3, data)
    with two_cpus.scope():
        two = tiny_conditional.model("float64")
    fit(two, 3, two_cpus.experimental_distribute_dataset(data))
    for a, b in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(
            a.numpy(), b.numpy(), atol=1e-10, err_msg=a.path
        )


@pytest.fixture(scope="module")
def labelled():
    return tiny_conditional.model()


ROWS = np.zeros((8, *tiny.SHAPE), np.float32)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(8), r"run from 0 to 7, and the model has 3 classes"),
        (-np.ones(8, int), "run from -1 to 0"),
        (np.zeros((8, 1), int), "of rank 2: give one integer for each image"),
        (np.eye(8)[:, :3], "float64 of rank 2: give one integer"),
        (np.zeros(8), "float64 of rank 1: give one integer"),
        (np.array(["a"] * 8), "string of rank 1: give one integer"),
    ],
)
@pytest.mark.parametrize("form", ["array", "data set"])
def test_labels_are_numbers_of_classes(labelled, labels, message, form):
    given = ROWS, labels, 4
    if form == "data set":
        pairs = tf.data.Dataset.from_tensor_slices((ROWS, labels))
        given = (pairs.batch(8),)
    kinds = errors.UsageError, errors.DataError, tf.errors.OpError
    with pytest.raises(kinds, match=message):
        next(iter(labelled.feed(*given)))


def test_classes_without_an_image_are_told(labelled):
    with pytest.warns(UserWarning, match="No image has the label 0, 2: the mo"):
        labelled.feed(ROWS, np.ones(8, np.uint64), 4)


def test_classes_are_those_of_both_networks(labelled):
    generator, critic = labelled.generator, labelled.critic
    with pytest.raises(errors.UsageError, match="The critic takes labels, and"):
        AdversarialModel(
            tiny.generator(), critic, tiny.LATENTS, labelled.objective
        )
    for number in (0, "3"):
        with pytest.raises(errors.UsageError, match=r"num_classes=.* need an"):
            Classes(number)
    with pytest.raises(errors.UsageError, match="condition: need a Cond"):
        AdversarialModel(
            generator, critic, tiny.LATENTS, labelled.objective, condition=3
        )
    with pytest.raises(errors.UsageError, match="condition: need a Condition"):
        labelled.generate(2, condition=3)
    for label in ([0, 1], 3):
        with pytest.raises(errors.UsageError, match="has 3 classes; give 0"):
            labelled.generate(2, label=label)


def test_images_that_are_scored_are_in_the_range_of_those_that_are_drawn():
    made = tiny.model(features="pixels")
    images = np.random.default_rng(1).random((4, *tiny.SHAPE))
    with pytest.raises(errors.DataError, match=r"not in \[-1, 1\]"):
        made.evaluate(images)
    with pytest.raises(errors.DataError, match="A batch is of str: need an"):
        made.evaluate(["digits"])
    with pytest.raises(errors.UsageError, match="The images are int64"):
        made.evaluate(np.ones((4, *tiny.SHAPE), np.int64))


def test_labels_that_no_network_takes_are_refused():
    made, images = tiny.model(), np.zeros((24, *tiny.SHAPE), np.float32)
    with pytest.raises(errors.UsageError, match="y: the generator takes no la"):
        made.fit(images, np.zeros(24, int), batch_size=8, verbose=0)


def test_a_model_is_compiled_in_the_scope_that_it_was_made_in():
    made = tiny.model()
    other = tf.distribute.OneDeviceStrategy("CPU:0")
    with (
        other.scope(),
        pytest.raises(errors.UsageError, match="in the same scope"),
    ):
        made.compile("adam", "adam")


class OwnPair(keras.Model):
    """A network of a class, whose `parts` are rows and one-hot labels."""

    def __init__(self, units, shape, **kwargs):
        super().__init__(**kwargs)
        self.units, self.made = units, shape
        self.flat, self.dense = (
            keras.layers.Flatten(),
            keras.layers.Dense(units),
        )

    def call(self, inputs):
        rows, labels = inputs
        told = tiny_conditional.one_hot(labels, "float32")
        flat = keras.ops.concatenate([self.flat(rows), told], axis=1)
        made = self.dense(flat)
        return keras.ops.reshape(made, (-1, *self.made))

    def get_config(self):
        return {"units": self.units, "shape": self.made}


def test_labels_are_looked_at_before_anything_is_done():
    made = tiny_conditional.model()
    made.features = object()  # which is not asked
    images = np.zeros((8, *tiny.SHAPE), np.float32)
    with pytest.raises(errors.DataError, match="labels run from 0 to 9"):
        made.fit(images, np.arange(8) % 3, validation_data=(images, [9] * 8))
    with pytest.raises(errors.UsageError, match=r"with \[latents, labels\]"):
        made(np.zeros((2, 3)))
    assert int(made.step.numpy()) == 0


def test_networks_of_a_class_are_told_labels():
    made = AdversarialModel(
        OwnPair(16, tiny.SHAPE),
        OwnPair(2, (2,)),
        tiny.LATENTS,
        Objective(MMDGAN("rbf")),
        condition=Classes(3),
    )
    assert [len(n.inputs) for n in (made.generator, made.critic)] == [2, 2]
    assert made.generate(4, label=2).shape == (4, *tiny.SHAPE)
