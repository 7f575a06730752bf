"""Random numbers that belong to an example, by the signs of its latents.

A network that draws noise is then still a function of its latents: what is
drawn is the same in every pass, on every number of replicas, after a resume,
and wherever an exported generator is served. Signs alone decide, so truncated
latents have the noise of those that they were before, and rounding changes
none. An example of k latents has one of 2^k draws.
"""

import tensorflow as tf

from tf_mmdgan import latents as laws

# The generator SplitMix64 (G. Steele, D. Lea and C. Flood, OOPSLA 2014) in
# signed integers: where it begins anew, and the factors of its mixing.
_GOLDEN = 0x9E3779B97F4A7C15 - 2**64
_FACTORS = ((30, 0xBF58476D1CE4E5B9 - 2**64), (27, 0x94D049BB133111EB - 2**64))
_LAST_SHIFT = 31


def keys(latents: tf.Tensor) -> tf.Tensor:
    """A number for each row of latents [b, z]: int64 [b].

    It depends on the signs of the row; 0 counts as positive.
    """
    words = _mixed(_sequence(latents.shape[-1]))
    return tf.reduce_sum(tf.where(latents >= 0.0, words, 0), axis=1)


def uniforms(
    key: tf.Tensor, stream: int, count: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Two sets of independent numbers, multiples of 2^-23 in [-1, 1).

    Args:
      key: of each row, int64 [b].
      stream: tells what is drawn for one purpose from all else, >= 1.
      count: numbers of each row in a set.

    Returns:
      Twice float32 [b, count].
    """
    begin = _mixed(_mixed(key) + tf.constant(stream, tf.int64) * _GOLDEN)
    words = _mixed(begin[:, tf.newaxis] + _sequence(count))
    # The highest 24 bits, with their sign, and the 24 bits behind them.
    shifted = words, tf.bitwise.left_shift(words, tf.constant(24, tf.int64))
    first, second = (
        tf.cast(tf.bitwise.right_shift(x, tf.constant(40, tf.int64)), "float32")
        for x in shifted
    )
    return first * 2.0**-23, second * 2.0**-23


def drawn(key: tf.Tensor, stream: int, law: laws.Latents) -> tf.Tensor:
    """A row of a law for each key [b]: float32 [b, law.size]."""
    if law.distribution == "uniform":
        return uniforms(key, stream, law.size)[0]
    pairs = laws.normal_pairs(law.size)
    return laws.normals(*uniforms(key, stream, pairs))[:, : law.size]


def _sequence(count: int) -> tf.Tensor:
    return tf.range(1, count + 1, dtype=tf.int64) * _GOLDEN


def _mixed(words: tf.Tensor) -> tf.Tensor:
    for shift, factor in _FACTORS:
        words = _folded(words, shift) * factor
    return _folded(words, _LAST_SHIFT)


def _folded(words: tf.Tensor, shift: int) -> tf.Tensor:
    """The words x ^ (x >> shift), shifted as unsigned integers are."""
    moved = tf.bitwise.right_shift(words, tf.constant(shift, tf.int64))
    kept = tf.bitwise.bitwise_and(
        moved, tf.constant(2 ** (64 - shift) - 1, tf.int64)
    )
    return tf.bitwise.bitwise_xor(words, kept)
