"""Scores of models and of images, by what a configuration names."""

import dataclasses
import os
import pathlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import (
    data,
    errors,
    evaluation,
    files,
    loading,
    metric_settings,
    shared_extraction,
    strategies,
)
from tf_mmdgan.config import EvaluateConfig, ReadConfig, TrainConfig
from tf_mmdgan.image_sources import (
    is_generator,
    load_images,
    shuffled_order,
)
from tf_mmdgan.metric_settings import block_size
from tf_mmdgan.models import ImplicitModel

# On the page of a report.
SAMPLES = 64
_SHOWN = 8
_NEIGHBOURS = 7


@dataclasses.dataclass(frozen=True)
class Scorer:
    """Scores images against one set of real images.

    Attributes:
      extractor: of the features.
      real: uint8 images [n, h, w, c].
      source: where they come from, for the report.
      settings: of the metrics, such as `max_block_size`.
      count: generated images in a score of a model.
      seed: of generated images.
      metrics: names of the metrics of a report, as `evaluation.choose` reads
        them.
      cache_dir: folder of what slow extractors find in real images, or None.
      strategy: whose workers and devices share the work; all workers must call
        the same methods, and get the same numbers.
      real_features: float32 [n, d], in the order of `real`.
    """

    extractor: evaluation.FeatureExtractor
    real: np.ndarray
    source: str
    settings: dict[str, Any]
    count: int
    seed: int = 0
    metrics: str | None = None
    cache_dir: pathlib.Path | None = None
    strategy: tf.distribute.Strategy = dataclasses.field(
        default_factory=tf.distribute.get_strategy
    )
    real_features: np.ndarray = dataclasses.field(init=False, repr=False)

    def __post_init__(self):
        # Now rather than after the first hour of a run.
        workers = strategies.num_workers(self.strategy)
        if self.count < workers:
            raise errors.UsageError(
                f"--evaluation_samples={self.count}: need one for each of the "
                f"{workers} workers."
            )
        evaluation.block_bounds(
            len(self.real), self.count, self.settings["max_block_size"]
        )
        evaluation.choose(self.metrics, self.extractor.classifies)
        folder = self.cache_dir if self.extractor.slow else None
        found = evaluation.cached(self.extractor, self.real, folder)
        object.__setattr__(self, "real_features", found.features)

    def kid(self, images: np.ndarray) -> float:
        """KID of `count` of the uint8 images [m, h, w, c], by TF-GAN."""
        order = shuffled_order(len(images))[: self.count]
        found = shared_extraction.of_images(
            self.strategy, self.extractor, images, order
        )
        return self._score(found, ["kid_tfgan"])["kid_tfgan"]["kid"]

    def features(self, images: np.ndarray) -> np.ndarray:
        """Features [m, d] of uint8 images [m, h, w, c]."""
        return self._extract(images).features

    def draw(
        self, model: ImplicitModel, weights: str, count: int | None = None
    ) -> np.ndarray:
        """The images of a model that are scored, or the first of them."""
        return model.generate(count or self.count, self.seed, weights)

    def score_model(
        self, model: ImplicitModel, weights: str
    ) -> dict[str, float]:
        """KID of a model, by TF-GAN, with its standard error."""
        found = self._extract_drawn(model, weights)
        return self._score(found, ["kid_tfgan"])["kid_tfgan"]

    def report_model(
        self, model: ImplicitModel, weights: str, source: str, step: int
    ) -> evaluation.Report:
        """All metrics of a model: see `report`."""
        start = time.monotonic()
        found = self._extract_drawn(model, weights)
        return self._report(found, source, step, start)

    def report(
        self, images: np.ndarray, source: str, step: int | None = None
    ) -> evaluation.Report:
        """All metrics of uint8 images [m, h, w, c].

        Args:
          images: what is scored.
          source: where they come from.
          step: of the model that made them.
        """
        start = time.monotonic()
        found = self._extract(images)
        return self._report(found, source, step, start)

    def _report(
        self,
        found: evaluation.Extracted,
        source: str,
        step: int | None,
        start: float,
    ) -> evaluation.Report:
        chosen = evaluation.choose(self.metrics, self.extractor.classifies)
        return evaluation.Report(
            scores=self._score(found, chosen),
            num_real=len(self.real),
            num_fake=len(found.features),
            extractor=self.extractor.identifier,
            real=self.source,
            fake=source,
            seconds=round(time.monotonic() - start, 3),
            settings=metric_settings.described(
                self._settings(len(found.features))
            ),
            step=step,
        )

    def page(self, report: evaluation.Report, images: np.ndarray) -> str:
        """The report of images as a page, with some of them on it."""
        neighbours = None
        if images.shape[1:] == self.real.shape[1:]:
            shown = images[:_SHOWN]
            found = evaluation.extract(self.extractor, shown).features
            count = min(_NEIGHBOURS, len(self.real))
            near = evaluation.nearest(found, self.real_features, count)
            neighbours = np.stack(
                [
                    np.concatenate([shown[row : row + 1], self.real[rows]])
                    for row, rows in enumerate(near)
                ]
            )
        return evaluation.render_page(
            report.to_dict(), images[:SAMPLES], neighbours
        )

    def write(
        self,
        report: evaluation.Report,
        images: np.ndarray,
        path: str | os.PathLike,
    ) -> None:
        """Writes the report of images as JSON, and as a page beside it."""
        report.write(path)
        page = self.page(report, images)
        files.write_bytes(
            pathlib.Path(path).with_suffix(".html"), page.encode()
        )

    def _extract(self, images: np.ndarray) -> evaluation.Extracted:
        return shared_extraction.of_images(
            self.strategy, self.extractor, images, np.arange(len(images))
        )

    def _extract_drawn(
        self, model: ImplicitModel, weights: str
    ) -> evaluation.Extracted:
        return shared_extraction.of_drawn(
            self.strategy,
            self.extractor,
            lambda first, last: model.generate(
                last - first, self.seed, weights, first=first
            ),
            self.count,
        )

    def _score(
        self, fake: evaluation.Extracted, metrics: Sequence[str]
    ) -> dict[str, dict[str, float]]:
        count = len(fake.features)
        order, classes = shuffled_order(count), fake.probabilities
        return evaluation.score(
            self.real_features[shuffled_order(len(self.real))],
            fake.features[order],
            metrics,
            None if classes is None else classes[order],
            **self._settings(count),
        )

    def _settings(self, count: int) -> dict[str, Any]:
        """Of all metrics, for so many images."""
        usual = metric_settings.of_counts(len(self.real), count, self.seed)
        return usual | self.settings


def scorer_of_run(
    config: TrainConfig, strategy: tf.distribute.Strategy | None = None
) -> Scorer:
    """The scorer of a run: against the held-out images of its data set.

    Args:
      config: of the run.
      strategy: whose workers and devices share the work.
    """
    entry = errors.pick(data.DATASETS, config.dataset, "data set")
    real = loading.load(config, "test").images
    count = config.evaluation_samples or len(real)
    block = config.max_block_size or entry.kid_block_size
    return Scorer(
        evaluation.get_extractor(config.features or entry.features),
        real,
        f"{config.dataset}/test",
        {"max_block_size": block or block_size(len(real), count)},
        count,
        cache_dir=_cache_dir(config),
        strategy=strategy or tf.distribute.get_strategy(),
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
    reading = loading.inherited(config, run) if run else config
    if real is None:
        size = config.image_size or (run and run.image_size)
        real = load_images(source, reading, size)
    features = config.features or (run and run.features)
    if features is None:
        if entry is None:
            raise errors.UsageError(
                "--features is missing: name the extractor for --real="
                f"{source}; known: {', '.join(evaluation.EXTRACTORS)}."
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
        evaluation.get_extractor(features),
        real,
        source,
        {"max_block_size": block} | metric_settings.of_config(config),
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


def score_by_statistics(config: EvaluateConfig) -> evaluation.Report:
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
    extractor = evaluation.get_extractor(config.features)
    images = _fake_images(config, config.image_size)
    found = evaluation.extract(extractor, images)
    value = evaluation.frechet_distance(
        evaluation.read_moments(config.real),
        evaluation.moments(found.features),
    )
    return evaluation.Report(
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
    return loading.options(config).cache_folder / "features"
