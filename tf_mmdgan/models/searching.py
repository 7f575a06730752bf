"""Latents of a trained generator whose images are like given ones.

Jitkrittum, Sangkloy, Gondal, Raj, Hays, Scholkopf 2019, "Kernel mean matching
for content addressability of GANs", https://arxiv.org/abs/1905.05882.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, images
from tf_mmdgan.conditions import Condition, Label, by_label
from tf_mmdgan.distribute import graphs
from tf_mmdgan.latents import Latents, sampling_seed
from tf_mmdgan.models import likeness
from tf_mmdgan.models.image_batches import ImageForm

# Of uniform latents the law's bound, of normal ones that of Jitkrittum et al.
_BOUNDS = {"uniform": 1.0, "normal": 3.3}
_PICTURES = 256  # whose latents are searched for at a time
_WEIGHTS = dict.fromkeys(("ema", "current"))

# From images [n, h, w, c] in [-1, 1] to what is lowered, [n].
Loss = Callable[[tf.Tensor], tf.Tensor]


@dataclasses.dataclass(frozen=True)
class Search:
    """How latents are searched for.

        >>> tm.Search(steps=0).draws
        1000

    Attributes:
      features: what likeness is of: an extractor, or its name.
      steps: of Adam, from the best draws; 0: these draws as they are.
      learning_rate: of Adam.
      draws: how many latents are drawn for the start.
      label: of all images: a class, its number or its name, or numbers; None:
        each image keeps the label of its draw.
      weights: "ema" (averaged) or "current" ones of the generator.
      seed: of the draws.

    Raises:
      UsageError: for numbers out of range and unknown weights.
    """

    features: Any = "pixels"
    steps: int = 200
    learning_rate: float = 0.05
    draws: int = 1000
    label: Label | None = None
    weights: str = "ema"
    seed: int = 0

    def __post_init__(self):
        errors.check_count(0, steps=self.steps)
        errors.check_count(1, draws=self.draws)
        errors.check_above(0.0, learning_rate=self.learning_rate)
        errors.pick(_WEIGHTS, self.weights, "kind of weights")
        errors.check_seed(seed=self.seed)


class Found(NamedTuple):
    """Images that a generator makes of latents that were searched for.

    Attributes:
      images: uint8 [n, h, w, c].
      latents: that the generator makes them of, float32 [n, z]; None where it
        only tells the images.
      labels: theirs, int32 [n] of classes or float32 [n, k] of numbers; None of
        a generator that takes none.
      before: how far the best draws are from what is wanted, [n].
      after: how far these images are, [n].
    """

    images: np.ndarray
    latents: np.ndarray | None
    labels: np.ndarray | None
    before: np.ndarray
    after: np.ndarray

    def rows(self, numbers: np.ndarray) -> "Found":
        """Those of some numbers."""
        labels = None if self.labels is None else self.labels[numbers]
        latents = None if self.latents is None else self.latents[numbers]
        return Found(
            self.images[numbers], latents, labels,
            self.before[numbers], self.after[numbers],
        )  # fmt: skip


class Searching:
    """The searches of a model that has a generator."""

    latents: Latents
    condition: Condition | None

    @property
    def image_form(self) -> ImageForm:
        """That of the generated images."""
        raise NotImplementedError

    def network(self, weights: str) -> keras.Model:
        """The generator with weights of a kind."""
        raise NotImplementedError

    def more_like(
        self,
        examples: np.ndarray,
        count: int = 16,
        shares: Sequence[float] | None = None,
        **settings: Any,
    ) -> Found:
        """Images of the generator that are, as a set, like some examples.

        Over the latents of all images y together, with weights w of the
        examples x, of sum 1,

        MMD^2 = mean_ij k(y_i, y_j) - 2 mean_j sum_i w_i k(x_i, y_j)
                + sum_ij w_i w_j k(x_i, x_j)

        is lowered: the images are like the examples, and not all the same. The
        start is what herding takes of the draws (`mmd.embeddings`). The kernel
        is of `likeness`. In `Found`, MMD^2 stands for each image alike.

            >>> layers = [keras.Input((2,)), keras.layers.Dense(4)]
            >>> layers.append(keras.layers.Reshape((2, 2, 1)))
            >>> latents = tm.Latents(2, "uniform")
            >>> model = tm.MomentMatchingModel(
            ...     keras.Sequential(layers), latents, tm.SlicedEnergy(8)
            ... )
            >>> found = model.more_like(model.generate(3), 2, steps=5, draws=20)
            >>> found.images.shape, bool(found.after[0] <= found.before[0])
            ((2, 2, 2, 1), True)

        Args:
          examples: uint8 [m, h, w, c], of the shape of the generator's images.
          count: how many images to find.
          shares: the weights w, >= 0; by default equal ones.
          **settings: of a `Search`.

        Raises:
          UsageError: for examples of another shape, and numbers out of range.
        """
        search = Search(**settings)
        errors.check_count(1, count=count)
        likeness.check_images("examples", examples, self.image_form.shape)
        embed = likeness.embedding(search.features, search.steps > 0)
        start = self._draws(search, max(search.draws, count))
        target = likeness.Target.of(
            embed.find(examples), embed.find(start.images), shares
        )
        rows, value = target.herd(count)
        taken = start.rows(rows)._replace(
            before=np.full(count, value), after=np.full(count, value)
        )
        if not search.steps:
            return taken
        return self._descend(
            taken, lambda made: target.mmd2(embed.matched(made)), search
        )

    def invert(self, pictures: np.ndarray, **settings: Any) -> Found:
        """For each picture the latents of which the generator makes it best.

        Adam lowers the squared distance of pixels plus that of features, each
        in units of its mean over the draws, from the best of these. Of a draw
        like any other this distance is about 2.

            >>> layers = [keras.Input((2,)), keras.layers.Dense(4)]
            >>> layers.append(keras.layers.Reshape((2, 2, 1)))
            >>> latents = tm.Latents(2, "uniform")
            >>> model = tm.MomentMatchingModel(
            ...     keras.Sequential(layers), latents, tm.SlicedEnergy(8)
            ... )
            >>> found = model.invert(model.generate(3), steps=5, draws=20)
            >>> found.latents.shape, bool((found.after <= found.before).all())
            ((3, 2), True)

        Args:
          pictures: uint8 [n, h, w, c], of the shape of the generator's images.
          **settings: of a `Search`.

        Raises:
          UsageError: for pictures of another shape, and numbers out of range.
        """
        search = Search(**settings)
        likeness.check_images("pictures", pictures, self.image_form.shape)
        embed = likeness.embedding(search.features, True)
        start = self._draws(search, search.draws)
        found = []
        # Each picture has latents of its own: memory does not grow with them.
        for first in range(0, len(pictures), _PICTURES):
            some = pictures[first : first + _PICTURES]
            goal = likeness.Pictures.of(some, start.images, embed)
            nearest = start.rows(goal.nearest)
            found.append(self._descend(nearest, goal.distances, search))
        return _joined(found)

    def _draws(self, search: Search, count: int) -> Found:
        """The first images of a seed, as `generate` draws them."""
        condition = by_label(self.condition, search.label)
        seed = sampling_seed(search.seed)
        drawn = self.latents.sample(seed, count)
        labels = None
        if condition is not None:
            labels = condition.draw(seed, count)
        network = self.network(search.weights)
        made = [
            images.to_uint8(_call(network, *part)).numpy()
            for part in likeness.parts(drawn, labels)
        ]
        unknown = np.full(count, np.nan)
        return Found(
            np.concatenate(made), drawn.numpy(),
            None if labels is None else labels.numpy(), unknown, unknown,
        )  # fmt: skip

    def _descend(self, start: Found, loss: Loss, search: Search) -> Found:
        """The best of all latents on Adam's way from some."""
        network = self.network(search.weights)
        labels = None if start.labels is None else tf.constant(start.labels)
        z, best = (tf.Variable(start.latents) for _ in range(2))
        bound = _BOUNDS[self.latents.distribution]
        optimizer = keras.optimizers.Adam(search.learning_rate)
        optimizer.build([z])

        def move() -> tf.Tensor:
            with tf.GradientTape() as tape:
                values = loss(_call(network, z.value(), labels))
                total = tf.reduce_sum(values)
            optimizer.apply([tape.gradient(total, z)], [z])
            z.assign(tf.clip_by_value(z, -bound, bound))
            return values

        step = graphs.traced(move)
        least, values = np.full(len(start.images), np.inf), []
        for _ in range(search.steps):
            at = z.numpy()
            values.append(step().numpy())
            better = values[-1] < least
            least = np.where(better, values[-1], least)
            best.assign(np.where(better[:, np.newaxis], at, best.numpy()))
        made = _call(network, best.value(), labels)
        return Found(
            images.to_uint8(made).numpy(), best.numpy(), start.labels,
            values[0], least,
        )  # fmt: skip


def _joined(parts: Sequence[Found]) -> Found:
    return Found._make(
        None if columns[0] is None else np.concatenate(columns)
        for columns in zip(*parts, strict=True)
    )


def _call(
    network: keras.Model, latents: tf.Tensor, labels: tf.Tensor | None
) -> tf.Tensor:
    inputs = latents if labels is None else [latents, labels]
    return network(inputs, training=False)
