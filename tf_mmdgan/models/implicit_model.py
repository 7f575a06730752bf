"""A generator under training: sampling, averaging and scores."""

from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, keras_settings
from tf_mmdgan.distribute import Update
from tf_mmdgan.features import FeatureExtractor
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import averaging, checks
from tf_mmdgan.models.sampling import ImageSampler
from tf_mmdgan.models.stepping import SteppedModel
from tf_mmdgan.models.validation import kid_of_generated

_SCOPES = dict.fromkeys(("global", "replica"))


class ImplicitModel(SteppedModel):
    """Base of all models: a generator that `fit` trains, and its average.

    A subclass says what a step is, as of any `SteppedModel`; this class
    averages weights, draws images and scores them:

        model = AdversarialModel(generator, critic, latents, objective)
        model.compile(generator_optimizer, critic_optimizer)
        model.fit(batches, steps_per_epoch=100)
        images = model.generate(64, seed=1)

    Attributes:
      generator: latents [b, z] -> images [b, h, w, c] in [-1, 1]; with
        `num_classes`, of [latents, labels].
      ema_generator: the same network with averaged weights and batch-norm
        statistics.
      latents: the law of the generator's input.
      critic: the other network: what the generator is trained against, or what
        finds the features that are matched; or None.
      num_classes: of a generator that takes labels, or None.
      class_shares: [num_classes], by which `generate` draws; None: equal ones.
      mmd_scope: whether losses are of the "global" batch or of each "replica".
    """

    critic: keras.Model | None

    def __init__(
        self,
        generator: keras.Model,
        latents: Latents,
        *,
        num_classes: int | None = None,
        seed: int = 0,
        ema_decay: float = 0.999,
        mmd_scope: Literal["global", "replica"] = "global",
        **kwargs: Any,
    ):
        keras_settings.check()
        super().__init__(seed=seed, **kwargs)
        checks.check_generator(generator, latents, num_classes)
        checks.check_average(ema_decay)
        errors.pick(_SCOPES, mmd_scope, "mmd_scope")
        errors.check_count(0, seed=seed)
        self.generator = generator
        self.ema_generator = keras.models.clone_model(generator)
        self.ema_generator.set_weights(generator.get_weights())
        self.ema_generator.trainable = False
        self.latents = latents
        self.critic = None
        self.num_classes = num_classes
        self.class_shares: np.ndarray | None = None
        self.ema_decay = ema_decay
        self.mmd_scope = mmd_scope
        self._samplers: dict[str, ImageSampler] = {}
        # `fit` would otherwise call the model on a batch of images.
        self.built = True

    def compile(
        self,
        features: FeatureExtractor | None = None,
        **kwargs: Any,
    ) -> None:
        """Sets how steps are run, and what `evaluate` compares images by.

        Subclasses take their optimizers as arguments before these.

        Args:
          features: an extractor, such as `features.get_extractor("pixels")`.
          **kwargs: of `keras.Model.compile`, such as `steps_per_execution`.
        """
        super().compile(optimizer=None, **kwargs)
        self.features = features

    def evaluate(
        self,
        x: Any,
        *,
        steps: int | None = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> dict[str, float] | list[float]:
        """KID between images and as many images of the averaged generator.

        `fit` calls this method for `validation_data`, and logs "val_kid" and
        "val_kid_standard_error". See `validation.kid_of_generated`.

        Args:
          x: images in [-1, 1], or uint8, [n, h, w, c]: an array or an iterable
            of batches, which may be (images, labels).
          steps: how many batches to take of an iterable; by default all.
          return_dict: whether to return the numbers by name, not as a list.
          **kwargs: of `keras.Model.evaluate`; they change nothing here.

        Raises:
          UsageError: if the model was compiled without `features`.
          DataError: for images that cannot be scored.
        """
        if self.features is None:
            raise errors.UsageError(
                "To score by KID, name what to compare by: model.compile(..., "
                'features=features.get_extractor("pixels")).'
            )
        logs = kid_of_generated(
            self.features, x, steps, self.generate, self.num_classes
        )
        return logs if return_dict else list(logs.values())

    def call(self, latents: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Images of the averaged generator."""
        return self.ema_generator(latents, training=training)

    def adapt(self, images: np.ndarray) -> None:
        """Takes what the model needs of all training images, such as moments.

        Call it before the first `fit`. After a checkpoint has been restored it
        changes nothing, because the checkpoint holds what was taken.

        Args:
          images: uint8 [n, h, w, c], or float32 points [n, d].
        """

    def make_update(self, number: tf.Tensor) -> Update:
        """Update number `number` (from 0), for the objective."""
        return Update(
            self.seed, number, self._global(self.step), self.mmd_scope
        )

    def after_step(self) -> None:
        """Moves the averages."""
        averaging.move(
            self.ema_generator,
            self.generator,
            self._global(self.step) - self.pretraining_steps,
            self.ema_decay,
        )

    def network(self, weights: str) -> keras.Model:
        """The generator with "ema" (averaged) or "current" weights."""
        networks = {"ema": self.ema_generator, "current": self.generator}
        return errors.pick(networks, weights, "kind of weights")

    def generate(
        self,
        count: int,
        seed: int = 0,
        weights: str = "ema",
        batch_size: int = 256,
        label: int | None = None,
        first: int = 0,
        shares: np.ndarray | Literal["data"] | None = "data",
    ) -> np.ndarray:
        """Draws images; the same seed gives the same latents at any count.

        The devices of this process share the work. The other workers need not
        draw anything.

        Args:
          count: how many.
          seed: any integer that fits 64 bits.
          weights: "ema" (averaged) or "current".
          batch_size: images at a time, on each device.
          label: class of all images; by default they are drawn by `shares`.
          first: number of the first image in the seed's sequence.
          shares: probabilities of the classes, [num_classes]; None for equal
            ones, "data" for those of the data (`class_shares`).

        Returns:
          uint8 [count, h, w, c].

        Raises:
          UsageError: for a label that the model does not have.
        """
        if weights not in self._samplers:
            self._samplers[weights] = ImageSampler(
                self.network(weights), self.latents, self.num_classes,
                self.cluster,
            )  # fmt: skip
        sampler = self._samplers[weights]
        own = self.class_shares if isinstance(shares, str) else shares
        return sampler.draw(count, seed, batch_size, label, first, own)
