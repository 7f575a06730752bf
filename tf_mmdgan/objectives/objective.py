"""An objective: a criterion, and what regularises the critic."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.config.fields import Given
from tf_mmdgan.distribute import Update
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.objectives.absent import naming_absent
from tf_mmdgan.objectives.augmentations import CriticAugmentation
from tf_mmdgan.objectives.augmentations.adaptive import mean_sign
from tf_mmdgan.objectives.augmentations.augmentation import TERMS
from tf_mmdgan.objectives.criterion import (
    Batch,
    Comparison,
    Criterion,
    Critic,
    Loss,
    joint_pass,
    separate_passes,
)
from tf_mmdgan.objectives.critic_form import CriticForm
from tf_mmdgan.objectives.generator_penalties import (
    Generator,
    GeneratorRegularizer,
)
from tf_mmdgan.objectives.regularizers import Regularizer
from tf_mmdgan.objectives.stabilizers import InstanceNoise, WeightClipping

Part = TypeVar("Part", Regularizer, GeneratorRegularizer)


@dataclasses.dataclass(frozen=True)
class Objective:
    """The two losses of adversarial training, as a value.

    critic:    criterion's loss + sum_r weight_r penalty_r
    generator: criterion's loss + sum_g weight_g penalty_g

        >>> objective = tm.Objective(tm.WGAN(), [tm.GradientPenalty(10.0)])
        >>> objective.needs_independent_examples
        True

    Attributes:
      criterion: the losses of the two players.
      regularizers: terms that are added to the critic's loss; one, or some.
      instance_noise: on all images that the critic sees, or None.
      weight_clipping: of the critic after each of its updates, or None.
      generator_regularizers: terms that are added to the generator's loss; one,
        or some.
      augmentation: random changes of all images that the critic sees, before
        the noise, or None.
    """

    criterion: Criterion
    regularizers: Given[Sequence[Regularizer]] = ()
    instance_noise: InstanceNoise | None = None
    weight_clipping: WeightClipping | None = None
    generator_regularizers: Given[Sequence[GeneratorRegularizer]] = ()
    augmentation: CriticAugmentation | None = None

    def __post_init__(self):
        if not isinstance(self.criterion, Criterion):
            raise errors.UsageError(_no_criterion(self.criterion))
        for name, kind in (
            ("regularizers", Regularizer),
            ("generator_regularizers", GeneratorRegularizer),
        ):
            parts = _weighted(name, getattr(self, name), kind)
            object.__setattr__(self, name, parts)
        for name, wanted in (
            ("instance_noise", InstanceNoise),
            ("weight_clipping", WeightClipping),
            ("augmentation", CriticAugmentation),
        ):
            value = getattr(self, name)
            if value is not None:
                errors.check_type(name, value, wanted)

    @property
    def fakes_per_real(self) -> int:
        """Independent batches of generated images for each real one."""
        return self.criterion.fakes_per_real

    @property
    def needs_independent_examples(self) -> bool:
        """Whether the critic must treat each image by itself.

        A gradient penalty bounds slopes at single images; with batch
        normalisation in the critic it would bound slopes at whole batches.
        """
        return self.criterion.needs_independent_examples or any(
            part.needs_independent_examples for part in self.regularizers
        )

    @property
    def needs_styles(self) -> bool:
        """Whether the generator must be a style-based one."""
        return any(part.needs_styles for part in self.generator_regularizers)

    @property
    def is_adaptive(self) -> bool:
        """Whether a probability of changes follows the critic."""
        changes = self.augmentation
        return changes is not None and changes.probability is not None

    def check(self, critic: CriticForm) -> None:
        """Refuses a critic that these losses are not for.

        Raises:
          UsageError: with the reason.
        """
        name = type(self.criterion).__name__
        if self.criterion.single_output and critic.output_width != 1:
            raise errors.UsageError(
                f"{name} needs a critic with one output, not "
                f"{critic.output_width}.",
                setting="critic_output",
            )
        critic.check_parts(
            name,
            decoder=self.criterion.needs_decoder,
            denoiser=self.criterion.needs_denoiser,
        )
        if self.criterion.needs_penultimate and not critic.penultimate:
            raise errors.UsageError(
                f"{name} needs a critic that returns what its last layer is "
                'given, "penultimate", as those of dcgan do.',
                setting="architecture",
            )
        if self.augmentation is not None and critic.image_shape is not None:
            self.augmentation.check(critic.image_shape)
        if self.needs_independent_examples:
            self._check_independence(critic)
        if critic.deviation:
            self._check_deviation()
        for regularizer in self.regularizers:
            regularizer.check(self.criterion, critic)

    @staticmethod
    def _check_independence(critic: CriticForm) -> None:
        mixing = (
            (critic.batch_norm, "critic_batch_norm", "batch normalisation"),
            (critic.minibatch, "minibatch_kernels", "minibatch discrimination"),
        )
        for found, setting, what in mixing:
            if found:
                raise errors.UsageError(
                    f"The loss has slopes at single images, and {what} in the "
                    "critic mixes them: leave out either.",
                    setting=setting,
                )

    def _check_deviation(self) -> None:
        """Refuses slopes at single images beside the deviation of a group.

        But not where that is published, for R1.
        """
        others = [p for p in self.regularizers if not p.takes_deviation]
        if self.criterion.needs_independent_examples or any(
            part.needs_independent_examples for part in others
        ):
            raise errors.UsageError(
                "The loss has slopes at single images, and the deviation of a "
                "group in the critic mixes them: leave out either; r1 and r2 "
                "alone go together with it.",
                setting="minibatch_deviation",
            )

    def critic_loss(
        self,
        critic: Critic,
        real: Batch,
        fakes: Sequence[Batch],
        update: Update,
    ) -> Loss:
        """Loss of the critic; called in replica context."""
        seen, loss = self.critic_judged(critic, real, fakes, update)
        return self.regularized(loss, seen)

    def critic_judged(
        self,
        critic: Critic,
        real: Batch,
        fakes: Sequence[Batch],
        update: Update,
    ) -> tuple[Comparison, Loss]:
        """What the critic's criterion is given, and its loss; no regularisers.

        Called in replica context, as `critic_loss`.
        """
        chance, (real, *fakes) = self._shown(critic, real, fakes, update)
        seen = joint_pass(critic, real, fakes, update)
        with naming_absent(self.criterion, "critic_loss"):
            given = self.criterion.critic_loss(seen)
        value, terms = Loss.of(given, self.criterion)
        if tf.is_tensor(chance):
            r = mean_sign(self.criterion, seen)
            said = [tf.cast(number, value.dtype) for number in (chance, r)]
            terms = {**terms, **dict(zip(TERMS, said, strict=True))}
        return seen, Loss(value, terms)

    def critic_penalty(
        self,
        critic: Critic,
        real: Batch,
        fakes: Sequence[Batch],
        update: Update,
    ) -> Loss:
        """The regularisers' share of the critic's loss; as `critic_loss`."""
        _, (real, *fakes) = self._shown(critic, real, fakes, update)
        seen = joint_pass(critic, real, fakes, update)
        nothing = tf.zeros([], seen.fake_features[0].dtype)
        return self.regularized(Loss(nothing, {}), seen)

    @property
    def penalty_names(self) -> list[str]:
        """What the logs call the regularisers of the critic."""
        return list(_named(self.regularizers))

    def unregularized(
        self, critic: bool = True, generator: bool = False
    ) -> "Objective":
        """The same without what regularises the critic, or the generator."""
        on_critic = () if critic else self.regularizers
        on_generator = () if generator else self.generator_regularizers
        own = (self.regularizers, self.generator_regularizers)
        if (on_critic, on_generator) == own:
            return self  # of which a subclass may have its own constructor
        return dataclasses.replace(
            self,
            regularizers=on_critic,
            generator_regularizers=on_generator,
        )

    def regularized(self, loss: Loss, seen: Comparison) -> Loss:
        """A loss of the critic with the regularisers' terms added."""
        value, terms = loss
        for name, regularizer in _named(self.regularizers).items():
            given = regularizer.penalty(self.criterion, seen)
            penalty = Loss.of(given, regularizer).value
            value += regularizer.weight * penalty
            terms = {**terms, name: penalty}
        return Loss(value, terms)

    def generator_loss(
        self,
        critic: Critic,
        real: Batch,
        fakes: Sequence[Batch],
        update: Update,
    ) -> Loss:
        """Loss of the generator; called in replica context."""
        _, (real, *fakes) = self._shown(critic, real, fakes, update)
        seen = separate_passes(
            critic, real, fakes, update, self.criterion.generator_sees_real
        )
        with naming_absent(self.criterion, "generator_loss"):
            given = self.criterion.generator_loss(seen)
        return Loss.of(given, self.criterion)

    def generator_penalized(
        self, loss: Loss, generator: Generator, update: Update
    ) -> Loss:
        """The generator's loss with the penalties on the generator itself.

        Args:
          loss: of `generator_loss`.
          generator: that is penalised.
          update: this update.
        """
        value, terms = loss
        for name, regularizer in _named(self.generator_regularizers).items():
            given = regularizer.penalty(generator, update)
            penalty = tf.cast(Loss.of(given, regularizer).value, value.dtype)
            value += regularizer.weight * penalty
            terms = {**terms, name: penalty}
        return Loss(value, terms)

    def after_update(
        self, critic: Critic, terms: Mapping[str, tf.Tensor]
    ) -> None:
        """To be called after the optimizer has updated the critic."""
        self.criterion.after_update(critic, terms)
        if self.augmentation is not None:
            self.augmentation.after_update(critic, terms)
        self.clip(critic)

    def clip(self, critic: Critic) -> None:
        """Clips the critic's weights, if they are to be."""
        if self.weight_clipping is not None:
            self.weight_clipping.after_update(critic)

    def _shown(
        self,
        critic: Critic,
        real: Batch,
        fakes: Sequence[Batch],
        update: Update,
    ) -> tuple[tf.Tensor | float, list[Batch]]:
        """The probability of changes, and the images as the critic sees them.

        They are changed, then noisy. The probability is a tensor where it is
        adaptive.
        """
        chance: tf.Tensor | float = 0.0
        batches = [real, *fakes]
        if self.augmentation is not None:
            chance = self.augmentation.chance(critic, real)
            batches = self.augmentation.apply(batches, update, chance)
        if self.instance_noise is not None:
            batches = self.instance_noise.add(batches, update)
        return chance, batches


def _weighted(name: str, given: Any, kind: type) -> tuple[Any, ...]:
    """One part or some, as a tuple; refuses what is no such part."""
    several = isinstance(given, Iterable) and not isinstance(given, str)
    some = tuple(given) if several else (given,)
    for part in some:
        errors.check_type(name, part, kind)
        if not hasattr(part, "weight"):
            raise errors.UsageError(
                f"{type(part).__name__} has no weight: give it such a field."
            )
        if not hasattr(part.weight, "dtype"):  # of a variable
            errors.check_finite(weight=part.weight)
    return some


def _named(parts: Iterable[Part]) -> dict[str, Part]:
    """The parts by what the logs call them: r1, r1_2, ..."""
    named: dict[str, Part] = {}
    for part in parts:
        names = ["loss", *(other.name for other in named.values())]
        alike = names.count(part.name)
        named[f"{part.name}_{alike + 1}" if alike else part.name] = part
    return named


def _no_criterion(given: object) -> str:
    """Says what to give instead."""
    if isinstance(given, Kernel):
        return f"A kernel is no criterion: give MMDGAN({given})."
    if isinstance(given, Regularizer):
        return (
            "A regulariser comes after a criterion: give Objective(criterion, "
            f"{given})."
        )
    remedy = "such as MMDGAN(kernel) or WGAN()"
    if isinstance(given, str):
        remedy += "; names of objectives are for train(objective=...)"
    return (
        f"criterion: need a Criterion, not {errors.excerpt(given, 40)} (of "
        f"type {type(given).__name__}): {remedy}."
    )
