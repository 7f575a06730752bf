"""What a method is: settings, a loss made of them, a model trained on it."""

import abc
import dataclasses
from typing import Any, ClassVar, Generic, TypeVar

from tf_mmdgan.config import TrainConfig
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.methods.builder import Builder
from tf_mmdgan.methods.settings import Settings
from tf_mmdgan.models import ImplicitModel

S = TypeVar("S", bound=Settings)


@dataclasses.dataclass(frozen=True)
class Method(abc.ABC, Generic[S]):
    """A method of training a generator; see `METHODS`.

    Attributes:
      source: where it was published.
      settings: the published ones.
      takes_labels: whether its networks can be told the class of an image.
    """

    source: str
    settings: S

    takes_labels: ClassVar[bool] = False

    @property
    def names(self) -> frozenset[str]:
        """Of its settings; a flag for one of other methods alone is refused."""
        return frozenset(self.settings.by_name())

    def published(self, config: TrainConfig, kernel: Kernel | None) -> S:
        """The settings as published for what else is chosen.

        Args:
          config: data set and networks.
          kernel: the one that is given, or None.
        """
        del config, kernel
        return self.settings

    @abc.abstractmethod
    def loss(self, settings: S) -> Any:
        """What the model trains on.

        Raises:
          UsageError: for settings that do not go together.
        """

    @abc.abstractmethod
    def model(self, builder: Builder[S]) -> ImplicitModel:
        """The compiled model.

        Raises:
          UsageError: as `loss`, and for networks and settings that do not go
            together.
        """
