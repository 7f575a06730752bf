"""How noise dies down over a run."""

import dataclasses

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Annealing:
    """Noise falls geometrically to a tenth, and stays there.

    factor = .1^min(update / updates, 1),  so that variances fall to 1 %

    Roth et al. 2017, appendix: gamma_t = gamma_0 .01^(t / T).

    Attributes:
      updates: T, in updates of either network; 0 for constant noise.
    """

    updates: int = 0

    def factor(self, update: tf.Tensor) -> tf.Tensor | float:
        """Deviation at an update over that of the first, a scalar."""
        if not self.updates:
            return 1.0
        done = tf.cast(update, tf.float32) / self.updates
        return 0.1 ** tf.minimum(done, 1.0)


CONSTANT = Annealing()
