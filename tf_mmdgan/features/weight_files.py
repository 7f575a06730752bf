"""Files and folders that hold the weights of networks."""

import contextlib
import hashlib
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterable, Iterator

import h5py
import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import archives, errors, files
from tf_mmdgan.features import hdf5_reading

_DESCRIPTION = "config.json"  # of a network of Keras
_DESCRIPTION_BYTES = 2**22
# Of these Keras makes windows where it draws up a network.
_OF_SOUND = re.compile("stft|spectrogram", re.IGNORECASE)
# That reading an HDF5 file may take, and how fast it is at least.
_SECONDS = 30
_BYTES_A_SECOND = 10**7
# What reading a damaged file raises.
DAMAGE = (
    OSError, ValueError, LookupError, TypeError, RuntimeError,
    zipfile.BadZipFile, tf.errors.OpError,
)  # fmt: skip


def required(path: str | os.PathLike[str] | None, name: str) -> pathlib.Path:
    """The path that a network cannot do without.

    Raises:
      UsageError: if there is none.
    """
    if path is None:
        raise errors.UsageError(f"{name} needs a path: {name}:PATH.")
    return pathlib.Path(path)


def digest(path: pathlib.Path) -> str:
    """SHA-256 of a file, or of all files in a folder.

    Raises:
      DataError: if it cannot be read.
    """
    if not path.exists():
        raise errors.DataError(f"There is no file {path}.")
    files.check_plain(path)
    found = hashlib.sha256()
    try:
        parts = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in parts:
            if file.is_file():
                found.update(file.read_bytes())
    except OSError as error:
        raise errors.DataError(
            f"Cannot read the extractor's weights {path} ({error.strerror})."
        ) from error
    return found.hexdigest()


def check_finite(
    owner: str | os.PathLike[str], weights: Iterable[tuple[str, np.ndarray]]
) -> None:
    """Checks weights, of which a single NaN can make all features equal.

    Args:
      owner: the network or its file, for the message.
      weights: by name, of any type.

    Raises:
      DataError: for NaN or infinity.
    """
    for name, values in weights:
        if values.dtype.kind in "fV":  # V: bfloat16
            bad = ~np.isfinite(values.astype(np.float32, copy=False))
            if bad.any():
                raise errors.DataError(
                    f"{owner}: {bad.sum()} of the {bad.size} weights {name} "
                    "are NaN or infinite; take a sound copy of the network."
                )


def check_claims(path: pathlib.Path) -> None:
    """Checks that a file of Keras claims no more than it holds.

    Args:
      path: of a .h5 or a .keras file.

    Raises:
      ValueError: for arrays, parts or networks that are larger than the file,
        and for arrays that lie elsewhere.
    """
    size = path.stat().st_size
    if h5py.is_hdf5(path):  # It may be an archive as well.
        _check_arrays(path, size)
    if not zipfile.is_zipfile(path):
        return
    unpacked = 0
    with files.open_plain(path) as file, archives.open_zip(file) as archive:
        for info in archive.infolist():
            unpacked += info.file_size
            archives.check_unpacked(unpacked, size)
            if info.filename.endswith(".npz"):  # an archive in the archive
                raise ValueError(f"{info.filename} is no file of HDF5")
            if info.filename.endswith(".h5"):
                with tempfile.NamedTemporaryFile() as part:
                    with archive.open(info) as packed:
                        shutil.copyfileobj(packed, part)
                    part.flush()
                    _check_arrays(part.name, info.file_size)
        if archive.getinfo(_DESCRIPTION).file_size > _DESCRIPTION_BYTES:
            raise ValueError(f"{_DESCRIPTION} is too large")
        described = files.parse_json(archive.read(_DESCRIPTION).decode())
    if _OF_SOUND.search(json.dumps(described, ensure_ascii=False)):
        raise ValueError("it has layers of sound, with tables of any size")
    # As a graph, in which no weight has a value: it takes no memory.
    with tf.Graph().as_default():
        model = keras.saving.deserialize_keras_object(described)
    weights = sum(math.prod(weight.shape) for weight in model.weights)
    if weights > unpacked:  # A weight has a byte at least.
        raise ValueError(f"{weights:,} weights in {unpacked:,} bytes")


def check_saved(path: str | os.PathLike[str]) -> None:
    """Checks weights that `keras.Model.save_weights` wrote, in a file or some.

    Args:
      path: of a .weights.h5 file; or of the .weights.json file that lists
        several of these, beside it.

    Raises:
      DataError: for what is no plain file.
      ValueError: for arrays that are larger than their file or lie elsewhere.
    """
    path = pathlib.Path(path)
    parts = [path]
    if path.suffix == ".json":
        listed = dict(files.read_json(path)["weight_map"]).values()
        # An array may be in several of them.
        names = {n for some in listed for n in np.atleast_1d(some).tolist()}
        parts = [path.with_name(name) for name in sorted(names)]
    files.check_plain(path, *parts)
    for part in parts:
        if part.is_file() and h5py.is_hdf5(part):
            _check_arrays(part, part.stat().st_size)


def _check_arrays(path: str | os.PathLike[str], size: int) -> None:
    """Checks the arrays of an HDF5 file of which `size` bytes were fetched."""
    seconds = _SECONDS + size // _BYTES_A_SECOND
    program = pathlib.Path(hdf5_reading.__file__)
    command = [sys.executable, program, path, archives.most_unpacked(size)]
    try:
        done = subprocess.run(
            list(map(str, command)),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=seconds,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"it cannot be read in {seconds} seconds") from None
    if done.returncode or done.stdout:
        raise ValueError(
            errors.excerpt(done.stdout or "reading it ends the process")
        )


def check_nodes(
    path: pathlib.Path, nodes: Iterable[tf.compat.v1.NodeDef]
) -> None:
    """`check_finite` of the constants of a graph; single infinities are free.

    Programs use these, as bounds and as masks.
    """
    constants = (
        (node.name, tf.make_ndarray(node.attr["value"].tensor))
        for node in nodes
        if node.op == "Const"
    )
    check_finite(path, ((k, v) for k, v in constants if v.size > 1))


def damaged(
    path: pathlib.Path, error: Exception, expected: str = "such network"
) -> errors.DataError:
    """The error for a file that is not what it should be.

    Args:
      path: of the file.
      error: what reading it has raised.
      expected: what it should be.
    """
    reason = errors.excerpt(str(error).strip() or type(error).__name__)
    return errors.unreadable(path, error) or errors.DataError(
        f"{path} is damaged, or no {expected}: {reason}"
    )


@contextlib.contextmanager
def complete() -> Iterator[None]:
    """Inside of it, Keras gives each layer weights of a file.

    Raises:
      ValueError: where it would leave some as they were first drawn.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*freshly-initialized")
        try:
            yield
        except UserWarning as warning:
            raise ValueError(warning) from warning


def another(
    path: pathlib.Path, error: Exception, expected: str
) -> errors.DataError:
    """The error for a file whose arrays are sound, and of something else.

    Args:
      path: of the file.
      error: what using it has raised.
      expected: what it should be.
    """
    return errors.DataError(
        f"{path} holds no {expected}, or those of another version of Keras "
        f"than {keras.__version__}: {errors.excerpt(error)}"
    )
