"""Weights of networks that others have published: where they are fetched from.

Nothing is fetched unless somebody asks for it. What was fetched stays in the
cache of this user with its SHA-256 beside it, in FILE.sha256, and no other file
takes its place.
"""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import shutil
from collections.abc import Callable, Iterator, Mapping

from tf_mmdgan import archives, errors, fetching, files, owned
from tf_mmdgan.config.data import user_cache
from tf_mmdgan.features import weight_files

_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"
_KERNELS = "weights_tf_dim_ordering_tf_kernels"
_NOTE_BYTES = 200


@dataclasses.dataclass(frozen=True)
class Published:
    """A file of weights.

    Attributes:
      url: where it is.
      name: of the file in the cache, or of the folder of an archive.
      sha256: of the file, where a public source states it.
      md5: the same, of MD5.
      unpacked: whether it is an archive, which becomes a folder.
    """

    url: str
    name: str
    sha256: str | None = None
    md5: str | None = None
    unpacked: bool = False


# By extractor; the first that can be had is taken. No public source is known
# that states a SHA-256 of any of these files.
WEIGHTS: Mapping[str, tuple[Published, ...]] = {
    # TF-GAN's INCEPTION_URL in TensorFlow 1 (tf.contrib.gan), which has no TLS,
    # http://download.tensorflow.org/models/..., by the other name of the same
    # place; and INCEPTION_TFHUB of TF-GAN 2.1.
    "inception": (
        Published(
            "https://storage.googleapis.com/download.tensorflow.org/models/"
            "frozen_inception_v1_2015_12_05.tar.gz",
            "frozen_inception_v1_2015_12_05.tar.gz",
        ),
        Published(
            "https://tfhub.dev/tensorflow/tfgan/eval/inception/1"
            "?tf-hub-format=compressed",
            "tfgan_eval_inception_1",
            unpacked=True,
        ),
    ),
    # Addresses and MD5 of keras/src/applications/*.py of Keras 3.
    "vgg16": (
        Published(
            f"{_KERAS}/vgg16/vgg16_{_KERNELS}_notop.h5",
            f"vgg16_{_KERNELS}_notop.h5",
            md5="6d6bbae143d832006294945121d1f1fc",
        ),
    ),
    "vgg19": (
        Published(
            f"{_KERAS}/vgg19/vgg19_{_KERNELS}_notop.h5",
            f"vgg19_{_KERNELS}_notop.h5",
            md5="253f8cb515780f3b799900260a226db6",
        ),
    ),
    "resnet50": (
        Published(
            f"{_KERAS}/resnet/resnet50_{_KERNELS}_notop.h5",
            f"resnet50_{_KERNELS}_notop.h5",
            md5="4d473c1dd8becc155b73f8504c6f6626",
        ),
    ),
    "keras_inception": (
        Published(
            f"{_KERAS}/inception_v3/inception_v3_{_KERNELS}.h5",
            f"inception_v3_{_KERNELS}.h5",
            md5="9a0d58056eeedaa3f26cb7ebd46da564",
        ),
    ),
}


def cache() -> pathlib.Path:
    """The folder of fetched weights, of this user."""
    return user_cache() / "weights"


def at_hand(name: str) -> pathlib.Path | None:
    """Where the fetched weights of an extractor are; None if there are none.

    Args:
      name: in `WEIGHTS`.

    Raises:
      DataError: for a file that is no longer what was fetched, or that others
        can write to.
    """
    for published in WEIGHTS[name]:
        path = cache() / published.name
        if path.exists():
            owned.check_private(path)
            found, noted = weight_files.digest(path), _noted(path)
            if noted not in (None, found):
                raise errors.DataError(
                    f"{path} is another file than was fetched (SHA-256 "
                    f"{found[:12]}..., need {noted[:12]}...): remove it, and "
                    "fetch it again."
                )
            return path
    return None


def remedy(name: str) -> str:
    """What to do where the weights of an extractor are not at hand."""
    return (
        "Fetch them by --download, in Python by "
        f"tm.features.fetch_weights('{name}'), or name a copy: "
        f"--features={name}:PATH"
    )


def fetch(name: str, check: Callable[[pathlib.Path], object]) -> pathlib.Path:
    """Fetches the weights of an extractor, unless they are at hand.

    Args:
      name: in `WEIGHTS`.
      check: reads the weights at a path; its DataError keeps them out of the
        cache.

    Returns:
      Where they are.

    Raises:
      DataError: without a network, for a file that is cut short, and for
        another file than was published, or was fetched the first time.
    """
    folder = cache()
    folder.parent.mkdir(parents=True, exist_ok=True)
    owned.make_folder(folder)
    # Of the processes of a run, one fetches, and the others find the file.
    with owned.lock(folder / ".lock", wait=True) or contextlib.nullcontext():
        fetching.remove_left(folder)
        return at_hand(name) or _fetch_first(name, folder, check)


def _fetch_first(
    name: str, folder: pathlib.Path, check: Callable[[pathlib.Path], object]
) -> pathlib.Path:
    """The first of the files of a name that can be had."""
    failures = []
    for published in WEIGHTS[name]:
        try:
            return _fetch(published, folder, check)
        except fetching.NotFetched as error:
            failures.append(str(error))
    raise fetching.NotFetched(
        f"The weights of {name} cannot be fetched. "
        f"{' '.join(dict.fromkeys(failures))} Copy them from a machine with a "
        f"network, and name them: {name}:PATH."
    )


def _fetch(
    published: Published,
    folder: pathlib.Path,
    check: Callable[[pathlib.Path], object],
) -> pathlib.Path:
    path, url = folder / published.name, published.url
    name = published.name + (".tar.gz" if published.unpacked else "")
    with fetching.fetched(url, folder, name) as partial:
        _check_stated(published, partial)
        with _usable(published, partial) as usable:
            found = weight_files.digest(usable)
            _check_noted(url, path, found)
            try:
                check(usable)
            except errors.DataError as error:
                told = str(error).replace(str(usable), "the file")
                raise errors.DataError(
                    f"What {url} gives is refused: {told}"
                ) from error
            files.write_bytes(_note_of(path), f"{found}\n".encode())
            os.replace(usable, path)
    errors.tell(f"Fetched {url} into {path}")
    return path


def _check_stated(published: Published, path: pathlib.Path) -> None:
    """Refuses a file of another hash than a public source states."""
    for kind in ("sha256", "md5"):
        stated = getattr(published, kind)
        found = hashlib.new(kind, usedforsecurity=False)
        found.update(path.read_bytes() if stated else b"")
        if stated not in (None, found.hexdigest()):
            raise errors.DataError(
                f"{published.url} gives another file than was published "
                f"({kind.upper()} {found.hexdigest()[:12]}..., need "
                f"{stated[:12]}...)."
            )


@contextlib.contextmanager
def _usable(published: Published, path: pathlib.Path) -> Iterator[pathlib.Path]:
    """In a `with` block: a file, or the folder that an archive becomes."""
    if not published.unpacked:
        yield path
        return
    folder = path.with_name(path.name.removesuffix(".tar.gz"))
    try:
        try:
            archives.unpack_tar(path, folder)
        except Exception as error:  # `tarfile` raises many kinds.
            raise errors.DataError(
                f"{published.url} gives no archive that can be unpacked: "
                f"{errors.excerpt(error)}"
            ) from error
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _note_of(path: pathlib.Path) -> pathlib.Path:
    return path.with_name(f"{path.name}.sha256")


def _noted(path: pathlib.Path) -> str | None:
    """The SHA-256 of what was fetched first; None if nothing was."""
    note = _note_of(path)
    return files.read_text(note, _NOTE_BYTES).strip() if note.exists() else None


def _check_noted(url: str, path: pathlib.Path, found: str) -> None:
    """Refuses another SHA-256 than was noted; what is there is not read yet."""
    noted = _noted(path)
    if noted not in (None, found):
        raise errors.DataError(
            f"{url} gives another file than the first time (SHA-256 "
            f"{found[:12]}..., need {noted[:12]}...): if that is right, remove "
            f"{_note_of(path)}."
        )
