"""Scores of models and of images, by what a configuration names."""

import dataclasses
import os
import pathlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from tf_mmdgan import errors, files
from tf_mmdgan.distribute import Cluster
from tf_mmdgan.evaluation.page import render_page
from tf_mmdgan.evaluation.report import Report
from tf_mmdgan.evaluation.settings import (
    described,
    of_counts,
)
from tf_mmdgan.features import (
    Extracted,
    FeatureExtractor,
    cached,
    extract,
    sharing,
)
from tf_mmdgan.metrics import (
    block_bounds,
    choose,
    nearest,
    score,
    shuffled_order,
)
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
      metrics: names of the metrics of a report, as `metrics.choose` reads
        them.
      cache_dir: folder of what slow extractors find in real images, or None.
      cluster: whose workers and devices share the work; all workers must call
        the same methods, and get the same numbers.
      real_features: float32 [n, d], in the order of `real`.
    """

    extractor: FeatureExtractor
    real: np.ndarray
    source: str
    settings: dict[str, Any]
    count: int
    seed: int = 0
    metrics: str | None = None
    cache_dir: pathlib.Path | None = None
    cluster: Cluster = dataclasses.field(default_factory=Cluster)
    real_features: np.ndarray = dataclasses.field(init=False, repr=False)

    def __post_init__(self):
        # Now rather than after the first hour of a run.
        workers = self.cluster.num_workers
        if self.count < workers:
            raise errors.UsageError(
                f"--evaluation_samples={self.count}: need one for each of the "
                f"{workers} workers."
            )
        block_bounds(
            len(self.real), self.count, self.settings["max_block_size"]
        )
        choose(self.metrics, self.extractor.classifies)
        folder = self.cache_dir if self.extractor.slow else None
        found = cached(self.extractor, self.real, folder)
        object.__setattr__(self, "real_features", found.features)

    def kid(self, images: np.ndarray) -> float:
        """KID of `count` of the uint8 images [m, h, w, c], by TF-GAN."""
        order = shuffled_order(len(images))[: self.count]
        found = sharing.of_images(self.cluster, self.extractor, images, order)
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
    ) -> Report:
        """All metrics of a model: see `report`."""
        start = time.monotonic()
        found = self._extract_drawn(model, weights)
        return self._report(found, source, step, start)

    def report(
        self, images: np.ndarray, source: str, step: int | None = None
    ) -> Report:
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
        found: Extracted,
        source: str,
        step: int | None,
        start: float,
    ) -> Report:
        chosen = choose(self.metrics, self.extractor.classifies)
        return Report(
            scores=self._score(found, chosen),
            num_real=len(self.real),
            num_fake=len(found.features),
            extractor=self.extractor.identifier,
            real=self.source,
            fake=source,
            seconds=round(time.monotonic() - start, 3),
            settings=described(self._settings(len(found.features))),
            step=step,
        )

    def page(self, report: Report, images: np.ndarray) -> str:
        """The report of images as a page, with some of them on it."""
        neighbours = None
        if images.shape[1:] == self.real.shape[1:]:
            shown = images[:_SHOWN]
            found = extract(self.extractor, shown).features
            count = min(_NEIGHBOURS, len(self.real))
            near = nearest(found, self.real_features, count)
            neighbours = np.stack(
                [
                    np.concatenate([shown[row : row + 1], self.real[rows]])
                    for row, rows in enumerate(near)
                ]
            )
        return render_page(report.to_dict(), images[:SAMPLES], neighbours)

    def write(
        self,
        report: Report,
        images: np.ndarray,
        path: str | os.PathLike[str],
    ) -> None:
        """Writes the report of images as JSON, and as a page beside it."""
        report.write(path)
        page = self.page(report, images)
        files.write_bytes(
            pathlib.Path(path).with_suffix(".html"), page.encode()
        )

    def _extract(self, images: np.ndarray) -> Extracted:
        return sharing.of_images(
            self.cluster, self.extractor, images, np.arange(len(images))
        )

    def _extract_drawn(self, model: ImplicitModel, weights: str) -> Extracted:
        return sharing.of_drawn(
            self.cluster,
            self.extractor,
            lambda first, last: model.generate(
                last - first, self.seed, weights, first=first
            ),
            self.count,
        )

    def _score(
        self, fake: Extracted, metrics: Sequence[str]
    ) -> dict[str, dict[str, float]]:
        count = len(fake.features)
        order, classes = shuffled_order(count), fake.probabilities
        return score(
            self.real_features[shuffled_order(len(self.real))],
            fake.features[order],
            metrics,
            None if classes is None else classes[order],
            **self._settings(count),
        )

    def _settings(self, count: int) -> dict[str, Any]:
        """Of all metrics, for so many images."""
        usual = of_counts(len(self.real), count, self.seed)
        return usual | self.settings
