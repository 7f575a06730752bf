"""Whether a run is scored by a network that its generator is trained on.

Its KID is then flattered: the generator has learnt to look right to that
network, and to no one else.
"""

from typing import Any

from tf_mmdgan import data, errors
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.spelling import text
from tf_mmdgan.evaluation.usual import usual_features
from tf_mmdgan.features import names
from tf_mmdgan.methods import settings_of

_SETTINGS = ("matched_features", "refine_features")
# What everybody sees is no network.
_PLAIN = ("pixels", "columns")


def check(config: TrainConfig) -> None:
    """Refuses such a run, unless it is asked for.

    Raises:
      UsageError: with what to do.
    """
    shared = _shared(config)
    if not shared:
        return
    if config.allow_matched_score:
        errors.tell(f"note: {remarks(config)[0]}.")
    else:
        raise errors.UsageError(
            f"The run would be scored by {shared}, on which its generator is "
            "trained: such scores flatter it. Choose other --features, or say "
            "--allow_matched_score; reports then say so."
        )


def remarks(config: TrainConfig, features: Any = None) -> tuple[str, ...]:
    """What the reader of a run's scores has to know, if anything.

    Args:
      config: of the run.
      features: the networks that it is scored by; by default the run's own.
    """
    shared = _shared(config, features)
    return (
        (
            f"scores are on matched features: the generator was trained on "
            f"{shared}, which flatters it",
        )
        if shared
        else ()
    )


def _shared(config: TrainConfig, features: Any = None) -> str | None:
    """The network that both trains and scores the generator, if any."""
    entry = data.DATASET_FAMILY.get(config.dataset)
    scored = _networks(features or config.features or usual_features(entry))
    settings = settings_of(config).by_name()
    for name in _SETTINGS:
        for network in _networks(settings.get(name)):
            if network in scored:
                return text(network)
    return None


def _networks(given: object) -> list[Any]:
    """Networks by name, or by name and path; or the things themselves."""
    if given is None:
        return []
    if not isinstance(given, str):
        return [given]
    return [
        network.name if network.path is None else f"{network[0]}:{network[1]}"
        for network in names.parse(given)
        if network.name not in _PLAIN
    ]
