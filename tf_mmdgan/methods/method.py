"""What a method is: published settings, a loss, and a model that lowers it."""

import abc
import dataclasses
from typing import Any, ClassVar, Generic, TypeVar

import keras

from tf_mmdgan.config import TrainConfig
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.latents import Latents
from tf_mmdgan.methods.builder import Builder
from tf_mmdgan.methods.settings import Settings
from tf_mmdgan.models import ImplicitModel

S = TypeVar("S", bound=Settings)


@dataclasses.dataclass(frozen=True)
class Method(abc.ABC, Generic[S]):
    """A way to train a generator, as `METHODS` lists it.

    `methods.settings_of` completes its settings from a configuration, `loss`
    makes of them what is minimised, and `model` builds what minimises it.

    Attributes:
      source: where it was published.
      settings: those that were published.
      takes_labels: whether its networks can be told the class of an image.
      accumulates: whether it can take a batch in parts.
      projects_labels: whether its generator can be told it by projection.
      by_class: whether it then compares each class with its own, in batches of
        as many images of each.
    """

    source: str
    settings: S

    takes_labels: ClassVar[bool] = False
    projects_labels: ClassVar[bool] = True
    by_class: ClassVar[bool] = False
    accumulates: ClassVar[bool] = False

    @property
    def names(self) -> frozenset[str]:
        """Names of its settings; flags for any other setting are refused."""
        return frozenset(self.settings.by_name())

    def published(self, config: TrainConfig, kernel: Kernel | None) -> S:
        """The settings that were published for the data and networks of a run.

        Args:
          config: of the run.
          kernel: that of the run, where one is given, for methods that were
            published with other settings for some kernels.
        """
        del config, kernel
        return self.settings

    @abc.abstractmethod
    def loss(self, settings: S) -> Any:
        """What the model minimises.

        Raises:
          UsageError: for settings that do not go together.
        """

    def generator(self, builder: Builder[S]) -> keras.Model:
        """The generator that `model` trains, not trained and by itself."""
        return builder.generator(conditioning=builder.conditioning)

    def latents(self, builder: Builder[S]) -> Latents:
        """The law of that generator's input."""
        return builder.latents

    @abc.abstractmethod
    def model(self, builder: Builder[S]) -> ImplicitModel:
        """The compiled model, built and trained with `builder.settings`.

        Raises:
          UsageError: as `loss`, and for networks and settings that do not go
            together.
        """
