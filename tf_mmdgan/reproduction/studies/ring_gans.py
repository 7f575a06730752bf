"""Many small GANs on the ring of eight Gaussians at once.

All runs of a group share their objective, widths and number of critic updates,
and differ in seeds and optimizer settings. What one run does is written for one
run, with the objectives of the package; `tf.vectorized_map` makes of it a graph
in which each weight has a leading axis of runs, so that a group costs little
more than one run does.
"""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan.data.sets import ring
from tf_mmdgan.networks import subspaces
from tf_mmdgan.reproduction.ring import coverage
from tf_mmdgan.reproduction.studies.ring_gan import (
    SLOPE,
    Dense,
    Draws,
    Group,
    RingWeights,
    apply_layers,
    critic_kernels,
    generate,
    gradients_of,
    trained_weights,
)

POINTS = 2000
_CHUNK = 50  # generator steps in one call of the graph
_WARM_START = 8  # power steps before training


class Setting(NamedTuple):
    """What may differ between the runs of a group."""

    seed: int
    learning_rate: float = 1e-3
    beta_1: float = 0.5
    beta_2: float = 0.9


class Runs:
    """A group in training: weights, optimizers, points."""

    def __init__(self, group: Group, settings: Sequence[Setting]):
        self.group = group
        self._settings = list(settings)
        self._step = tf.Variable(0, dtype=tf.int64)
        self._centres = ring.centres()
        self.state = self._initial_state()
        self._optimizers = [
            _adam(settings, trained_weights(group, of_critic, self.state))
            for of_critic in (False, True)
        ]
        if group.spectral_norm:
            self._turn_vectors(_WARM_START)

    def train(self, steps: int) -> None:
        """Goes on for that many generator steps."""
        while steps > 0:
            self._take_steps(tf.constant(min(steps, _CHUNK)))
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
        return generate(self._weights(), tf.constant(noise, tf.float32)).numpy()

    @tf.function(autograph=False)
    def kernels(self) -> list[tf.Tensor]:
        """The critics' matrices as they act, [r, in, out] each."""
        return _of_each_run(
            lambda state: critic_kernels(self.group, state), self._weights()
        )

    def criticise(self, points: tf.Tensor) -> tf.Tensor:
        """Features of points [r, n, 2]: [r, n, critic_output]."""
        biases = self._weights().critic[1::2]
        return apply_layers(points, self.kernels(), biases, SLOPE)

    def _initial_state(self) -> RingWeights:
        group = self.group
        widths = (group.latent_size, *2 * [group.generator_width], 2)
        generator = self._layers(widths, 0)
        widths = (2, *2 * [group.critic_width], group.critic_output)
        critic = self._layers(widths, 1)

        def ones(width: int) -> keras.Variable:
            return _variable(np.ones([len(self._settings), 1, width]))

        return RingWeights(
            generator,
            critic,
            scales=[ones(1) for _ in critic[::2]],
            left=[ones(kernel.shape[2]) for kernel in critic[::2]],
            right=[ones(kernel.shape[1]) for kernel in critic[::2]],
        )

    def _layers(
        self, widths: Sequence[int], stream: int
    ) -> list[keras.Variable]:
        """Kernels of He et al. 2015 and biases of 0, in turn."""
        weights = []
        rngs = [np.random.default_rng([s.seed, stream]) for s in self._settings]
        for fan_in, fan_out in itertools.pairwise(widths):
            std = np.sqrt(2.0 / fan_in)
            drawn = [std * r.normal(size=(fan_in, fan_out)) for r in rngs]
            weights.append(_variable(np.stack(drawn)))
            weights.append(_variable(np.zeros([len(rngs), 1, fan_out])))
        return weights

    def _weights(self) -> RingWeights:
        """The present values."""
        return tf.nest.map_structure(lambda w: w.value, self.state)

    @tf.function
    def _take_steps(self, count: tf.Tensor) -> None:
        for _ in tf.range(count):
            for _ in tf.range(self.group.critic_steps):
                self._update(of_critic=True)
            self._update(of_critic=False)

    @tf.autograph.experimental.do_not_convert
    def _update(self, of_critic: bool) -> None:
        self._step.assign_add(1)
        if self.group.spectral_norm and of_critic:
            self._turn_vectors(1)
        gradients = _of_each_run(
            lambda *run: gradients_of(self.group, of_critic, *run),
            self._weights(),
            self._draw(),
        )
        self._optimizers[of_critic].apply(gradients)
        if of_critic and self.group.weight_clip:
            bound = self.group.weight_clip
            for weight in self.state.critic:
                weight.assign(tf.clip_by_value(weight.value, -bound, bound))

    @tf.function(autograph=False)
    def _turn_vectors(self, iterations: int) -> None:
        def turn(kernel: tf.Tensor, u: tf.Tensor, v: tf.Tensor) -> Any:
            rank = min(kernel.shape)
            return subspaces.power_steps(Dense(kernel), u, v, rank, iterations)

        state = self.state
        for kernel, left, right in zip(
            state.critic[::2], state.left, state.right, strict=True
        ):
            u, v = _of_each_run(turn, kernel.value, left.value, right.value)
            left.assign(u)
            right.assign(v)

    def _draw(self) -> Draws:
        """The random numbers of this update, of all runs."""
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
        return Draws(real, normal[..., 2:], uniform[..., 1])


def _variable(values: np.ndarray) -> keras.Variable:
    return keras.Variable(values, dtype="float32")


def _of_each_run(function: Any, *arguments: Any) -> Any:
    """`function` of the arguments of each run, all with a leading axis."""
    return tf.vectorized_map(lambda run: function(*run), arguments)


def _adam(
    settings: Sequence[Setting], weights: Sequence[keras.Variable]
) -> keras.optimizers.Adam:
    """Adam whose rate and betas differ along the axis of runs."""
    rate, beta_1, beta_2 = (
        tf.constant([[[s[i]]] for s in settings], tf.float32) for i in (1, 2, 3)
    )
    # A rate may be a function, and what it returns may have a shape.
    adam = keras.optimizers.Adam(lambda: rate, beta_1, beta_2, epsilon=1e-8)
    adam.build(weights)
    return adam


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
    found = coverage(points)
    return {"modes": found.modes_covered, "high_quality": found.high_quality}
