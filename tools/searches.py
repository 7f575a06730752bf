"""Latents that tf-mmdgan sample searches for, by given pictures."""

import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.config import SampleConfig
from tf_mmdgan.tools import pictures
from tf_mmdgan.tools.sources import Source

if TYPE_CHECKING:
    from tf_mmdgan.models import Found
    from tf_mmdgan.serving import Sampler
    from tf_mmdgan.training import TrainedRun


def search(
    config: SampleConfig, source: Source, sampler: "Sampler"
) -> Mapping[str, Any]:
    """Finds what --like or --invert asks for, writes it, and says how near.

    Raises:
      UsageError: for pictures that the generator makes nothing like.
      DataError: for files that cannot be used.
    """
    from tf_mmdgan.evaluation import read_alike

    given = read_alike(config.like or config.invert or "", sampler.image_shape)
    _check_pictures(config, sampler, len(given))
    if source.run is None:
        found = _herded(config, sampler, given)
    elif config.invert is not None:
        found = source.run.model.invert(
            given,
            features=_features(config, source.run),
            **_settings(config),
        )
    else:
        found = _alike(config, source.run, given)
    _write(config, found, given)
    return {
        "out": config.out,
        "num_samples": len(found.images),
        "seed": config.seed,
        "before": float(np.mean(found.before)),
        "after": float(np.mean(found.after)),
    }


def _check_pictures(
    config: SampleConfig, sampler: "Sampler", given: int
) -> None:
    """Refuses pictures that could not be written, before the search."""
    count = config.num_samples if config.invert is None else 2 * given
    pictures.check_pictures(config, sampler, count, _columns(config))


def _columns(config: SampleConfig) -> int | None:
    """Images in a row of the grid, in which each stands beside its picture."""
    return None if config.invert is None else 8


def _settings(config: SampleConfig) -> dict[str, Any]:
    return {
        "steps": config.search_steps,
        "draws": config.draws,
        "label": config.label,
        "weights": config.weights,
        "seed": config.seed,
    }


def _features(config: SampleConfig, run: "TrainedRun") -> Any:
    from tf_mmdgan.evaluation import extractor_of_run

    return config.features or extractor_of_run(run.config)


def _alike(
    config: SampleConfig, run: "TrainedRun", given: np.ndarray
) -> "Found":
    """By descent; the best draws where the features have no gradient."""
    from tf_mmdgan.features import get_extractor

    extractor = get_extractor(_features(config, run))
    settings = _settings(config)
    try:
        extractor.frozen()
    except errors.UsageError:
        if config.search_steps:
            errors.tell(
                f"{extractor.name} cannot be differentiated: the best of "
                f"{config.draws:,} draws are taken."
            )
        settings["steps"] = 0
    return run.model.more_like(
        given, config.num_samples, features=extractor, **settings
    )


def _herded(
    config: SampleConfig, sampler: "Sampler", given: np.ndarray
) -> "Found":
    """The best draws of a generator that is only asked for images."""
    from tf_mmdgan.models import Found, likeness

    count = max(config.draws, config.num_samples)
    drawn = sampler.sample(count, config.seed, label=config.label)
    embed = likeness.embedding(config.features or "thumbnails", False)
    target = likeness.Target.of(
        embed.find(given), embed.find(drawn.images), None
    )
    rows, value = target.herd(config.num_samples)
    labels = None if drawn.labels is None else drawn.labels[rows]
    values = np.full(len(rows), value)
    return Found(drawn.images[rows], None, labels, values, values)


def _write(config: SampleConfig, found: "Found", given: np.ndarray) -> None:
    from tf_mmdgan import files

    if pathlib.Path(config.out).suffix == ".npz":
        arrays = {k: v for k, v in found._asdict().items() if v is not None}
        files.write_npz(config.out, compressed=True, **arrays)
        return
    shown = found.images
    if config.invert is not None:
        # Each picture, and what the generator makes of it beside.
        shown = np.stack([given, shown], axis=1).reshape(-1, *shown.shape[1:])
    pictures.write_images(config, shown, _columns(config))
