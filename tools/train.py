"""Trains a generative model, scores it, draws samples and exports it.

tf-mmdgan-train --recipe=digits_mmd --run_dir=runs/digits
tf-mmdgan-train --recipe=digits_mmd --steps=100 --run_dir=runs/short
tf-mmdgan-train --recipe=list

A recipe is a file of flags; flags after it win. --flagfile=FILE takes a file of
your own. A run that was interrupted continues when the same command is given
again. The last line of stdout is a JSON object with KID before and after
training, and the paths of the sample grid and of the SavedModel.
"""

from collections.abc import Mapping
from typing import Any

from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.groups import GROUPS
from tf_mmdgan.tools import cli


def train(config: TrainConfig) -> Mapping[str, Any]:
    """Runs the training that `config` describes."""
    from tf_mmdgan import training

    return training.train(config).result


def main() -> None:
    """Console entry point."""
    cli.run(TrainConfig, train, GROUPS, with_recipes=True)


if __name__ == "__main__":
    main()
