"""Training on moments that a network learns, a sequence of objectives.

Ravuri, Mohamed, Rosca and Vinyals 2018, "Learning implicit generative models
with the method of learned moments", https://arxiv.org/abs/1806.11006.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import adopting, updates, views
from tf_mmdgan.models.generator_model import TwoNetworksModel
from tf_mmdgan.models.phases import Logs
from tf_mmdgan.objectives import CriticOutput
from tf_mmdgan.objectives.learned_moments import LearnedMoments, Moments


class LearnedMomentsModel(TwoNetworksModel):
    """A generator that matches moments, which a network learns now and then.

    Before the first step, and again after every `objective_steps` of them, the
    network is trained for some updates to tell real from generated images. Then
    it stands still, and each step lowers the distance of its moments: those of
    a generated batch from those of real images, a mean over all batches since
    the network has moved. After a pass over the data this is the mean over all
    of them.

        >>> layers = [keras.Input((2,)), keras.layers.Dense(3)]
        >>> generator = keras.Sequential(layers)
        >>> latents = tm.Latents(2, "normal")
        >>> layers = [keras.Input((3,)), keras.layers.Dense(1)]
        >>> network = keras.Sequential(layers)
        >>> model = tm.LearnedMomentsModel(
        ...     generator, network, latents, moment_updates=2, objective_steps=3
        ... )
        >>> model.compile("adam", "adam")
        >>> history = model.fit(np.ones((64, 3)), batch_size=16, verbose=0)
        >>> int(model.step.numpy()), int(model.updates.numpy())
        (4, 8)

    Attributes:
      critic: the network, images -> {"features": [b, 1], "activations": list}
        or its feature alone.
      objective: both losses.
      moment_updates: of the network before each objective.
      objective_steps: of the generator for each objective.
      target: moments of real images; the checkpoint holds them.
    """

    critic: keras.Model

    def __init__(
        self,
        generator: keras.Model,
        network: keras.Model,
        latents: Latents,
        objective: LearnedMoments | None = None,
        *,
        moment_updates: int = 500,
        objective_steps: int = 500,
        **kwargs: Any,
    ):
        super().__init__(generator, latents, **kwargs)
        adopting.refuse_condition(self, self.condition)
        objective = objective or LearnedMoments()
        errors.check_type("objective", objective, LearnedMoments)
        errors.check_count(
            1, moment_updates=moment_updates, objective_steps=objective_steps
        )
        self.critic = adopting.critic(network, self.generator, "network")
        self._check()
        self.objective = objective
        self.moment_updates = moment_updates
        self.objective_steps = objective_steps
        outputs = self.critic.output
        layers = [self.critic.inputs[0], *outputs.get("activations", [])]
        weights = self.critic.trainable_variables
        self.target = Moments(
            [
                self._kept(f"gradient_mean{n}", weight.shape, weight.dtype)
                for n, weight in enumerate(weights)
            ],
            [
                self._kept(f"activation_mean{n}", layer.shape[1:], layer.dtype)
                for n, layer in enumerate(layers)
            ],
        )

    def _check(self) -> None:
        """Refuses a network that has no moments of single images."""
        width = self.critic.output["features"].shape[-1]
        if width != 1:
            raise errors.UsageError(
                f"Moments are gradients of one output, and the network has "
                f"{width}.",
                setting="critic_output",
            )
        if adopting.mixes_examples(self.critic):
            raise errors.UsageError(
                "Moments are means over single images, which batch "
                "normalisation or minibatch layers of the network mix: leave "
                "them out.",
                setting="critic_batch_norm",
            )

    def _kept(
        self, name: str, shape: Sequence[int], dtype: str
    ) -> keras.Variable:
        """A mean over real images, the same on all replicas."""
        half = tf.as_dtype(dtype).size < 4
        variable = self.add_weight(
            name=name,
            shape=tuple(shape),
            dtype="float32" if half else dtype,
            initializer="zeros",
            trainable=False,
            aggregation="mean",
        )
        # TensorFlow's checkpoints hold attributes, and nothing in lists.
        setattr(self, name, variable)
        return variable

    def extra_updates(self, step: tf.Tensor) -> tf.Tensor | int:
        """Those of the network, where an objective begins."""
        begins = step % self.objective_steps == 0
        return tf.where(begins, self.moment_updates, 0)

    def replica_extra_update(self, batch: Any, number: tf.Tensor) -> None:
        """One update of the network, in replica context."""
        real = updates.as_batch(batch).images
        fake = self.generator(self.draw_latents(real, number), training=True)
        weights = self.critic.trainable_variables
        with updates.recording(self.critic) as tape:
            loss = self.objective.network_loss(
                self._see, weights, real, views.wide(fake)
            )
        updates.apply(self.critic_optimizer, tape, loss.value, weights)

    def replica_step(
        self, batches: Sequence[Any], first_update: tf.Tensor
    ) -> Logs:
        """See `ImplicitModel.replica_step`."""
        real = updates.as_batch(batches[0]).images
        target = self._move_target(real)
        latents = self.draw_latents(real, first_update)
        with updates.recording(self.generator) as tape:
            fake = views.wide(self.generator(latents, training=True))
            loss = self.objective.generator_loss(target, self._moments(fake))
        updates.apply(
            self.generator_optimizer, tape, loss.value, self.trained_variables
        )
        return {
            "generator/loss": loss.value,
            **{f"generator/{name}": v for name, v in loss.terms.items()},
        }

    def _move_target(self, real: tf.Tensor) -> Moments:
        """The mean of moments since the objective began, with this batch."""
        done = self._global(self.step) % self.objective_steps
        kept = []
        for variables, found in zip(
            self.target, self._moments(real), strict=True
        ):
            means = [
                # Of the first batch alone: whatever is kept is of another
                # network.
                tf.where(done == 0, new, old + (new - old) / _count(done, new))
                for old, new in zip(
                    (variable.value for variable in variables), found,
                    strict=True,
                )
            ]  # fmt: skip
            for variable, mean in zip(variables, means, strict=True):
                variable.assign(mean)
            kept.append(means)
        return Moments(*kept)

    def _moments(self, images: tf.Tensor) -> Moments:
        weights = self.critic.trainable_variables
        return self.objective.moments(self._see, weights, images)

    def _see(self, images: tf.Tensor) -> CriticOutput:
        outputs = self.critic(images, training=True)
        return CriticOutput(
            views.wide(outputs["features"]), outputs.get("activations", ())
        )


def _count(done: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """How many batches there are with this one."""
    return tf.cast(done + 1, like.dtype)
