"""Data sets as a configuration names them."""

import dataclasses

from tf_mmdgan import data
from tf_mmdgan.config import DataConfig, ReadConfig


def load(config: DataConfig, split: str) -> data.ImageSet:
    """One split of the data set that `config` names.

    Raises:
      UsageError: for an unknown name, or a size out of range.
      DataError: for missing or damaged files; the message names the remedy.
    """
    return data.load(
        config.dataset,
        split,
        config.image_size,
        config.data_dir,
        options(config),
    )


def options(config: ReadConfig) -> data.LoadOptions:
    """How images are read and kept."""
    return data.LoadOptions(
        cache_dir=config.cache_dir,
        memory_budget=int(config.memory_budget_gb * 2**30),
        resize=config.resize,
        download=config.download,
        skip_unreadable=config.skip_unreadable,
    )


def inherited(config: ReadConfig, run: ReadConfig) -> ReadConfig:
    """How images are read: what `config` leaves at its default, as the run."""
    values = {}
    for field in dataclasses.fields(ReadConfig):
        value = getattr(config, field.name)
        if value == field.default:
            value = getattr(run, field.name)
        values[field.name] = value
    return ReadConfig(**values)
