"""What a method is: settings, a loss made of them, a model trained on it."""

from typing import Any, Protocol

from tf_mmdgan.config import TrainConfig
from tf_mmdgan.methods.builder import Parts
from tf_mmdgan.models import ImplicitModel


class Method(Protocol):
    """A method of training a generator, as the catalogue has it.

    Attributes:
      source: where it was published.
      names: of the settings that it has; a flag for another one is refused.
      has_deviations: whether --as_published tells of this method.
    """

    source: str
    names: frozenset[str]
    has_deviations: bool

    def published(self, config: TrainConfig) -> dict[str, Any]:
        """Every setting as published, for what else `config` chooses."""

    def loss(self, settings: dict[str, Any]) -> Any:
        """What the model trains on.

        Raises:
          UsageError: for settings that do not go together.
        """

    def model(self, parts: Parts, loss: Any) -> ImplicitModel:
        """The compiled model.

        Raises:
          UsageError: for networks and settings that do not go together.
        """
