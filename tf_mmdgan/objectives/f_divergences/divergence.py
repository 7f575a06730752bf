"""What an f-divergence is: a frozen value with formulas.

    D_f(P || Q) = E_Q f(p / q) = max_v E_P g(v) - E_Q f*(g(v))

over critics v: X -> R, whose output activation g maps R into the domain of the
convex conjugate f*. The maximum is where g(v) = f'(p / q).
Nowozin, Cseke, Tomioka 2016, "f-GAN: Training generative neural samplers using
variational divergence minimization", tables 1, 2 and 6,
https://arxiv.org/abs/1606.00709. Two integrals in its table 1 do not belong to
the generators beside them, Pearson's and Jensen-Shannon's; those given here do.
"""

import abc
import math

import tensorflow as tf


class FDivergence(abc.ABC):
    """A convex function f on u > 0 and what a critic needs of it.

    Yours is a frozen dataclass that derives from this class. The formulas work
    elementwise on float tensors of any shape.

        >>> divergence: tm.FDivergence = tm.ReverseKLDivergence()
        >>> divergence.threshold, divergence.domain
        (-1.0, (-inf, 0.0))
    """

    @property
    def threshold(self) -> float:
        """f'(1), the output g(v) of an undecided critic."""
        return 0.0

    @property
    def domain(self) -> tuple[float, float]:
        """Lower and upper end of the domain of f*."""
        return -math.inf, math.inf

    @abc.abstractmethod
    def generator(self, u: tf.Tensor) -> tf.Tensor:
        """f(u) for u > 0; f(1) = 0 in all divergences but the GAN's."""

    @abc.abstractmethod
    def derivative(self, u: tf.Tensor) -> tf.Tensor:
        """f'(u), the optimal g(v) where the ratio p / q is u."""

    @abc.abstractmethod
    def conjugate(self, t: tf.Tensor) -> tf.Tensor:
        """f*(t) = sup_u u t - f(u), for t in `domain` only."""

    @abc.abstractmethod
    def output(self, v: tf.Tensor) -> tf.Tensor:
        """g(v), increasing, in `domain` for every real v."""

    @abc.abstractmethod
    def conjugate_of_output(self, v: tf.Tensor) -> tf.Tensor:
        """f*(g(v)), composed by algebra.

        It is accurate where g saturates, and finite where g overflows.
        """

    @abc.abstractmethod
    def curvature(self, v: tf.Tensor) -> tf.Tensor:
        """f*''(g(v)) g'(v)**2 >= 0, the weight of a critic's squared slope.

        Omega_f = E_Q f*''(g(v)) ||grad g(v)||**2 = E_Q curvature(v)
        ||grad v||**2. Noise N(0, gamma I) on real and fake changes the optimal
        variational objective by -gamma / 2 Omega_f + O(gamma**2). Roth et al.
        2017, "Stabilizing training of generative adversarial networks through
        regularization", https://arxiv.org/abs/1705.09367
        """
