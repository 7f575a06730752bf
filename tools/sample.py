"""Draws images: from a run, from a SavedModel, or from a server.

tf-mmdgan sample --model=digits --scale=4
tf-mmdgan sample --run_dir=runs/digits --num_samples=64 --out=grid.png
tf-mmdgan sample --saved_model=served/digits --seed=7 --out=images.npz
tf-mmdgan sample --run_dir=runs/classes --per_class=100 --out=drawn
tf-mmdgan sample --run_dir=runs/digits --like=threes --out=more.png
tf-mmdgan sample --run_dir=runs/digits --invert=a.png,b.png --out=near.png
tf-mmdgan sample --target=localhost:8500 --interpolate_to=8 --out=way.gif

--out is a grid (.png), arrays (.npz), an animation (.gif) or a folder of PNGs;
of a generator of rows a table (.npy, .csv or .npz).
"""

import dataclasses
import math
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.config import SampleConfig
from tf_mmdgan.config.sampling import MOST_SAMPLES, ROWS_SUFFIXES
from tf_mmdgan.tools import cli, pictures, searches, sources

if TYPE_CHECKING:
    from tf_mmdgan.evaluation import Scorer
    from tf_mmdgan.serving import Drawn, Sampler


def sample(config: SampleConfig) -> Mapping[str, Any]:
    """Draws the images that `config` describes and writes them."""
    from tf_mmdgan import export, serving

    if config.model is not None:
        folder = str(export.shipped_folder(config.model))
        config = dataclasses.replace(config, model=None, saved_model=folder)
    pictures.check_place(config.out)
    source = sources.open_source(config)
    sampler = serving.Sampler(source.predictor, config.batch_size)
    _check_kind(config, sampler.makes_rows)
    if config.like is not None or config.invert is not None:
        return searches.search(config, source, sampler)
    kept: dict[str, Any] = {}
    if config.interpolate_to is not None:
        pictures.check_pictures(config, sampler, config.steps)
        drawn = sampler.interpolate(
            config.seed, config.interpolate_to, config.steps,
            config.truncation, config.label,
        )  # fmt: skip
    else:
        labels = _labels(sampler, source, config)
        _check_pictures(config, sampler, len(labels))
        count = math.ceil(_asked(config) / (config.keep or 1.0))
        if len(labels) * count > MOST_SAMPLES:
            raise errors.UsageError(
                f"--keep={config.keep}: {len(labels) * count:,} images would "
                f"be drawn, more than {MOST_SAMPLES:,}; keep a larger share, "
                "or fewer."
            )
        judge = _judge(config, source)
        drawn = _join(_draw(sampler, labels, config, count))
        if judge is not None:
            drawn, kept = _most_real(judge, drawn, count, config)
    pictures.write(config, drawn, sampler.class_names, source.table)
    return {
        "out": config.out,
        "num_samples": len(drawn.images),
        "seed": config.seed,
        "latency_ms": serving.latency_summary(drawn.seconds),
        **kept,
    }


def _asked(config: SampleConfig) -> int:
    """How many images are asked for, of each class or in all."""
    return config.per_class or config.num_samples


def _labels(
    sampler: "Sampler", source: sources.Source, config: SampleConfig
) -> Sequence[str | int | None]:
    """The classes that images are asked of; None: those that are drawn."""
    if config.per_class is None:
        return [config.label]
    if sampler.label_width is not None:
        raise errors.UsageError(
            f"--per_class={config.per_class}: the generator is told "
            f"{sampler.label_width} numbers, and no class; --label draws those "
            "of one label."
        )
    names = sampler.class_names
    classes = source.num_classes or (names and len(names))
    if not classes:
        raise errors.UsageError(
            f"--per_class={config.per_class}: there are no classes, or "
            "they are not told; --label draws one by its number."
        )
    # A server may say that it has any number of classes.
    if classes * config.per_class > MOST_SAMPLES:
        raise errors.UsageError(
            f"--per_class={config.per_class}: {classes:,} classes make more "
            f"than {MOST_SAMPLES:,} images; give fewer."
        )
    return range(classes)


def _check_pictures(
    config: SampleConfig, sampler: "Sampler", classes: int
) -> None:
    """Refuses pictures that could not be written, before they are drawn."""
    each = config.per_class
    pictures.check_pictures(
        config,
        sampler,
        _asked(config) * classes,
        each,
        () if each is None else sampler.class_names or (),
    )


def _judge(config: SampleConfig, source: sources.Source) -> "Scorer | None":
    """What says which images of a run look real, where that is asked for."""
    from tf_mmdgan.evaluation import realistic
    from tf_mmdgan.training import held_out

    if config.keep is None or source.run is None:
        return None
    scorer = held_out.scorer(source.run.config, data_dir=config.data_dir)
    realistic.check(scorer)
    return scorer


def _draw(
    sampler: "Sampler",
    labels: Sequence[str | int | None],
    config: SampleConfig,
    count: int,
) -> "list[Drawn]":
    """So many images of each class, or in all."""
    return [
        sampler.sample(
            count, config.seed, config.start, config.truncation, label
        )
        for label in labels
    ]


def _join(parts: "list[Drawn]") -> "Drawn":
    from tf_mmdgan.serving import Drawn

    labels = [part.labels for part in parts if part.labels is not None]
    values = [part.values for part in parts if part.values is not None]
    return Drawn(
        np.concatenate([part.images for part in parts]),
        np.concatenate(labels) if labels else None,
        tuple(second for part in parts for second in part.seconds),
        np.concatenate(values) if values else None,
    )


def _check_kind(config: SampleConfig, rows: bool) -> None:
    """Refuses a picture of rows, and a table of images."""
    searched = config.like is not None or config.invert is not None
    if rows and (config.keep is not None or searched):
        raise errors.UsageError(
            "--keep, --like and --invert are for images, and the generator "
            "makes rows of a table."
        )
    out = config.out
    suffix = pathlib.Path(out).suffix
    if suffix != ".npz" and rows != (suffix in ROWS_SUFFIXES):
        formats = ".npy, .csv or .npz" if rows else ".png, .npz or a folder"
        raise errors.UsageError(
            f"--out={out}: the generator makes "
            f"{'rows of a table' if rows else 'images'}; give {formats}."
        )


def _most_real(
    judge: "Scorer", drawn: "Drawn", count: int, config: SampleConfig
) -> "tuple[Drawn, dict[str, Any]]":
    """The most realistic images of each `count`, and what they have gained."""
    from tf_mmdgan.evaluation import realistic

    chosen = realistic.choose(judge, drawn.images, count, _asked(config))
    found = drawn.rows(chosen.rows)
    return found, {"kept": chosen.kept, "all_drawn": chosen.all_drawn}


def main() -> None:
    """Console entry point."""
    cli.run(SampleConfig, sample)


if __name__ == "__main__":
    main()
