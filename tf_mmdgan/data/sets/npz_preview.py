"""What is known of images that NumPy saved, before they are read."""

import pathlib

import numpy as np

from tf_mmdgan import files
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.config.sizes import Size, sides
from tf_mmdgan.data import image_set
from tf_mmdgan.data.readers import array_headers, links
from tf_mmdgan.data.sets import npz


def preview(
    split: str, image_size: Size | None, reading: ReadConfig
) -> image_set.Preview | None:
    """What `load` would give, by the headers of images, and by all labels.

    None where only reading the files tells what is wrong with them.

    Raises:
      DataError: as of `npz.load`, but for what the images' numbers show.
    """
    if reading.data_dir is None:
        return None
    path = pathlib.Path(reading.data_dir)
    places = [path]
    if path.is_dir():
        places = [path / f"{name}.npz" for name in npz.SPLITS]
        links.check(reading, *places)
    ranged = reading.value_range is not None
    found = [_previewed(place, ranged) for place in places]
    whole = [each for each in found if each is not None]
    if len(whole) < len(found) or len({shape[1:] for shape, _ in whole}) > 1:
        return None
    shape, labels = whole[npz.SPLITS.index(split) if len(whole) > 1 else 0]
    count, own = shape[0], labels
    if len(whole) == 1:
        chosen = npz.held_out_rows(count) == (split == "test")
        count = int(chosen.sum())
        own = None if labels is None else labels[chosen]
    num_classes = npz.count_classes(*(labels for _, labels in whole))
    kinds = {
        None if labels is None else labels.shape[1:] for _, labels in whole
    }
    if not count or len(kinds) > 1:
        return None
    size = shape[1:3] if image_size is None else sides(image_size)
    return image_set.Preview(
        (*size, shape[3]),
        count,
        num_classes,
        empty_classes=image_set.missing_classes(own, num_classes),
        counted=True,
        label_width=None if num_classes or own is None else own.shape[1],
    )


def _previewed(
    path: pathlib.Path, ranged: bool
) -> tuple[tuple[int, int, int, int], np.ndarray | None] | None:
    """Shape of the images of a file [n, h, w, c], and their labels."""
    found = array_headers.header(path, "images")
    if found is None:
        return None
    shape = npz.whole_shape(path, *found, ranged)
    if path.suffix == ".npy":
        return shape, None
    arrays = files.read_npz(path, ("labels",))
    return shape, npz.labels_of(path, arrays, shape[0])
