"""What is wrong with validation data is told before anything is trained."""

import numpy as np
import pytest
import tensorflow as tf
import tiny

from tf_mmdgan import errors

ROWS = (
    np.random.default_rng(4)
    .uniform(-1.0, 1.0, (24, *tiny.SHAPE))
    .astype(np.float32)
)
LARGER = np.zeros((16, 8, 8, 1), np.uint8)


@pytest.fixture(scope="module")
def model():
    return tiny.model(features="pixels", critic_steps=1)


def batches(rows):
    return tf.data.Dataset.from_tensor_slices(rows).batch(8)


def last_is(value):
    rows = ROWS.copy()
    rows[-1, 0, 0] = value
    return rows


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (LARGER, "width 64, fake features 16"),
        (batches(LARGER), "width 64, fake features 16"),
        ([LARGER], "width 64, fake features 16"),
        (last_is(np.nan), "hold NaN or infinite"),
        (last_is(9.0), r"9\], not in \[-1, 1\]"),
        ((ROWS + 1.0) / 2.0, r"2 \* x - 1"),
        ([(ROWS + 1.0) / 2.0], r"2 \* x - 1"),
        (batches(ROWS.astype(int)), "images are int64"),
        (ROWS.astype(int), "images are int64"),
        (ROWS[..., 0], r"need \[b, h, w, c\], with b"),
        (ROWS[:1], "at least 2"),
        ((ROWS, np.zeros(3, int)), "3 labels for 24 images"),
    ],
)
def test_validation_data_are_tried_first(model, data, message):
    done = int(model.step.numpy())
    with pytest.raises(
        (errors.UsageError, errors.DataError), match=message
    ) as caught:
        model.fit(ROWS, batch_size=8, validation_data=data, verbose=0)
    assert "\n" not in str(caught.value)
    assert int(model.step.numpy()) == done


def test_data_sets_that_begin_once_are_not_begun(model):
    parts = iter([ROWS[:8], ROWS[8:16], ROWS[16:]])
    spec = tf.TensorSpec([None, *tiny.SHAPE])
    once = tf.data.Dataset.from_generator(lambda: parts, output_signature=spec)
    model.fit(ROWS, batch_size=8, validation_data=once, verbose=0)
    assert next(parts, None) is None
    with pytest.raises(errors.DataError, match="There are no images"):
        model.evaluate(once)


# A few rows that are white alone are no reason to refuse the others.
@pytest.mark.parametrize(
    "data",
    [
        np.concatenate([np.ones_like(ROWS[:9]), ROWS]),
        np.concatenate([np.ones((9, *tiny.SHAPE)), [np.full(tiny.SHAPE, 255)]]),
        [ROWS[:5]],
    ],
)
def test_what_can_be_scored_is_not_refused(model, data):
    if not isinstance(data, list) and data.max() > 1:
        data = data.astype(np.uint8)
    found = model.fit(ROWS, batch_size=8, validation_data=data, verbose=0)
    assert len(found.history["val_kid"]) == 1


def broken():
    yield ROWS[:8]
    yield ROWS[8:16]
    raise RuntimeError("the disk is gone")


@pytest.mark.parametrize(
    ("data", "epochs", "message"),
    [
        (broken, 1, "end in an error: RuntimeError: the disk is gone"),
        (lambda: (ROWS[:8, : 4 - i] for i in range(3)), 1, "an error: TypeErr"),
        (lambda: (ROWS[:8] for _ in range(4)), 2, "nothing left after the fir"),
        (lambda: tf.data.Dataset.range(9), 1, r"are of shape \[\]"),
        (lambda: np.zeros(9, [("a", "f4")]), 1, "that are no numbers"),
    ],
)
def test_data_that_break_are_told_in_one_line(model, data, epochs, message):
    with pytest.raises(
        (errors.UsageError, errors.DataError), match=message
    ) as caught:
        model.fit(data(), epochs=epochs, verbose=0)
    assert "\n" not in str(caught.value)


def test_a_generator_may_yield_lists(model):
    given = [[ROWS[:8], np.zeros(8, int)]] * 2
    found = model.fit((batch for batch in given), verbose=0)
    assert len(found.epoch) == 1
