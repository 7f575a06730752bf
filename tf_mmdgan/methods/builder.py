"""What methods make their models of: networks, optimizers, options."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import keras

from tf_mmdgan import errors, networks
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.latents import Latents
from tf_mmdgan.methods.optimizers import OPTIMIZERS, LinearDecay
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.networks import Architecture, Conditioning
from tf_mmdgan.networks.spectral_normalization import SpectralNorm

# Settings of the run that only a flag or a deviation gives, of all methods.
COMMON = {
    "clip_norm": None,
    "schedule_floor": 1e-12,
    "batch_statistics": False,
}


@dataclasses.dataclass(frozen=True)
class Parts:
    """Makes the parts of a model as a configuration has them.

    Attributes:
      config: of the run.
      settings: of the method, complete.
      image_shape: (h, w, c), or (n,) for points.
      num_classes: of the data, or None.
    """

    config: TrainConfig
    settings: dict[str, Any]
    image_shape: tuple[int, ...]
    num_classes: int | None = None

    @property
    def architecture(self) -> Architecture:
        """The pair of networks."""
        return architecture(self.config)

    @property
    def latents(self) -> Latents:
        """The law of the generator's input."""
        return Latents(self.config.latent_size, self.config.latent_distribution)

    def conditioning(self) -> Conditioning | None:
        """How labels enter the networks, if they do.

        Raises:
          UsageError: for data without labels.
        """
        config = self.config
        if config.conditioning == "none":
            return None
        if not self.num_classes:
            raise errors.UsageError(
                f"--conditioning={config.conditioning}: the data set "
                f"{config.dataset} has no labels."
            )
        return Conditioning(
            self.num_classes,
            config.conditioning,
            self.settings["project_output"]
            and config.conditioning == "projection",
        )

    def generator(
        self,
        latent_size: int | None = None,
        conditioning: Conditioning | None = None,
    ) -> keras.Model:
        """The pair's generator, from `latent_size` numbers."""
        with dtype_policy(self.config.dtype_policy):
            return self.architecture.generator(
                self.image_shape,
                latent_size or self.config.latent_size,
                self.config.generator_width,
                batch_norm=self.config.generator_batch_norm,
                conditioning=conditioning,
                batch_statistics=self.settings["batch_statistics"],
            )

    def critic(
        self,
        conditioning: Conditioning | None = None,
        spectral_norm: SpectralNorm | None = None,
    ) -> keras.Model:
        """The pair's critic."""
        with dtype_policy(self.config.dtype_policy):
            return self.architecture.critic(
                self.image_shape,
                self.settings["critic_output"],
                self.config.critic_width,
                batch_norm=self.settings["critic_batch_norm"],
                spectral_norm=spectral_norm,
                conditioning=conditioning,
                published_weights=self.settings["published_weights"],
            )

    def options(self) -> dict[str, Any]:
        """Arguments of every model."""
        conditional = self.config.conditioning != "none"
        return {
            "num_classes": self.num_classes if conditional else None,
            "seed": self.config.seed,
            "ema_decay": self.config.ema_decay,
        }

    def compile(
        self, model: ImplicitModel, *optimizers: keras.optimizers.Optimizer
    ) -> None:
        """Compiles the model as the configuration has it."""
        model.compile(
            *optimizers,
            clip_norm=self.settings["clip_norm"],
            steps_per_execution=self.config.steps_per_execution,
            jit_compile=self.config.jit,
        )

    def optimizer(self, model: ImplicitModel) -> keras.optimizers.Optimizer:
        """The optimizer of the generator."""
        return self._optimizer(self.config.learning_rate, model.step)

    def critic_optimizer(
        self, model: ImplicitModel
    ) -> keras.optimizers.Optimizer:
        """The optimizer of the critic, or of what stands in its place."""
        rate = self.config.critic_learning_rate or self.config.learning_rate
        return self._optimizer(rate, model.step)

    def _optimizer(
        self, rate: float, step: keras.Variable
    ) -> keras.optimizers.Optimizer:
        config = self.config
        if config.learning_rate_decay_to:
            rate = LinearDecay(
                rate,
                config.learning_rate_decay_from,
                config.learning_rate_decay_to,
                step,
            )
        made = OPTIMIZERS[config.optimizer](rate, config)
        if config.dtype_policy == "mixed_float16":
            # Small gradients vanish in half precision; bfloat16 has the range.
            return keras.optimizers.LossScaleOptimizer(made)
        return made


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """The policy of networks made meanwhile, and of no others."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def architecture(config: TrainConfig) -> Architecture:
    """The pair of networks that `config` names.

    Raises:
      UsageError: for an unknown name.
    """
    return errors.pick(
        networks.ARCHITECTURES, config.architecture, "architecture"
    )
