"""Models of points [n, d]: drawn as they are, scored by their columns."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial import distance

from tf_mmdgan import errors
from tf_mmdgan.conditions import Classes
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import MomentMatchingModel
from tf_mmdgan.objectives.discrepancies import KernelDiscrepancy


@pytest.fixture(scope="module")
def model():
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    return MomentMatchingModel(
        generator, Latents(2, "normal"), KernelDiscrepancy("rbf")
    )


def test_points_are_drawn_as_they_are(model):
    generator = model.ema_generator.layers[-1]
    generator.bias.assign([100.0, 0.0, -100.0])
    drawn = model.generate(7, seed=1)
    assert drawn.shape == (7, 3) and drawn.dtype == np.float32
    np.testing.assert_allclose(drawn.mean(axis=0), [100, 0, -100], atol=9)
    generator.bias.assign([0.0, 0.0, 0.0])


def test_points_are_scored_by_their_columns(model, rng):
    model.compile("adam")
    x = rng.normal(size=(6, 3)).astype(np.float32)
    y = model.generate(6)
    scores = model.evaluate(x, return_dict=True)

    def mean(a, b):
        pairs = len(a) * (len(b) - (a is b))
        return distance.cdist(a, b).sum() / pairs

    expected = 2 * mean(x, y) - mean(x, x) - mean(y, y)
    assert scores["energy_distance"] == pytest.approx(expected, rel=1e-4)
    grams = [(a @ b.T / 3 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y))]
    within = [(g.sum() - np.trace(g)) / 30 for g in grams[:2]]
    expected = sum(within) - 2 * grams[2].mean()
    assert scores["kid"] == pytest.approx(expected, rel=1e-4)
    assert model.evaluate([x[:4], x[4:]]) == list(scores.values())
    with pytest.raises(errors.DataError, match="no points to score"):
        model.evaluate(iter([]))


def test_points_of_unequal_classes_are_drawn_as_often(rng):
    latents, label = keras.Input((2,)), keras.Input((), dtype="int32")
    far = keras.layers.Embedding(2, 2, name="far")
    made = MomentMatchingModel(
        keras.Model([latents, label], latents + far(label)),
        Latents(2, "normal"),
        KernelDiscrepancy("rbf"),
        condition=Classes(2),
        classes_per_batch=2,
    )
    made.ema_generator.get_layer("far").set_weights([10.0 * np.eye(2)])
    labels = (rng.random(500) < 0.05).astype(np.int64)
    x = (rng.normal(size=(500, 2)) + 10.0 * np.eye(2)[labels]).astype("f4")
    _, _, of_shares = made.evaluate([(x, labels)])
    assert made.evaluate(x, labels)[2] == of_shares
    assert of_shares < 0.3 < 2.0 < made.evaluate(x)[2]  # each as often


def test_points_have_no_extractor(model):
    with pytest.raises(errors.UsageError, match=r"points, which no extractor"):
        model.compile("adam", features="pixels")


ROWS = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)
ENDLESS = tf.data.Dataset.from_tensors(ROWS).repeat()


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda m: m.evaluate("x"), "cannot score a str: give an array"),
        (lambda m: m.evaluate(None), "cannot score a NoneType"),
        (lambda m: m.evaluate({"x": ROWS}), "cannot score a dict"),
        (lambda m: m.evaluate(ROWS, steps="x"), "steps='x', need an integer"),
        (lambda m: m.evaluate(ROWS, stesp=1), "'stesp'. Did you mean 'steps'"),
        (lambda m: m.evaluate(ROWS, sample_weight=ROWS[:, 0]), "whole sets"),
        (lambda m: m.evaluate(ROWS, ROWS[..., None]), "y: need labels, one"),
        (lambda m: m.evaluate(ENDLESS), "have no end: .*validation_steps"),
        (lambda m: m.evaluate(list(ROWS)), r"A batch is of \[3\]: need an arr"),
        (lambda m: m.evaluate([(ROWS,) * 3]), r"of \[64, 3\], \[64, 3\], \["),
        (lambda m: m.fit(ROWS, epochs="x"), "epochs='x', need an integer"),
        (lambda m: m.fit(ROWS, validation_data="x"), "cannot score a str"),
        (lambda m: m.fit(ROWS, validation_data=ENDLESS), "have no end"),
        (
            lambda m: m.fit(ROWS, validation_data=(ROWS, None, ROWS[:, 0])),
            "validation_data: give images",
        ),
        (
            lambda m: m.fit(ROWS, validation_data=(x for x in [ROWS])),
            "validation_data: give images",
        ),
    ],
)
def test_what_cannot_be_scored_is_not_trained_on(model, act, message):
    model.compile("adam")
    with pytest.raises(
        (errors.UsageError, errors.DataError), match=message
    ) as caught:
        act(model)
    assert "\n" not in str(caught.value)
    assert int(model.step.numpy()) == 0
