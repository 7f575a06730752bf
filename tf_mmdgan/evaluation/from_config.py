"""The scorer, and the images, that a configuration names."""

import pathlib
import time

import numpy as np

from tf_mmdgan import data, errors, files
from tf_mmdgan.config import EvaluateConfig, ReadConfig, TrainConfig
from tf_mmdgan.distribute import Cluster
from tf_mmdgan.evaluation.images import is_generator, load_images
from tf_mmdgan.evaluation.report import Report
from tf_mmdgan.evaluation.scorer import Scorer
from tf_mmdgan.evaluation.settings import block_size, of_config
from tf_mmdgan.features import EXTRACTORS, extract, get_extractor
from tf_mmdgan.metrics import frechet_distance, moments, read_moments


def scorer_of_run(
    config: TrainConfig, cluster: Cluster | None = None
) -> Scorer:
    """The scorer of a run: against the held-out images of its data set.

    Args:
      config: of the run.
      cluster: whose workers and devices share the work.
    """
    entry = errors.pick(data.DATASETS, config.dataset, "data set")
    real = data.load(config, "test").images
    count = config.evaluation_samples or len(real)
    block = config.max_block_size or entry.kid_block_size
    return Scorer(
        get_extractor(config.features or entry.features),
        real,
        f"{config.dataset}/test",
        {"max_block_size": block or block_size(len(real), count)},
        count,
        cache_dir=_cache_dir(config),
        cluster=cluster or Cluster(),
    )


def make_scorer(
    config: EvaluateConfig,
    run: TrainConfig | None = None,
    count: int | None = None,
    real: np.ndarray | None = None,
) -> Scorer:
    """The scorer that `config` describes; what it leaves out is the run's.

    Args:
      config: of the scoring.
      run: of the run that is scored, if one is.
      count: of the images that it will be given, where it does not make them.
      real: the real images, where they are loaded already.

    Raises:
      UsageError: for unknown names.
      DataError: for images or weights that cannot be used.
    """
    source = config.real or f"{run.dataset}/test"
    name = source.partition("/")[0]
    entry = data.DATASETS.get(name) or (run and data.DATASETS[run.dataset])
    reading = config.filled_from(run) if run else config
    if real is None:
        size = config.image_size or (run and run.image_size)
        real = load_images(source, reading, size)
    features = config.features or (run and run.features)
    if features is None:
        if entry is None:
            raise errors.UsageError(
                "--features is missing: name the extractor for --real="
                f"{source}; known: {', '.join(EXTRACTORS)}."
            )
        features = entry.features
    count = count or _num_generated(config, len(real))
    block = (
        config.max_block_size
        or (run and run.max_block_size)
        or (entry and entry.kid_block_size)
        or block_size(len(real), count)
    )
    return Scorer(
        get_extractor(features),
        real,
        source,
        {"max_block_size": block} | of_config(config),
        count,
        config.seed,
        config.metrics,
        _cache_dir(reading),
    )


def make_pair(config: EvaluateConfig) -> tuple[Scorer, np.ndarray]:
    """The scorer of two sets of images, and the one that is scored.

    Raises:
      UsageError: for unknown names.
      DataError: for images or weights that cannot be used.
    """
    real = load_images(config.real, config, config.image_size)
    images = _fake_images(config, real.shape[1], len(real))
    return make_scorer(config, count=len(images), real=real), images


def is_statistics(source: str) -> bool:
    """Whether real images are given by the moments of their features."""
    return source.endswith(".npz") and "mu" in files.npz_names(source)


def score_by_statistics(config: EvaluateConfig) -> Report:
    """FID, all that moments allow, of images against a statistics file.

    Raises:
      UsageError: for unknown names, or another metric.
      DataError: for images or a file that cannot be used.
    """
    if config.metrics not in (None, "fid") or config.features is None:
        raise errors.UsageError(
            f"--real={config.real} holds moments: give --metrics=fid, and by "
            "--features the extractor that they were made with."
        )
    start = time.monotonic()
    extractor = get_extractor(config.features)
    images = _fake_images(config, config.image_size)
    found = extract(extractor, images)
    value = frechet_distance(
        read_moments(config.real),
        moments(found.features),
    )
    return Report(
        scores={"fid": {"fid": value}},
        num_real=None,
        num_fake=len(images),
        extractor=extractor.identifier,
        real=config.real,
        fake=config.fake,
        seconds=round(time.monotonic() - start, 3),
    )


def _fake_images(
    config: EvaluateConfig, image_size: int | None, num_real: int | None = None
) -> np.ndarray:
    """All images of a set, or of a generator as many as there are real ones."""
    count = config.num_samples
    if is_generator(config.fake):
        count = _num_generated(config, num_real)
    return load_images(config.fake, config, image_size, count, config.seed)


def _num_generated(config: EvaluateConfig, num_real: int | None) -> int | None:
    return config.num_samples or num_real


def _cache_dir(config: ReadConfig) -> pathlib.Path:
    return config.cache_folder / "features"
