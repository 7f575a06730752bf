"""Energy scores: how well draws from a law agree with one outcome of it.

T. Gneiting and A. Raftery, "Strictly proper scoring rules, prediction, and
estimation", JASA 2007, eq. 22; as a loss of generators: De Bortoli et al. 2025,
"Distributional diffusion models with scoring rules", arXiv:2502.02483; Shen
and Meinshausen 2023, "Engression", arXiv:2307.00835.
"""

import dataclasses
import itertools

import tensorflow as tf

from tf_mmdgan import errors


@dataclasses.dataclass(frozen=True)
class EnergyScore:
    """The energy score of m draws for each of some outcomes; lower is better.

      mean_j ||x - y_j||^p - w / 2 mean_{j != k} ||y_j - y_k||^p

    With w = 1 and 0 < p < 2 its mean over outcomes x is least where draws y
    have their law, and half of an energy distance above that least value
    elsewhere: it is that distance's U-statistic, with one real point. With w =
    0 and p = 2 it is a squared error, least where all draws are the mean.

        >>> score = tm.objectives.energy_score.EnergyScore()
        >>> draws = tf.constant([[[1.0]], [[3.0]]])  # two draws for one outcome
        >>> score(tf.constant([[0.0]]), draws).numpy().tolist()
        [1.0]

    Attributes:
      power: p, in (0, 2].
      repulsion: w, in [0, 1].

    Raises:
      UsageError: for a number out of range.
    """

    power: float = 1.0
    repulsion: float = 1.0

    def __post_init__(self):
        errors.check_finite(power=self.power, repulsion=self.repulsion)
        _check_within("power", self.power, 0.0 < self.power <= 2.0, "(0, 2]")
        _check_within(
            "repulsion", self.repulsion, 0.0 <= self.repulsion <= 1.0, "[0, 1]"
        )

    def check_draws(self, draws: int) -> None:
        """Raises UsageError for too few draws to tell how far apart they are.

        Args:
          draws: m, for each outcome.
        """
        errors.check_count(0, draws=draws)
        least = 2 if self.repulsion else 1
        if draws < least:
            raise errors.UsageError(
                f"draws={draws}, need {least} or more with "
                f"repulsion={self.repulsion}.",
                setting="energy_draws",
            )

    def __call__(self, outcomes: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        """The score of each outcome, [b].

        Args:
          outcomes: [b, ...].
          draws: [m, b, ...], m of each.

        Raises:
          UsageError: for one draw, if they repel each other.
        """
        self.check_draws(draws.shape[0])
        near = tf.reduce_mean(self._distances(draws - outcomes), axis=0)
        if not self.repulsion:
            return near
        pairs = itertools.combinations(range(draws.shape[0]), 2)
        first, second = zip(*pairs, strict=True)
        apart = tf.gather(draws, first) - tf.gather(draws, second)
        spread = tf.reduce_mean(self._distances(apart), axis=0)
        return near - 0.5 * self.repulsion * spread

    def _distances(self, gaps: tf.Tensor) -> tf.Tensor:
        """||gap||^p, [k, b]; the gradient where the gap is 0 is 0."""
        axes = list(range(2, len(gaps.shape)))
        squares = tf.reduce_sum(tf.square(gaps), axis=axes)
        apart = ~(squares <= 0.0)  # NaN stays NaN
        safe = tf.where(apart, squares, tf.ones_like(squares))
        powers = tf.pow(safe, tf.cast(0.5 * self.power, safe.dtype))
        return tf.where(apart, powers, tf.zeros_like(powers))


def _check_within(name: str, value: float, within: bool, bounds: str) -> None:
    if not within:
        raise errors.UsageError(
            f"{name}={value}, need a number in {bounds}.",
            setting=f"energy_{name}",
        )
