"""One set of images alone: what is found in it, and scores of that."""

import time

from tf_mmdgan.config import EvaluateConfig
from tf_mmdgan.evaluation.comparable import compared, in_force
from tf_mmdgan.evaluation.images import check_source, holds, load_images
from tf_mmdgan.evaluation.loaded import (
    StoredFeatures,
    described,
    shuffled,
)
from tf_mmdgan.evaluation.metric_settings import metric_settings
from tf_mmdgan.evaluation.report import Report
from tf_mmdgan.evaluation.usual import default_features, extractor_of
from tf_mmdgan.features import Extracted, FeatureExtractor, extract
from tf_mmdgan.metrics import (
    Counts,
    check_available,
    choose,
    score_alone,
)


def is_one_set(config: EvaluateConfig) -> bool:
    """Whether nothing is named to compare with."""
    return config.run_dir is None and None in (config.real, config.fake)


def look_at_one_set(config: EvaluateConfig) -> tuple[Report, Extracted]:
    """A report of the one set that is named, and what was found in it.

    Raises:
      UsageError: for unknown names, and metrics that compare.
      DataError: for images or a file that cannot be used.
    """
    start = time.monotonic()
    source = str(config.real or config.fake)
    check_source(source)
    settings = metric_settings(config)
    metrics = () if config.metrics is None else choose(config.metrics)
    named = _extractor(config, source)
    is_fake = config.real is None
    kind = "fake" if is_fake else "real"
    loaded = load_images(
        source, config, config.image_size, config.num_samples, config.seed
    )
    extractor = in_force(named, loaded)
    (loaded,) = compared(extractor, [loaded])
    count, content = len(loaded), loaded.content
    check_available(
        metrics, Counts(count, count, extractor.classifies), settings
    )
    if isinstance(content, StoredFeatures):
        found = content.found
    else:
        found = extract(extractor, content, config.batch_size)
    # As a second set is ordered: splits are then of images of all kinds.
    ordered = found if config.order == "given" else shuffled(found, seed=1)
    report = Report(
        scores=score_alone(ordered, metrics, settings, kind),
        num_real=None if is_fake else count,
        num_fake=count if is_fake else None,
        extractor=extractor.identifier + loaded.prepared.tag,
        real=config.real,
        fake=config.fake,
        preprocessing={
            kind: described(loaded.shapes, loaded.prepared, extractor)
        },
        remarks=loaded.prepared.remarks,
        settings=settings.described(count, count) | {"order": config.order},
        seconds=round(time.monotonic() - start, 3),
    )
    return report, found


def _extractor(config: EvaluateConfig, source: str) -> FeatureExtractor | None:
    """The extractor; None for features of a file."""
    if config.features is None and holds(source, "features"):
        return None
    return extractor_of(config, config.features or default_features([source]))
