"""Images to score, wherever they come from."""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

from tf_mmdgan import data, errors, export, files, serving
from tf_mmdgan.config import DataConfig, ReadConfig
from tf_mmdgan.config.data import at_home
from tf_mmdgan.config.sizes import Size
from tf_mmdgan.data import resize
from tf_mmdgan.data.readers import decode, formats, pictures, zip_pictures
from tf_mmdgan.data.sets import npz
from tf_mmdgan.evaluation.loaded import (
    Loaded,
    Preparation,
    StoredFeatures,
    StoredMoments,
)
from tf_mmdgan.features import read_features
from tf_mmdgan.metrics import read_extractor, read_moments
from tf_mmdgan.metrics.checks import shuffled_order

# As many images as a model generates at a time, so that a SavedModel gives the
# bits of the run that it comes from.
_BATCH = 256
_PROGRAM = "saved_model.pb"

# Of an export, or of a version of it: what shows its samples.
_MODEL_CARD = "assets.extra/samples.png"


def load_images(
    source: str,
    reading: ReadConfig | None = None,
    image_size: Size | None = None,
    count: int | None = None,
    seed: int = 0,
) -> Loaded:
    """Reads the images of a data set, a file or a folder, or generates some.

    Pictures of a folder are whole, each of its own size; images of files and
    of generators are as they are; those of a data set as it defines them.

    Args:
      source: NAME or NAME/SPLIT of a data set, "test" where no split is named;
        an .npz file of images, of features or of their moments; the folder of
        an exported generator; or any other folder, or .zip, of pictures.
      reading: how data sets and folders are read.
      image_size: height and width to which all images are brought, in the
        way `fit` of `reading`; by default none.
      count: how many images are generated, by default 10,000; of other images,
        how many are chosen at random if there are more, by default all.
      seed: of generated images.

    Raises:
      UsageError: for a source of another kind, an unknown split, or a program
        among pictures.
      DataError: for a file that is missing, damaged or holds something else.
    """
    check_source(source)
    reading = reading or ReadConfig()
    named = data.source_of(source)
    if holds(source, "features"):
        stored = StoredFeatures(*read_features(source))
        loaded = Loaded(stored, source, Preparation(told="features of a file"))
    elif holds(source, "mu"):
        moments = StoredMoments(read_moments(source), read_extractor(source))
        return Loaded(moments, source, Preparation(told="moments of a file"))
    elif source.endswith((".npz", ".npy")):
        images, told = npz.read_uint8(source, reading)
        loaded = of_array(images, source, told)
        loaded = resized(loaded, reading, image_size)
    elif named is not None:
        _warn_of_folder(source)
        loaded = _of_data_set(source, named, reading, image_size)
    elif is_generator(source):
        images = _generate(source, 10_000 if count is None else count, seed)
        return resized(Loaded(images, source), reading, image_size)
    else:
        loaded = _of_folder(source, source, None, reading, image_size)
    return loaded if count is None else _chosen(loaded, count)


def read_alike(given: str, shape: tuple[int, int, int]) -> np.ndarray:
    """Pictures of the size and colours that a generator makes.

    Args:
      given: a source of `load_images`, or files separated by commas.
      shape: [h, w, c] of the generator's images.

    Returns:
      uint8 [n, h, w, c], as they are: nothing is resized or coloured.

    Raises:
      UsageError: for pictures of another size or other colours, naming both.
      DataError: for files that are missing, damaged or no pictures.
    """
    if data.source_of(given) is None and not _is_source(given):
        names = map(str.strip, given.split(","))
        found = [_of_file(name, opacity=shape[2] == 4) for name in names]
    else:
        images = load_images(given).content
        if isinstance(images, StoredFeatures | StoredMoments):
            raise errors.UsageError(f"{given} holds features, and no pictures.")
        found = list(images)
        if isinstance(images, pictures.Pictures):
            found = [image for batch in found for image in batch]
    for image in found:
        if image.shape != shape:
            raise errors.UsageError(
                f"{given}: {_told(image.shape)}; the generator makes pictures "
                f"of {_told(shape)}, and only such are alike."
            )
    return np.stack(found)


def _is_source(given: str) -> bool:
    path = pathlib.Path(given)
    return path.is_dir() or _is_file_of_images(path)


def _is_file_of_images(path: pathlib.Path) -> bool:
    return path.suffix in (".npz", ".npy") or zip_pictures.is_archive(path)


def _of_file(name: str, opacity: bool) -> np.ndarray:
    path = at_home(name)  # Those behind a comma are not settled yet.
    if not path.is_file():
        raise errors.DataError(f"There is no picture {name}.")
    try:
        mode = "L" if decode.inspect(path).grey else "RGB"
        image = decode.decode(path, "RGBA" if opacity else mode)
    except decode.UnreadableError as error:
        raise errors.DataError(f"{name}: {error}") from error
    width, height = image.size
    return np.asarray(image).reshape(height, width, -1)


def _told(shape: tuple[int, ...]) -> str:
    height, width, channels = shape
    kinds = {1: "grey", 3: "in colour", 4: "in colour with opacity"}
    kind = kinds.get(channels, f"of {channels} channels")
    return f"{height} x {width} pixels {kind}"


def check_source(source: str) -> None:
    """Refuses a source that there is not, before others are read.

    Raises:
      UsageError: for what is no data set, no file of arrays and no folder.
      DataError: for a file that is not there.
    """
    path = pathlib.Path(source)
    if _is_file_of_images(path):
        if not path.exists():
            raise errors.DataError(f"There is no file {source}.")
    elif data.source_of(source) is None and not path.is_dir():
        raise errors.UsageError(
            f"'{source}' is neither a data set ({', '.join(data.DATASETS)}), "
            "nor an .npz file, nor a folder or a .zip of pictures, nor "
            "package.module:NAME."
        )


def of_array(images: np.ndarray, source: str, told: str = "") -> Loaded:
    """Images of an array, uint8 [n, h, w, c]; transparency is over white.

    Args:
      images: the array.
      source: where it comes from.
      told: what was done to it, in words.
    """
    return Loaded(images, source, Preparation(told=told)).over_white()


def holds(source: str, name: str) -> bool:
    """Whether a source is an .npz file with such an array, and no images."""
    if not source.endswith(".npz"):
        return False
    names = files.npz_names(source)
    return name in names and "images" not in names


def is_generator(source: str) -> bool:
    """Whether a source is the folder of an exported generator."""
    folder = pathlib.Path(source)
    # Pictures too can be in folders with numbers, which are their classes.
    places = (folder, export.newest_version(folder))
    return any(p is not None and (p / _PROGRAM).exists() for p in places)


def resized(
    loaded: Loaded, reading: ReadConfig, image_size: Size | None
) -> Loaded:
    """Images of an array, at a size if one is asked for."""
    if image_size is None:
        return loaded
    mode = reading.resize or resize.DEFAULT
    images = np.asarray(loaded.images)
    fit, remarks = reading.fit, loaded.prepared.remarks
    made = resize.resize_images(images, image_size, mode, fit=fit)
    prepared = Preparation.squares(image_size, mode, fit, remarks)
    both = filter(None, (loaded.prepared.told, prepared.told))
    prepared = dataclasses.replace(prepared, told="; ".join(both))
    return Loaded(made, loaded.source, prepared)


def _of_data_set(
    source: str,
    named: tuple[str, str],
    reading: ReadConfig,
    image_size: Size | None,
) -> Loaded:
    name, split = named
    if name == "folder" and reading.data_dir is not None:
        return _of_folder(source, reading.data_dir, split, reading, image_size)
    config = DataConfig.of(reading, dataset=name, image_size=image_size)
    found = data.load(config, split)
    images = found.images
    if image_size is None:
        told = Preparation(told="as the data set says")
        return Loaded(images, source, told, found.table)
    mode = reading.resize or "published"
    prepared = Preparation.squares(image_size, mode, reading.fit)
    return Loaded(images, source, prepared)


def _of_folder(
    source: str,
    folder: str,
    split: str | None,
    reading: ReadConfig,
    image_size: Size | None,
) -> Loaded:
    prepared = Preparation(told="whole, as in the files")
    square = None
    if image_size is not None:
        mode = reading.resize or resize.DEFAULT
        square = pictures.Square(image_size, mode, reading.fit)
        prepared = Preparation.squares(*square)
    found = pictures.open_folder(
        folder, square, split, reading.skip_unreadable, reading.follow_links
    )
    if reading.channels == "grey":
        found = found.in_grey()
    elif reading.channels != "auto":  # Transparency is over white.
        found = found.in_colour()
    headers = [header for _, header in found.files]
    return Loaded(found, source, prepared).remarked(
        *_remark(source, "have transparency, which is laid over white",
                 [header.transparent for header in headers]),
        *_remark(source, "are grey, and repeated for three channels",
                 [header.grey and found.channels == 3 for header in headers]),
        *_remark(source, "are in colour, and taken in grey levels",
                 [found.channels == 1 and not h.grey for h in headers]),
    )  # fmt: skip


def _remark(source: str, what: str, having: Sequence[bool]) -> list[str]:
    count = sum(having)
    text = f"{source}: {count:,} of {len(having):,} pictures {what}."
    return [text] if count else []


def _chosen(loaded: Loaded, count: int) -> Loaded:
    """So many images, chosen by lot, in their order; all, if there are no more.

    Where rows count in the order in which they come, so do these.
    """
    if count > len(loaded):
        errors.warn(
            f"{loaded.source} has {len(loaded)} images, not {count}: all are "
            "taken.",
            stacklevel=3,
        )
    if count >= len(loaded):
        return loaded
    rows = np.sort(shuffled_order(len(loaded))[:count])
    return dataclasses.replace(loaded, images=loaded.content[rows])


def _warn_of_folder(source: str) -> None:
    """Warns of a folder that has the name of a data set."""
    if pathlib.Path(source).is_dir():
        errors.warn(
            f"{source} is read as the data set of that name; for the folder "
            f"give ./{source}.",
            stacklevel=3,
        )


def _generate(source: str, count: int, seed: int) -> np.ndarray:
    folder = pathlib.Path(source)
    versions = (folder, *folder.glob("*"))
    shown = {version / _MODEL_CARD for version in versions}
    for path in folder.rglob("*"):
        if path in shown:
            continue
        if path.suffix.lower() in formats.SUFFIXES:
            raise errors.UsageError(
                f"{folder} holds pictures, such as {path.name}, and a "
                "SavedModel, which is a program that would be run: name the "
                "folder of the one or of the other."
            )
    predictor = serving.LocalPredictor(export.load_generator(folder).signatures)
    sampler = serving.Sampler(predictor, _BATCH)
    if sampler.makes_rows:
        raise errors.UsageError(
            f"{source} makes rows of a table in their units, and scores "
            "compare standardised ones: score the run, by --run_dir."
        )
    return sampler.sample(count, seed).images
