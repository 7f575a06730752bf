"""Generators that lower a discrepancy of each class from its own."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
import tiny_conditional

from tf_mmdgan import errors, kernels
from tf_mmdgan.conditions import Classes
from tf_mmdgan.data import ImageSet, grouped_batches
from tf_mmdgan.distribute import Update
from tf_mmdgan.features import pixels
from tf_mmdgan.models import MomentMatchingModel
from tf_mmdgan.objectives.discrepancies import KernelDiscrepancy

DISCREPANCY = KernelDiscrepancy(kernels.Gaussian((1.0, 3.0)))


def model(**changes):
    keras.utils.set_random_seed(1)
    made = MomentMatchingModel(
        tiny_conditional.generator(),
        tiny.LATENTS,
        DISCREPANCY,
        seed=5,
        **{"condition": Classes(3), "classes_per_batch": 3, **changes},
    )
    made.compile(keras.optimizers.SGD(0.05), jit_compile=False)
    return made


def batches():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, *tiny.SHAPE), dtype=np.uint8)
    labels = np.arange(30) % 3
    return grouped_batches(ImageSet(images, labels, 3), 3, 4, seed=2)


def test_a_step_descends_the_mean_of_the_classes():
    by_hand = model()
    images, labels = next(iter(batches()))
    latents = Update(5, tf.constant(0, tf.int64)).latents(tiny.LATENTS, 12)
    with tf.GradientTape() as tape:
        fake = by_hand.generator([latents, labels], training=True)
        pairs = zip(
            np.split(pixels(images), 3), tf.split(pixels(fake), 3), strict=True
        )
        loss = tf.reduce_mean([DISCREPANCY(x, y) for x, y in pairs])
    variables = by_hand.generator.trainable_variables
    expected = [
        v - 0.05 * g
        for v, g in zip(variables, tape.gradient(loss, variables), strict=True)
    ]
    made = model()
    history = made.fit(batches(), steps_per_epoch=1, verbose=0).history
    assert history["generator/loss"][0] == pytest.approx(float(loss), rel=1e-5)
    for found, value in zip(
        made.generator.trainable_variables, expected, strict=True
    ):
        np.testing.assert_allclose(found.numpy(), value, atol=1e-6)


def mixed(data, batch_size):
    """Batches of arrays whose classes do not follow each other."""
    images, labels = next(iter(data))
    rows = np.arange(len(labels)).reshape(3, -1).T.ravel()
    return {
        "x": images.numpy()[rows], "y": labels.numpy()[rows],
        "batch_size": batch_size, "shuffle": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("batch_size", "words"),
    [(12, "has its 3 classes mixed"), (7, "7 rows: need a multiple of 3")],
)
def test_classes_that_are_mixed_are_not_compared(batch_size, words):
    made = model()
    with pytest.raises(errors.DataError, match=words) as caught:
        made.fit(**mixed(batches(), batch_size), verbose=0)
    assert "\n" not in str(caught.value) and int(made.step.numpy()) == 0


def test_replicas_may_have_parts_of_a_class(two_cpus):
    one = model()
    one.fit(batches(), steps_per_epoch=2, verbose=0)
    with two_cpus.scope():
        two = model()
    spread = two_cpus.experimental_distribute_dataset(batches())
    two.fit(spread, steps_per_epoch=2, verbose=0)
    for a, b in zip(one.generator.weights, two.generator.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"classes_per_batch": None}, "give both, or neither"),
     ({"mmd_scope": "replica"}, "a part of a class"),
     ({"classes_per_batch": 0}, "classes_per_batch=0")],
)  # fmt: skip
def test_what_does_not_fit_is_refused(changes, words):
    with pytest.raises(errors.UsageError, match=words):
        model(**changes)
