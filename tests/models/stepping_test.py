"""Whole steps on whatever data: what ends too early changes nothing."""

import numpy as np
import pytest
import tensorflow as tf
import tiny

from tf_mmdgan import errors, kernels
from tf_mmdgan.models import BurnIn, feeding
from tf_mmdgan.objectives import MMDGAN, Objective

PLAIN = Objective(MMDGAN(kernels.Gaussian()))


@pytest.fixture(scope="module")
def model():
    """A step of it takes 3 batches."""
    return tiny.model(objective=PLAIN)


def rows(n=50):
    rng = np.random.default_rng(4)
    return rng.uniform(-1.0, 1.0, (n, *tiny.SHAPE)).astype(np.float32)


def in_batches(array):
    return tf.data.Dataset.from_tensor_slices(array).batch(8)


def of_unknown_length(array):
    spec = tf.TensorSpec(array.shape[1:])
    made = tf.data.Dataset.from_generator(
        lambda: iter(array), output_signature=spec
    )
    return made.batch(8)


def counters(model):
    optimizers = model.generator_optimizer, model.critic_optimizer
    counted = [model.step, model.updates, *(o.iterations for o in optimizers)]
    return np.array([int(counter.numpy()) for counter in counted])


FORMS = {
    "array": lambda array: {"x": array, "batch_size": 8},
    "data set": lambda array: {"x": in_batches(array)},
    "unknown length": lambda array: {"x": of_unknown_length(array)},
}


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("form", FORMS)
def test_an_epoch_is_one_pass_of_whole_steps(model, form):
    before = counters(model)
    history = model.fit(**FORMS[form](rows()), epochs=3, verbose=0).history
    # 50 rows are 6 batches of 8, and 2 steps of 3 batches.
    assert len(history["generator/loss"]) == 3
    assert (counters(model) - before).tolist() == [6, 18, 6, 12]


def test_steps_that_were_asked_for_are_done_on_repeated_data(model):
    before = counters(model)
    # A batch of one row has no unbiased estimate: it is dropped.
    history = model.fit(
        in_batches(rows(17)), epochs=2, steps_per_epoch=4, verbose=0
    ).history
    assert (counters(model) - before).tolist() == [8, 24, 8, 16]
    assert np.isfinite(history["critic/mmd2"]).all()


@pytest.mark.parametrize(
    "replicas", [1, pytest.param(2, marks=pytest.mark.slow)]
)
def test_a_step_without_its_batches_changes_nothing(replicas, two_cpus):
    strategy = two_cpus if replicas == 2 else tf.distribute.get_strategy()
    with strategy.scope():
        model = tiny.model(objective=PLAIN, burn_in=BurnIn(3, 1, 0))
    before = model.generator.get_weights()
    step = model.make_train_function()
    for count, done in ((0, 0), (1, 1), (2, 2)):
        data = in_batches(rows(8 * count))
        data = strategy.experimental_distribute_dataset(data)
        with pytest.raises((tf.errors.OutOfRangeError, StopIteration)):
            step(iter(data))
        # One batch is enough for the extra update of the critic, no more.
        assert counters(model).tolist() == [0, done, 0, done]
        for a, b in zip(before, model.generator.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_too_few_batches_for_the_extra_updates_of_a_step_are_told():
    model = tiny.model(objective=PLAIN, burn_in=BurnIn(4, 1, 0))
    data = of_unknown_length(rows(8 * 3))
    with (
        pytest.raises(errors.DataError, match=r"takes 5 batches.* have fewer"),
        pytest.warns(UserWarning, match="ran out of data"),
    ):
        model.fit(data, verbose=0)
    assert int(model.step.numpy()) == 0 < int(model.updates.numpy())


def test_too_few_batches_are_refused_with_their_number(model):
    before = tiny.state(model)
    for form in ("array", "data set"):
        with pytest.raises(errors.DataError, match=r"takes 3 batches.* have 2"):
            model.fit(**FORMS[form](rows(16)), verbose=0)
    with (
        pytest.raises(errors.DataError, match=r"takes 3 batches.* have fewer"),
        pytest.warns(UserWarning, match="ran out of data"),
    ):
        model.fit(of_unknown_length(rows(16)), verbose=0)
    for a, b in zip(before, tiny.state(model), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (tiny.batches(), {}, r"have no end: .*steps_per_epoch"),
        (rows(7), {"batch_size": 8}, "7 rows make no batch of 8"),
        (rows(8), {"batch_size": 0}, "batch_size=0, need >= 1"),
        (rows(9), {"y": [1]}, "y: the generator takes no labels"),
        ("digits", {}, "cannot train on a str"),
        (None, {}, "cannot train on a NoneType"),
        (tiny.batches(), {"batch_size": 8}, "batch_size is for arrays"),
        (tiny.batches(), {"steps_per_epoch": 0}, "steps_per_epoch=0"),
        (rows(8), {"batch_size": "8"}, "batch_size='8', need an integer"),
        (tiny.batches(), {"steps_per_epoch": 1.5}, "=1.5, need an integer"),
        ((rows(8), rows(8)), {"batch_size": 8}, "a tuple: .* labels as y"),
        (rows(8), {"sample_weight": np.ones(8)}, "sample_weight: losses are"),
        (rows(8), {"class_weight": {0: 1.0}}, "class_weight: losses are"),
        (rows(8), {"validation_split": 0.5}, "validation_split: give other"),
    ],
)
def test_what_fit_does_not_take(model, data, options, message):
    with pytest.raises((errors.UsageError, errors.DataError), match=message):
        model.fit(data, verbose=0, **options)


def batches_of(array, labels=None, seed=0, count=6):
    feed = feeding.make(array, labels, 8, seed, ahead=1)
    return list(feed.batches.take(count))


def test_rows_of_arrays_are_shuffled_by_their_seed():
    array = rows(48)
    straight, one, other = (
        np.concatenate(batches_of(array, seed=seed)) for seed in (None, 1, 2)
    )
    np.testing.assert_array_equal(straight, array)
    np.testing.assert_array_equal(
        one, np.concatenate(batches_of(array, seed=1))
    )
    assert (one != other).any()
    np.testing.assert_array_equal(
        np.sort(one, axis=None), np.sort(array, axis=None)
    )


def test_labels_of_an_array_stay_with_their_rows():
    array, labels = rows(48), np.arange(48)
    for images, found in batches_of(array, labels):
        np.testing.assert_array_equal(images, array[found])


def test_a_generator_of_batches_needs_no_tuples(model):
    array = rows(24)
    made = (array[start : start + 8] for start in range(0, 24, 8))
    before = counters(model)
    model.fit(made, steps_per_epoch=1, verbose=0)
    assert (counters(model) - before)[:2].tolist() == [1, 3]
