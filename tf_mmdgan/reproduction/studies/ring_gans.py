"""Many small GANs on the ring of eight Gaussians at once.

All runs of a group share their loss, widths and number of critic updates, and
differ in seeds and optimizer settings: each weight has a leading axis of runs,
so that a group costs little more than one run does.
"""

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_mmdgan.data.sets import ring
from tf_mmdgan.metrics import modes

Weights = list[tf.Variable]
Critic = Callable[[tf.Tensor], tf.Tensor]

POINTS = 2000
_SLOPE = 0.2  # of the critic's units below zero
_CHUNK = 50  # generator steps in one call of the graph


class Setting(NamedTuple):
    """What may differ between the runs of a group."""

    seed: int
    learning_rate: float = 1e-3
    beta_1: float = 0.5
    beta_2: float = 0.9


@dataclasses.dataclass(frozen=True)
class Group:
    """What is common to the runs of a group.

    Attributes:
      loss: of `LOSSES`.
      critic_steps: before each step of the generator.
      generator_width: of its two hidden layers.
      critic_width: of its two hidden layers.
      critic_output: number of features.
      spectral_norm: layers of norm 1.
      learnable_scale: layers of a norm that is learnt, beginning at 1.
      weight_clip: bound on the critic's weights; None: no bound.
      latent_size: width of the normal noise.
      batch_size: of both kinds of points.
    """

    loss: str
    critic_steps: int = 5
    generator_width: int = 64
    critic_width: int = 64
    critic_output: int = 1
    spectral_norm: bool = False
    learnable_scale: bool = False
    weight_clip: float | None = None
    latent_size: int = 8
    batch_size: int = 64


def witness(critic: Critic, real: tf.Tensor, fake: tf.Tensor) -> Critic:
    """E k(h(t), h(x)) - E k(h(t), h(y)), Gaussian kernel; points [r, n, 2]."""
    features = critic(real), critic(fake)

    def function(points: tf.Tensor) -> tf.Tensor:
        at = critic(points)
        near, far = (tf.reduce_mean(_kernel(at, f), -1) for f in features)
        return near - far

    return function


def mmd2(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """Unbiased MMD^2 of features [r, n, d], Gaussian kernel of sigma 1: [r]."""
    n = tf.cast(tf.shape(real)[1], tf.float32)
    xx, xy, yy = (
        tf.reduce_sum(_kernel(u, v), [1, 2])
        for u, v in ((real, real), (real, fake), (fake, fake))
    )
    return (xx + yy - 2.0 * n) / (n * (n - 1.0)) - 2.0 * xy / n**2


def _kernel(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    norms = (
        tf.reduce_sum(x**2, -1)[:, :, None] + tf.reduce_sum(y**2, -1)[:, None]
    )
    squares = norms - 2.0 * tf.matmul(x, y, transpose_b=True)
    return tf.exp(-tf.maximum(squares, 0.0) / 2.0)


def slope_penalty(
    function: Critic, real: tf.Tensor, fake: tf.Tensor, mix: tf.Tensor
) -> tf.Tensor:
    """Mean (slope - 1)^2 between pairs of points, for each run: [r]."""
    between = real + mix * (fake - real)
    with tf.GradientTape() as tape:
        tape.watch(between)
        values = function(between)
    slopes = tape.gradient(values, between)
    lengths = tf.sqrt(tf.reduce_sum(slopes**2, -1) + 1e-12)
    return tf.reduce_mean((lengths - 1.0) ** 2, -1)


def _gan(critic: Critic, real: tf.Tensor, fake: tf.Tensor, mix: tf.Tensor):
    on_real, on_fake = critic(real)[..., 0], critic(fake)[..., 0]
    loss = tf.nn.softplus(-on_real) + tf.nn.softplus(on_fake)
    return _mean(loss), _mean(tf.nn.softplus(-on_fake))


def _wgan(critic: Critic, real: tf.Tensor, fake: tf.Tensor, mix: tf.Tensor):
    distance = _mean(critic(real)[..., 0]) - _mean(critic(fake)[..., 0])
    return -distance, distance


def _wgan_gp(critic: Critic, real: tf.Tensor, fake: tf.Tensor, mix: tf.Tensor):
    _, distance = _wgan(critic, real, fake, mix)
    # The weight for points in the plane, of the code of Gulrajani et al. 2017.
    penalty = 0.1 * slope_penalty(critic, real, fake, mix)
    return penalty - distance, distance


def _mmd_gp(critic: Critic, real: tf.Tensor, fake: tf.Tensor, mix: tf.Tensor):
    distance = mmd2(critic(real), critic(fake))
    function = witness(critic, real, fake)
    penalty = 0.1 * slope_penalty(function, real, fake, mix)
    return penalty - distance, distance


def _smmd(critic: Critic, real: tf.Tensor, fake: tf.Tensor, mix: tf.Tensor):
    """Arbel et al. 2018, with the weights of their code, one output."""
    with tf.GradientTape() as tape:
        tape.watch(real)
        features = critic(real)
    slopes = tape.gradient(features, real)
    scale = 1.0 / (1.0 + 10.0 * _mean(tf.reduce_sum(slopes**2, -1)))
    distance = scale * mmd2(features, critic(fake))
    return -distance, distance


# Of the critic and of the generator, both [r], to be minimised.
LOSSES: dict[str, Callable[..., tuple[tf.Tensor, tf.Tensor]]] = {
    "gan": _gan,
    "wgan": _wgan,
    "wgan_gp": _wgan_gp,
    "mmd_gp": _mmd_gp,
    "smmd": _smmd,
}


def _mean(values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(values, -1)


class Runs:
    """A group in training: weights, optimizers, points."""

    def __init__(self, group: Group, settings: Sequence[Setting]):
        self.group = group
        self._settings = list(settings)
        self._step = tf.Variable(0, dtype=tf.int64)
        self._centres = ring.centres()
        width, critic = group.generator_width, group.critic_width
        self.generator = self._layers((group.latent_size, width, width, 2), 0)
        self.critic = self._layers((2, critic, critic, group.critic_output), 1)
        kernels = self.critic[::2]
        self._vectors = [
            tf.Variable(tf.ones([len(settings), 1, k.shape[1]]))
            for k in kernels
        ]
        self.scales = [
            tf.Variable(tf.ones([len(settings), 1, 1])) for _ in kernels
        ]
        trained = self.critic + (self.scales if group.learnable_scale else [])
        self._optimizers = (
            Adam(self.generator, settings),
            Adam(trained, settings),
        )
        self._train = tf.function(self._steps)

    def train(self, steps: int) -> None:
        """Goes on for that many generator steps."""
        while steps > 0:
            self._train(tf.constant(min(steps, _CHUNK)))
            steps -= _CHUNK

    def points(self) -> np.ndarray:
        """Points of each generator: [r, POINTS, 2]."""
        noise = np.stack(
            [
                np.random.default_rng(10**6 + s.seed).normal(
                    size=(POINTS, self.group.latent_size)
                )
                for s in self._settings
            ]
        )
        return self._generate(tf.constant(noise, tf.float32)).numpy()

    def kernels(self) -> list[tf.Tensor]:
        """The critic's matrices as they act, [r, in, out] each."""
        if not self.group.spectral_norm:
            return [tf.convert_to_tensor(k) for k in self.critic[::2]]
        return [
            scale * kernel / _norm(kernel, vector)
            for kernel, vector, scale in zip(
                self.critic[::2], self._vectors, self.scales, strict=True
            )
        ]

    def _layers(self, widths: Sequence[int], stream: int) -> Weights:
        """Kernels of He et al. 2015 and biases of 0, in turn."""
        weights = []
        rngs = [np.random.default_rng([s.seed, stream]) for s in self._settings]
        for fan_in, fan_out in itertools.pairwise(widths):
            std = np.sqrt(2.0 / fan_in)
            drawn = [std * r.normal(size=(fan_in, fan_out)) for r in rngs]
            weights.append(tf.Variable(np.stack(drawn), dtype=tf.float32))
            weights.append(tf.Variable(tf.zeros([len(rngs), 1, fan_out])))
        return weights

    def _generate(self, noise: tf.Tensor) -> tf.Tensor:
        return _apply(noise, self.generator[::2], self.generator[1::2], 0.0)

    def criticise(self, points: tf.Tensor) -> tf.Tensor:
        """Features of points [r, n, 2]: [r, n, critic_output]."""
        return _apply(points, self.kernels(), self.critic[1::2], _SLOPE)

    def _steps(self, count: tf.Tensor) -> None:
        for _ in tf.range(count):
            for _ in range(self.group.critic_steps):
                self._update(critic=True)
            self._update(critic=False)

    def _update(self, critic: bool) -> None:
        self._step.assign_add(1)
        if self.group.spectral_norm and critic:
            self._move_vectors()
        real, noise, mix = self._draw()
        optimizer = self._optimizers[critic]
        with tf.GradientTape() as tape:
            losses = LOSSES[self.group.loss](
                self.criticise, real, self._generate(noise), mix
            )
            # Runs have no weight in common, so that each keeps its gradient.
            loss = tf.reduce_sum(losses[0 if critic else 1])
        optimizer.apply(tape.gradient(loss, optimizer.weights))
        if critic and self.group.weight_clip:
            bound = self.group.weight_clip
            for weight in self.critic:
                weight.assign(tf.clip_by_value(weight, -bound, bound))

    def _move_vectors(self) -> None:
        for kernel, vector in zip(self.critic[::2], self._vectors, strict=True):
            right = tf.nn.l2_normalize(tf.matmul(vector, kernel), -1)
            left = tf.matmul(right, kernel, transpose_b=True)
            vector.assign(tf.nn.l2_normalize(left, -1))

    def _draw(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Points of the ring, noise, and places between, of this update."""
        runs, batch = len(self._settings), self.group.batch_size
        first = tf.constant(self._settings[0].seed, tf.int64)
        seed = tf.stack([2 * self._step, first])
        normal = tf.random.stateless_normal(
            [runs, batch, 2 + self.group.latent_size], seed
        )
        uniform = tf.random.stateless_uniform(
            [runs, batch, 2], seed + tf.constant([1, 0], tf.int64)
        )
        mode = tf.cast(uniform[..., 0] * ring.MODES, tf.int32)
        real = tf.gather(self._centres, mode) + ring.STD * normal[..., :2]
        return real, normal[..., 2:], uniform[..., 1:]


def _apply(
    points: tf.Tensor, kernels: Sequence, biases: Sequence, slope: float
) -> tf.Tensor:
    for i, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
        points = tf.matmul(points, kernel) + bias
        if i < len(kernels) - 1:
            points = tf.maximum(points, slope * points)
    return points


def _norm(kernel: tf.Tensor, left: tf.Tensor) -> tf.Tensor:
    """Largest singular value by the vector u, [r, 1, 1]; u is a constant."""
    right = tf.nn.l2_normalize(tf.matmul(left, kernel), -1)
    right = tf.stop_gradient(right)
    return tf.reduce_sum(tf.matmul(left, kernel) * right, [1, 2], keepdims=True)


class Adam:
    """Kingma and Ba 2015, with settings of its own for each run."""

    def __init__(self, weights: Weights, settings: Sequence[Setting]):
        self.weights = weights
        self._settings = [
            tf.constant([[[s[i]]] for s in settings], tf.float32)
            for i in (1, 2, 3)
        ]
        self._count = tf.Variable(0.0)
        self._means, self._squares = (
            [tf.Variable(tf.zeros_like(w)) for w in weights] for _ in range(2)
        )

    def apply(self, gradients: Sequence[tf.Tensor]) -> None:
        """Moves the weights."""
        rate, beta_1, beta_2 = self._settings
        self._count.assign_add(1.0)
        rate = rate * tf.sqrt(1.0 - beta_2**self._count)
        rate /= 1.0 - beta_1**self._count
        for weight, gradient, mean, square in zip(
            self.weights, gradients, self._means, self._squares, strict=True
        ):
            mean.assign(beta_1 * mean + (1.0 - beta_1) * gradient)
            square.assign(beta_2 * square + (1.0 - beta_2) * gradient**2)
            weight.assign_sub(rate * mean / (tf.sqrt(square) + 1e-8))


def train(
    group: Group, settings: Sequence[Setting], steps: int
) -> list[dict[str, Any]]:
    """Scores and 300 points of each run, trained for that many steps."""
    runs = Runs(group, settings)
    runs.train(steps)
    return [
        {**score(points), "points": np.round(points[:300], 2)}
        for points in runs.points()
    ]


def scatter(axes: Any, points: Any, title: str) -> None:
    """Points [n, 2], over circles of three standard deviations of the ring."""
    from matplotlib import patches

    for centre in ring.centres():
        axes.add_patch(patches.Circle(centre, 3 * ring.STD, color="0.88"))
    finite = [point for point in points if None not in point]
    if finite:
        axes.plot(*np.array(finite).T, ".", ms=2)
    axes.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal", xticks=[], yticks=[])
    axes.set_title(title, fontsize=8)


def score(points: np.ndarray) -> dict[str, Any]:
    """Modes covered of 8, and share of points in a mode, of points [n, 2]."""
    if not np.isfinite(points).all():
        return {"modes": 0, "high_quality": 0.0}
    found = modes.mode_coverage(points, ring.centres(), ring.STD)
    return {"modes": found.modes_covered, "high_quality": found.high_quality}
