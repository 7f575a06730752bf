"""Trains features on images without labels, that generators can be trained on.

tf-mmdgan train_features --dataset=digits \
    --out=tf_mmdgan/features/weights/masked_digits.npz
"""

import dataclasses
import shlex
import sys
import time
from collections.abc import Mapping
from typing import Any

from tf_mmdgan import errors
from tf_mmdgan.config import DataConfig, fields, setting
from tf_mmdgan.tools import cli


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainFeaturesConfig(DataConfig):
    """One training run of a masked auto-encoder."""

    out: str = setting("", "File to write the weights to (.npz).")
    width: int = setting(8, "A third of the channels of the first layer.")
    patch: int = setting(4, "Height and width of a hidden patch in pixels.")
    steps: int = setting(2000, "Steps of training.")
    batch_size: int = setting(128, "Images in a step.")
    seed: int = setting(0, "Seed of all that is random.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.out.endswith(".npz"):
            raise errors.UsageError(
                f"--out='{self.out}': name a file that ends in .npz."
            )
        if not 0 <= self.seed < 2**32 - 1:
            raise errors.UsageError(
                f"--seed={self.seed}: must be in [0, 2^32 - 1)."
            )
        fields.require_positive(self, "width", "patch", "steps", "batch_size")


def train_features(config: TrainFeaturesConfig) -> Mapping[str, Any]:
    """Trains and saves the network that `config` describes."""
    # Here, because TensorFlow would make --help wait for seconds.
    from tf_mmdgan import data, files
    from tf_mmdgan.features import masked

    files.check_writable(config.out, "--out")
    images = data.load(config, "train").images
    if images.ndim != 4:
        raise errors.DataError(
            f"--dataset={config.dataset} has points, not images."
        )
    began = time.process_time()
    model, error = masked.train(
        images,
        seed=config.seed,
        steps=config.steps,
        width=config.width,
        batch_size=config.batch_size,
        patch=config.patch,
    )
    metadata = {
        "dataset": config.dataset,
        "seed": config.seed,
        "steps": config.steps,
        "error_at_hidden_pixels": error,
        "cpu_seconds": round(time.process_time() - began, 1),
        "parameters": model.count_params(),
        "command": shlex.join(["python", *sys.argv]),
    }
    masked.save(config.out, model, metadata)
    return metadata | {"out": config.out}


def main() -> None:
    """Console entry point."""
    cli.run(TrainFeaturesConfig, train_features)


if __name__ == "__main__":
    main()
