"""What tests share that learn on one half of the samples: halves, a trainer."""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, keras_settings
from tf_mmdgan.distribute import graphs
from tf_mmdgan.mmd.samples import Samples, warn_of_twins

# A network, or a function that makes one.
NetworkSource: TypeAlias = keras.Model | Callable[[], keras.Model]

_WIDTH = 50
_HIDDEN_LAYERS = 3


def halves(
    samples: Samples, rng: np.random.Generator, least: int
) -> tuple[Samples, Samples]:
    """Random halves of both samples: one to learn on, one to test on.

    The test half of an odd sample is the larger. The level of a test is kept
    because no row is in both halves.

    Args:
      samples: of any sizes.
      rng: source of the split.
      least: rows of either sample that each half needs.

    Raises:
      DataError: for too few rows.
    """
    fewest = min(map(len, samples))
    if fewest < 2 * least:
        raise errors.DataError(
            f"a test that learns on one half has too little in {fewest} rows: "
            f"need at least {2 * least} of x and of y."
        )
    warn_of_twins(samples)
    mixed = [rng.permutation(rows) for rows in samples]
    middles = [len(rows) // 2 for rows in samples]
    parts = list(zip(mixed, middles, strict=True))
    return (
        Samples(*(rows[:middle] for rows, middle in parts)),
        Samples(*(rows[middle:] for rows, middle in parts)),
    )


def note(training: Samples, held_out: Samples) -> str:
    """What a reader has to know of the halves."""
    learnt, tested = (
        " and ".join(str(len(r)) for r in s) for s in (training, held_out)
    )
    return f"learnt on {learnt} rows of x and y, tested on the other {tested}"


def own_network(
    source: NetworkSource | None,
    width: int,
    outputs: int,
    rng: np.random.Generator,
) -> keras.Model:
    """A network that a test may train.

    Args:
      source: a network, which is copied with its weights and stays as it is, or
        a function that makes one; by default three hidden layers of 50.
      width: numbers in a row, for the default.
      outputs: of the default.
      rng: source of the default's weights.

    Raises:
      UsageError: for what is no network, or one that Keras cannot copy.
    """
    if source is None:
        return _default_network(width, outputs, rng)
    if not isinstance(source, keras.Model):
        made = None
        if callable(source) and not isinstance(source, keras.layers.Layer):
            made = source()
        errors.check_type(
            "network", source if made is None else made, keras.Model
        )
        return made
    try:
        copy = keras.models.clone_model(source)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise errors.UsageError(
            f"network={source.name} cannot be copied: give a function that "
            "makes it."
        ) from error
    copy.set_weights(source.get_weights())
    return copy


def _default_network(
    width: int, outputs: int, rng: np.random.Generator
) -> keras.Model:
    keras_settings.check()

    def dense(units: int, activation: str | None) -> keras.layers.Layer:
        seed = int(rng.integers(2**31))
        start = keras.initializers.GlorotUniform(seed)
        return keras.layers.Dense(units, activation, kernel_initializer=start)

    return keras.Sequential(
        [
            keras.Input((width,)),
            *(dense(_WIDTH, "softplus") for _ in range(_HIDDEN_LAYERS)),
            dense(outputs, None),
        ]
    )


def row_shape(network: keras.Model, width: int) -> tuple[int, ...]:
    """The shape in which a network takes a row of so many numbers.

    Raises:
      UsageError: for a network that takes rows of another length.
    """
    shape = tuple(getattr(network, "input_shape", (None, width))[1:])
    if shape == (None,):
        return (width,)
    if None in shape or math.prod(shape) != width:
        raise errors.UsageError(
            f"network={network.name} takes rows of shape {shape}, these have "
            f"{width} numbers."
        )
    return shape


def minimise(
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    variables: Sequence[keras.Variable],
    samples: Samples,
    steps: int,
    batch_size: int,
    learning_rate: float,
    rng: np.random.Generator,
) -> None:
    """Minimises a loss of batches by Adam.

    Args:
      loss: of float32 rows of x [b, d] and of y [c, d], a scalar.
      variables: to change.
      samples: to draw batches from, without replacement within a batch.
      steps: of Adam.
      batch_size: most rows of either sample in a batch.
      learning_rate: of Adam.
      rng: source of the batches.

    Raises:
      UsageError: for a rate that is no number above 0.
    """
    errors.check_above(0.0, learning_rate=learning_rate)
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(variables)

    @graphs.traced
    def step(x: tf.Tensor, y: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            value = loss(x, y)
        optimizer.apply_gradients(
            zip(tape.gradient(value, variables), variables, strict=True)
        )
        graphs.forget_gradients()

    sets = [np.float32(rows) for rows in samples]
    for _ in range(steps):
        step(*(_batch(rows, batch_size, rng) for rows in sets))


def _batch(rows: np.ndarray, size: int, rng: np.random.Generator) -> tf.Tensor:
    if len(rows) > size:
        rows = rng.choice(rows, size, replace=False, shuffle=False)
    return tf.constant(rows)
