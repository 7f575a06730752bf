"""Draws images: from a run, from a SavedModel, or from a server.

python tools/sample.py --model=digits --scale=4
python tools/sample.py --run_dir=runs/digits --num_samples=64 --out=grid.png
python tools/sample.py --saved_model=served/digits --seed=7 --out=images.npz
python tools/sample.py --target=localhost:8500 --interpolate_to=8 --out=way.gif

--out is a grid (.png), arrays (.npz), an animation (.gif) or a folder of PNGs.
"""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tf_mmdgan.config import SampleConfig
from tf_mmdgan.tools import cli, sources

if TYPE_CHECKING:
    from tf_mmdgan.serving import Drawn, Sampler


def sample(config: SampleConfig) -> Mapping[str, Any]:
    """Draws the images that `config` describes and writes them."""
    from tf_mmdgan import export, files, serving

    if config.model is not None:
        folder = str(export.shipped_folder(config.model))
        config = dataclasses.replace(config, model=None, saved_model=folder)
    files.check_writable(_file_of(config.out), "--out")
    sampler = serving.Sampler(sources.predictor(config), config.batch_size)
    drawn = _draw(sampler, config)
    _write(config.out, drawn, config.scale)
    return {
        "out": config.out,
        "num_samples": len(drawn.images),
        "seed": config.seed,
        "latency_ms": serving.latency_summary(drawn.seconds),
    }


def _file_of(out: str) -> pathlib.Path:
    """The file `out`, or one in the folder `out`."""
    path = pathlib.Path(out)
    return path if path.suffix else path / "a.png"


def _draw(sampler: "Sampler", config: SampleConfig) -> "Drawn":
    shared = {"truncation": config.truncation, "label": config.label}
    if config.interpolate_to is None:
        return sampler.sample(
            config.num_samples, config.seed, config.start, **shared
        )
    return sampler.interpolate(
        config.seed, config.interpolate_to, config.steps, **shared
    )


def _write(out: str, drawn: "Drawn", scale: int) -> None:
    from tf_mmdgan import files, images

    match pathlib.Path(out).suffix:
        case ".png":
            images.write_grid(out, drawn.images, scale=scale)
        case ".gif":
            images.write_animation(out, drawn.images, scale=scale)
        case ".npz":
            files.write_npz(out, compressed=True, **drawn.arrays())
        case _:
            images.write_folder(out, drawn.images, scale=scale)


def main() -> None:
    """Console entry point."""
    cli.run(SampleConfig, sample)


if __name__ == "__main__":
    main()
