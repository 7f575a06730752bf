"""Cells: one method on one data set from one seed."""

import dataclasses
import os
import pathlib
from collections.abc import Callable

from tf_mmdgan import errors
from tf_mmdgan.config import CompareConfig, TrainConfig
from tf_mmdgan.config.spelling import entries
from tf_mmdgan.reproduction import ring
from tf_mmdgan.reproduction.comparison import methods

# In the order of the table's columns. The ring's settings are in `ring`, those
# of all others, their data set among them, in compare_DATA.cfg.
DATA = {
    ring.NAME: "Ring",
    "digits": "Digits",
    "fashion_mnist": "Fashion-MNIST",
    "fashion_mnist_long": "Fashion-MNIST, 5,000 steps",
}

Parser = Callable[[list[str]], TrainConfig]


@dataclasses.dataclass(frozen=True)
class Cell:
    """One training run of a comparison.

    Attributes:
      data: name of the data set.
      method: name of the method.
      seed: of the run.
      flags: all flags of the run, as for tf-mmdgan train.
      config: the configuration that the flags make.
    """

    data: str
    method: str
    seed: int
    flags: tuple[str, ...]
    config: TrainConfig

    @property
    def key(self) -> tuple[str, str, int]:
        """Data set, method and seed, which identify the cell."""
        return self.data, self.method, self.seed

    @property
    def name(self) -> str:
        """The cell's name for --only."""
        return f"{self.data}/{self.method}/{self.seed}"

    @property
    def run_dir(self) -> pathlib.Path:
        """The folder of the run; beside it are result and log."""
        return pathlib.Path(self.config.run_dir)

    @property
    def result_file(self) -> pathlib.Path:
        """The file of the run's result."""
        return self.run_dir.with_name(f"{self.run_dir.name}.json")

    @property
    def log_file(self) -> pathlib.Path:
        """The file of what the last process printed to stderr."""
        return self.run_dir.with_name(f"{self.run_dir.name}.log")


def run_folder(
    output_dir: str | os.PathLike[str], data: str, method: str, seed: int
) -> pathlib.Path:
    """The folder of one run of the comparison in `output_dir`."""
    return pathlib.Path(output_dir) / data / method / f"seed_{seed}"


def plan(config: CompareConfig, parse: Parser) -> list[Cell]:
    """The cells that `config` names, in order of data set, seed and method.

    Args:
      config: of the comparison.
      parse: makes a configuration of the flags of a training run.

    Raises:
      UsageError: for an unknown data set or method.
      DataError: for a data set without a file of settings.
    """
    chosen = entries(config.methods)
    if chosen == ["all"]:
        chosen = list(methods.ENTRIES)
    for method in chosen:
        errors.pick(methods.ENTRIES, method, "method")
    for name in entries(config.data):
        errors.pick(DATA, name, "data set of the comparison")
    return [
        _cell(config, parse, name, method, int(seed))
        for name in entries(config.data)
        for seed in entries(config.seeds)
        for method in chosen
    ]


def _cell(
    config: CompareConfig, parse: Parser, name: str, method: str, seed: int
) -> Cell:
    run_dir = run_folder(config.output_dir, name, method, seed)
    flags = [
        *_settings_of_data(config, name),
        *methods.ENTRIES[method],
        *methods.ON_DATA.get(name, {}).get(method, []),
        f"--seed={seed}",
        f"--run_dir={run_dir}",
    ]
    if config.steps is not None:
        flags.append(f"--steps={config.steps}")
    return Cell(name, method, seed, tuple(flags), parse(flags))


def _settings_of_data(config: CompareConfig, name: str) -> list[str]:
    if name == ring.NAME:
        return list(ring.SETTINGS)
    given = [] if config.data_dir is None else [f"--data_dir={config.data_dir}"]
    if config.flags_dir is None:
        return [f"--recipe=compare_{name}", *given]
    path = pathlib.Path(config.flags_dir) / f"compare_{name}.cfg"
    if not path.is_file():
        raise errors.DataError(
            f"There is no file {path}: name its folder with --flags_dir, or "
            "leave that out."
        )
    return [f"--flagfile={path}", *given]
