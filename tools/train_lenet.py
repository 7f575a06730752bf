"""Trains the LeNet in whose features a data set's samples are scored.

tf-mmdgan train_lenet --dataset=digits --image_size=16 \
    --out=tf_mmdgan/features/weights/lenet_digits.npz
"""

import dataclasses
import shlex
import sys
from collections.abc import Mapping
from typing import Any

from tf_mmdgan import errors
from tf_mmdgan.config import DataConfig, setting
from tf_mmdgan.tools import cli


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainLeNetConfig(DataConfig):
    """One training run of a LeNet classifier."""

    out: str = setting("", "File to write the weights to (.npz).")
    width: int = setting(16, "Channels of the first convolution.")
    epochs: int = setting(40, "Passes over the training images.")
    seed: int = setting(0, "Seed of all that is random.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.out.endswith(".npz"):
            raise errors.UsageError(
                f"--out='{self.out}': name a file that ends in .npz."
            )
        if not 0 <= self.seed < 2**32:
            raise errors.UsageError(
                f"--seed={self.seed}: must be in [0, 2^32)."
            )
        if self.width < 1 or self.epochs < 1:
            raise errors.UsageError(
                f"--width={self.width}, --epochs={self.epochs}: need >= 1."
            )


def train_lenet(config: TrainLeNetConfig) -> Mapping[str, Any]:
    """Trains, tests and saves the network that `config` describes."""
    # Here, because TensorFlow would make --help wait for seconds.
    from tf_mmdgan import data, files
    from tf_mmdgan.features import lenet

    files.check_writable(config.out, "--out")
    train, test = data.load(config, "train"), data.load(config, "test")
    if train.labels is None:
        raise errors.DataError(
            f"--dataset={config.dataset} has no labels, which a LeNet is "
            "trained on: of a folder, each class is a folder in it."
        )
    if train.num_classes is None:
        raise errors.DataError(
            f"--dataset={config.dataset} has {train.condition}, and a LeNet is "
            "trained on classes."
        )
    data.check_classes(train, config.data_dir or f"--dataset={config.dataset}")
    model = lenet.train(
        train.images,
        train.labels,
        train.num_classes,
        seed=config.seed,
        epochs=config.epochs,
        width=config.width,
    )
    metadata = {
        "dataset": config.dataset,
        "seed": config.seed,
        "epochs": config.epochs,
        "test_accuracy": lenet.accuracy(model, test.images, test.labels),
        "num_test": len(test.images),
        "parameters": model.count_params(),
        "command": shlex.join(["python", *sys.argv]),
    }
    lenet.save(config.out, model, metadata)
    return metadata | {"out": config.out}


def main() -> None:
    """Console entry point."""
    cli.run(TrainLeNetConfig, train_lenet)


if __name__ == "__main__":
    main()
