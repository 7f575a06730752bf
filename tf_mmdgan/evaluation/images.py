"""Images to score, wherever they come from."""

import pathlib
import warnings

import numpy as np

from tf_mmdgan import data, errors, export, serving
from tf_mmdgan.config import DataConfig, ReadConfig
from tf_mmdgan.data.readers import decode
from tf_mmdgan.data.sets import npz
from tf_mmdgan.metrics.checks import shuffled_order

# As many images as a model generates at a time, so that a SavedModel gives the
# bits of the run that it comes from.
_BATCH = 256
_PROGRAM = "saved_model.pb"


def load_images(
    source: str,
    reading: ReadConfig | None = None,
    image_size: int | None = None,
    count: int | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Reads the images of a data set, a file or a folder, or generates some.

    Args:
      source: NAME or NAME/SPLIT of a data set, "test" where no split is named;
        a file of arrays, .npz; the folder of an exported generator; or any
        other folder, of pictures.
      reading: how data sets and folders are read.
      image_size: height and width of data sets and of folders.
      count: how many images are generated, by default 10,000; of other images,
        how many are chosen at random if there are more, by default all.
      seed: of generated images.

    Returns:
      uint8 [n, h, w, c].

    Raises:
      UsageError: for a source of another kind, an unknown split, or a program
        among pictures.
      DataError: for a file that is missing, damaged or holds something else.
    """
    folder = pathlib.Path(source)
    named = data.source_of(source)
    reading = reading or ReadConfig()
    if source.endswith(".npz"):
        images = npz.read(source)[0]
    elif named is not None:
        name, split = named
        _warn_of_folder(source)
        config = DataConfig.of(reading, dataset=name, image_size=image_size)
        images = data.load(config, split).images
    elif not folder.is_dir():
        raise errors.UsageError(
            f"'{source}' is neither a data set ({', '.join(data.DATASETS)}), "
            "nor an .npz file, nor a folder, nor package.module:NAME."
        )
    elif is_generator(source):
        return _generate(folder, 10_000 if count is None else count, seed)
    else:
        config = DataConfig.of(
            reading, dataset="folder", data_dir=source, image_size=image_size
        )
        images = np.concatenate(
            [data.load(config, split).images for split in data.SPLITS]
        )
    return images if count is None else _chosen(images, count, source)


def _chosen(images: np.ndarray, count: int, source: str) -> np.ndarray:
    """So many images, chosen at random; all, if there are no more."""
    if count > len(images):
        warnings.warn(
            f"{source} has {len(images)} images, not {count}: all are taken.",
            stacklevel=3,
        )
    if count >= len(images):
        return images
    return images[shuffled_order(len(images))[:count]]


def _warn_of_folder(source: str) -> None:
    """Warns of a folder that has the name of a data set."""
    if pathlib.Path(source).is_dir():
        warnings.warn(
            f"{source} is read as the data set of that name; for the folder "
            f"give ./{source}.",
            stacklevel=3,
        )


def is_generator(source: str) -> bool:
    """Whether a source is the folder of an exported generator."""
    folder = pathlib.Path(source)
    # Pictures too can be in folders with numbers, which are their classes.
    places = (folder, export.newest_version(folder))
    return any(p is not None and (p / _PROGRAM).exists() for p in places)


def _generate(folder: pathlib.Path, count: int, seed: int) -> np.ndarray:
    for path in folder.rglob("*"):
        if path.suffix.lower() in decode.SUFFIXES:
            raise errors.UsageError(
                f"{folder} holds pictures, such as {path.name}, and a "
                "SavedModel, which is a program that would be run: name the "
                "folder of the one or of the other."
            )
    predictor = serving.LocalPredictor(export.load_generator(folder).signatures)
    return serving.Sampler(predictor, _BATCH).sample(count, seed).images
