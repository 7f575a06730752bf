"""Draws images of a data set as the model will see them, and counts them.

tf-mmdgan show_data --dataset=digits --out=digits.png
tf-mmdgan show_data --dataset=folder --data_dir=pictures --augment=flip

The picture has the first batch of a training run with that seed, augmented,
and how many images there are of each level and class. The same numbers are
told on stderr and, as JSON, on the last line of stdout.
"""

import dataclasses
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tf_mmdgan import errors
from tf_mmdgan.config import AugmentedDataConfig, fields, setting
from tf_mmdgan.tools import cli

if TYPE_CHECKING:
    import numpy as np

_DPI = 100
_PLOTS = 200  # pixels of their height
_MARGIN = 50
_LISTED = 20  # classes; of more, JSON has the counts


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShowDataConfig(AugmentedDataConfig):
    """One picture of a data set."""

    split: str = setting(
        "train", "Which images.", choices=("train", "test")
    )  # fmt: skip
    num_images: int = setting(64, "Number of images in the grid.")
    scale: int = setting(1, "Pixels of the grid per pixel of an image.")
    seed: int = setting(0, "Seed of the order and of augmentations.")
    out: str = setting("data.png", "File of the picture (.png).")

    def __post_init__(self):
        super().__post_init__()
        fields.require_choices(self)
        fields.require_positive(self, "num_images")
        fields.require_scale(self)
        fields.require_seed(self)
        fields.require(
            self.out.endswith(".png"), f"--out={self.out}: must end in .png."
        )


def show_data(config: ShowDataConfig) -> Mapping[str, Any]:
    """Draws and counts what `config` names."""
    from tf_mmdgan import data, files, images
    from tf_mmdgan.data import summary

    files.check_writable(config.out, "--out")
    augmentation = data.Augmentation.parse(config.augment)
    loaded = data.load(config, config.split)
    found = summary.summary(loaded)
    count = min(config.num_images, found["count"])
    batches = data.batches(
        loaded, count, config.seed, augmentation=augmentation
    )
    seen = next(iter(batches)).numpy()
    grid = images.grid(images.to_uint8(seen).numpy(), scale=config.scale)
    files.write_bytes(
        config.out, _picture(grid, seen, found["class_counts"] or [])
    )
    title = f"{config.dataset}/{config.split}"
    for line in _lines(title, found):
        errors.tell(line)
    return {
        "data": title,
        "out": config.out,
        **found,
        "shown": count,
        "shown_minimum": float(seen.min()),
        "shown_maximum": float(seen.max()),
    }


def _lines(title: str, found: Mapping[str, Any]) -> list[str]:
    shape = " x ".join(map(str, found["image_shape"]))
    lines = [
        f"{title}: {found['count']:,} images, {shape}",
        f"levels {found['minimum']} to {found['maximum']}, mean "
        f"{found['mean']:.1f}; {found['constant_images']:,} images of one "
        "level",
    ]
    counts = found["class_counts"] or []
    if len(counts) > _LISTED:
        lines.append(
            f"{len(counts):,} classes of {min(counts):,} to {max(counts):,}"
        )
        return lines
    for number, count in enumerate(counts):
        lines.append(f"class {number}: {count:,}")
    return lines


def _picture(
    grid: "np.ndarray", seen: "np.ndarray", class_counts: list[int]
) -> bytes:
    """A PNG file: the grid pixel by pixel, histograms of both kinds below."""
    # Here, for it takes a second to load.
    from matplotlib import figure

    height, width = grid.shape[:2]
    width = max(width, 3 * _PLOTS)
    whole = (width + 2 * _MARGIN, height + _PLOTS + 3 * _MARGIN)
    picture = figure.Figure([pixels / _DPI for pixels in whole], dpi=_DPI)
    # Not an axis' image, which would be resampled.
    picture.figimage(
        grid.repeat(3 // grid.shape[-1], axis=-1),
        _MARGIN,
        _PLOTS + 2 * _MARGIN,
    )
    plots = picture.subplots(
        1,
        2 if class_counts else 1,
        squeeze=False,
        gridspec_kw={
            "left": _MARGIN / whole[0],
            "right": 1 - _MARGIN / whole[0],
            "bottom": _MARGIN / whole[1],
            "top": (_PLOTS + 0.5 * _MARGIN) / whole[1],
        },
    )[0]
    plots[0].hist(seen.ravel(), bins=64, range=(-1, 1), color="0.5")
    plots[0].set_title("levels of these images, in [-1, 1]", fontsize=8)
    if class_counts:
        plots[1].bar(range(len(class_counts)), class_counts, color="0.5")
        plots[1].set_title("images of each class, of all", fontsize=8)
    for axes in plots:
        axes.tick_params(labelsize=7)
    buffer = io.BytesIO()
    picture.savefig(buffer, format="png")
    return buffer.getvalue()


def main() -> None:
    """Console entry point."""
    cli.run(ShowDataConfig, show_data)


if __name__ == "__main__":
    main()
