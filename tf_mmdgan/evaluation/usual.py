"""The extractor of a configuration, also where nobody says it."""

from collections.abc import Iterable, Sequence

from tf_mmdgan import data, errors, features
from tf_mmdgan.config import EvaluateConfig, ReadConfig

# What these fail to see, for messages.
_LIMITS = {
    "thumbnails": "of 16 x 16 pixels, which show colours and coarse shapes",
    "pixels": "themselves, which do not show what a picture is of",
}
# Generated images in a score while a set of pictures in colour is trained on.
_SAMPLES = 2_000


def extractor_of(
    config: ReadConfig, given: object, layers: Sequence[str] = ()
) -> features.FeatureExtractor:
    """An extractor, with the settings that a configuration has for it.

    Args:
      config: may name settings of the extractor, and allow downloads.
      given: as of `features.get_extractor`.
      layers: as of `features.get_extractor`.

    Raises:
      UsageError: for an unknown name, layer or setting.
      DataError: for weights that cannot be used, or not be had.
    """
    settings = None
    if isinstance(config, EvaluateConfig):
        settings = config.extractor_settings
    return features.get_extractor(given, settings, layers, config.download)


def usual_features(entry: data.DatasetEntry, told: bool = False) -> str:
    """Name of the features by which a data set is scored, by default.

    They are those of `preferred_features`, where these are at hand.

    Args:
      entry: of the data set.
      told: whether to warn where the preferred features are not at hand.
    """
    if not falls_back(entry):
        return entry.preferred_features or entry.features
    if told:
        errors.warn(_limits(entry, ", and choose no best checkpoint"), 2)
    return entry.features


def default_features(sources: Iterable[str]) -> str:
    """Name of the features by which sources of images are compared, by default.

    Scores and two-sample tests have the same: those by which the first data set
    among the sources is scored, or own pictures, where none is among them.

    Args:
      sources: as `load_images` takes them.
    """
    named = (data.source_of(source) for source in sources)
    name = next((found[0] for found in named if found), "folder")
    entry = data.DATASET_FAMILY.get(name)
    if falls_back(entry):
        errors.warn(_limits(entry), stacklevel=2)
    return usual_features(entry)


def _limits(entry: data.DatasetEntry, so: str = "") -> str:
    """What the features fail to see that stand for the preferred ones."""
    preferred, name = entry.preferred_features, entry.features
    limits = f" {_LIMITS[name]}" if name in _LIMITS else ""
    return (
        f"What is compared are {name}{limits}{so}; their KID says little, and "
        "is on a scale of its own. To compare by the features "
        f"{preferred}: {features.remedy(preferred or '')}"
    )


def falls_back(entry: data.DatasetEntry) -> bool:
    """Whether the preferred features of a data set are not at hand."""
    preferred = entry.preferred_features
    return preferred is not None and features.remedy(preferred) is not None


def chooses_best(
    entry: data.DatasetEntry, given: object, in_force: object
) -> bool:
    """Whether scores by some features may say which checkpoint is best.

    Not those that took the place of the preferred ones, unless a user has
    named them.

    Args:
      entry: of the data set.
      given: the features that a user has named; None for none.
      in_force: the features that the scores of a run are of, which may be those
        of an earlier start of it; None for the usual ones.
    """
    preferred = entry.preferred_features
    in_force = in_force or usual_features(entry)
    return given is not None or preferred in (None, in_force)


def usual_samples(entry: data.DatasetEntry, held_out: int) -> int:
    """How many generated images a score has while a model is trained.

    As many as are held out, but `_SAMPLES` of a set in colour, whose features
    take time.
    """
    return held_out if entry.preferred_features is None else _SAMPLES
