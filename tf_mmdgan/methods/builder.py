"""What a model is built of: networks, optimizers, options."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any, Generic, Literal, TypeVar, cast

import keras

from tf_mmdgan import errors, networks
from tf_mmdgan.conditions import Condition
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.latents import Latents
from tf_mmdgan.methods.optimizers import (
    OPTIMIZERS,
    Fall,
    RateSchedule,
    Warmup,
    lazily,
)
from tf_mmdgan.methods.settings import CriticSettings, Settings
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.networks import (
    Architecture,
    Conditioning,
    CriticOptions,
    DenoiserOptions,
    GeneratorOptions,
    StyleOptions,
)
from tf_mmdgan.networks.spectral_normalization import SpectralNorm

# Fields of `StyleOptions` by the settings that are for them.
_STYLE_FIELDS = {"mapping_layers": "mapping_layers", "style_mixing": "mixing"}

S = TypeVar("S", bound=Settings, covariant=True)


@dataclasses.dataclass(frozen=True)
class Builder(Generic[S]):
    """Builds the parts of a model as a configuration has them.

    Attributes:
      config: of the run.
      settings: of the method, complete.
      image_shape: (h, w, c), or (n,) for points.
      condition: what the labels of the data are, or None.
    """

    config: TrainConfig
    settings: S
    image_shape: tuple[int, ...]
    condition: Condition | None = None

    @property
    def latents(self) -> Latents:
        """The distribution of the generator's input."""
        # A configuration has no other.
        law = cast(
            Literal["uniform", "normal"], self.config.latent_distribution
        )
        return Latents(self.config.latent_size, law)

    @property
    def conditioning(self) -> Conditioning | None:
        """How labels enter the networks, if they do.

        Raises:
          UsageError: for data without labels.
        """
        kind = self.config.conditioning
        if kind == "none":
            return None
        if self.condition is None:
            raise errors.UsageError(
                f"--conditioning={kind}: the data set {self.config.dataset} "
                "has no labels."
            )
        projects_output = getattr(self.settings, "project_output", False)
        return Conditioning(
            self.condition, kind, projects_output and kind == "projection"
        )

    @property
    def generator_spectral_norm(self) -> SpectralNorm | None:
        """That of the generator: by default wherever its networks have it.

        Raises:
          UsageError: if it is asked for of networks without it.
        """
        wanted = self.config.generator_spectral_norm
        has = architecture(self.config).generator_spectral_norm
        if wanted and not has:
            raise errors.UsageError(
                "--generator_spectral_norm: the generator of --architecture="
                f"{self.config.architecture} has no spectral normalisation; "
                "those of biggan and sagan have."
            )
        return SpectralNorm() if has and wanted is not False else None

    @property
    def styles(self) -> StyleOptions:
        """How a style-based generator makes its styles.

        Raises:
          UsageError: for settings of styles of another generator.
        """
        config = self.config
        options = StyleOptions(latent_distribution=self.latents.distribution)
        for name, field in _STYLE_FIELDS.items():
            value = getattr(config, name)
            if value is not None:
                self.check_style_based(name, "generator")
                options = dataclasses.replace(options, **{field: value})
        return options

    def check_style_based(self, name: str, network: str) -> None:
        """Refuses a setting of style-based networks for other networks.

        Args:
          name: of the setting.
          network: of which it is.

        Raises:
          UsageError: naming the networks that have it.
        """
        if architecture(self.config).style_based:
            return
        able = [n for n, a in networks.ARCHITECTURES.items() if a.style_based]
        raise errors.UsageError(
            f"--{name}={getattr(self.config, name)}: the {network} of "
            f"--architecture={self.config.architecture} has no such thing; "
            f"that of {errors.listed(able)} has."
        )

    @property
    def classes_per_batch(self) -> int | None:
        """How many classes a batch has, of models that compare by class.

        Raises:
          UsageError: for a batch without as many images of each, two at least.
        """
        config, condition = self.config, self.condition
        if config.conditioning == "none" or condition is None:
            return None
        if condition.num_classes is None:
            raise errors.UsageError(
                f"--objective={config.objective} compares images of a class "
                f"with their own, and the data set {config.dataset} has "
                f"{condition}; give an objective with a critic."
            )
        classes = config.classes_per_batch or condition.num_classes
        if config.batch_size % classes or config.batch_size < 2 * classes:
            raise errors.UsageError(
                f"--batch_size={config.batch_size}: need as many images of "
                f"each of the {classes} classes of a batch, two at least: a "
                f"multiple of {classes}; or give other --classes_per_batch."
            )
        return classes

    def generator(
        self,
        latent_size: int | None = None,
        conditioning: Conditioning | None = None,
    ) -> keras.Model:
        """The architecture's generator.

        Args:
          latent_size: width of its input; by default that of `latents`.
          conditioning: how labels enter, if they do.
        """
        options = GeneratorOptions(
            latent_size or self.config.latent_size,
            width=self.config.generator_width,
            batch_norm=self.config.generator_batch_norm,
            conditioning=conditioning,
            batch_statistics=self.settings.batch_statistics,
            spectral_norm=self.generator_spectral_norm,
            styles=self.styles,
        )
        with dtype_policy(self.config.dtype_policy):
            return architecture(self.config).generator(
                self.image_shape, options
            )

    def critic(
        self: "Builder[CriticSettings]",
        conditioning: Conditioning | None = None,
        spectral_norm: SpectralNorm | None = None,
        **options: Any,
    ) -> keras.Model:
        """The architecture's critic, the second network of a method.

        Args:
          conditioning: how labels enter, if they do.
          spectral_norm: of its layers, or None.
          **options: more of `CriticOptions`.
        """
        given = CriticOptions(
            self.settings.critic_output,
            width=self.config.critic_width,
            batch_norm=self.settings.critic_batch_norm,
            spectral_norm=spectral_norm,
            conditioning=conditioning,
            published_weights=self.settings.published_weights,
            **options,
        )
        with dtype_policy(self.config.dtype_policy):
            return architecture(self.config).critic(self.image_shape, given)

    def denoiser(self, takes_noise: bool) -> keras.Model:
        """The architecture's network that is told times.

        Args:
          takes_noise: see `networks.DenoiserOptions`.

        Raises:
          UsageError: for an architecture without one.
        """
        config = self.config
        make = architecture(config).denoiser
        if make is None:
            able = [n for n, a in networks.ARCHITECTURES.items() if a.denoiser]
            raise errors.UsageError(
                f"--architecture={config.architecture}: --objective="
                f"{config.objective} needs a network that is told times, as "
                f"those of {errors.listed(able)} are."
            )
        options = DenoiserOptions(
            config.generator_width, takes_noise=takes_noise
        )
        with dtype_policy(config.dtype_policy):
            return make(self.image_shape, options)

    def model_options(self) -> dict[str, Any]:
        """Arguments that every model takes."""
        conditional = self.config.conditioning != "none"
        return {
            "condition": self.condition if conditional else None,
            "seed": self.config.seed,
            "ema_decay": self.config.ema_decay,
        }

    def compile(
        self, model: ImplicitModel, *optimizers: keras.optimizers.Optimizer
    ) -> None:
        """Compiles the model as the configuration has it."""
        model.compile(
            *optimizers,
            clip_norm=self.settings.clip_norm,
            steps_per_execution=self.config.steps_per_execution,
            jit_compile=self.config.jit,
        )

    def optimizer(
        self, model: ImplicitModel, lazy_updates: int | None = None
    ) -> keras.optimizers.Optimizer:
        """The optimizer of the generator; as `critic_optimizer`."""
        rate, builder = self._lazily(lazy_updates, self.settings.learning_rate)
        return builder.optimizer_between(rate, model, model.pretraining_steps)

    def critic_optimizer(
        self: "Builder[CriticSettings]",
        model: ImplicitModel,
        lazy_updates: int | None = None,
    ) -> keras.optimizers.Optimizer:
        """The optimizer of the second network.

        Args:
          model: that it is for.
          lazy_updates: after so many updates comes one more, of the penalties
            alone; None: there is no such.

        Raises:
          UsageError: for such updates of another optimizer than Adam.
        """
        settings = self.settings
        rate = settings.critic_learning_rate or settings.learning_rate
        rate, builder = self._lazily(lazy_updates, rate)
        return builder.optimizer_between(
            rate, model, 0, fall_from=model.pretraining_steps
        )

    def _lazily(
        self, updates: int | None, rate: float
    ) -> tuple[float, "Builder[S]"]:
        """The rate, and the builder, corrected where penalties are lazy."""
        if updates is None:
            return rate, self
        rate, config = lazily(updates, rate, self.config)
        return rate, dataclasses.replace(self, config=config)

    def optimizer_between(
        self,
        rate: float,
        model: ImplicitModel,
        first: int,
        end: int | None = None,
        fall_from: int | None = None,
    ) -> keras.optimizers.Optimizer:
        """An optimizer of a network that is trained in some of the steps.

        Args:
          rate: its learning rate, before it falls.
          model: whose steps they are.
          first: the first of them.
          end: the step at which the rate has fallen to 0, where the schedule
            falls; by default that of the configuration.
          fall_from: where it begins to fall, unless the configuration says it;
            by default `first`.
        """
        config = self.config
        fall = _fall(config, first if fall_from is None else fall_from, end)
        warmup = None
        if config.warmup_steps:
            warmup = Warmup(config.warmup_steps, first)
        schedule: float | RateSchedule = rate
        if fall or warmup:
            schedule = RateSchedule(rate, model.step, fall, warmup)
        made = OPTIMIZERS[config.optimizer](schedule, config)
        if config.dtype_policy == "mixed_float16":
            # Small gradients vanish in half precision; bfloat16 has the range.
            return keras.optimizers.LossScaleOptimizer(made)
        return made


def _fall(config: TrainConfig, first: int, end: int | None) -> Fall | None:
    """How rates fall, of a network whose first step is number `first`."""
    if not config.rates_fall:
        return None
    if end is None:
        start, end = config.learning_rate_decay_from, config.decay_end
        first = first if start is None else start
    if first >= end:
        raise errors.UsageError(
            f"The rates are 0 from step {end} on, and the "
            f"generator's first step is {first}: give more --steps, or a later "
            "--learning_rate_decay_to."
        )
    return Fall(config.rate_schedule, first, end)


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """In a `with` block: the policy of the networks that are made there."""
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
    return networks.ARCHITECTURE_FAMILY.get(config.architecture)
