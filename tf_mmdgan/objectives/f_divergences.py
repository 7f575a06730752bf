"""f-divergences and their variational form, as frozen values.

    D_f(P || Q) = E_Q f(p / q) = max_v E_P g(v) - E_Q f*(g(v))

over critics v: X -> R, whose output activation g maps R into the domain of the
convex conjugate f*. The maximum is where g(v) = f'(p / q).
Nowozin, Cseke, Tomioka 2016, "f-GAN: Training generative neural samplers using
variational divergence minimization", tables 1, 2 and 6,
https://arxiv.org/abs/1606.00709. Two integrals in its table 1 do not belong to
the generators beside them, Pearson's and Jensen-Shannon's; those given here do.

To add a divergence, derive it and list it in `DIVERGENCES`.
"""

import dataclasses
import math
from collections.abc import Callable

import tensorflow as tf

from tf_mmdgan.config.expressions import Family

Formula = Callable[[tf.Tensor], tf.Tensor]

_INF = math.inf
_LOG_2 = math.log(2.0)


@dataclasses.dataclass(frozen=True)
class FDivergence:
    """A convex function f on u > 0 and what a critic needs of it.

    The formulas work elementwise on float tensors of any shape.

    Attributes:
      generator: f(u), u > 0; f(1) = 0 in all rows but "gan".
      derivative: f'(u), the optimal g(v) where the ratio p / q is u.
      conjugate: f*(t) = sup_u u t - f(u), for t in `domain` only.
      output: g(v), increasing, in `domain` for every real v.
      conjugate_of_output: f*(g(v)), composed by algebra: accurate where g
        saturates, and finite where g overflows.
      curvature: f*''(g(v)) g'(v)**2 >= 0, the weight of a critic's slope in
        Omega_f = E_Q f*''(g(v)) ||grad g(v)||**2 = E_Q curvature(v)
        ||grad v||**2. Noise N(0, gamma I) on real and fake changes the optimal
        variational objective by -gamma / 2 Omega_f + O(gamma**2). Roth et al.
        2017, "Stabilizing training of generative adversarial networks through
        regularization", https://arxiv.org/abs/1705.09367
      threshold: f'(1), the output g(v) of an undecided critic.
      domain: lower and upper end of the domain of f*.
    """

    generator: Formula
    derivative: Formula
    conjugate: Formula
    output: Formula
    conjugate_of_output: Formula
    curvature: Formula
    threshold: float = 0.0
    domain: tuple[float, float] = (-_INF, _INF)


def log_wright_omega(x: tf.Tensor) -> tf.Tensor:
    """The a with exp(a) + a = x, elementwise; exp(a) is W(exp(x)).

    W is the principal branch of Lambert's function. The logarithm neither
    overflows for x >> 0 nor underflows for x << 0. Derivatives up to order
    three are exact.
    """

    def newton(a):
        weight = tf.exp(a)
        return a - (weight + a - x) / (1.0 + weight)

    # Both starts lie above the root of a convex increasing function, so the
    # steps descend to it. From the farthest start, x just below 1, the fifth
    # step is exact in float64.
    a = tf.where(x < 1.0, x, tf.math.log(tf.maximum(x, 1.0)))
    for _ in range(5):
        a = newton(a)
    # As a power series in the change of x, a step squares the error: from a
    # constant, k steps have the right derivatives up to order 2**k - 1.
    return newton(newton(tf.stop_gradient(a)))


def _jeffrey_log_ratio(t: tf.Tensor) -> tf.Tensor:
    """Logarithm of the u with f'(u) = log u + 1 - 1 / u = t."""
    return -log_wright_omega(1.0 - t)


def _jeffrey_conjugate(t: tf.Tensor) -> tf.Tensor:
    """W + 1 / W + t - 2 with W = W(exp(1 - t)) = 1 / u; it is u - 1 + log u.

    The first form cancels: for large -t it is a small difference of W and -t.
    """
    log_u = _jeffrey_log_ratio(t)
    return tf.math.expm1(log_u) + log_u


def _jeffrey_curvature(v: tf.Tensor) -> tf.Tensor:
    """1 / f''(u) = u**2 / (1 + u)."""
    log_u = _jeffrey_log_ratio(v)
    return tf.exp(log_u) * tf.sigmoid(log_u)


def _gan_generator(u: tf.Tensor) -> tf.Tensor:
    """Computes u log u - (u + 1) log(u + 1) accurately for large u too."""
    return -tf.math.xlog1py(u, 1.0 / u) - tf.math.log1p(u)


def _log_softplus(x: tf.Tensor) -> tf.Tensor:
    """Computes log log(1 + exp(x)), with slopes that stay finite for x << 0."""
    small = x < -20.0
    series = x - 0.5 * tf.exp(tf.minimum(x, 0.0))  # exact where exp(2 x) = 0
    direct = tf.math.log(tf.math.softplus(tf.where(small, 0.0, x)))
    return tf.where(small, series, direct)


def alpha_divergence(alpha: float) -> FDivergence:
    """The alpha-divergence, of any alpha but 0 and 1, whose limits are the KL.

    (int p**alpha q**(1 - alpha) - 1) / (alpha (alpha - 1))
    f(u) = (u**alpha - 1 - alpha (u - 1)) / (alpha (alpha - 1))
    f*(t) = (u**alpha - 1) / alpha,  u = (1 + (alpha - 1) t)**(1 / (alpha - 1))
    g(v) = 1 / (1 - alpha) - log(1 + exp(-v)) if alpha < 1, v if alpha > 1

    where u = 0 if alpha > 1 and t <= -1 / (alpha - 1). Squared Hellinger is
    alpha = 1/2 halved; Neyman and Pearson are -1 and 2 doubled; and the limits
    are "reverse_kl" at 0 and "kl" at 1.

    Raises:
      ValueError: if alpha is 0, 1 or not finite.
    """
    if alpha in (0.0, 1.0) or not math.isfinite(alpha):
        raise ValueError(
            f"alpha={alpha}, need a finite number other than 0 and 1; the "
            "limits there are 'reverse_kl' and 'kl'."
        )
    slope = alpha - 1.0

    def generator(u):
        return (tf.pow(u, alpha) - 1.0 - alpha * (u - 1.0)) / (alpha * slope)

    def derivative(u):
        return tf.math.expm1(slope * tf.math.log(u)) / slope

    def conjugate_at(log_u):
        return tf.math.expm1(alpha * log_u) / alpha

    make = _alpha_below_one if alpha < 1.0 else _alpha_above_one
    return make(alpha, generator, derivative, conjugate_at)


def _alpha_below_one(
    alpha: float, generator: Formula, derivative: Formula, conjugate_at: Formula
) -> FDivergence:
    slope = alpha - 1.0
    bound = -1.0 / slope

    def log_ratio(v):
        return (math.log(-slope) + _log_softplus(-v)) / slope

    def curvature(v):
        # f*'' = 1 / f''(u) = u**(2 - alpha), and g' = sigmoid(-v).
        log_slope = -tf.math.softplus(v)
        return tf.exp((2.0 - alpha) * log_ratio(v) + 2.0 * log_slope)

    return FDivergence(
        generator=generator,
        derivative=derivative,
        conjugate=lambda t: conjugate_at(tf.math.log1p(slope * t) / slope),
        output=lambda v: bound - tf.math.softplus(-v),
        conjugate_of_output=lambda v: conjugate_at(log_ratio(v)),
        curvature=curvature,
        domain=(-_INF, bound),
    )


def _alpha_above_one(
    alpha: float, generator: Formula, derivative: Formula, conjugate_at: Formula
) -> FDivergence:
    slope = alpha - 1.0
    bound = -1.0 / slope

    def where_positive(formula, t, otherwise):
        # The formula never sees u = 0: its infinite log would make NaN slopes.
        positive = t > bound
        log_u = tf.math.log1p(slope * tf.where(positive, t, 0.0)) / slope
        return tf.where(positive, formula(log_u), otherwise)

    def conjugate(t):
        return where_positive(conjugate_at, t, -1.0 / alpha)

    return FDivergence(
        generator=generator,
        derivative=derivative,
        conjugate=conjugate,
        output=lambda v: v,
        conjugate_of_output=conjugate,
        curvature=lambda v: where_positive(
            lambda log_u: tf.exp((2.0 - alpha) * log_u), v, 0.0
        ),
    )


def weighted_jensen_shannon(pi: float) -> FDivergence:
    """The Jensen-Shannon divergence with weight pi on P and 1 - pi on Q.

    pi KL(P || M) + (1 - pi) KL(Q || M),  M = pi P + (1 - pi) Q
    f(u) = pi u log u - m log m,  m = 1 - pi + pi u
    f*(t) = (1 - pi) log((1 - pi) / (1 - pi exp(t / pi))),  t < -pi log pi
    g(v) = -pi log pi - pi log(1 + exp(-v))

    The factor pi of the last logarithm, a choice, makes the optimal sigmoid(v)
    the posterior pi p / (pi p + (1 - pi) q), f*(g(v)) a softplus, and pi = 1/2
    half the row "jensen_shannon".

    Raises:
      ValueError: unless 0 < pi < 1.
    """
    if not 0.0 < pi < 1.0:
        raise ValueError(f"pi={pi}, need a number between 0 and 1.")
    rest, log_rest = 1.0 - pi, math.log1p(-pi)
    bound = -pi * math.log(pi)

    def generator(u):
        mixture = rest + pi * u
        from_p = pi * tf.math.xlogy(u, u / mixture)
        return from_p - rest * tf.math.log(mixture)

    def conjugate(t):
        return rest * (log_rest - tf.math.log(-tf.math.expm1((t - bound) / pi)))

    return FDivergence(
        generator=generator,
        derivative=lambda u: pi * tf.math.log(u / (rest + pi * u)),
        conjugate=conjugate,
        output=lambda v: bound - pi * tf.math.softplus(-v),
        conjugate_of_output=lambda v: rest * (log_rest + tf.math.softplus(v)),
        curvature=lambda v: rest * tf.sigmoid(v),
        domain=(-_INF, bound),
    )


DIVERGENCES: dict[str, FDivergence] = {
    # int p log(p / q)
    "kl": FDivergence(
        generator=lambda u: tf.math.xlogy(u, u),
        derivative=lambda u: tf.math.log(u) + 1.0,
        conjugate=lambda t: tf.exp(t - 1.0),
        output=lambda v: v,
        conjugate_of_output=lambda v: tf.exp(v - 1.0),
        curvature=lambda v: tf.exp(v - 1.0),
        threshold=1.0,
    ),
    # int q log(q / p)
    "reverse_kl": FDivergence(
        generator=lambda u: -tf.math.log(u),
        derivative=lambda u: -1.0 / u,
        conjugate=lambda t: -1.0 - tf.math.log(-t),
        output=lambda v: -tf.exp(-v),
        conjugate_of_output=lambda v: v - 1.0,
        curvature=tf.ones_like,
        threshold=-1.0,
        domain=(-_INF, 0.0),
    ),
    # int (p - q)**2 / q. As published, f* is that of f on all of R; on u > 0
    # it stays at -1 for t < -2, where no optimum f'(p / q) lies.
    "pearson": FDivergence(
        generator=lambda u: tf.square(u - 1.0),
        derivative=lambda u: 2.0 * (u - 1.0),
        conjugate=lambda t: t * (0.25 * t + 1.0),
        output=lambda v: v,
        conjugate_of_output=lambda v: v * (0.25 * v + 1.0),
        curvature=lambda v: 0.5 * tf.ones_like(v),
    ),
    # int (p - q)**2 / p
    "neyman": FDivergence(
        generator=lambda u: tf.square(u - 1.0) / u,
        derivative=lambda u: 1.0 - 1.0 / tf.square(u),
        conjugate=lambda t: 2.0 - 2.0 * tf.sqrt(1.0 - t),
        output=lambda v: -tf.math.expm1(-v),
        conjugate_of_output=lambda v: -2.0 * tf.math.expm1(-0.5 * v),
        curvature=lambda v: 0.5 * tf.exp(-0.5 * v),
        domain=(-_INF, 1.0),
    ),
    # int (sqrt p - sqrt q)**2, at most 2
    "squared_hellinger": FDivergence(
        generator=lambda u: tf.square(tf.sqrt(u) - 1.0),
        derivative=lambda u: 1.0 - tf.math.rsqrt(u),
        conjugate=lambda t: t / (1.0 - t),
        output=lambda v: -tf.math.expm1(-v),
        conjugate_of_output=tf.math.expm1,
        curvature=lambda v: 2.0 * tf.exp(v),
        domain=(-_INF, 1.0),
    ),
    # int (p - q) log(p / q), the sum of both KL
    "jeffrey": FDivergence(
        generator=lambda u: (u - 1.0) * tf.math.log(u),
        derivative=lambda u: tf.math.log(u) + 1.0 - 1.0 / u,
        conjugate=_jeffrey_conjugate,
        output=lambda v: v,
        conjugate_of_output=_jeffrey_conjugate,
        curvature=_jeffrey_curvature,
    ),
    # int p log(2 p / (p + q)) + q log(2 q / (p + q)) = 2 JS, at most 2 log 2
    "jensen_shannon": FDivergence(
        generator=lambda u: _gan_generator(u) + _LOG_2 * (u + 1.0),
        derivative=lambda u: _LOG_2 - tf.math.log1p(1.0 / u),
        conjugate=lambda t: -tf.math.log(2.0 - tf.exp(t)),
        output=lambda v: _LOG_2 - tf.math.softplus(-v),
        conjugate_of_output=lambda v: tf.math.softplus(v) - _LOG_2,
        curvature=tf.sigmoid,
        domain=(-_INF, _LOG_2),
    ),
    # 2 JS - 2 log 2, with g = log D and f*(g) = -log(1 - D) for the standard
    # GAN's discriminator D = sigmoid(v)
    "gan": FDivergence(
        generator=_gan_generator,
        derivative=lambda u: -tf.math.log1p(1.0 / u),
        conjugate=lambda t: -tf.math.log(-tf.math.expm1(t)),
        output=lambda v: -tf.math.softplus(-v),
        conjugate_of_output=tf.math.softplus,
        curvature=tf.sigmoid,
        threshold=-_LOG_2,
        domain=(-_INF, 0.0),
    ),
    # int |p - q| / 2, at most 1
    "total_variation": FDivergence(
        generator=lambda u: 0.5 * tf.abs(u - 1.0),
        derivative=lambda u: 0.5 * tf.sign(u - 1.0),
        conjugate=lambda t: t,
        output=lambda v: 0.5 * tf.tanh(v),
        conjugate_of_output=lambda v: 0.5 * tf.tanh(v),
        curvature=tf.zeros_like,
        domain=(-0.5, 0.5),
    ),
    "alpha_0.5": alpha_divergence(0.5),
    "alpha_2": alpha_divergence(2.0),
    "jensen_weighted": weighted_jensen_shannon(0.25),
}

DIVERGENCE_FAMILY: Family[FDivergence] = Family(
    "divergence",
    DIVERGENCES,
    FDivergence,
    {"alpha": alpha_divergence, "jensen_weighted": weighted_jensen_shannon},
)
