"""What a metric is: a function of features, or a value of one's own."""

import abc
import numbers
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.config.spelling import text
from tf_mmdgan.metrics.settings import MetricSettings

Numbers = dict[str, float]


class Metric(abc.ABC):
    """Numbers that say how far generated images are from real ones.

    Yours is a frozen dataclass, whose fields are its settings:

        >>> @dataclasses.dataclass(frozen=True)
        ... class MeanGap(tm.Metric):
        ...     power: int = 2
        ...
        ...     def __call__(self, real, fake, settings):
        ...         gaps = np.abs(real.mean(axis=0) - fake.mean(axis=0))
        ...         return {"mean_gap": np.sum(gaps**self.power)}
        >>> real, fake = (tm.Extracted(z * np.eye(5)) for z in (1.0, 6.0))
        >>> list(tm.metrics.score(real, fake, [MeanGap()]).values())
        [{'mean_gap': 5.0}]

    It stands wherever a metric has a name, as in
    `tm.evaluate(..., metrics=["fid", MeanGap()])`.

    Attributes:
      of_classes: whether it compares class probabilities, not features.
    """

    of_classes: ClassVar[bool] = False

    @abc.abstractmethod
    def __call__(
        self, real: np.ndarray, fake: np.ndarray, settings: MetricSettings
    ) -> Mapping[str, float]:
        """The numbers by name.

        Args:
          real: features of real images, [n, d]; or their class probabilities,
            [n, k].
          fake: the same of generated images, [m, d] or [m, k].
          settings: of all metrics, such as their seed.

        Raises:
          UsageError: where `settings` do not fit.
          DataError: for features that it cannot compare. Reports say so in its
            place.
        """


def computed(
    metric: Callable[..., Any],
    real: np.ndarray,
    fake: np.ndarray,
    settings: MetricSettings,
) -> Numbers:
    """What a metric finds, as numbers by name.

    Raises:
      UsageError: for a metric that gives something else.
    """
    found = metric(real, fake, settings)
    if isinstance(found, Mapping) and all(
        isinstance(name, str) and isinstance(value, numbers.Real)
        for name, value in found.items()
    ):
        return {name: float(value) for name, value in found.items()}
    raise errors.UsageError(
        f"The metric {text(metric)} gives {errors.excerpt(found, 40)}: need "
        'numbers by name, such as {"gap": 0.5}.'
    )
