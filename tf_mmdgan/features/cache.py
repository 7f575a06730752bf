"""Features kept on disk: in a cache, and in files that users name."""

import hashlib
import os
import pathlib

import numpy as np

from tf_mmdgan import errors, files
from tf_mmdgan.features.extractors import (
    Extracted,
    FeatureExtractor,
    Images,
    extract,
)
from tf_mmdgan.files import write_npz

_BYTES_AT_A_TIME = 2**24


def cached(
    extractor: FeatureExtractor,
    images: Images,
    folder: str | os.PathLike[str] | None,
    batch_size: int | None = None,
) -> Extracted:
    """What `extract` finds in images, from a file if it was found before.

    The file's name is a hash of the pixels in their order, or of what
    determines them, and of the extractor's identifier: other images, weights,
    resizing or ranges have another file. A damaged file is replaced, with a
    warning; so is none written that cannot be.

    Args:
      extractor: what computes the features.
      images: in an array, or read when they are needed.
      folder: of the files; None for none.
      batch_size: as `extract` takes it.
    """
    if folder is None:
        return extract(extractor, images, batch_size)
    path = pathlib.Path(folder, f"{_key(extractor, images)}.npz")
    if path.exists():
        try:
            return _read(path, len(images), extractor.classifies)
        except errors.DataError as error:
            errors.warn(f"{error} Its features are made anew.", stacklevel=2)
    found = extract(extractor, images, batch_size)
    arrays = {k: v for k, v in found._asdict().items() if v is not None}
    try:
        write_npz(path, **arrays)
    except OSError as error:
        errors.warn(
            f"The features are not kept in {folder} ({error.strerror}): name "
            "another folder with --cache_dir.",
            stacklevel=2,
        )
    return found


def read_features(
    path: str | os.PathLike[str],
) -> tuple[Extracted, str | None]:
    """What `write_features` wrote, or any .npz file with the array features.

    Returns:
      Features [n, d], and class probabilities [n, k] if the file has them; and
      the identifier of what made them, if the file says it.

    Raises:
      DataError: for a file that is missing, damaged or something else.
    """
    arrays = files.read_npz(path, ("features", "probabilities", "extractor"))
    made_with = arrays.pop("extractor", None)
    for name, rows in arrays.items():
        if rows.ndim != 2 or rows.dtype.kind not in "fiu" or not rows.size:
            raise errors.DataError(
                f"{path}: {name} is {rows.dtype} of shape {rows.shape}; need "
                "numbers [n, d]."
            )
    if len({len(rows) for rows in arrays.values()}) != 1:
        raise errors.DataError(
            f"{path}: features and probabilities are not of as many images."
        )
    found = Extracted(arrays["features"], arrays.get("probabilities"))
    known = None if made_with is None else errors.excerpt(made_with, 1000)
    return found, known


def write_features(
    path: str | os.PathLike[str], found: Extracted, extractor: str
) -> None:
    """Writes a file for `read_features`, atomically.

    Args:
      path: of the .npz file.
      found: what is written.
      extractor: identifier of what made it.
    """
    arrays = {k: v for k, v in found._asdict().items() if v is not None}
    write_npz(path, **arrays, extractor=np.array(extractor))


def _key(extractor: FeatureExtractor, images: Images) -> str:
    if not isinstance(images, np.ndarray):
        text = f"{extractor.identifier} {images.digest}"
        return hashlib.sha256(text.encode()).hexdigest()
    digest = hashlib.sha256(f"{extractor.identifier} {images.shape}".encode())
    rows = max(1, _BYTES_AT_A_TIME // max(1, images[:1].nbytes))
    for start in range(0, len(images), rows):
        digest.update(np.ascontiguousarray(images[start : start + rows]).data)
    return digest.hexdigest()


def _read(path: pathlib.Path, count: int, classifies: bool) -> Extracted:
    arrays = files.read_npz(path, ("features", "probabilities"))
    names = ["features"] + ["probabilities"] * classifies
    for name in names:
        rows = arrays.get(name, np.empty(0))
        if rows.ndim != 2 or len(rows) != count or rows.dtype.kind != "f":
            raise errors.DataError(f"{path} holds no {name} of {count} images.")
    return Extracted(*(arrays[name] for name in names))
