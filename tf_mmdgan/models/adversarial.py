"""Training against a critic, with any objective."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors, switches
from tf_mmdgan.distribute import Update
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import adopting, dividing, updates, views
from tf_mmdgan.models.generator_model import TwoNetworksModel
from tf_mmdgan.models.phases import Logs
from tf_mmdgan.models.stepping import LateUpdate
from tf_mmdgan.networks import spectral_normalization
from tf_mmdgan.objectives import Batch, Loss, Objective
from tf_mmdgan.objectives.augmentations.adaptive import STATE_SIZE


@dataclasses.dataclass(frozen=True)
class BurnIn:
    """More critic updates at some steps, so that the critic keeps up.

        >>> tm.BurnIn(critic_steps=10, first=20, every=500)
        BurnIn(critic_steps=10, first=20, every=500)

    Attributes:
      critic_steps: critic updates of a burn-in step, in all.
      first: how many of the first steps are burn-in steps.
      every: a step whose number is a multiple of this is a burn-in step too;
        0: none is.
    """

    critic_steps: int
    first: int
    every: int

    def __post_init__(self):
        errors.check_count(1, critic_steps=self.critic_steps)
        errors.check_count(0, first=self.first, every=self.every)

    def check(self, critic_steps: int) -> None:
        """Refuses as many critic updates as other steps have, or fewer.

        Raises:
          UsageError: naming both numbers.
        """
        if self.critic_steps <= critic_steps:
            raise errors.UsageError(
                f"{self.critic_steps} critic updates: must be more than the "
                f"{critic_steps} of other steps.",
                setting="burn_in_critic_steps",
            )

    def applies(self, step: tf.Tensor) -> tf.Tensor:
        """Whether step number `step` (the first is 0) is a burn-in step."""
        early = step < self.first
        if not self.every:
            return early
        return tf.logical_or(early, step % self.every == 0)


class AdversarialModel(TwoNetworksModel):
    """Critic updates, then one generator update, a fresh batch for each.

        >>> layers = [keras.Input((2,)), keras.layers.Dense(3)]
        >>> generator = keras.Sequential(layers)
        >>> latents = tm.Latents(2, "normal")
        >>> layers = [keras.Input((3,)), keras.layers.Dense(4)]
        >>> model = tm.AdversarialModel(
        ...     generator,
        ...     keras.Sequential(layers),
        ...     latents,
        ...     tm.Objective(tm.MMDGAN("rbf")),
        ...     critic_steps=1,
        ... )
        >>> model.compile("adam", "adam")
        >>> history = model.fit(np.ones((64, 3)), batch_size=16, verbose=0)
        >>> int(model.step.numpy()), model.generate(5).shape
        (2, (5, 3))

    Attributes:
      critic: images [b, h, w, c] -> {"features": [b, d], "activations": list,
        "penultimate": [b, p]}, or without the last ones, or the features alone.
      view: the critic as the objective sees it.
      generator_view: the generator as the objective sees it.
      objective: the two losses.
      critic_steps: critic updates per generator update.
      burn_in: at which steps the critic takes more updates, or None.
      regularize_every: the penalties on the critic are an update of their own
        at the end of each step whose number this divides, `penalty_factor`
        times as heavy; 1: they are part of all of its updates.
      regularize_generator_every: the same of the penalties on the generator,
        as many times as heavy.
      accumulate: in how many parts a batch is differentiated, one after the
        other, with the gradients of the whole: see `accumulated.InParts`.
      moved_with_generator: whether the critic's vectors of spectral
        normalisation move in the generator's update too. In the updates of a
        network its own vectors always do.

    Raises:
      UsageError: for networks, losses and numbers that do not go together.
    """

    critic: keras.Model

    def __init__(
        self,
        generator: keras.Model,
        critic: keras.Model,
        latents: Latents,
        objective: Objective,
        *,
        critic_steps: int = 5,
        burn_in: BurnIn | None = None,
        moved_with_generator: bool = False,
        regularize_every: int = 1,
        regularize_generator_every: int = 1,
        accumulate: int = 1,
        **kwargs: Any,
    ):
        super().__init__(generator, latents, **kwargs)
        errors.check_type("objective", objective, Objective)
        critic = adopting.critic(critic, self.generator)
        objective.check(adopting.form_of(critic))
        errors.check_count(
            1, critic_steps=critic_steps, regularize_every=regularize_every,
            regularize_generator_every=regularize_generator_every,
        )  # fmt: skip
        switches.check(moved_with_generator=moved_with_generator)
        _check_lazy(objective, regularize_every, regularize_generator_every)
        if objective.needs_styles:
            adopting.check_styles(self.generator)
        if burn_in is not None:
            errors.check_type("burn_in", burn_in, BurnIn)
            burn_in.check(critic_steps)
        self.critic = critic
        self.multiplier = self._kept("multiplier", ())
        self.adaptation = None
        if objective.is_adaptive:
            self.adaptation = self._kept("adaptation", (STATE_SIZE,))
        self.path_length = None
        if objective.needs_styles:
            self.path_length = self._kept("path_length", ())
        self.view = views.CriticView(critic, self.multiplier, self.adaptation)
        self.generator_view = views.GeneratorView(
            self.generator, latents, self.path_length
        )
        self.objective = objective
        self.regularize_every = regularize_every
        self.regularize_generator_every = regularize_generator_every
        self._usual_objective = objective.unregularized(
            critic=regularize_every > 1,
            generator=regularize_generator_every > 1,
        )
        self._way, self._divisors = dividing.plan(
            accumulate, critic, objective, regularize_every
        )
        self.critic_steps = critic_steps
        self.burn_in = burn_in
        self.moved_with_generator = moved_with_generator

    def _kept(self, name: str, shape: tuple[int, ...]) -> keras.Variable:
        """Zeros that an objective moves, all replicas by the same amount."""
        return self.add_weight(
            name=name,
            shape=shape,
            initializer="zeros",
            trainable=False,
            aggregation="mean",
        )

    @property
    def batches_per_step(self) -> int:
        """One batch for each critic update, and one for the generator's."""
        return self.critic_steps + 1

    def replica_step(
        self, batches: Sequence[Any], first_update: tf.Tensor
    ) -> Logs:
        """See `ImplicitModel.replica_step`; logs the last critic update."""
        *for_critic, for_generator = batches
        for index, batch in enumerate(for_critic):
            critic_logs = self.critic_update(batch, first_update + index)
        generator_logs = self.generator_update(
            for_generator, first_update + self.critic_steps
        )
        return {
            **{f"critic/{name}": v for name, v in critic_logs.items()},
            **{f"generator/{name}": v for name, v in generator_logs.items()},
        }

    def extra_updates(self, step: tf.Tensor) -> tf.Tensor | int:
        """The critic updates of burn-in beyond the usual ones."""
        if self.burn_in is None:
            return 0
        extra = max(self.burn_in.critic_steps - self.critic_steps, 0)
        return tf.where(self.burn_in.applies(step), extra, 0)

    def replica_extra_update(self, batch: Any, number: tf.Tensor) -> None:
        """See `ImplicitModel.replica_extra_update`."""
        self.critic_update(batch, number)

    @property
    def penalty_factor(self) -> int:
        """How many updates of the critic share one of its penalties."""
        return self.regularize_every * self.critic_steps

    def late_updates(self, step: tf.Tensor) -> list[LateUpdate]:
        """Those of the penalties alone, in steps that they fall into."""
        return [
            (tf.cast(step % every == 0, tf.int32), act)
            for every, act in (
                (self.regularize_every, self._critic_penalties),
                (self.regularize_generator_every, self._generator_penalties),
            )
            if every > 1
        ]

    def _critic_penalties(
        self, batches: Sequence[Any], first_update: tf.Tensor
    ) -> None:
        """The penalties of the critic's last update, as one of their own."""
        last = self.critic_steps - 1
        real = self._share(batches[last])
        update = self.make_update(first_update + last)
        fakes = self._fakes(real, update)
        with updates.recording(self.critic) as tape:
            loss = self.objective.critic_penalty(self.view, real, fakes, update)
            value = self.penalty_factor * loss.value
        weights = self.critic.trainable_variables
        updates.apply(self.critic_optimizer, tape, value, weights)
        self.objective.clip(self.view)

    def _generator_penalties(
        self, batches: Sequence[Any], first_update: tf.Tensor
    ) -> None:
        """The penalties of the generator's update, as one of their own."""
        real = self._share(batches[self.critic_steps])
        update = self.make_update(first_update + self.critic_steps)
        with updates.recording(self.generator) as tape:
            loss = self.objective.generator_penalized(
                Loss(tf.zeros([]), {}), self.generator_view.beside(real), update
            )
            value = self.regularize_generator_every * loss.value
        weights = self.generator.trainable_variables
        updates.apply(self.generator_optimizer, tape, value, weights)

    def critic_update(self, batch: Any, number: tf.Tensor) -> Logs:
        """One update of the critic, in replica context."""
        real, update = self._share(batch), self.make_update(number)
        fakes = self._fakes(real, update)
        loss = self._way.move_critic(
            self.view, self._usual_objective, self.critic_optimizer,
            real, fakes, update,
        )  # fmt: skip
        self.objective.after_update(self.view, loss.terms)
        return {"loss": loss.value, **loss.terms}

    def generator_update(self, batch: Any, number: tf.Tensor) -> Logs:
        """One update of the generator, in replica context."""
        real, update = self._share(batch), self.make_update(number)
        if self.moved_with_generator:
            spectral_normalization.power_iterate(self.critic)

        def lowered(critic: views.CriticView) -> tuple[list[Batch], Loss]:
            fakes = self._fakes(real, update)
            loss = self.objective.generator_loss(critic, real, fakes, update)
            return fakes, self._usual_objective.generator_penalized(
                loss, self.generator_view.beside(real), update
            )

        loss = self._way.move_generator(
            self.generator, self.generator_optimizer, self.view, lowered
        )
        return {"loss": loss.value, **loss.terms}

    def _share(self, batch: Any) -> Batch:
        """A replica's share of a batch, of a size that can be divided up."""
        return dividing.checked(updates.as_batch(batch), self._divisors)

    def _fakes(self, real: Batch, update: Update) -> list[Batch]:
        """Generated images, with the labels of the real ones, if any."""
        count = tf.shape(real.images)[0]
        fakes = []
        for index in range(self.objective.fakes_per_real):
            latents = update.latents(self.latents, count, index)
            inputs = updates.with_labels(self.generator, latents, real.labels)
            images = views.wide(self.generator(inputs, training=True))
            fakes.append(Batch(images, real.labels))
        return fakes


def _check_lazy(
    objective: Objective, on_critic: int, on_generator: int
) -> None:
    """Refuses updates of their own for penalties that there are not."""
    generators = objective.generator_regularizers
    for name, every, penalties in (
        ("regularize_every", on_critic, objective.regularizers),
        ("regularize_generator_every", on_generator, generators),
    ):
        if every > 1 and not penalties:
            raise errors.UsageError(
                f"{name}={every}: the objective has no penalty whose update "
                "would come then; leave it out, or give one."
            )
