"""How noise becomes less over a run."""

import dataclasses

import tensorflow as tf

from tf_mmdgan import errors


@dataclasses.dataclass(frozen=True)
class Annealing:
    """Noise falls geometrically to a tenth, and stays there.

    factor = .1^min(step / steps, 1)

    is that of the standard deviation; the variance falls to a hundredth. Roth
    et al. 2017, appendix: gamma_t = gamma_0 .01^(t / T), of the variance.

        >>> tm.InstanceNoise(0.1, tm.Annealing(steps=1000)).annealing
        Annealing(steps=1000)

    Attributes:
      steps: T, the steps after which the noise falls no further; 0 for
        constant noise.
    """

    steps: int = 0

    def __post_init__(self):
        errors.check_count(0, steps=self.steps)

    def factor(self, step: tf.Tensor | int) -> tf.Tensor | float:
        """Standard deviation at a step, over that at step 0: a scalar."""
        if not self.steps:
            return 1.0
        done = tf.cast(step, tf.float32) / self.steps
        return 0.1 ** tf.minimum(done, 1.0)


CONSTANT = Annealing()
