"""Training on a discrepancy of real and generated features that are fixed.

Li, Swersky and Zemel 2015, "Generative moment matching networks",
https://arxiv.org/abs/1502.02761; Dziugaite, Roy and Ghahramani 2015, "Training
generative neural networks via maximum mean discrepancy optimization".
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute.update import Purpose
from tf_mmdgan.features.frozen import Matched, check_matched, pixels
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import adopting, updates
from tf_mmdgan.models.generator_model import GeneratorModel
from tf_mmdgan.models.image_batches import ImageForm
from tf_mmdgan.models.phases import Logs, Phase
from tf_mmdgan.networks import decoded
from tf_mmdgan.objectives.discrepancy import Discrepancy, Lowered


@dataclasses.dataclass(frozen=True)
class Matching:
    """A network, and the discrepancy of features that it lowers.

    Attributes:
      network: whose weights are moved.
      optimizer: of these weights.
      real: real(images, seed) -> features, one tensor [b, ...] or several.
      fake: fake(inputs, seed) -> as many features of generated images; inputs
        are latents, with labels beside them where there are classes.
      lowered: lowered(real, fake, memory, seed), of rows of all replicas.
      memory: what is kept from one step to the next, if anything.
    """

    network: keras.Model
    optimizer: keras.optimizers.Optimizer
    real: Callable[[tf.Tensor, tf.Tensor], Sequence[tf.Tensor]]
    fake: Callable[[tf.Tensor, tf.Tensor], Sequence[tf.Tensor]]
    lowered: Callable[..., Lowered]
    memory: keras.Variable | None


class MomentMatchingModel(GeneratorModel):
    """A generator that lowers a discrepancy of features of the global batch.

        >>> layers = [keras.Input((2,)), keras.layers.Dense(3)]
        >>> generator = keras.Sequential(layers)
        >>> latents = tm.Latents(2, "normal")
        >>> distance = tm.KernelDiscrepancy("rbf")
        >>> model = tm.MomentMatchingModel(generator, latents, distance)
        >>> model.compile("adam")
        >>> history = model.fit(np.ones((64, 3)), batch_size=16, verbose=0)
        >>> int(model.step.numpy())
        4

    Attributes:
      discrepancy: of real and generated features.
      memory: what the discrepancy keeps from step to step, if anything.
      matched_features: images [b, h, w, c] in [-1, 1], or points [b, n] ->
        features [b, d]. Nothing in this function is trained.
      classes_per_batch: in a batch as `data.grouped_batches` makes it, or 1.
    """

    def __init__(
        self,
        generator: keras.Model,
        latents: Latents,
        discrepancy: Discrepancy,
        features: Matched = pixels,
        *,
        classes_per_batch: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(generator, latents, **kwargs)
        self.classes_per_batch = self._checked(classes_per_batch)
        errors.check_type("discrepancy", discrepancy, Discrepancy)
        adopting.features_of_one(features, self.image_form)
        discrepancy.check(self.classes_per_batch)
        self.discrepancy = discrepancy
        self.matched_features = features
        self.memory = self.make_memory("memory", discrepancy.memory_size)

    def _checked(self, classes_per_batch: int | None) -> int:
        if self.condition is not None and self.num_classes is None:
            raise errors.UsageError(
                f"The model has {self.condition}, and compares images class by "
                "class: give it classes, or take a model with a critic."
            )
        if (self.condition is None) != (classes_per_batch is None):
            raise errors.UsageError(
                f"condition={self.condition} and classes_per_batch="
                f"{classes_per_batch}: give both, or neither."
            )
        if classes_per_batch is None:
            return 1
        errors.check_count(1, classes_per_batch=classes_per_batch)
        if self.mmd_scope != "global":
            raise errors.UsageError(
                f"mmd_scope={self.mmd_scope}: a replica may have a part of a "
                "class; those of a batch are compared as wholes."
            )
        return classes_per_batch

    @property
    def image_form(self) -> ImageForm:
        """See `ImplicitModel.image_form`."""
        groups = self.classes_per_batch if self.num_classes else None
        return dataclasses.replace(super().image_form, classes_per_batch=groups)

    def make_memory(self, name: str, size: int) -> keras.Variable | None:
        """A weight for what a discrepancy keeps, if it keeps anything."""
        if not size:
            return None
        return self.add_weight(
            name=name, shape=(size,), initializer="zeros", trainable=False,
            dtype=self.image_form.dtype.name, aggregation="mean",
        )  # fmt: skip

    def replica_step(
        self, batches: Sequence[Any], first_update: tf.Tensor
    ) -> Logs:
        """See `ImplicitModel.replica_step`."""

        def lowered(
            real: Sequence[tf.Tensor], fake: Sequence[tf.Tensor], *rest: Any
        ) -> Lowered:
            pair = [self._by_class(rows) for rows in (*real, *fake)]
            return self.discrepancy.lowered(*pair, *rest)

        matching = Matching(
            self.trained_network,
            self.generator_optimizer,
            lambda images, seed: [self.real_features(images)],
            lambda inputs, seed: [self.fake_features(inputs)],
            lowered,
            self.memory,
        )
        return self.matching_step(matching, batches, first_update)

    def _by_class(self, rows: tf.Tensor) -> tf.Tensor:
        """Rows [b, d] apart by class, [classes, b / classes, d], if any."""
        check_matched(rows)
        if self.num_classes is None:
            return rows
        return tf.reshape(rows, [self.classes_per_batch, -1, rows.shape[-1]])

    def matching_step(
        self,
        matching: Matching,
        batches: Sequence[Any],
        first_update: tf.Tensor,
    ) -> Logs:
        """One step of a network that lowers a discrepancy of features.

        Args:
          matching: which network, and what it lowers.
          batches: as of `replica_step`.
          first_update: as of `replica_step`.
        """
        images, labels = updates.as_batch(batches[0])
        latents = self.draw_latents(images, first_update)
        inputs = updates.with_labels(self.generator, latents, labels)
        update = self.make_update(first_update)
        seed = update.shared_seed(Purpose.DISCREPANCY)
        kept = matching.memory
        x = matching.real(images, seed)
        with updates.recording(matching.network) as tape:
            y = matching.fake(inputs, seed)
            rows = update.gather([*x, *y])
            lowered = matching.lowered(
                rows[: len(x)],
                rows[len(x) :],
                tf.zeros([0]) if kept is None else kept.value,
                seed,
            )
        errors.check_type("Discrepancy.lowered", lowered, Lowered)
        updates.apply(
            matching.optimizer,
            tape,
            lowered.loss,
            matching.network.trainable_variables,
        )
        if kept is not None:
            kept.assign(lowered.memory)
        return {"generator/loss": lowered.loss, **lowered.logs}

    def real_features(self, batch: tf.Tensor) -> tf.Tensor:
        """Features of real images that are matched: [b, d]."""
        return self.matched_features(batch)

    def fake_features(self, inputs: Any) -> tf.Tensor:
        """Features of generated images that are matched: [b, d]."""
        return self.matched_features(self.generator(inputs, training=True))


class CodeMatchingModel(MomentMatchingModel):
    """An auto-encoder, and then a generator of its codes: GMMN+AE.

    The first `autoencoder_steps` train the auto-encoder, on the cross-entropy
    of pixels in [0, 1] or on the squared error of points. After them the
    auto-encoder is frozen, and a network that makes codes of latents is trained
    on the discrepancy of codes. Generated images are decoded codes. Li, Swersky
    and Zemel 2015, section 4.

        >>> pair, shape = tm.ARCHITECTURES["mlp"], (4, 4, 1)
        >>> model = tm.CodeMatchingModel(
        ...     tm.networks.autoencoder(
        ...         pair.critic(shape, tm.CriticOptions(2, width=4)),
        ...         pair.generator(shape, tm.GeneratorOptions(2, width=4)),
        ...     ),
        ...     tm.networks.code_generator(2, latent_size=8),
        ...     tm.Latents(8, "uniform"),
        ...     tm.KernelDiscrepancy("rbf"),
        ...     autoencoder_steps=100,
        ... )
        >>> model.generate(3).shape
        (3, 4, 4, 1)

    Attributes:
      critic: the auto-encoder, images -> {"features": codes [b, k],
        "reconstruction": images, ...}.
      code_generator: latents [b, z] -> codes [b, k].
      autoencoder_steps: steps of the auto-encoder.
    """

    critic: keras.Model

    def __init__(
        self,
        autoencoder: keras.Model,
        code_generator: keras.Model,
        latents: Latents,
        discrepancy: Discrepancy,
        *,
        autoencoder_steps: int,
        **kwargs: Any,
    ):
        errors.check_type("autoencoder", autoencoder, keras.Model)
        errors.check_count(0, autoencoder_steps=autoencoder_steps)
        code_generator = adopting.generator(
            code_generator, latents, kwargs.get("condition"), "code_generator"
        )
        generator = decoded(autoencoder, code_generator)
        super().__init__(generator, latents, discrepancy, **kwargs)
        autoencoder = adopting.critic(autoencoder, generator, "autoencoder")
        self.critic = autoencoder
        self.code_generator = code_generator
        self.autoencoder_steps = autoencoder_steps

    def compile(  # type: ignore[override]
        self,
        generator_optimizer: keras.optimizers.Optimizer | str,
        autoencoder_optimizer: keras.optimizers.Optimizer | str,
        clip_norm: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Sets both optimizers; see `GeneratorModel.compile`."""
        super().compile(generator_optimizer, clip_norm, **kwargs)
        self.autoencoder_optimizer = updates.prepare(
            autoencoder_optimizer, self.critic.trainable_variables, clip_norm
        )

    @property
    def trained_network(self) -> keras.Model:
        """The code generator; the decoder is not a part of it."""
        return self.code_generator

    @property
    def pretraining_steps(self) -> int:
        """The steps of the auto-encoder."""
        return self.autoencoder_steps

    @property
    def earlier_phases(self) -> Sequence[Phase]:
        """That of the auto-encoder."""
        return (Phase(self.autoencoder_steps, self.replica_autoencoder_step),)

    def replica_autoencoder_step(
        self, batches: Sequence[Any], first_update: tf.Tensor
    ) -> Logs:
        """One step of the auto-encoder; arguments as of `replica_step`."""
        del first_update
        real = updates.as_batch(batches[0]).images
        with updates.recording(self.critic) as tape:
            decoded = self.critic(real, training=True)["reconstruction"]
            loss = reconstruction_error(real, decoded)
        weights = self.critic.trainable_variables
        updates.apply(self.autoencoder_optimizer, tape, loss, weights)
        return {"autoencoder/loss": loss}

    def real_features(self, batch: tf.Tensor) -> tf.Tensor:
        """The codes of real images."""
        return self.critic(batch, training=False)["features"]

    def fake_features(self, inputs: Any) -> tf.Tensor:
        """Generated codes."""
        return self.code_generator(inputs, training=True)


def reconstruction_error(real: tf.Tensor, decoded: tf.Tensor) -> tf.Tensor:
    """Mean cross-entropy of pixels in [0, 1], in nats, or squared error."""
    if real.shape.rank == 2:
        return tf.reduce_mean(tf.square(decoded - real))
    losses = keras.losses.binary_crossentropy(pixels(real), pixels(decoded))
    return tf.reduce_mean(losses)
