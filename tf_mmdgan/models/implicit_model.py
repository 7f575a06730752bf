"""A generator under training: sampling, averaging, and a distributed `fit`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, keras_settings
from tf_mmdgan.distribute import Cluster, Update
from tf_mmdgan.features import FeatureExtractor
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import averaging
from tf_mmdgan.models.input_clock import InputClock
from tf_mmdgan.models.sampling import ImageSampler
from tf_mmdgan.models.validation import kid_of_generated

Logs = Mapping[str, tf.Tensor]


class ImplicitModel(keras.Model):
    """Base of all models: `fit` on an endless data set of single batches.

    A subclass says how many batches a step takes, what a replica does with
    them, and by which optimizers; this class counts steps, averages weights,
    and spreads steps over devices:

        model = AdversarialModel(generator, critic, latents, objective)
        model.compile(generator_optimizer, critic_optimizer)
        model.fit(batches, steps_per_epoch=100)
        images = model.generate(64, seed=1)

    Where the generator depends on a network that must be trained before it, the
    steps of that training are `pretraining_steps`. They count like all others.

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
      step: int64 variable, steps done.
      updates: int64 variable, updates done. It is also the number of batches
        consumed: the position in the data, and the key of all noise.
      input_clock: an `InputClock` that is told how long steps wait for their
        batches; by default None. Set it before the first `fit`. It puts a call
        to Python into each step, which accelerators that are not local refuse.
    """

    critic: keras.Model | None
    input_clock: InputClock | None
    train_function: Callable[[Iterator[Any]], Logs] | None

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
        super().__init__(**kwargs)
        self.generator = generator
        self.ema_generator = keras.models.clone_model(generator)
        self.ema_generator.set_weights(generator.get_weights())
        self.ema_generator.trainable = False
        self.latents = latents
        self.critic = None
        self.num_classes = num_classes
        self.class_shares: np.ndarray | None = None
        self.seed = seed
        self.ema_decay = ema_decay
        self.mmd_scope = mmd_scope
        self.step = self._counter("step")
        self.updates = self._counter("updates")
        self.input_clock = None
        self._samplers: dict[str, ImageSampler] = {}
        # `fit` would otherwise call the model on a batch of images.
        self.built = True

    def _counter(self, name: str) -> keras.Variable:
        return self.add_weight(
            name=name,
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
        )

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

    @property
    def batches_per_step(self) -> int:
        """Batches that `replica_step` takes."""
        raise NotImplementedError

    def replica_step(
        self, batches: Sequence[Any], first_update: tf.Tensor
    ) -> Logs:
        """One step in replica context; returns scalars to log.

        Args:
          batches: `batches_per_step` of them, of this replica.
          first_update: the value of `updates` at the first of them.
        """
        raise NotImplementedError

    @property
    def optimizers(self) -> tuple[keras.optimizers.Optimizer, ...]:
        """The optimizers whose learning rates rise and fall together."""
        raise NotImplementedError

    @property
    def pretraining_steps(self) -> int:
        """How many steps come before the generator's first step."""
        return 0

    def replica_pretraining_step(
        self, batches: Sequence[Any], first_update: tf.Tensor
    ) -> Logs:
        """One of the `pretraining_steps`; arguments as of `replica_step`."""
        raise NotImplementedError

    def adapt(self, images: np.ndarray) -> None:
        """Takes what the model needs of all training images, such as moments.

        Call it before the first `fit`. After a checkpoint has been restored it
        changes nothing, because the checkpoint holds what was taken.

        Args:
          images: uint8 [n, h, w, c], or float32 points [n, d].
        """

    def extra_updates(self, step: tf.Tensor) -> tf.Tensor | int:
        """How many extra updates come before step number `step` (from 0)."""
        return 0

    def replica_extra_update(self, batch: Any, number: tf.Tensor) -> None:
        """One extra update in replica context."""
        raise NotImplementedError

    @property
    def cluster(self) -> Cluster:
        """The devices and workers that the model was made for."""
        return Cluster(self.distribute_strategy)

    def make_update(self, number: tf.Tensor) -> Update:
        """Update number `number` (from 0), for the objective."""
        return Update(
            self.seed, number, self._global(self.step), self.mmd_scope
        )

    def network(self, weights: str) -> keras.Model:
        """The generator with "ema" (averaged) or "current" weights."""
        networks = {"ema": self.ema_generator, "current": self.generator}
        return networks[weights]

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

    def make_train_function(
        self, force: bool = False
    ) -> Callable[[Iterator[Any]], Logs]:
        """Keras' hook: the function that `fit` calls with its iterator.

        It runs `steps_per_execution` steps, and pulls as many batches as each
        needs. Keras' own function pulls one batch a step, and fails under
        several replicas.
        """
        if self.train_function is not None and not force:
            return self.train_function
        main = self._make_steps(self.replica_step)
        if not self.pretraining_steps:
            self.train_function = main
            return main
        first = self._make_steps(self.replica_pretraining_step)

        def train_function(iterator):
            early = int(self.step.numpy()) < self.pretraining_steps
            return (first if early else main)(iterator)

        self.train_function = train_function
        return train_function

    def _make_steps(
        self, replica_step: Callable[..., Logs]
    ) -> tf.types.experimental.Callable:
        steps = self.steps_per_execution

        @tf.function(reduce_retracing=True)
        def run_steps(iterator):
            # One step is the usual case, and traced once, not twice.
            if steps > 1:
                for _ in tf.range(steps - 1):
                    self._step(iterator, replica_step)
            return self._step(iterator, replica_step)

        return run_steps

    def _run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Runs a function on every replica, as it is written.

        The function has no control flow that depends on tensors. AutoGraph
        would convert it all the same, and double the time of a first step. XLA
        compiles the function where there is one replica; it cannot compile what
        replicas send to each other.
        """
        plain = tf.autograph.experimental.do_not_convert(function)
        if self.jit_compile and self.cluster.num_replicas == 1:
            plain = tf.function(plain, jit_compile=True, autograph=False)
        return self.distribute_strategy.run(plain, args)

    def _step(
        self, iterator: Iterator[Any], replica_step: Callable[..., Logs]
    ) -> Logs:
        extra = self.extra_updates(self.step.value)
        if tf.is_tensor(extra):
            # Outside the replica function: inside one, a loop cannot
            # synchronise replicas.
            for _ in tf.range(extra):
                self._run(
                    self.replica_extra_update,
                    next(iterator),
                    self._global(self.updates),
                )
                self.updates.assign_add(1)
        batches, first_update = self._next_batches(iterator)
        logs = self._run(replica_step, batches, first_update)
        self.updates.assign_add(self.batches_per_step)
        self.step.assign_add(1)
        averaging.move(
            self.ema_generator,
            self.generator,
            self._global(self.step) - self.pretraining_steps,
            self.ema_decay,
        )
        # All numbers in one exchange between workers.
        values = self._run(tf.stack, list(logs.values()))
        means = self.distribute_strategy.reduce("MEAN", values, axis=None)
        return dict(zip(logs, tf.unstack(means, len(logs)), strict=True))

    def _next_batches(
        self, iterator: Iterator[Any]
    ) -> tuple[list[Any], tf.Tensor]:
        """The batches of a step and the number of its first update."""

        def pull():
            batches = [next(iterator) for _ in range(self.batches_per_step)]
            return batches, self._global(self.updates)

        if self.input_clock is None:
            return pull()
        return self.input_clock.measure(pull)

    def _global(self, variable: keras.Variable) -> tf.Tensor:
        """The value as a plain tensor, to be handed to every replica."""
        return tf.identity(variable.value)
