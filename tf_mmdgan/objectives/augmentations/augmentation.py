"""Random changes of all that a critic sees, in both losses."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.config.fields import NamedList
from tf_mmdgan.config.spelling import entries
from tf_mmdgan.distribute import Purpose, Update
from tf_mmdgan.objectives.augmentations.adaptive import AdaptiveProbability
from tf_mmdgan.objectives.augmentations.catalogue import (
    CRITIC_AUGMENTATION_FAMILY,
    CRITIC_AUGMENTATIONS,
)
from tf_mmdgan.objectives.augmentations.change import ImageChange
from tf_mmdgan.objectives.criterion import Batch, Critic, present

# What the critic's update logs: the probability, and the mean sign r of the
# margins; see `AdaptiveProbability`.
TERMS = ("augmentation_p", "real_sign")


@dataclasses.dataclass(frozen=True)
class CriticAugmentation:
    """Random changes of real and generated images before the critic sees them.

    Both losses are of changed images, so that the generator learns through the
    changes and makes none of its own. Each image of each batch has changes of
    its own, drawn anew in each update. All that an update is of is of the same
    changed images: kernel matrices, points between real and generated images,
    slopes, the scale of a Scaled MMD, the images that a decoder gives back.
    Slopes are with respect to the changed pixels. Zhao et al. 2020,
    "Differentiable augmentation for data-efficient GAN training".

        >>> changes = tm.CriticAugmentation("color,translation")
        >>> changes
        CriticAugmentation(names=('color', 'translation'), probability=None)
        >>> objective = tm.Objective(tm.MMDGAN("rbf"), augmentation=changes)

    Attributes:
      names: of `CRITIC_AUGMENTATIONS`, or an `ImageChange` itself; a list, or a
        text with commas. They are applied in the order of that dictionary, your
        own ones after these, in the order given.
      probability: of each change of an image, by a coin for each, which follows
        the critic; None: every image is changed.

    Raises:
      UsageError: for what names no change, for none at all, and for changes
        that must not be certain.
    """

    names: NamedList
    probability: AdaptiveProbability | None = None

    def __post_init__(self):
        given: object = self.names
        if isinstance(given, str):
            given = entries(given)
        names = tuple(given) if isinstance(given, list | tuple) else (given,)
        object.__setattr__(self, "names", names)
        if self.probability is not None:
            errors.check_type(
                "probability", self.probability, AdaptiveProbability
            )
        for name, change in zip(self.names, self._given, strict=True):
            if change.needs_chance and self.probability is None:
                raise errors.UsageError(
                    f"{name} of every image would teach the generator to make "
                    "such images too: leave it out, or give it a probability "
                    "(ada).",
                    setting="diff_augment",
                )
        if not self.names:
            known = ", ".join(CRITIC_AUGMENTATIONS)
            raise errors.UsageError(
                f"No change is named; known: {known}.",
                setting="diff_augment",
            )

    def check(self, image_shape: tuple[int | None, ...]) -> None:
        """Refuses points, which are no images.

        Args:
          image_shape: of what the critic sees, without the batch.

        Raises:
          UsageError: for another shape than (h, w, c).
        """
        if len(image_shape) != 3:
            raise errors.UsageError(
                "These are changes of images [h, w, c], and the critic sees "
                f"arrays of shape {list(image_shape)}: leave them out.",
                setting="diff_augment",
            )

    def chance(self, critic: Critic, real: Batch) -> tf.Tensor | float:
        """The probability of each change in an update, a scalar.

        Args:
          critic: whose state says it.
          real: the real images of this replica.

        Raises:
          ValueError: for a critic without that state.
        """
        if self.probability is None:
            return 1.0
        state = present(critic.adaptation, "adaptation").value
        context = tf.distribute.get_replica_context()
        count = tf.shape(real.images)[0] * context.num_replicas_in_sync
        return self.probability.at(tf.identity(state), count)

    def after_update(
        self, critic: Critic, terms: Mapping[str, tf.Tensor]
    ) -> None:
        """To be called after the critic's update, with its logged terms."""
        if self.probability is None:
            return
        state = present(critic.adaptation, "adaptation")
        state.assign(
            self.probability.after(
                tf.identity(state.value), *(terms[name] for name in TERMS)
            )
        )

    def apply(
        self,
        batches: Sequence[Batch],
        update: Update,
        chance: tf.Tensor | float = 1.0,
    ) -> list[Batch]:
        """The batches of an update, with changes of their own for each image.

        Args:
          batches: real images, then each batch of generated ones.
          update: this update, of which the changes are a function.
          chance: the probability of each change, a scalar.
        """
        return [
            batch._replace(
                images=self._changed(batch.images, index, update, chance)
            )
            for index, batch in enumerate(batches)
        ]

    def _changed(
        self,
        images: tf.Tensor,
        index: int,
        update: Update,
        chance: tf.Tensor | float,
    ) -> tf.Tensor:
        widths = [change.draws for change in self._ordered]
        numbers = update.uniforms(
            Purpose.AUGMENTATION, tf.shape(images)[0], sum(widths), index
        )
        parts = tf.split(tf.cast(numbers, images.dtype), widths, axis=1)
        for change, part in zip(self._ordered, parts, strict=True):
            images = change(images, part, chance)
        return images

    @functools.cached_property
    def _given(self) -> list[ImageChange]:
        return CRITIC_AUGMENTATION_FAMILY.get_all(self.names)

    @functools.cached_property
    def _ordered(self) -> list[ImageChange]:
        """Each change once, in the order of application."""
        known = list(CRITIC_AUGMENTATIONS.values())
        outside = [c for c in dict.fromkeys(self._given) if c not in known]
        return [c for c in known if c in self._given] + outside
