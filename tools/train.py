"""Trains a generative model, scores it, draws samples and exports it.

tf-mmdgan-train --recipe=digits_mmd --run_dir=runs/digits
tf-mmdgan-train --recipe=digits_mmd --steps=100 --run_dir=runs/short
tf-mmdgan-train --recipe=list
tf-mmdgan-train --resume=runs/digits --steps=5000
tf-mmdgan-train --recipe=digits_mmd --preset=small --run_dir=runs/small --plan

A recipe is a file of flags; flags after it win. --flagfile=FILE takes a file of
your own. A run that was interrupted continues when the same command is given
again, or by --resume alone. The last line of stdout is a JSON object with KID
before and after training (over all pairs, with its 95 % interval), the name of
the features that KID compares, and the paths of the report, its page, the
sample grid and the SavedModel. --preset=small sets widths and steps for a CPU;
--plan measures what a run would take, and writes nothing.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags

from tf_mmdgan import errors
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.groups import GROUPS
from tf_mmdgan.tools import cli, flag_config

_RESUME = flags.DEFINE_string(
    "resume",
    None,
    "Folder of a run to go on with, by its recorded settings; flags beside it "
    "win where a run may change, such as --steps.",
)
_PLAN = flags.DEFINE_boolean(
    "plan",
    False,
    "Only measure, by ten steps, how long the run would take, and where that "
    "is over an hour, how long with narrower networks.",
)
_GROUPS = GROUPS | {
    "run": ("recipe", "preset", "resume", "plan", *GROUPS["run"])
}


@dataclasses.dataclass(frozen=True)
class Resumption:
    """A run to go on with.

    Attributes:
      run_dir: its folder.
      settings: those that were given beside it.
    """

    run_dir: str
    settings: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Planned:
    """A run that is not to be done, only measured."""

    config: TrainConfig


def train(config: TrainConfig | Resumption | Planned) -> Mapping[str, Any]:
    """Runs the training that `config` describes, or goes on with one."""
    from tf_mmdgan import training

    if isinstance(config, Resumption):
        return training.resume(config.run_dir, **config.settings).result
    if isinstance(config, Planned):
        return _plan(config.config)
    return training.train(config).result


def _plan(config: TrainConfig) -> Mapping[str, Any]:
    from tf_mmdgan import training

    found = training.plan(config)
    errors.tell(f"{found.pace}.")
    for widths in found.smaller:
        flags_of = " ".join(
            f"--{name}={widths[name]}"
            for name in ("generator_width", "critic_width")
        )
        errors.tell(f"With {flags_of}: {training.in_words(widths['seconds'])}.")
    return found.numbers


def _read(
    config_class: type[TrainConfig], unnamed: Sequence[str]
) -> TrainConfig | Resumption | Planned:
    run_dir = _RESUME.value
    if run_dir is None:
        config = flag_config.read(config_class, unnamed=unnamed)
        return Planned(config) if _PLAN.value else config
    if _PLAN.value:
        raise errors.UsageError("--plan: leave out --resume.")
    flag_config.refuse(unnamed)
    settings = flag_config.given(config_class)
    if settings.pop("run_dir", run_dir) != run_dir:
        raise errors.UsageError(
            f"--resume={run_dir} names the run's folder: leave out --run_dir."
        )
    return Resumption(run_dir, settings)


def main() -> None:
    """Console entry point."""
    cli.run(TrainConfig, train, _GROUPS, with_recipes=True, read=_read)


if __name__ == "__main__":
    main()
