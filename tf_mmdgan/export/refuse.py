"""Checks of requests, in graphs: what servers answer with INVALID_ARGUMENT."""

import tensorflow as tf

from tf_mmdgan import errors


def bad_truncation(truncation: tf.Tensor) -> tf.Operation:
    """Fails unless all of these are shares of a law, in (0, 1]."""
    # Of NaN too, which no comparison holds for.
    inside = tf.logical_and(truncation > 0.0, truncation <= 1.0)
    return unless(inside, "truncation must be > 0 and <= 1, not {}", truncation)


def bad_count(
    name: str, count: tf.Tensor, least: int, most: int
) -> tf.Operation:
    """Fails unless all of these numbers are from `least` to `most`."""
    inside = tf.logical_and(count >= least, count <= most)
    return unless(inside, f"{name} must be {least} to {most}, not {{}}", count)


def bad_index(name: str, index: tf.Tensor) -> tf.Operation:
    """Fails unless all of these are numbers of rows."""
    return unless(index >= 0, f"{name} must be >= 0, not {{}}", index)


def bad_rows(
    most: int, least: int, *columns: tf.Tensor | None
) -> list[tf.Operation]:
    """Fail unless columns have as many rows each, from `least` to `most`.

    Else a column of one row would be taken for each row of a longer one.

    Args:
      most: the most rows.
      least: the fewest rows.
      *columns: tensors with a row for each image; None is passed over.
    """
    rows = [tf.shape(x)[0] for x in columns if x is not None]
    return [
        bad_count("the number of rows", rows[0], least, most),
        unless(
            tf.equal(rows, rows[0]),
            "all inputs need the number of rows of the first, not {}",
            tf.stack(rows),
        ),
    ]


def unless(
    condition: tf.Tensor, message: str, value: tf.Tensor
) -> tf.Operation:
    """Fails with INVALID_ARGUMENT, in graphs too, unless all conditions hold.

    The message shows the first value whose condition does not.
    """
    value, condition = (tf.reshape(x, [-1]) for x in (value, condition))
    wrong = tf.reduce_sum(tf.boolean_mask(value, ~condition)[:1])
    return tf.debugging.Assert(
        tf.reduce_all(condition), [tf.strings.format(message, wrong)]
    )


def bad_range(given: object) -> None:
    """Raises UsageError for what is neither None nor (lowest, highest)."""
    if given is None:
        return
    ends = given if isinstance(given, tuple | list) else ()
    if len(ends) != 2:
        raise errors.UsageError(
            f"value_range={errors.excerpt(given, 40)}: need two numbers, "
            "(lowest, highest)."
        )
    errors.check_finite(lowest=ends[0])
    errors.check_above(ends[0], highest=ends[1])
