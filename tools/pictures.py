"""Where samples are written, looked at before any is drawn."""

import pathlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tf_mmdgan.config import SampleConfig

if TYPE_CHECKING:
    from tf_mmdgan.serving import Sampler


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
