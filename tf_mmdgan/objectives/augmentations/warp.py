"""Random affine maps of images.

T. Karras, M. Aittala, J. Hellsten, S. Laine, J. Lehtinen, T. Aila 2020,
"Training generative adversarial networks with limited data",
https://arxiv.org/abs/2006.06676, appendix B.
"""

import dataclasses
import math
from collections.abc import Sequence

import tensorflow as tf

from tf_mmdgan.objectives.augmentations import places
from tf_mmdgan.objectives.augmentations.change import ImageChange, normal


@dataclasses.dataclass(frozen=True)
class Warp(ImageChange):
    """Scales, turns, stretches and shifts of images, as one affine map.

    In this order, each with a coin of its own: both sides times 2^N(0, .2^2); a
    turn by any angle; the width times, the height divided by, 2^N(0, .2^2); a
    second such turn; a shift by N(0, .125^2) of each side. The coins have the
    given probability p, those of the two turns 1 - sqrt(1 - p), so that an
    image is turned at all with probability p.

    Pixels come from the image by bilinear interpolation, once; beyond its
    edges it is reflected. The published code filters before and after that,
    which takes a convolution on images of twice the sides.
    """

    # Five coins, and the six numbers of what they are for.
    draws: int = dataclasses.field(default=11, init=False)
    needs_chance: bool = dataclasses.field(default=True, init=False)

    def __call__(
        self,
        images: tf.Tensor,
        numbers: tf.Tensor,
        probability: tf.Tensor | float = 1.0,
    ) -> tf.Tensor:
        """See `ImageChange`."""
        _, h, w, _ = images.shape
        inverse, changed = inverse_maps(numbers, probability, h, w)
        rows, columns = tf.meshgrid(
            tf.range(h, dtype=images.dtype) - (h - 1) / 2,
            tf.range(w, dtype=images.dtype) - (w - 1) / 2,
            indexing="ij",
        )
        ones = tf.ones([h * w], images.dtype)
        points = tf.stack(
            [tf.reshape(columns, [-1]), tf.reshape(rows, [-1]), ones]
        )
        sources = tf.linalg.matmul(inverse[:, :2], points[tf.newaxis])
        warped = places.sampled(
            images,
            sources[:, 1] + (h - 1) / 2,
            sources[:, 0] + (w - 1) / 2,
        )
        warped = tf.reshape(warped, tf.shape(images))
        return tf.where(tf.reshape(changed, [-1, 1, 1, 1]), warped, images)


def inverse_maps(
    numbers: tf.Tensor, probability: tf.Tensor | float, h: int, w: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Where the pixels of warped images come from, as affine maps.

    Args:
      numbers: uniform in [0, 1), [b, 11].
      probability: of each part of the map.
      h: height of the images.
      w: width of the images.

    Returns:
      Matrices [b, 3, 3] on (x, y, 1), x to the right and y down from the
      image's centre, in pixels; and which of them are not the identity: [b].
    """
    p = tf.cast(probability, numbers.dtype)
    p_turn = 1.0 - tf.sqrt(tf.maximum(1.0 - p, 0.0))
    u = tf.unstack(numbers, axis=1)
    chances = (p, p_turn, p, p_turn, p)
    coins = [u[2 * i] < chance for i, chance in enumerate(chances)]
    scale, stretch = (
        tf.exp(0.2 * math.log(2.0) * normal(u[i])) for i in (1, 5)
    )
    parts = [
        _matrices(u[1], [[1.0 / scale, 0.0, 0.0], [0.0, 1.0 / scale, 0.0]]),
        _turns(u[3]),
        _matrices(u[5], [[1.0 / stretch, 0.0, 0.0], [0.0, stretch, 0.0]]),
        _turns(u[7]),
        _matrices(
            u[9],
            [
                [1.0, 0.0, -0.125 * w * normal(u[9])],
                [0.0, 1.0, -0.125 * h * normal(u[10])],
            ],
        ),
    ]
    identity = tf.eye(3, dtype=numbers.dtype)[tf.newaxis]
    inverse = identity
    for coin, part in zip(coins, parts, strict=True):
        inverse = tf.matmul(
            inverse, tf.where(coin[:, tf.newaxis, tf.newaxis], part, identity)
        )
    return inverse, tf.reduce_any(tf.stack(coins), axis=0)


def _turns(numbers: tf.Tensor) -> tf.Tensor:
    """By angles in [-pi, pi): [b, 3, 3]."""
    angles = math.pi * (2.0 * numbers - 1.0)
    cosine, sine = tf.cos(angles), tf.sin(angles)
    return _matrices(numbers, [[cosine, -sine, 0.0], [sine, cosine, 0.0]])


def _matrices(
    like: tf.Tensor, rows: Sequence[Sequence[tf.Tensor | float]]
) -> tf.Tensor:
    """Matrices [b, 3, 3] of two rows of entries, [b] or numbers each."""
    entries = [entry for row in (*rows, (0.0, 0.0, 1.0)) for entry in row]
    zeros = tf.zeros_like(like)
    flat = tf.stack([entry + zeros for entry in entries], axis=1)
    return tf.reshape(flat, [-1, 3, 3])
