"""Draws images from a run or from a SavedModel: a grid or an array.

python tools/sample.py --run_dir=runs/digits --num_samples=64 --out=grid.png
python tools/sample.py --saved_model=served/digits --seed=7 --out=images.npz
"""

import io
from collections.abc import Mapping
from typing import Any

from tf_mmdgan.config import SampleConfig
from tf_mmdgan.tools import cli


def sample(config: SampleConfig) -> Mapping[str, Any]:
    """Draws the images that `config` describes and writes them."""
    import numpy as np

    from tf_mmdgan import experiment, export, files, images

    if config.run_dir is not None:
        _, model = experiment.load_run(config.run_dir)
        drawn = model.generate(
            config.num_samples, config.seed, config.weights, label=config.label
        )
    else:
        drawn = export.sample(
            export.load_generator(config.saved_model),
            config.num_samples,
            config.seed,
            label=config.label,
        )
    if config.out.endswith(".png"):
        images.write_grid(config.out, drawn, scale=config.scale)
    else:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, images=drawn)
        files.write_bytes(config.out, buffer.getvalue())
    return {"out": config.out, "num_samples": len(drawn), "seed": config.seed}


def main() -> None:
    """Console entry point."""
    cli.run(SampleConfig, sample)


if __name__ == "__main__":
    main()
