"""Points of a ring of Gaussians: an endless sequence for each seed.

Point i depends on the seed and on i alone. Eight equal Gaussians stand on a
circle; in three dimensions the plane of the circle has some thickness and is
tilted. The toy of A. Srivastava, K. Xu, M. U. Gutmann and C. Sutton,
"Generative ratio matching networks", ICLR 2020, arXiv:1806.00101. They drew
60,000 points once; here each batch is new.
"""

import math

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.data import pipeline
from tf_mmdgan.latents import Latents

MODES = 8
RADIUS = 2.0
STD = 0.2
THICKNESS = 0.1
TILT = math.pi / 3

# The second halves of the seeds: modes and noise share no random number.
_CHOICE = 0x41
_NOISE = 0x42


def centres(
    modes: int = MODES, radius: float = RADIUS, dimension: int = 2
) -> np.ndarray:
    """The means of the Gaussians: float32 [modes, dimension].

    radius (cos a_i, sin a_i), a_i = 2 pi i / modes - pi / 2; for dimension 3,
    tilted as by `ring3d`.

    Raises:
      UsageError: for no mode, or a dimension that is neither 2 nor 3.
    """
    errors.check_positive(modes=modes)
    return _centres(modes, radius, dimension).numpy()


def ring(
    count: int,
    seed: int,
    modes: int = MODES,
    radius: float = RADIUS,
    std: float = STD,
) -> np.ndarray:
    """The first points of the seed's sequence: float32 [count, 2].

    A mode of equal chance, then N(centre, std^2 I).

    Raises:
      UsageError: for no mode, or a count below 1.
    """
    errors.check_positive(modes=modes, count=count)
    return _points(count, seed, 0, modes, radius, std, 2).numpy()


def ring3d(
    count: int,
    seed: int,
    modes: int = MODES,
    radius: float = RADIUS,
    std: float = STD,
) -> np.ndarray:
    """`ring` with a third coordinate N(0, .1^2), turned by pi / 3 about y.

    (x, y, z) -> (x cos a + z sin a, y, z cos a - x sin a); float32 [count, 3].

    Raises:
      UsageError: for no mode, or a count below 1.
    """
    errors.check_positive(modes=modes, count=count)
    return _points(count, seed, 0, modes, radius, std, 3).numpy()


def batches(
    batch_size: int, seed: int, start: int = 0, dimension: int = 2
) -> tf.data.Dataset:
    """Batches without end of the seed's sequence, from number `start` on.

    Batch i holds the points i * batch_size and on, float32 [batch_size,
    dimension], of eight modes.

    Raises:
      UsageError: for a batch without points, a start below 0, or a dimension
        that is neither 2 nor 3.
    """
    errors.check_positive(batch_size=batch_size)
    if start < 0:
        raise errors.UsageError(f"start={start}, need >= 0.")
    _centres(MODES, RADIUS, dimension)

    def batch(number: tf.Tensor) -> tf.Tensor:
        first = number * batch_size
        points = _points(batch_size, seed, first, MODES, RADIUS, STD, dimension)
        return tf.ensure_shape(points, [batch_size, dimension])

    dataset = tf.data.Dataset.counter(start).map(batch).prefetch(12)
    return dataset.with_options(pipeline.options())


def _points(
    count: int,
    seed: int,
    start: int | tf.Tensor,
    modes: int,
    radius: float,
    std: float,
    dimension: int,
) -> tf.Tensor:
    def draw(law: Latents, stream: int) -> tf.Tensor:
        return law.sample(tf.constant([seed, stream], tf.int64), count, start)

    unit = 0.5 * (draw(Latents(1, "uniform"), _CHOICE)[:, 0] + 1.0)  # [0, 1)
    mode = tf.cast(unit * modes, tf.int32)
    noise = draw(Latents(dimension, "normal"), _NOISE)
    if dimension == 3:
        noise = _tilt(noise * [std, std, THICKNESS])
    else:
        noise *= std
    return tf.gather(_centres(modes, radius, dimension), mode) + noise


def _centres(modes: int, radius: float, dimension: int) -> tf.Tensor:
    angles = 2.0 * np.pi * np.arange(modes) / modes - np.pi / 2
    flat = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if dimension == 2:
        return tf.constant(flat, tf.float32)
    if dimension == 3:
        return _tilt(tf.constant(np.pad(flat, [(0, 0), (0, 1)]), tf.float32))
    raise errors.UsageError(f"dimension={dimension}, need 2 or 3.")


def _tilt(points: tf.Tensor) -> tf.Tensor:
    cos, sin = math.cos(TILT), math.sin(TILT)
    return points @ tf.constant([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
