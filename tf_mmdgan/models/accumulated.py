"""Gradients of a large batch in the memory of a part of it.

An MMD of parts is another objective than that of the whole. So the features of
all parts come first; the loss is differentiated with respect to the features,
which are small; and with that gradient each part is passed through the critic
again, and back. T. Gao, Y. Zhang, J. Han and J. Callan, "Scaling deep
contrastive learning batch size under memory limited setup", RepL4NLP 2021,
arXiv:2101.06983, do so for another loss of all pairs.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import Update
from tf_mmdgan.models import adopting, parts_of, updates
from tf_mmdgan.models.passes import Lowered
from tf_mmdgan.models.views import CriticView
from tf_mmdgan.objectives import (
    Batch,
    Comparison,
    Loss,
    Objective,
)
from tf_mmdgan.objectives.criterion import joint_pass

# With respect to weights; None: there is no gradient.
Gradients = Sequence[tf.Tensor | None]


@dataclasses.dataclass(frozen=True)
class InParts:
    """Each update differentiates its loss in equal parts of the batch.

    The gradients are those of the whole batch, but for rounding; the critic
    keeps the activations of one part at a time, and works once more forward.
    The generator makes its whole batch at once, for its batch normalisation is
    over that. Instead of `passes.WholeBatch`.

    Attributes:
      parts: how many, >= 2; a replica's batches are of a multiple of it.
    """

    parts: int

    def check(
        self, critic: keras.Model, objective: Objective, regularize_every: int
    ) -> None:
        """Refuses what has another gradient in parts.

        Raises:
          UsageError: with the reason.
        """
        criterion = objective.criterion
        name = type(criterion).__name__
        if adopting.mixes_examples(critic):
            self._refuse(
                "the critic compares the images of a batch, by batch "
                "normalisation or minibatch discrimination"
            )
        if adopting.draws(critic):
            self._refuse(
                "layers of the critic draw numbers, such as dropout, and would "
                "draw others when a part is passed through it again"
            )
        if criterion.needs_independent_examples or criterion.needs_decoder:
            self._refuse(
                f"the loss of {name} is of more than the critic's features, "
                "slopes or pictures"
            )
        if criterion.needs_denoiser:
            self._refuse(f"the denoiser of {name} normalises over the batch")
        for part in objective.regularizers:
            if not part.is_mean_of_examples:
                self._refuse(f"{type(part).__name__} is no mean over images")
        if regularize_every > 1:
            self._refuse("penalties have updates of their own")

    def _refuse(self, reason: str) -> None:
        raise errors.UsageError(
            f"A batch cannot be taken in {self.parts} parts: {reason}.",
            setting="accumulate",
        )

    def move_critic(
        self,
        critic: CriticView,
        objective: Objective,
        optimizer: keras.optimizers.Optimizer,
        real: Batch,
        fakes: Sequence[Batch],
        update: Update,
    ) -> Loss:
        """One update of the critic's weights, in replica context."""
        weights = critic.network.trainable_variables
        with updates.recording(critic.network, persistent=True) as tape:
            view = parts_of.ViewInParts(critic, self.parts, tape)
            seen, loss = objective.critic_judged(view, real, fakes, update)
        share = updates.share_of(optimizer, loss.value.dtype)
        features = [seen.x, *seen.ys]
        penalty, of_features, direct = self._penalties(
            critic, objective, seen, share
        )
        goals = [loss.value, *features]
        seeds, of_loss = _gradients(
            tape, goals, [share, *of_features], view.passes, weights
        )
        through = [
            self._through(critic, shown, given, weights)
            for shown, given in zip(view.passes, seeds, strict=True)
        ]
        found = _added(direct, of_loss, *through)
        updates.move(optimizer, found, weights)
        return Loss(loss.value + penalty.value, {**loss.terms, **penalty.terms})

    def move_generator(
        self,
        generator: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        critic: CriticView,
        lowered: Lowered,
    ) -> Loss:
        """One update of the generator's weights, in replica context."""
        weights = generator.trainable_variables
        with updates.recording(generator, persistent=True) as tape:
            view = parts_of.ViewInParts(critic, self.parts, tape)
            fakes, loss = lowered(view)
        share = updates.share_of(optimizer, loss.value.dtype)
        # Those of generated images, which come last.
        passes = view.passes[-len(fakes) :]
        seeds, direct = _gradients(tape, [loss.value], [share], passes, weights)
        through = [
            tape.gradient(
                shown.batches[0].images,
                weights,
                output_gradients=self._slopes(critic, shown.batches[0], given),
            )
            for shown, given in zip(passes, seeds, strict=True)
            if given
        ]
        updates.move(optimizer, _added(direct, *through), weights)
        return loss

    def _penalties(
        self,
        critic: CriticView,
        objective: Objective,
        seen: Comparison,
        share: tf.Tensor,
    ) -> tuple[Loss, Gradients, Gradients]:
        """The regularisers' terms, means over the parts of the batch.

        Returns:
          The terms, and the gradients of `share` times their weighted sum with
          respect to all features, x and the ys, and to the critic's weights
          where the features are held.
        """
        features = [seen.x, *seen.ys]
        weights = critic.network.trainable_variables
        sources = [*features, *weights]
        names = objective.penalty_names
        zeros = [tf.zeros([], share.dtype)] * (1 + len(names))
        if not names:
            nothing = Loss(zeros[0], {})
            return nothing, parts_of.zeros(features), [None] * len(weights)

        def part(number: tf.Tensor) -> list[tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(features)
                nothing = Loss(tf.zeros([], share.dtype), {})
                own = self._seen_by_part(critic, seen, number)
                loss = objective.regularized(nothing, own)
                value = loss.value / self.parts
            found = tape.gradient(value, sources, output_gradients=share)
            terms = [loss.terms[name] / self.parts for name in names]
            return [value, *terms, *parts_of.filled(found, sources)]

        start = [*zeros, *parts_of.zeros(sources)]
        value, *sums = parts_of.sum_of_parts(self.parts, start, part)
        terms, found = sums[: len(names)], sums[len(names) :]
        loss = Loss(value, dict(zip(names, terms, strict=True)))
        return loss, found[: len(features)], found[len(features) :]

    def _seen_by_part(
        self, critic: CriticView, seen: Comparison, number: tf.Tensor
    ) -> Comparison:
        """A part of a batch, compared with all features of the whole."""
        real, *fakes = parts_of.part(
            [seen.real, *seen.fakes], number, self.parts
        )
        # Rows of replicas have been gathered, which no loop can do.
        update = dataclasses.replace(
            seen.update, mmd_scope="replica", parts=self.parts, part=number
        )
        own = joint_pass(critic, real, fakes, update)
        return own._replace(x=seen.x, ys=seen.ys)

    def _through(
        self,
        critic: CriticView,
        shown: parts_of.Pass,
        seeds: Mapping[str, tf.Tensor],
        weights: Sequence[keras.Variable],
    ) -> Gradients:
        """Gradients with respect to weights, of outputs times their seeds."""
        if not seeds:
            return [None] * len(weights)

        def part(number: tf.Tensor) -> list[tf.Tensor]:
            batches = parts_of.part(shown.batches, number, self.parts)
            with tf.GradientTape() as tape:
                made = parts_of.small(critic.joint(*batches))
            found = tape.gradient(
                [made[name] for name in seeds],
                weights,
                output_gradients=[
                    parts_of.rows(seed, len(batches), number, self.parts)
                    for seed in seeds.values()
                ],
            )
            return parts_of.filled(found, weights)

        zeros = parts_of.zeros(weights)
        return parts_of.sum_of_parts(self.parts, zeros, part)

    def _slopes(
        self, critic: CriticView, batch: Batch, seeds: Mapping[str, tf.Tensor]
    ) -> tf.Tensor:
        """Gradients with respect to images, of outputs times their seeds."""

        def part(number: tf.Tensor) -> tf.Tensor:
            (own,) = parts_of.part([batch], number, self.parts)
            with tf.GradientTape() as tape:
                tape.watch(own.images)
                made = parts_of.small(critic(own))
            return tape.gradient(
                [made[name] for name in seeds],
                own.images,
                output_gradients=[
                    parts_of.rows(seed, 1, number, self.parts)
                    for seed in seeds.values()
                ],
            )

        shape = batch.images.shape
        count = None if shape[0] is None else shape[0] // self.parts
        stacked = tf.map_fn(
            part,
            tf.range(self.parts),
            fn_output_signature=tf.TensorSpec(
                [count, *shape[1:]], batch.images.dtype
            ),
            parallel_iterations=1,
        )
        return tf.reshape(stacked, tf.shape(batch.images))


def _gradients(
    tape: tf.GradientTape,
    goals: Sequence[tf.Tensor],
    shares: Sequence[tf.Tensor],
    passes: Sequence[parts_of.Pass],
    weights: Sequence[keras.Variable],
) -> tuple[list[dict[str, tf.Tensor]], Gradients]:
    """Gradients with respect to what passes gave, and to weights beside it.

    Of the outputs that the goals do not depend on there is none.
    """
    given = [shown.outputs for shown in passes]
    sources = [rows for outputs in given for rows in outputs.values()]
    found = tape.gradient(goals, [*sources, *weights], output_gradients=shares)
    seeds, rest = [], list(found)
    for outputs in given:
        own = {name: rest.pop(0) for name in outputs}
        seeds.append({k: v for k, v in own.items() if v is not None})
    return seeds, rest


def _added(*gradients: Gradients) -> Gradients:
    """The sum of gradients of several losses; None where there is none."""
    apart = (
        [part for part in parts if part is not None]
        for parts in zip(*gradients, strict=True)
    )
    return [tf.add_n(parts) if parts else None for parts in apart]
