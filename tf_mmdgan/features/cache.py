"""Features of real images kept on disk, and statistics files of other tools."""

import hashlib
import os
import pathlib
import warnings

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
            return _read(path, len(images))
        except errors.DataError as error:
            warnings.warn(f"{error} Its features are made anew.", stacklevel=2)
    found = extract(extractor, images, batch_size)
    arrays = {k: v for k, v in found._asdict().items() if v is not None}
    try:
        write_npz(path, **arrays)
    except OSError as error:
        warnings.warn(
            f"The features are not kept in {folder} ({error.strerror}): name "
            "another folder with --cache_dir.",
            stacklevel=2,
        )
    return found


def _key(extractor: FeatureExtractor, images: Images) -> str:
    if not isinstance(images, np.ndarray):
        text = f"{extractor.identifier} {images.digest}"
        return hashlib.sha256(text.encode()).hexdigest()
    digest = hashlib.sha256(f"{extractor.identifier} {images.shape}".encode())
    rows = max(1, _BYTES_AT_A_TIME // max(1, images[:1].nbytes))
    for start in range(0, len(images), rows):
        digest.update(np.ascontiguousarray(images[start : start + rows]).data)
    return digest.hexdigest()


def _read(path: pathlib.Path, count: int) -> Extracted:
    arrays = files.read_npz(path, ("features", "probabilities"))
    features = arrays.get("features", np.empty(0))
    if features.ndim != 2 or len(features) != count:
        raise errors.DataError(f"{path} holds no features of {count} images.")
    return Extracted(features, arrays.get("probabilities"))
