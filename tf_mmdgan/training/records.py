"""What a run records of its settings: what was given, and what was in force.

A setting that is left open has the value that was published, or the data set's
own, or a default. What it was is recorded, and stays when the run goes on: with
a later version of this package, or with another optional package installed.
"""

import dataclasses
import os
import pathlib
from collections.abc import Mapping
from typing import Any

from tf_mmdgan import data, errors, kernels
from tf_mmdgan.config import TrainConfig, fields
from tf_mmdgan.config.sizes import Size, of_sides
from tf_mmdgan.evaluation import Scorer, usual_features
from tf_mmdgan.methods import settings_of
from tf_mmdgan.methods.resolution import idle
from tf_mmdgan.objectives import f_divergences
from tf_mmdgan.training import run_directory

# Members of these have names that are shorter than what they are made of.
_CATALOGUES: dict[str, Mapping[str, Any]] = {
    "kernel": kernels.KERNELS,
    "divergence": f_divergences.DIVERGENCES,
    "drift_divergence": f_divergences.DIVERGENCES,
}


def in_force(
    config: TrainConfig, train: data.ImageSet, scorer: Scorer
) -> dict[str, Any]:
    """Every setting of a run as JSON has it, those of its method among them.

    Null is what the method does not have or what has no effect, and a folder or
    a device that was left open.

    Args:
      config: of the run.
      train: the training images.
      scorer: of the run.
    """
    settings = settings_of(config)
    method = settings.by_name()
    if method.get("critic_learning_rate", 0.0) is None:
        method["critic_learning_rate"] = method["learning_rate"]
    for name in idle(settings):
        method[name] = None
    entry = data.DATASET_FAMILY.get(config.dataset)
    return {
        **fields.record(config),
        "learning_rate_schedule": config.rate_schedule,
        "learning_rate_decay_to": config.decay_end
        if config.rates_fall
        else None,
        "image_size": config.image_size or _size(train.image_shape),
        "resize": config.resize or entry.resize,
        "features": fields.as_json(config.features or usual_features(entry)),
        "evaluation_samples": scorer.count,
        "max_block_size": scorer.settings.max_block_size,
        **{name: _spelt(name, value) for name, value in method.items()},
    }


def _spelt(setting: str, value: Any) -> Any:
    """A value as JSON has it, by its name where it has one."""
    for name, member in _CATALOGUES.get(setting, {}).items():
        if member == value:
            return name
    return fields.as_json(value)


def _size(image_shape: tuple[int, ...]) -> Size | None:
    return of_sides(*image_shape[:2]) if len(image_shape) == 3 else None


def filled(config: TrainConfig, recorded: Mapping[str, Any]) -> TrainConfig:
    """A configuration whose open settings have what was in force.

    Args:
      config: as it was given.
      recorded: what `in_force` said when the run began; empty for a new run.
    """
    values = {
        field.name: recorded[field.name]
        for field in dataclasses.fields(config)
        if getattr(config, field.name) is None
        and recorded.get(field.name) is not None
    }
    if config.as_published != "none":
        # Deviations make it of the published one again; theirs has no name.
        values.pop("kernel", None)
    return dataclasses.replace(config, **values)


def recorded_table(
    run_dir: str | os.PathLike[str], shape: tuple[int, ...]
) -> data.Table | None:
    """The columns of a run's rows; None of images.

    Args:
      run_dir: the run's folder.
      shape: of what it generates.

    Raises:
      DataError: for what is no table of such rows.
    """
    path = pathlib.Path(run_dir) / run_directory.CONFIG_FILE
    found = run_directory.recorded(path).get("data", {})
    record = found.get("table") if isinstance(found, dict) else None
    if len(shape) > 1 or record is None:
        return None
    try:
        return data.Table.of_record(record, shape[0])
    except errors.DataError as error:
        raise errors.DataError(
            f"{path} cannot be read by this version: {error}"
        ) from None
