"""From a configuration to a scorer and to the images that it scores."""

import dataclasses
import pathlib
import time
from collections.abc import Callable

import numpy as np

from tf_mmdgan import data, errors, files
from tf_mmdgan.config import (
    DataConfig,
    EvaluateConfig,
    ReadConfig,
    TrainConfig,
)
from tf_mmdgan.config.spelling import text
from tf_mmdgan.distribute import Cluster
from tf_mmdgan.evaluation.comparable import compared
from tf_mmdgan.evaluation.images import is_generator, load_images
from tf_mmdgan.evaluation.loaded import Loaded, Preparation, described
from tf_mmdgan.evaluation.metric_settings import (
    metric_settings,
    settings_for,
    with_blocks,
)
from tf_mmdgan.evaluation.report import Report
from tf_mmdgan.evaluation.scorer import Scorer
from tf_mmdgan.features import (
    EXTRACTORS,
    FeatureExtractor,
    extract,
    get_extractor,
)
from tf_mmdgan.metrics import (
    MetricSettings,
    Moments,
    by_name,
    choose,
    frechet_distance,
    read_extractor,
    read_moments,
)

# Images of a run that are compared with statistics, where nothing is said.
_DRAWN = 10_000


def scorer_of_run(
    config: TrainConfig, cluster: Cluster | None = None
) -> Scorer:
    """The scorer of a run, against the held-out images of its data set.

    Args:
      config: of the run.
      cluster: whose workers and devices share the work.

    Raises:
      UsageError: for unknown names, or settings out of range.
      DataError: for images or weights that cannot be used.
    """
    entry = data.DATASET_FAMILY.get(config.dataset)
    extractor = get_extractor(config.features or entry.features)
    real = data.load(config, "test").images
    count = config.evaluation_samples or len(real)
    block = config.max_block_size or entry.kid_block_size
    return Scorer(
        extractor,
        real,
        f"{text(config.dataset)}/test",
        with_blocks(MetricSettings(), block, len(real), count, strict=True),
        count,
        cache_dir=_cache_dir(config),
        cluster=cluster or Cluster(),
    )


def make_scorer(
    config: EvaluateConfig, run: TrainConfig, image_shape: tuple[int, ...]
) -> Scorer:
    """The scorer of a finished run; what `config` leaves open is the run's.

    Args:
      config: what the run is scored against.
      run: its configuration.
      image_shape: [h, w, c] of what it generates.

    Raises:
      UsageError: for unknown names, or settings out of range.
      DataError: for images or weights that cannot be used.
    """
    entry = _entry(config.real) if config.real else None
    entry = entry or data.DATASET_FAMILY.get(run.dataset)
    metric_settings(config)  # checked before images are read
    extractor = get_extractor(config.features or run.features or entry.features)
    reading = config.filled_from(run)
    real = _real_for(config, run, reading)
    drawn = Loaded(np.zeros((1, *image_shape), np.uint8), "the run")
    real, _ = compared(extractor, [real, drawn])
    count = config.num_samples or len(real)
    block = run.max_block_size or entry.kid_block_size
    return Scorer(
        extractor,
        real.images,
        real.source,
        settings_for(config, block, len(real), count),
        count,
        config.metrics,
        _cache_dir(reading),
        config.order == "shuffled",
        prepared=real.prepared,
        batch_size=config.batch_size,
    )


def _real_for(
    config: EvaluateConfig, run: TrainConfig, reading: ReadConfig
) -> Loaded:
    """Real images for a run; those of data sets are of the run's size."""
    if config.real is not None:
        own = run.image_size or data.DATASET_FAMILY.get(run.dataset).image_size
        of_data_set = data.source_of(config.real) is not None
        size = config.image_size or (own if of_data_set else None)
        loaded = load_images(config.real, reading, size)
        if size == config.image_size:
            return loaded
        told = f"as in training: {loaded.prepared.told}"
        prepared = Preparation("", told, loaded.prepared.remarks)
        return dataclasses.replace(loaded, prepared=prepared)
    # Not by a text, which could name anything.
    size = config.image_size or run.image_size
    held_out = DataConfig.of(reading, dataset=run.dataset, image_size=size)
    prepared = Preparation(told="as in training")
    if config.image_size is not None:
        mode = reading.resize or "published"
        prepared = Preparation.squares(config.image_size, mode)
    images = data.load(held_out, "test").images
    return Loaded(images, f"{text(run.dataset)}/test", prepared)


def make_pair(config: EvaluateConfig) -> tuple[Scorer, Loaded]:
    """The scorer of one set of images, and the other set, which it scores.

    Raises:
      UsageError: for unknown names, or settings out of range.
      DataError: for images or weights that cannot be used.
    """
    source, fake = _sources(config)
    features, block = config.features, None
    entry = _entry(source)
    if entry is not None:
        features = features or entry.features
        block = entry.kid_block_size
    if features is None:
        raise errors.UsageError(
            "--features is missing: name the extractor for --real="
            f"{source}; known: {', '.join(EXTRACTORS)}."
        )
    metric_settings(config)  # checked before images are read
    extractor = get_extractor(features)
    real = load_images(source, config, config.image_size)
    images = _load_fake(config, fake, len(real))
    real, images = compared(extractor, [real, images])
    scorer = Scorer(
        extractor,
        real.images,
        source,
        settings_for(config, block, len(real), len(images)),
        len(images),
        config.metrics,
        _cache_dir(config),
        config.order == "shuffled",
        prepared=real.prepared,
        batch_size=config.batch_size,
    )
    return scorer, images


def is_statistics(config: EvaluateConfig) -> bool:
    """Whether the real images are a file of their features' moments."""
    source = config.real or ""
    return source.endswith(".npz") and "mu" in files.npz_names(source)


def score_by_statistics(
    config: EvaluateConfig,
    run: TrainConfig | None = None,
    draw: Callable[[int], np.ndarray] | None = None,
) -> Report:
    """FID of images against a statistics file, which allows no other metric.

    Args:
      config: what is scored.
      run: configuration of the run that is scored instead of `config.fake`.
      draw: draws so many images of that run.

    Raises:
      UsageError: for unknown names, or another metric.
      DataError: for images or a file that cannot be used, or a file that was
        made with another extractor.
    """
    source, features = str(config.real), config.features
    if run is not None:
        entry = data.DATASET_FAMILY.get(run.dataset)
        features = features or run.features or entry.features
    if config.metrics not in (None, "all", "fid") or features is None:
        raise errors.UsageError(
            f"--real={source} holds moments: give --metrics=fid, and by "
            "--features the extractor that they were made with."
        )
    if config.save_statistics is not None:
        raise errors.UsageError(
            f"--save_statistics={config.save_statistics}: --real={source} "
            "holds statistics already; copy it, or name images by --real."
        )
    start = time.monotonic()
    extractor = get_extractor(features)
    real = read_moments(source)
    if draw is None:
        images = _load_fake(config, _sources(config)[1])
    else:
        fake = f"{config.run_dir}, {config.weights} weights"
        images = Loaded(draw(config.num_samples or _DRAWN), fake)
    identifier = extractor.identifier + images.prepared.tag
    _check_made_with(identifier, source)
    (images,) = compared(extractor, [images])
    _check_width(extractor, images, real, source)
    rows = extract(extractor, images.images, config.batch_size).features
    told = described(images.shapes, images.prepared, extractor)
    return Report(
        scores={"fid": {"fid": frechet_distance(real, Moments.of(rows))}},
        unavailable=_unavailable(config),
        num_real=None,
        num_fake=len(images),
        extractor=identifier,
        real=source,
        fake=images.source,
        preprocessing={"fake": told},
        remarks=images.prepared.remarks,
        seconds=round(time.monotonic() - start, 3),
    )


def _check_made_with(identifier: str, source: str) -> None:
    """Refuses statistics that say that another extractor made them."""
    made_with = read_extractor(source)
    if made_with not in (None, identifier):
        raise errors.DataError(
            f"{source} was made with the extractor {made_with}, not "
            f"{identifier}: name that one by --features (and the size, if "
            "there is one, by --image_size), or make the file anew with "
            "--save_statistics."
        )


def _check_width(
    extractor: FeatureExtractor,
    images: Loaded,
    moments: Moments,
    source: str,
) -> None:
    """Checks moments against the features of an image, before those of all."""
    pixels = np.zeros((1, *min(images.shapes)), np.uint8)
    width = extract(extractor, pixels).features.shape[1]
    if width != len(moments.mean):
        raise errors.DataError(
            f"{source} holds moments of {len(moments.mean)} features, "
            f"{extractor.name} has {width}: name by --features the extractor "
            "that the file was made with."
        )


def _unavailable(config: EvaluateConfig) -> dict[str, str]:
    """Why a statistics file allows none of the other metrics."""
    if by_name(config.metrics):
        return {}
    reason = f"needs real features, of which {config.real} holds moments alone"
    return {str(m): reason for m in choose(config.metrics) if m != "fid"}


def _sources(config: EvaluateConfig) -> tuple[str, str]:
    """Where the real and the fake images come from."""
    if config.real is None or config.fake is None:
        raise errors.UsageError("Name two sets of images: --real and --fake.")
    return config.real, config.fake


def _entry(source: str) -> data.DatasetEntry | None:
    """The catalogue's entry of a data set; None for another source."""
    named = data.source_of(source)
    return data.DATASET_FAMILY.get(named[0]) if named else None


def _load_fake(
    config: EvaluateConfig, source: str, num_real: int | None = None
) -> Loaded:
    """All images of a set, or of a generator as many as there are real ones."""
    count = config.num_samples
    if count is None and is_generator(source):
        count = num_real
    return load_images(source, config, config.image_size, count, config.seed)


def _cache_dir(config: ReadConfig) -> pathlib.Path | None:
    return None if config.cache == "off" else config.cache_folder / "features"
