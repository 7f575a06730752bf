"""FID where moments of features are all that is known of one side, or both."""

import time
from collections.abc import Callable

import numpy as np

from tf_mmdgan import data, errors
from tf_mmdgan.config import EvaluateConfig, TrainConfig
from tf_mmdgan.evaluation import alike
from tf_mmdgan.evaluation.comparable import compared, in_force
from tf_mmdgan.evaluation.fakes import load_fake
from tf_mmdgan.evaluation.from_config import named_extractor
from tf_mmdgan.evaluation.images import holds, load_images, resized
from tf_mmdgan.evaluation.loaded import (
    Loaded,
    StoredFeatures,
    StoredMoments,
    described,
)
from tf_mmdgan.evaluation.report import Report
from tf_mmdgan.evaluation.usual import extractor_of, usual_features
from tf_mmdgan.features import FeatureExtractor, extract
from tf_mmdgan.metrics import (
    Moments,
    by_name,
    choose,
    frechet_distance,
    warn_of_degenerate_moments,
)

# Images of a run that are compared with statistics, where nothing is said.
_DRAWN = 10_000

_NEEDS = (
    "{} holds moments: give --metrics=fid, and by --features the extractor "
    "that they were made with."
)
Draw = Callable[[int], np.ndarray]


def is_statistics(config: EvaluateConfig) -> bool:
    """Whether one side, or both, are files of the moments of features."""
    sides = (config.real, config.fake)
    return any(holds(side, "mu") for side in sides if side is not None)


def score_by_statistics(
    config: EvaluateConfig,
    run: TrainConfig | None = None,
    draw: Draw | None = None,
    table: data.Table | None = None,
) -> Report:
    """FID where one side is a statistics file, which allows no other metric.

    Args:
      config: what is scored.
      run: configuration of the run that is scored instead of `config.fake`.
      draw: draws so many images of that run, or standardised rows.
      table: by which these rows are standardised.

    Raises:
      UsageError: for unknown names, or another metric.
      DataError: for images or a file that cannot be used, or a file that was
        made with another extractor.
    """
    start = time.monotonic()
    _check_asked(config)
    named = _extractor(config, run)
    real, fake = _sides(config, named, run, draw, table)
    extractor = in_force(named, real, fake)
    real, fake = compared(extractor, [real, fake])
    moments = [_moments(config, extractor, side) for side in (real, fake)]
    for name, found in zip(("real", "fake"), moments, strict=True):
        warn_of_degenerate_moments(name, found)
    tag = real.prepared.tag or fake.prepared.tag
    return Report(
        scores={"fid": {"fid": frechet_distance(*moments)}},
        unavailable=_unavailable(config),
        num_real=_count(real),
        num_fake=_count(fake),
        extractor=extractor.identifier + tag,
        real=real.source,
        fake=fake.source,
        preprocessing={
            name: described(side.shapes, side.prepared, extractor)
            for name, side in (("real", real), ("fake", fake))
        },
        remarks=real.prepared.remarks + fake.prepared.remarks,
        spread=alike.ratio(*(np.sqrt(np.diag(m.covariance)) for m in moments)),
        seconds=round(time.monotonic() - start, 3),
    )


def _check_asked(config: EvaluateConfig) -> None:
    """Refuses what moments do not allow, before anything is read."""
    held = _holder(config)
    if by_name(config.metrics) and choose(config.metrics) != ("fid",):
        raise errors.UsageError(_NEEDS.format(held))
    if config.cas:
        raise errors.UsageError(
            f"--cas is of images with labels, and {held} holds statistics: "
            "leave it out."
        )
    for flag in ("save_statistics", "save_features"):
        path = getattr(config, flag)
        if path is not None:
            raise errors.UsageError(
                f"--{flag}={path}: {held} holds statistics, beside which "
                "nothing is saved; give --real alone, with images."
            )


def _extractor(
    config: EvaluateConfig, run: TrainConfig | None
) -> FeatureExtractor | None:
    """The extractor of the images; None where there are none."""
    if run is not None:
        entry = data.DATASET_FAMILY.get(run.dataset)
        features = config.features or run.features
        features = features or usual_features(entry, told=True)
        return extractor_of(config, features)
    sides = [side for side in (config.real, config.fake) if side is not None]
    if config.features is None and not all(
        holds(s, "mu") or holds(s, "features") for s in sides
    ):
        raise errors.UsageError(_NEEDS.format(_holder(config)))
    return named_extractor(config, config.features, *sides)


def _holder(config: EvaluateConfig) -> str:
    """The side that holds moments; the real one, if both do."""
    real, fake = str(config.real), str(config.fake)
    return real if holds(real, "mu") else fake


def _sides(
    config: EvaluateConfig,
    named: FeatureExtractor | None,
    run: TrainConfig | None,
    draw: Draw | None,
    table: data.Table | None,
) -> tuple[Loaded, Loaded]:
    real = load_images(str(config.real), config, config.image_size)
    if run is None or draw is None:
        return real, load_fake(config, str(config.fake), real, named)
    reading = config.filled_from(run)
    source = f"{config.run_dir}, {config.weights} weights"
    if config.sampling_steps is not None:
        source += f", {config.sampling_steps} sampling steps"

    def drawn(count: int) -> Loaded:
        made = Loaded(draw(count), source, table=table)
        return resized(made, reading, config.image_size)

    # One image tells whether all compare.
    one = drawn(1)
    compared(in_force(named, real, one), [real, one])
    return real, drawn(config.num_samples or _DRAWN)


def _moments(
    config: EvaluateConfig, extractor: FeatureExtractor, side: Loaded
) -> Moments:
    content = side.images
    if isinstance(content, StoredMoments):
        return content.moments
    if isinstance(content, StoredFeatures):
        return Moments.of(content.found.features)
    return Moments.of(extract(extractor, content, config.batch_size).features)


def _count(side: Loaded) -> int | None:
    content = side.images
    return None if isinstance(content, StoredMoments) else len(content)


def _unavailable(config: EvaluateConfig) -> dict[str, str]:
    """Why a statistics file allows none of the other metrics."""
    if by_name(config.metrics):
        return {}
    reason = "needs features of both sides, of one of which there are moments"
    return {str(m): reason for m in choose(config.metrics) if m != "fid"}
