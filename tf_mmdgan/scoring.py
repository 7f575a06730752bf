"""Scores of models and of images, by what a configuration names."""

import dataclasses
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from tf_mmdgan import data, errors, evaluation, loading
from tf_mmdgan.config import EvaluateConfig, ReadConfig, TrainConfig
from tf_mmdgan.data import npz
from tf_mmdgan.models import ImplicitModel

# The usual settings of metrics; fewer where there are few images.
MAXIMUM_SUBSET = 1000
NEAREST_K = 5
SPLITS = 10
MAXIMUM_BLOCK = 1000
BLOCKS = 5

_BATCH = 500


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
    """

    extractor: evaluation.FeatureExtractor
    real: np.ndarray
    source: str
    settings: dict[str, Any]
    count: int
    seed: int = 0
    metrics: str | None = None

    def __post_init__(self):
        # Now rather than after the first hour of a run.
        evaluation.block_bounds(
            len(self.real), self.count, self.settings["max_block_size"]
        )
        chosen = evaluation.choose(self.metrics, self.extractor.classifies)
        real = evaluation.extract(self.extractor, shuffled_batches(self.real))
        object.__setattr__(self, "_chosen", chosen)
        object.__setattr__(self, "_real_features", real.features)

    def kid(self, images: np.ndarray) -> float:
        """KID of `count` of the uint8 images [m, h, w, c], by TF-GAN."""
        chosen = shuffled_batches(images, self.count)
        return self._score(chosen, ["kid_tfgan"])["kid_tfgan"]["kid"]

    def score_model(
        self, model: ImplicitModel, weights: str
    ) -> dict[str, float]:
        """KID of a model, by TF-GAN, with its standard error."""
        images = model.generate(self.count, self.seed, weights)
        return self._score(images, ["kid_tfgan"])["kid_tfgan"]

    def report(
        self, model: ImplicitModel, weights: str, source: str
    ) -> evaluation.Report:
        """All metrics of a model."""
        images = model.generate(self.count, self.seed, weights)
        return self.report_images(
            images,
            f"{source}, {weights} weights, seed {self.seed}",
            step=int(model.step.numpy()),
        )

    def report_images(
        self, images: np.ndarray, source: str, step: int | None = None
    ) -> evaluation.Report:
        """All metrics of uint8 images [m, h, w, c], in an order of chance."""
        start = time.monotonic()
        scores = self._score(images, self._chosen)
        return evaluation.Report(
            scores=scores,
            num_real=len(self.real),
            num_fake=len(images),
            extractor=self.extractor.identifier,
            real=self.source,
            fake=source,
            seconds=round(time.monotonic() - start, 3),
            step=step,
        )

    def _score(self, images, metrics) -> dict[str, dict[str, float]]:
        fake = evaluation.extract(self.extractor, images)
        count = len(fake.features)
        smaller = min(len(self.real), count)
        settings = {
            "subset_size": max(2, min(MAXIMUM_SUBSET, smaller // 2)),
            "nearest_k": min(NEAREST_K, smaller - 1),
            "num_splits": min(SPLITS, count),
            "seed": self.seed,
        }
        return evaluation.score(
            self._real_features,
            fake.features,
            metrics,
            fake.probabilities,
            **settings | self.settings,
        )


def shuffled(images: np.ndarray) -> np.ndarray:
    """The images in an order of chance, the same each time.

    Blocks are compared in the order of their rows, and files hold images by
    writer or by class: blocks of neighbours are not samples of the whole.
    """
    return images[_order(images)]


def shuffled_batches(
    images: np.ndarray, count: int | None = None
) -> Iterator[np.ndarray]:
    """The first `count` of the shuffled images, a few at a time.

    No copy is made of all of them, which may be more than fit in memory.
    """
    order = _order(images)[:count]
    for start in range(0, len(order), _BATCH):
        yield images[order[start : start + _BATCH]]


def _order(images: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).permutation(len(images))


def block_size(num_real: int, num_fake: int) -> int:
    """Images in a block of KID, where nothing else is said: five blocks.

    There are more than five where blocks would exceed 1,000 images.

    Raises:
      DataError: for fewer images than five blocks need.
    """
    smaller, larger = sorted((num_real, num_fake))
    if smaller < 2 * BLOCKS:
        raise errors.DataError(
            f"{smaller} images are too few for a score: need {2 * BLOCKS}. "
            "Add images; of a folder, one in ten is held out to score with."
        )
    return min(MAXIMUM_BLOCK, -(-larger // BLOCKS))


def scorer_of_run(config: TrainConfig) -> Scorer:
    """The scorer of a run: against the held-out images of its data set."""
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
    )


def make_scorer(
    config: EvaluateConfig,
    run: TrainConfig | None = None,
    count: int | None = None,
) -> Scorer:
    """The scorer that `config` describes; what it leaves out is the run's.

    `count` is the number of images that it will be given, where it will not
    make them itself.

    Raises:
      UsageError: for unknown names.
      DataError: for images or weights that cannot be used.
    """
    source = config.real or f"{run.dataset}/test"
    name = source.partition("/")[0]
    entry = data.DATASETS.get(name) or (run and data.DATASETS[run.dataset])
    reading = loading.inherited(config, run) if run else config
    real = load_images(source, reading, run and run.image_size)
    features = config.features or (run and run.features)
    if features is None:
        if entry is None:
            raise errors.UsageError(
                "--features is missing: name the extractor for --real="
                f"{source}; known: {', '.join(evaluation.EXTRACTORS)}."
            )
        features = entry.features
    count = count or config.num_samples or len(real)
    block = (
        config.max_block_size
        or (run and run.max_block_size)
        or (entry and entry.kid_block_size)
        or block_size(len(real), count)
    )
    settings = {
        "max_block_size": block,
        "num_subsets": config.num_subsets,
    }
    if config.subset_size is not None:
        settings["subset_size"] = config.subset_size
    return Scorer(
        evaluation.get_extractor(features),
        real,
        source,
        settings,
        count,
        config.seed,
        config.metrics,
    )


def load_images(
    source: str,
    reading: ReadConfig | None = None,
    image_size: int | None = None,
) -> np.ndarray:
    """Images uint8 [n, h, w, c] of NAME, NAME/SPLIT or FILE.npz.

    The split is "test" where none is named.

    Raises:
      UsageError: for an unknown name or split.
      DataError: for a file that is missing, damaged or holds something else.
    """
    if source.endswith(".npz"):
        return npz.read(source)[0]
    reading = reading or ReadConfig()
    name, _, split = source.partition("/")
    return data.load(
        name,
        split or "test",
        image_size,
        reading.data_dir,
        loading.options(reading),
    ).images
