"""From a configuration to a scorer and to the images that it scores."""

import dataclasses
import pathlib
from typing import Any

import numpy as np

from tf_mmdgan import data, errors
from tf_mmdgan.config import (
    DataConfig,
    EvaluateConfig,
    ReadConfig,
    TrainConfig,
)
from tf_mmdgan.config.sizes import sides
from tf_mmdgan.config.spelling import text
from tf_mmdgan.data.sets import npz
from tf_mmdgan.distribute import Cluster
from tf_mmdgan.evaluation.comparable import (
    check_metrics,
    check_widths,
    compared,
    in_force,
)
from tf_mmdgan.evaluation.fakes import load_fake
from tf_mmdgan.evaluation.images import (
    check_source,
    holds,
    load_images,
    resized,
)
from tf_mmdgan.evaluation.loaded import (
    Loaded,
    Preparation,
    StoredFeatures,
)
from tf_mmdgan.evaluation.metric_settings import (
    metric_settings,
    settings_for,
    with_blocks,
)
from tf_mmdgan.evaluation.scorer import Scorer
from tf_mmdgan.evaluation.usual import (
    default_features,
    extractor_of,
    usual_features,
    usual_samples,
)
from tf_mmdgan.features import EXTRACTORS, FeatureExtractor
from tf_mmdgan.metrics import (
    MetricSettings,
    choose,
)


def scorer_of_run(
    config: TrainConfig,
    cluster: Cluster | None = None,
    extractor: FeatureExtractor | None = None,
    table: data.Table | None = None,
) -> Scorer:
    """The scorer of a run, against the held-out images of its data set.

    Args:
      config: of the run.
      cluster: whose workers and devices share the work.
      extractor: where it has been made before, `extractor_of_run`.
      table: that of a run on rows, by which it has standardised them.

    Raises:
      UsageError: for unknown names, or settings out of range.
      DataError: for images or weights that cannot be used.
    """
    extractor = extractor or extractor_of_run(config)
    found = data.load(config, "test")
    real, tag = found.images, ""
    if found.table is not None:
        table = table or found.table
        real, tag = table.rows_of(found.table, real), table.tag
    return _scorer_of_run(config, cluster or Cluster(), extractor, real, tag)


def extractor_of_run(config: TrainConfig) -> FeatureExtractor:
    """What finds the features by which a run is scored.

    Raises:
      UsageError: for an unknown name.
      DataError: for weights that cannot be used.
    """
    entry = data.DATASET_FAMILY.get(config.dataset)
    return extractor_of(
        config, config.features or usual_features(entry, told=True)
    )


def check_scorer(
    config: TrainConfig, cluster: Cluster, extractor: FeatureExtractor
) -> None:
    """Refuses what `scorer_of_run` would, before any image is decoded.

    Where the held-out images are known only when they are loaded, nothing is
    looked at.
    """
    known = data.preview(config, "test")
    if known is not None:
        # As many images as there will be, in the memory of one level.
        shape = (known.count, *known.image_shape)
        stand_in = np.broadcast_to(np.uint8(0), shape)
        _scorer_of_run(config, cluster, extractor, stand_in)


def _scorer_of_run(
    config: TrainConfig,
    cluster: Cluster,
    extractor: FeatureExtractor,
    real: np.ndarray,
    tag: str = "",
) -> Scorer:
    entry = data.DATASET_FAMILY.get(config.dataset)
    count = config.evaluation_samples or usual_samples(entry, len(real))
    block = config.max_block_size or entry.kid_block_size
    return Scorer(
        extractor,
        real,
        f"{text(config.dataset)}/test",
        with_blocks(MetricSettings(), block, len(real), count, strict=True),
        count,
        cache_dir=_cache_dir(config),
        cluster=cluster,
        prepared=Preparation(tag, _beside(config).lstrip(", ")),
    )


def _beside(reading: ReadConfig) -> str:
    """Words for what was done to images, beside what is usual."""
    told = ""
    if reading.fit != "crop":
        told += f", brought to shape by {reading.fit}"
    if reading.value_range is not None:
        told += f", {npz.in_steps(reading.value_range)}"
    return told


def make_scorer(
    config: EvaluateConfig,
    run: TrainConfig,
    image_shape: tuple[int, ...],
    table: data.Table | None = None,
) -> Scorer:
    """The scorer of a finished run; what `config` leaves open is the run's.

    Args:
      config: what the run is scored against.
      run: its configuration.
      image_shape: [h, w, c] of what it generates.
      table: by which rows that it generates are standardised.

    Raises:
      UsageError: for unknown names, or settings out of range.
      DataError: for images or weights that cannot be used.
    """
    entry = _entry(config.real) if config.real else None
    entry = entry or data.DATASET_FAMILY.get(run.dataset)
    metric_settings(config)  # checked before images are read
    choose(config.metrics)
    check_size(config, image_shape)
    extractor = extractor_of(
        config,
        config.features or run.features or usual_features(entry, told=True),
    )
    reading = config.filled_from(run)
    real = _real_for(config, run, reading)
    stand_in = np.zeros((1, *image_shape), np.uint8)
    drawn = Loaded(stand_in, "the run", table=table)
    drawn = resized(drawn, reading, config.image_size)
    real, alike = compared(extractor, [real, drawn])
    if alike.shapes != drawn.shapes:
        # Those that the run draws stay grey, or keep their opacity.
        check_widths(extractor, [real, drawn])
    if isinstance(real.images, StoredFeatures):
        real = real.tagged(alike.prepared.tag)
    count = config.num_samples or len(real)
    block = run.max_block_size or entry.kid_block_size
    return Scorer(
        extractor,
        real.content,
        real.source,
        settings_for(config, block, len(real), count),
        count,
        config.metrics,
        _cache_dir(reading),
        config.order == "shuffled",
        prepared=real.prepared,
        batch_size=config.batch_size,
    )


def check_size(config: EvaluateConfig, image_shape: tuple[int, ...]) -> None:
    """Refuses to bring real images to another size than a run makes.

    Raises:
      UsageError: for such a size.
    """
    size = config.image_size
    if size is not None and sides(size) != tuple(image_shape[:2]):
        made = " x ".join(map(str, image_shape[:2]))
        raise errors.UsageError(
            f"--image_size={size}: the run makes images of {made}, and real "
            "ones would have another size; leave it out."
        )


def _real_for(
    config: EvaluateConfig, run: TrainConfig, reading: ReadConfig
) -> Loaded:
    """Real images for a run; those of data sets are of the run's size."""
    if config.real is not None:
        own = run.image_size or data.DATASET_FAMILY.get(run.dataset).image_size
        of_data_set = data.source_of(config.real) is not None
        size = config.image_size or (own if of_data_set else None)
        seed = _real_seed(config)
        loaded = load_images(config.real, reading, size, seed=seed)
        if size == config.image_size:
            return loaded
        told = f"as in training: {loaded.prepared.told}"
        prepared = Preparation("", told, loaded.prepared.remarks)
        return dataclasses.replace(loaded, prepared=prepared)
    # Not by a text, which could name anything.
    size = config.image_size or run.image_size
    held_out = DataConfig.of(reading, dataset=run.dataset, image_size=size)
    prepared = Preparation(told=f"as in training{_beside(reading)}")
    if config.image_size is not None:
        mode = reading.resize or "published"
        prepared = Preparation.squares(config.image_size, mode, reading.fit)
    found = data.load(held_out, "test")
    source = f"{text(run.dataset)}/test"
    return Loaded(found.images, source, prepared, found.table)


def make_pair(config: EvaluateConfig) -> tuple[Scorer, Loaded]:
    """The scorer of one set of images, and the other set, which it scores.

    Raises:
      UsageError: for unknown names, or settings out of range.
      DataError: for images or weights that cannot be used.
    """
    source, fake = _sources(config)
    for given in (source, fake):
        check_source(given)
    features = config.features or _features_of(source, fake)
    entry = _entry(source)
    block = None if entry is None else entry.kid_block_size
    metric_settings(config)  # checked before images are read
    choose(config.metrics)
    named = named_extractor(config, features, source, fake)
    seed = _real_seed(config)
    real = load_images(source, config, config.image_size, seed=seed)
    images = load_fake(config, fake, real, named, len(real))
    extractor = in_force(named, real, images)
    real, images = compared(extractor, [real, images])
    if isinstance(real.images, StoredFeatures):
        real = real.tagged(images.prepared.tag)
    settings = settings_for(config, block, len(real), len(images))
    check_metrics(config.metrics, settings, extractor, real, images)
    scorer = Scorer(
        extractor,
        real.content,
        source,
        settings,
        len(images),
        config.metrics,
        _cache_dir(config),
        config.order == "shuffled",
        prepared=real.prepared,
        batch_size=config.batch_size,
    )
    return scorer, images


def named_extractor(
    config: EvaluateConfig, features: Any, *sources: str
) -> FeatureExtractor | None:
    """The extractor that is named; None where files have what it would find.

    Args:
      config: as of `extractor_of`.
      features: its name; None: files have all that is needed.
      *sources: what is compared.

    Raises:
      UsageError: as `extractor_of`.
      DataError: as `extractor_of`, unless no weights are needed.
    """
    if features is None:
        return None
    try:
        return extractor_of(config, features)
    except errors.DataError:
        if all(holds(s, "features") or holds(s, "mu") for s in sources):
            return None
        raise


def _features_of(*sources: str) -> str | None:
    """The features of two sets by default; None where files hold both.

    Raises:
      UsageError: for images of no data set beside the features of a file, which
        were made with an extractor that nobody has named.
    """
    unseen = [s for s in sources if not holds(s, "features")]
    if not unseen:
        return None
    if len(unseen) < len(sources) and data.source_of(unseen[0]) is None:
        raise errors.UsageError(
            f"--features is missing: name the extractor for {unseen[0]} "
            f"(imagenet for pictures); known: {', '.join(EXTRACTORS)}."
        )
    return default_features(unseen)


def _sources(config: EvaluateConfig) -> tuple[str, str]:
    """Where the real and the fake images come from."""
    if config.real is None or config.fake is None:
        raise errors.UsageError("Name two sets of images: --real and --fake.")
    return config.real, config.fake


def _real_seed(config: EvaluateConfig) -> int:
    """Seed of the images of a generator that stand for the real ones.

    Not that of the fake ones: two generators would make an image each of every
    latent, and a generator would be compared with its own images.
    """
    return (config.seed + 1) % 2**63


def _entry(source: str) -> data.DatasetEntry | None:
    """The catalogue's entry of a data set; None for another source."""
    named = data.source_of(source)
    return data.DATASET_FAMILY.get(named[0]) if named else None


def _cache_dir(config: ReadConfig) -> pathlib.Path | None:
    return None if config.cache == "off" else config.cache_folder / "features"
