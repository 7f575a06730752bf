"""Where samples are written: looked at before any is drawn, and filled."""

import pathlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tf_mmdgan.config import SampleConfig

if TYPE_CHECKING:
    from tf_mmdgan import data
    from tf_mmdgan.serving import Drawn, Sampler


def check_place(out: str) -> None:
    """Refuses a file, or a folder of pictures, that cannot be written.

    Raises:
      UsageError: for such a place.
      DataError: for a folder that has files.
    """
    from tf_mmdgan import files, images

    path = pathlib.Path(out)
    files.check_writable(path if path.suffix else path / "a.png", "--out")
    if not path.suffix:
        images.check_new(path)


def check_pictures(
    config: SampleConfig,
    sampler: "Sampler",
    count: int,
    columns: int | None = None,
    folders: Iterable[str] = (),
) -> None:
    """Refuses pictures that could not be written.

    Args:
      config: of what is drawn.
      sampler: what draws.
      count: of the images in all.
      columns: of a grid of them; None: about as many as rows.
      folders: names of folders in the folder that they are written to.

    Raises:
      UsageError: for more pixels than a picture may have.
      DataError: for a name that no folder can have.
    """
    from tf_mmdgan import images

    height, width, *_ = *sampler.image_shape, 1
    match pathlib.Path(config.out).suffix:
        case ".png":
            images.check_grid(count, (height, width), columns, config.scale)
        case ".gif" | "":
            images.check_scale((height, width), config.scale)
            images.check_folders(folders)


def write(
    config: SampleConfig,
    drawn: "Drawn",
    class_names: Sequence[str] | None,
    table: "data.Table | None",
) -> None:
    """Writes what was drawn as the ending of --out says.

    Args:
      config: of what is drawn.
      drawn: images, or rows of a table; with --per_class as many of each class.
      class_names: of the folders of classes; None: their numbers.
      table: the columns of the rows; None: they are numbered.
    """
    from tf_mmdgan import data, files, images

    match pathlib.Path(config.out).suffix:
        case ".npz":
            files.write_npz(config.out, compressed=True, **drawn.arrays())
        case ".npy":
            files.write_npy(config.out, drawn.images)
        case ".csv":
            table = table or data.Table.numbered(drawn.images.shape[1])
            rows = table.csv(drawn.images, drawn.labels)
            files.write_bytes(config.out, rows)
        case "" if config.per_class is not None:
            count = len(drawn.images) // config.per_class
            parts = np.split(drawn.images, count)
            names = class_names or list(map(str, range(count)))
            images.write_classes(
                config.out, dict(zip(names, parts, strict=True)), config.scale
            )
        case _:
            write_images(config, drawn.images, config.per_class)


def write_images(
    config: SampleConfig, shown: np.ndarray, columns: int | None
) -> None:
    """Writes images as a grid of so many columns, an animation or a folder."""
    from tf_mmdgan import images

    match pathlib.Path(config.out).suffix:
        case ".png":
            images.write_grid(config.out, shown, columns, config.scale)
        case ".gif":
            images.write_animation(config.out, shown, scale=config.scale)
        case _:
            images.write_folder(config.out, shown, scale=config.scale)
