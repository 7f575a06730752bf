"""A generator under training: sampling, averaging and scores."""

from collections.abc import Mapping
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, keras_settings, switches
from tf_mmdgan.conditions import Condition, Label, by_label
from tf_mmdgan.distribute import Update
from tf_mmdgan.features import (
    FeatureExtractor,
    get_extractor,
)
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import adopting, averaging, validation
from tf_mmdgan.models.image_batches import ImageForm
from tf_mmdgan.models.rates import Rates
from tf_mmdgan.models.sampling import ImageSampler
from tf_mmdgan.models.searching import Searching
from tf_mmdgan.models.unlike_keras import UnlikeKeras

_SCOPES = dict.fromkeys(("global", "replica"))
_NO_LOSSES = {
    "loss", "loss_weights", "metrics", "weighted_metrics", "auto_scale_loss",
}  # fmt: skip


class ImplicitModel(UnlikeKeras, Searching):
    """Base of all models: a generator that `fit` trains, and its average.

    A subclass says what a step is, as of any `SteppedModel`; this class
    averages weights, draws images and scores them:

        >>> layers = [keras.Input((2,)), keras.layers.Dense(3)]
        >>> generator = keras.Sequential(layers)
        >>> latents = tm.Latents(2, "normal")
        >>> distance = tm.KernelDiscrepancy("rbf")
        >>> model = tm.MomentMatchingModel(generator, latents, distance)
        >>> isinstance(model, tm.ImplicitModel), model.generate(4, seed=1).shape
        (True, (4, 3))

    Attributes:
      generator: latents [b, z] -> images [b, h, w, c] in [-1, 1]; with
        `condition`, of [latents, labels].
      ema_generator: the same network with averaged weights and batch-norm
        statistics.
      latents: the law of the generator's input.
      critic: the other network: what the generator is trained against, or what
        finds the features that are matched; or None.
      condition: what the labels are that the generator takes, and the law by
        which `generate` draws them; None: it takes none.
      mmd_scope: whether losses are of the "global" batch or of each "replica".
    """

    critic: keras.Model | None

    def __init__(
        self,
        generator: keras.Model,
        latents: Latents,
        *,
        condition: Condition | None = None,
        seed: int = 0,
        ema_decay: float = 0.999,
        mmd_scope: Literal["global", "replica"] = "global",
        **kwargs: Any,
    ):
        keras_settings.check()
        super().__init__(seed=seed, **kwargs)
        generator = adopting.generator(generator, latents, condition)
        errors.check_at_least(0.0, ema_decay=ema_decay)
        if not ema_decay < 1.0:
            raise errors.UsageError(f"ema_decay={ema_decay}, need less than 1.")
        errors.pick(_SCOPES, mmd_scope, "mmd_scope")
        errors.check_count(0, seed=seed)
        self.generator = generator
        self.ema_generator = adopting.copied(generator)
        self.ema_generator.set_weights(generator.get_weights())
        self.ema_generator.trainable = False
        self.latents = latents
        self.critic = None
        self.condition = condition
        self.features: FeatureExtractor | None = None
        self.ema_decay = ema_decay
        self.mmd_scope = mmd_scope
        self._samplers: dict[str, ImageSampler] = {}
        # `fit` would otherwise call the model on a batch of images.
        self.built = True

    def compile(
        self,
        features: FeatureExtractor | str | None = None,
        **kwargs: Any,
    ) -> None:
        """Sets how steps are run, and what `evaluate` compares images by.

        Subclasses take their optimizers as arguments before these.

        Args:
          features: an extractor or its name, such as "pixels"; None for points,
            whose own columns are compared.
          **kwargs: of `keras.Model.compile`, such as `steps_per_execution`.
        """
        idle = _NO_LOSSES & kwargs.keys()
        if idle:
            raise errors.UsageError(
                f"{', '.join(sorted(idle))}: the losses of this model are "
                "those of its objective."
            )
        if features is not None and self._makes_points:
            raise errors.UsageError(
                "features: the generator makes points, which no extractor "
                "takes; leave it out, and their own columns are compared."
            )
        if not self.generator.trainable_variables:
            raise errors.UsageError(
                "The generator has no weights that are trained: set its "
                "trainable to True."
            )
        steps = kwargs.get("steps_per_execution", 1)
        errors.check_positive(steps_per_execution=steps)
        # On CPUs XLA's convolutions take ten times as long.
        on_gpu = bool(tf.config.get_visible_devices("GPU"))
        kwargs.setdefault("jit_compile", "auto" if on_gpu else False)
        super().compile(optimizer=None, **kwargs)
        self.features = None if features is None else get_extractor(features)

    def evaluate(
        self,
        x: Any,
        y: Any = None,
        *,
        steps: int | None = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> dict[str, float] | list[float]:
        """KID between images and as many images of the averaged generator.

        `fit` calls this method for `validation_data`, and logs "val_kid" and
        "val_kid_standard_error". See `validation.kid_of_generated`. Of points
        there is the energy distance too; see `validation.scores_of_points`.

        Args:
          x: images in [-1, 1], or uint8, [n, h, w, c], or points [n, d]: an
            array or an iterable of batches, which may be (images, labels).
          y: labels of an array; others are drawn as often as these say.
          steps: how many batches to take of an iterable; by default all.
          return_dict: whether to return the numbers by name, not as a list.
          **kwargs: of `keras.Model.evaluate`; they change nothing here.

        Raises:
          UsageError: for images, if the model was compiled without `features`;
            for what is no data; and for weights of examples.
          DataError: for images that cannot be scored.
        """
        validation.check_arguments(kwargs)
        switches.check(return_dict=return_dict)
        self._check_scored(x, y, steps)
        if y is not None:
            x = [(x, y)]
        if self.features is None:
            logs = validation.scores_of_points(
                x, steps, self.generate, self.condition
            )
        else:
            logs = validation.kid_of_generated(
                self.features, x, steps, self.generate, self.condition
            )
        return logs if return_dict else list(logs.values())

    def check_fit(self, given: Mapping[str, Any]) -> None:
        """See `SteppedModel.check_fit`; what could not be scored too."""
        super().check_fit(given)
        if given.get("validation_data") is not None:
            x, y = validation.parts_of(given["validation_data"])
            self._check_scored(x, y, given.get("validation_steps"))
            # What it says of them is told before hours of training.
            some = validation.some_rows(x, y)
            if some is not None:
                self.evaluate([some])

    def _check_scored(self, x: Any, y: Any, steps: int | None) -> None:
        if self.features is None and not self._makes_points:
            raise errors.UsageError(
                "To score by KID, name what to compare by: model.compile(..., "
                'features="pixels").'
            )
        validation.check(x, y, steps, self.features is None)
        validation.check_labels(x, y, self.condition)

    @property
    def optimizer(self) -> Rates | None:
        """What Keras' callbacks set learning rates by; see `Rates`."""
        return Rates(self.optimizers) if self.compiled else None

    @optimizer.setter
    def optimizer(self, value: None) -> None:
        """Keras' `compile` sets the one that it was not given."""

    def __call__(self, latents: Any, *args: Any, **kwargs: Any) -> Any:
        """Images of the averaged generator.

        Args:
          latents: [b, z], or these and labels [b].
          *args: as of `call`.
          **kwargs: as of `call`.

        Raises:
          UsageError: for images and the like.
        """
        self._check_latents(latents)
        return super().__call__(latents, *args, **kwargs)

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> np.ndarray:
        """Images of the averaged generator, as floats; see `keras.Model`.

        Args:
          x: latents [n, z], or these and labels [n]; or a data set of batches.
          *args: as of `keras.Model.predict`.
          **kwargs: as of `keras.Model.predict`.

        Raises:
          UsageError: for images and the like.
        """
        self._check_latents(x)
        return super().predict(x, *args, **kwargs)

    def _check_latents(self, latents: Any) -> None:
        if isinstance(latents, tf.data.Dataset):
            latents = latents.element_spec
        adopting.check_latents(latents, self.latents.size)
        if self.condition is not None and not isinstance(latents, list | tuple):
            raise errors.UsageError(
                f"The model has {self.condition}: call it with [latents, "
                "labels]."
            )

    def call(self, latents: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Images of the averaged generator."""
        return self.ema_generator(latents, training=training)

    def adapt(self, images: np.ndarray) -> None:
        """Takes what the model needs of all training images, such as moments.

        Call it before the first `fit`. After a checkpoint has been restored it
        changes nothing, because the checkpoint holds what was taken.

        Args:
          images: uint8, or floats in [-1, 1], [n, h, w, c], or points [n, d].
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
            self.averaged_steps(),
            self.ema_decay,
        )

    def averaged_steps(self) -> tf.Tensor:
        """How many steps the average is of; int64 scalar."""
        return self._global(self.step) - self.pretraining_steps

    @property
    def _makes_points(self) -> bool:
        return len(self.image_form.shape) == 1

    @property
    def image_form(self) -> ImageForm:
        """That of the generated images, in float32 at least."""
        made = self.generator.outputs[0]
        wide = tf.as_dtype(made.dtype)
        return ImageForm(
            tuple(made.shape[1:]),
            wide if wide.size >= 4 else tf.float32,
            condition=self.condition,
        )

    @property
    def num_classes(self) -> int | None:
        """How many classes the generator can be told; None of no class."""
        return None if self.condition is None else self.condition.num_classes

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
        label: Label | None = None,
        first: int = 0,
        condition: Condition | None = None,
    ) -> np.ndarray:
        """Draws images; the same seed gives the same latents at any count.

        The devices of this process share the work. The other workers need not
        draw anything.

        Args:
          count: how many.
          seed: any integer that fits 64 bits.
          weights: "ema" (averaged) or "current".
          batch_size: images at a time, on each device.
          label: of all images: a class, its number or its name, or numbers; by
            default labels are drawn by `condition`.
          first: number of the first image in the seed's sequence.
          condition: whose law labels are drawn by; by default that of the
            model.

        Returns:
          uint8 [count, h, w, c]; of a generator of points, floats [count, n].

        Raises:
          UsageError: for labels that the model does not have, or no law.
        """
        if condition is not None:
            errors.check_type("condition", condition, Condition)
        own = by_label(condition or self.condition, label)
        if weights not in self._samplers:
            self._samplers[weights] = ImageSampler(
                self.network(weights), self.latents, self.condition,
                self.cluster,
            )  # fmt: skip
        sampler = self._samplers[weights]
        return sampler.draw(count, seed, batch_size, own, first)
