"""How noise dies down over a run."""

import dataclasses

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Annealing:
    """Noise falls geometrically to a tenth, and stays there.

    factor = .1^min(step / steps, 1),  so that variances fall to 1 %

    Roth et al. 2017, appendix: gamma_t = gamma_0 .01^(t / T).

    Attributes:
      steps: T; 0 for constant noise.
    """

    steps: int = 0

    def factor(self, step: tf.Tensor | int) -> tf.Tensor | float:
        """Deviation at a step over that at the first, a scalar."""
        if not self.steps:
            return 1.0
        done = tf.cast(step, tf.float32) / self.steps
        return 0.1 ** tf.minimum(done, 1.0)


CONSTANT = Annealing()
