"""Scores of models and of images against one set of real images."""

import dataclasses
import functools
import os
import pathlib
import time
from collections.abc import Sequence

import numpy as np

from tf_mmdgan import errors, files, published
from tf_mmdgan.config.fields import NamedList
from tf_mmdgan.distribute import Cluster
from tf_mmdgan.evaluation import alike, outputs
from tf_mmdgan.evaluation.history import RunHistory
from tf_mmdgan.evaluation.loaded import (
    Content,
    Preparation,
    StoredFeatures,
    described,
    for_page,
    shapes_of,
    shuffled,
)
from tf_mmdgan.evaluation.main_scores import MAIN_METRICS
from tf_mmdgan.evaluation.memorized import look_for_copies
from tf_mmdgan.evaluation.neighbours import with_neighbours, with_training
from tf_mmdgan.evaluation.page import render_page
from tf_mmdgan.evaluation.report import Report, StepScores
from tf_mmdgan.features import (
    Extracted,
    FeatureExtractor,
    cached,
    sharing,
)
from tf_mmdgan.metrics import (
    LEAST_SAMPLES,
    Counts,
    MetricSettings,
    Reference,
    by_name,
    check_available,
    choose,
    score,
    score_available,
    shuffled_order,
)
from tf_mmdgan.models import ImplicitModel

# Images in the grid of samples on the page of a report.
_SAMPLES = 64


@dataclasses.dataclass(frozen=True)
class Scorer:
    """Scores images against one set of real images.

        extractor = features.get_extractor("pixels")
        scorer = Scorer(extractor, real, "held out", MetricSettings(), 1000)
        print(scorer.report(images, "generated").scores)

    Making a scorer checks its settings, and does nothing that takes long: the
    features of the real images are extracted when a score first needs them.

    Attributes:
      extractor: of the features.
      real: uint8 images [n, h, w, c], or images that are read when they are
        needed; or features of images.
      source: where the real images come from, for the report.
      settings: of the metrics; its seed is also that of generated images.
      count: number of images that a model generates for a score.
      metrics: names of the metrics of a report, as `metrics.choose` reads
        them.
      cache_dir: folder in which the features of the real images are kept if
        the extractor is slow; None to keep none.
      shuffle: whether blocks and subsets are drawn from rows in an order of
        chance, rather than from rows as the images came.
      cluster: whose workers and devices share the work; all workers must call
        the same methods, and get the same numbers.
      prepared: what was done to the real images before.
      batch_size: images given to the extractor at a time; None for as many as
        take less than 1 GiB.

    Raises:
      UsageError: for fewer generated images than workers, an unknown metric,
        a metric that was named and cannot be had, or an extractor that does
        not take such images.
    """

    extractor: FeatureExtractor
    real: Content
    source: str
    settings: MetricSettings
    count: int
    metrics: NamedList | None = None
    cache_dir: pathlib.Path | None = None
    shuffle: bool = True
    cluster: Cluster = dataclasses.field(default_factory=Cluster)
    prepared: Preparation = Preparation()  # noqa: RUF009  # frozen
    batch_size: int | None = None

    def __post_init__(self):
        # Checked now rather than after the first hour of a run.
        workers = self.cluster.num_workers
        if self.count < workers:
            raise errors.UsageError(
                f"--evaluation_samples={self.count}: need one for each of the "
                f"{workers} workers."
            )
        classifies = self.extractor.classifies
        if isinstance(self.real, StoredFeatures):
            classifies &= self.real.found.probabilities is not None
        counts = Counts(len(self.real), self.count, classifies)
        of_rows = self.extractor.of_rows
        check_available(self.metrics, counts, self.settings, of_rows)
        for shape in sorted(shapes_of(self.real))[:1]:
            self.extractor.check_kind(shape)
            self.extractor.check(shape)
        if self.cache_dir is not None and self.extractor.slow:
            files.check_writable(self.cache_dir / "x", "--cache_dir")

    @functools.cached_property
    def _real(self) -> Extracted:
        if isinstance(self.real, StoredFeatures):
            return self.real.found
        folder = self.cache_dir if self.extractor.slow else None
        return cached(self.extractor, self.real, folder, self.batch_size)

    @functools.cached_property
    def _reference(self) -> Reference:
        return Reference(self.real_features)

    @property
    def identifier(self) -> str:
        """What the features depend on: the extractor, and what was before."""
        return self.extractor.identifier + self.prepared.tag

    @property
    def real_found(self) -> Extracted:
        """What the extractor finds in the real images, in their order."""
        return self._real

    @property
    def real_features(self) -> np.ndarray:
        """Features of the real images, in their order: float32 [n, d]."""
        return self._real.features

    def baseline(self, images: np.ndarray) -> dict[str, dict[str, float]]:
        """What real images have that are not held out: the numbers to reach.

        Args:
          images: uint8 [m, h, w, c], of which `count` at most are taken.

        Returns:
          KID by TF-GAN, and the numbers at the head of a page that can be had.
        """
        order = shuffled_order(len(images))[: self.count]
        found = sharing.of_images(self.cluster, self.extractor, images, order)
        return self._with_kid(found, MAIN_METRICS)

    def features(self, images: np.ndarray) -> np.ndarray:
        """Features [m, d] of uint8 images [m, h, w, c]."""
        return self._extract(images).features

    def samples(self, model: ImplicitModel, weights: str) -> np.ndarray:
        """The first images that are scored of a model, for `write`."""
        count = min(self.count, _SAMPLES)
        return model.generate(count, self.settings.seed, weights)

    def score_model(self, model: ImplicitModel, weights: str) -> StepScores:
        """KID of a model, exact and by TF-GAN, with standard errors, and FID.

        FID is left out where it cannot be had, and the standard error of exact
        KID for fewer than four images.
        """
        found = self._extract_drawn(model, weights)
        scores = self._with_kid(found, ["fid"])
        if min(len(self.real), self.count) < LEAST_SAMPLES:
            exact = self._score(found, ["kid_exact"])["kid_exact"]
            return StepScores.of(scores, {"kid": exact["kid"]})
        standing = self._reference.standing(found.features)
        error = standing.standard_error
        kid = {"kid": standing.kid, "kid_standard_error": error}
        return StepScores.of(scores, kid, standing)

    def report_model(
        self,
        model: ImplicitModel,
        weights: str,
        source: str,
        step: int,
        training: np.ndarray | None = None,
    ) -> Report:
        """All metrics of a model.

        Args:
          model: what is scored.
          weights: "ema" (averaged) or "current".
          source: what the model is, for the report.
          step: number of steps that the model was trained.
          training: images uint8 [N, h, w, c] that samples may be copies of;
            None: none are at hand.
        """
        start = time.monotonic()
        found = self._extract_drawn(model, weights)
        shape = tuple(model.generator.output_shape[1:])
        told = described([shape], Preparation(), self.extractor)
        report = self._report(found, source, told, start)
        memorized = None
        if training is not None and self.cluster.chief:
            memorized = look_for_copies(
                self.extractor, training, self.real_features, found.features,
                self.cache_dir, self.batch_size,
            )  # fmt: skip
        return dataclasses.replace(
            report, step=step, weights=weights, memorization=memorized
        )

    def report(
        self,
        images: Content,
        source: str,
        prepared: Preparation = Preparation(),  # noqa: B008  # frozen
    ) -> Report:
        """All metrics of images that come from `source`.

        Args:
          images: uint8 [m, h, w, c], or read when they are needed; or their
            features.
          source: where they come from, for the report.
          prepared: what was done to them before.
        """
        start = time.monotonic()
        found = self._extract(images)
        told = described(shapes_of(images), prepared, self.extractor)
        report = self._report(found, source, told, start)
        return report.remarked(*prepared.remarks)

    def _report(
        self,
        found: Extracted,
        source: str,
        told: str,
        start: float,
    ) -> Report:
        scores, unavailable = self._score_all(found)
        told_of_real = described(
            shapes_of(self.real), self.prepared, self.extractor
        )
        return Report(
            scores=scores,
            unavailable=unavailable,
            num_real=len(self.real),
            num_fake=len(found.features),
            extractor=self.identifier,
            real=self.source,
            fake=source,
            preprocessing={"real": told_of_real, "fake": told},
            remarks=self.prepared.remarks,
            spread=alike.relative_spread(self.real_features, found.features),
            seconds=round(time.monotonic() - start, 3),
            settings=self.settings.described(
                len(self.real), len(found.features)
            )
            | {"order": "shuffled" if self.shuffle else "given"},
        )

    def page(
        self,
        report: Report,
        images: Content,
        history: RunHistory | None = None,
        training: np.ndarray | None = None,
    ) -> str:
        """The report of images as a page, with some of the images on it."""
        samples = None
        if not isinstance(images, StoredFeatures):
            samples = for_page(images, range(min(_SAMPLES, len(images))))
        told = published.without_places(report.to_dict())
        neighbours = with_neighbours(
            self.extractor, images, self.real, self.real_features
        )
        copied = with_training(images, training, report.memorization)
        return render_page(told, samples, neighbours, history, copied)

    def write(
        self,
        report: Report,
        images: Content,
        path: str | os.PathLike[str],
        history: RunHistory | None = None,
        training: np.ndarray | None = None,
    ) -> None:
        """Writes the report of images as JSON, and as a page beside it.

        Args:
          report: of the images.
          images: some of which are shown on the page.
          path: of the JSON file.
          history: of the run that made the images; None: no run did.
          training: images of that run, of which the nearest are shown.
        """
        page = self.page(report, images, history, training)
        outputs.write(path, report.to_dict(), page)

    def _extract(self, images: Content) -> Extracted:
        if isinstance(images, StoredFeatures):
            return images.found
        return sharing.of_images(
            self.cluster,
            self.extractor,
            images,
            np.arange(len(images)),
            self.batch_size,
        )

    def _extract_drawn(self, model: ImplicitModel, weights: str) -> Extracted:
        return sharing.of_drawn(
            self.cluster,
            self.extractor,
            lambda first, last: model.generate(
                last - first, self.settings.seed, weights, first=first
            ),
            self.count,
            self.batch_size,
        )

    def _score(
        self, fake: Extracted, metrics: Sequence[object]
    ) -> dict[str, dict[str, float]]:
        return score(*self._ordered(fake), metrics, self.settings)

    def _with_kid(
        self, fake: Extracted, metrics: Sequence[object]
    ) -> dict[str, dict[str, float]]:
        """KID by TF-GAN, and those of some metrics that can be had."""
        chosen = ["kid_tfgan", *metrics]
        scores, missing = score_available(
            *self._ordered(fake), chosen, self.settings
        )
        if "kid_tfgan" in missing:
            return self._score(fake, ["kid_tfgan"])  # which says why
        return scores

    def _score_all(
        self, fake: Extracted
    ) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
        """The chosen metrics, and why some of them cannot be had."""
        chosen = choose(self.metrics, self.extractor.of_rows)
        if by_name(self.metrics):
            return self._score(fake, chosen), {}
        return score_available(*self._ordered(fake), chosen, self.settings)

    def _ordered(self, fake: Extracted) -> tuple[Extracted, Extracted]:
        """What was found in real and fake images, as blocks take it."""
        if not self.shuffle:
            return self._real, fake
        # Two orders, lest pairs of images share a block.
        return shuffled(self._real, seed=0), shuffled(fake, seed=1)
