"""Trains a generative model, scores it, draws samples and exports it.

tf-mmdgan-train --recipe=digits_mmd --run_dir=runs/digits
tf-mmdgan-train --recipe=digits_mmd --steps=100 --run_dir=runs/short
tf-mmdgan-train --recipe=list
tf-mmdgan-train --resume=runs/digits --steps=5000

A recipe is a file of flags; flags after it win. --flagfile=FILE takes a file of
your own. A run that was interrupted continues when the same command is given
again, or by --resume alone. The last line of stdout is a JSON object with KID
before and after training, and the paths of the sample grid and of the
SavedModel.
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
_GROUPS = GROUPS | {"run": ("resume", *GROUPS["run"])}


@dataclasses.dataclass(frozen=True)
class Resumption:
    """A run to go on with.

    Attributes:
      run_dir: its folder.
      settings: those that were given beside it.
    """

    run_dir: str
    settings: Mapping[str, Any]


def train(config: TrainConfig | Resumption) -> Mapping[str, Any]:
    """Runs the training that `config` describes, or goes on with one."""
    from tf_mmdgan import training

    if isinstance(config, Resumption):
        return training.resume(config.run_dir, **config.settings).result
    return training.train(config).result


def _read(
    config_class: type[TrainConfig], unnamed: Sequence[str]
) -> TrainConfig | Resumption:
    run_dir = _RESUME.value
    if run_dir is None:
        return flag_config.read(config_class, unnamed=unnamed)
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
