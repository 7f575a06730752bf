"""Decoded pixels, kept in a file: each image is decoded once.

The pixels of a split are one plain .npy file in a cache folder. It is read into
memory if it fits a budget, else memory-mapped. Any image is one access away,
which makes batches a function of their number. The price is disk: h * w * c
bytes an image, several times a JPEG, so the free space is checked before the
work starts.

A cache is a folder NAME-DIGEST with pixels.npy, labels.npy (where there are
labels) and about.json. The digest is a hash of everything that determines the
pixels: after a change of these there is a new folder beside the old one. Old
ones may be deleted at any time.
"""

import contextlib
import dataclasses
import hashlib
import json
import pathlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tf_mmdgan import errors, files, owned
from tf_mmdgan.config import ReadConfig, fields
from tf_mmdgan.data.cache import build
from tf_mmdgan.data.image_set import ALIGNMENT, ImageSet, Preview

# To be raised when the files of a cache, or what writes them, change.
_FORMAT = 1
_KINDS = {
    "count": int, "image_shape": list[int], "num_classes": int | None,
    "shards": list[list[int]],
}  # fmt: skip


def cached(
    name: str,
    key: Mapping[str, Any],
    plan: Callable[[], build.Plan],
    reading: ReadConfig,
) -> ImageSet:
    """The images of a plan: from the cache if they are there, else decoded.

    A build of a cache that was interrupted goes on where it stopped. Of two
    processes that want the same images, one builds the cache and the other
    waits. A damaged cache is built again, with a warning.

    Args:
      name: name of data set and split, for the folder's name and messages.
      key: everything that determines the pixels and labels; plain JSON.
      plan: makes the plan; called only if the images have to be decoded.
      reading: cache folder and memory budget; with cache="off" nothing is
        looked up, and nothing is kept.

    Returns:
      Images in memory, if they fit the budget, or memory-mapped. Writing to
      mapped ones changes this process's copy, never the file.

    Raises:
      DataError: for too little room on the disk; and what the plan raises.
    """
    if reading.cache == "off":
        return _without_cache(plan, reading)
    folder = _folder(name, key, reading)
    # A folder appears when it is complete, so reading a sound one needs neither
    # a lock nor the right to write.
    with contextlib.suppress(_Damaged, FileNotFoundError):
        return _read(folder, reading.memory_budget)
    with _lock(folder):
        try:
            return _read(folder, reading.memory_budget)
        except FileNotFoundError:
            pass
        except _Damaged as damage:
            errors.warn(
                f"{folder} is damaged ({damage}); building it again.",
                stacklevel=2,
            )
            owned.remove_folder(folder, build.FILES)
        about = {"format": _FORMAT, "name": name, "key": dict(key)}
        build.build(folder, plan(), about)
        return _read(folder, reading.memory_budget)


def peek(
    name: str, key: Mapping[str, Any], reading: ReadConfig
) -> Preview | None:
    """What is known of the images in a cache; None where there is none.

    The arguments are those of `cached`.
    """
    if reading.cache == "off":
        return None
    with contextlib.suppress(OSError, ValueError):
        kept = _about(_folder(name, key, reading))
        shape = tuple(kept["image_shape"])
        return Preview(shape, kept["count"], kept["num_classes"])
    return None


def preview(
    name: str,
    key: Mapping[str, Any],
    plan: Callable[[], build.Plan],
    reading: ReadConfig,
) -> Preview:
    """What `cached`, whose arguments these are, would give of a sound set."""
    kept = peek(name, key, reading)
    if kept is None:
        made = plan()
        kept = Preview(made.image_shape, made.count, made.num_classes)
    return dataclasses.replace(kept, counted=True)


def _folder(
    name: str, key: Mapping[str, Any], reading: ReadConfig
) -> pathlib.Path:
    """The folder of a cache."""
    return reading.cache_folder / f"{name.replace('/', '_')}-{_digest(key)}"


def _without_cache(
    plan: Callable[[], build.Plan], reading: ReadConfig
) -> ImageSet:
    """The images of a plan, decoded into a folder that is gone at once.

    What is mapped stays on the disk until this process lets go of it.
    """
    with tempfile.TemporaryDirectory(prefix="tf_mmdgan_") as scratch:
        folder = pathlib.Path(scratch, "decoded")
        build.build(folder, plan(), {"format": _FORMAT})
        return _read(folder, reading.memory_budget)


class _Damaged(Exception):
    """A cache that is not what it was when it was published."""


def _digest(key: Mapping[str, Any]) -> str:
    text = json.dumps([_FORMAT, key], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(folder: pathlib.Path, memory_budget: int) -> ImageSet:
    """Reads a cache; pixels that go into memory are checked by checksums.

    Raises:
      FileNotFoundError: where there is none.
      _Damaged: for one that cannot be used.
    """
    if not folder.is_dir():
        raise FileNotFoundError(folder)
    try:
        files.check_plain(folder)
        about = _about(folder)
        shape = (about["count"], *about["image_shape"])
        num_classes = about["num_classes"]
        # Copy on write: TensorFlow shares no memory that is read-only.
        pixels = np.load(folder / build.PIXELS, mmap_mode="c")
        labels = None
        if num_classes is not None:
            labels = files.read_npy(folder / build.LABELS)
        if pixels.shape != shape:
            raise ValueError(f"{pixels.shape} pixels instead of {shape}")
        if pixels.nbytes <= memory_budget:
            pixels = _in_memory(pixels)
            _check(about["shards"], pixels, labels)
        return ImageSet(
            pixels,
            labels,
            num_classes,
            known_digest=_digest_of_shards(about["shards"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _Damaged(str(error)) from None


def _about(folder: pathlib.Path) -> dict[str, Any]:
    """The record of a cache, which others may have written.

    Raises:
      FileNotFoundError: if there is none.
      ValueError: for other types than it has.
    """
    found = files.read_json(folder / build.ABOUT)
    for name, kind in _KINDS.items():
        if not fields.fits(found.get(name), kind):
            raise ValueError(
                f"its {name} is {errors.excerpt(repr(found.get(name)), 40)}"
            )
    return found


def _digest_of_shards(shards: list[list[int]]) -> str:
    """A hash of all pixels and labels, from the checksums of shards."""
    return hashlib.sha256(json.dumps(shards).encode()).hexdigest()[:16]


def _in_memory(pixels: np.ndarray) -> np.ndarray:
    """A copy that TensorFlow can share."""
    memory = np.empty(pixels.nbytes + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    aligned = memory[start : start + pixels.nbytes].reshape(pixels.shape)
    aligned[...] = pixels
    return aligned


def _check(
    shards: list[list[int]], pixels: np.ndarray, labels: np.ndarray | None
) -> None:
    start = 0
    for kept, checksum in shards:
        rows = slice(start, start + kept)
        part = None if labels is None else labels[rows]
        if build.checksum(pixels[rows], part) != checksum:
            raise ValueError(f"images {start} to {start + kept} have changed")
        start += kept
    if start != len(pixels):
        raise ValueError(f"{len(pixels)} images instead of {start}")


@contextlib.contextmanager
def _lock(folder: pathlib.Path) -> Iterator[None]:
    """Keeps other processes from building the same folder."""
    path = folder.with_name(folder.name + ".lock")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        held = owned.lock(path)
    except OSError as error:
        raise errors.DataError(
            f"Decoded pixels cannot be kept in {folder.parent} "
            f"({error.strerror}): name another folder with --cache_dir."
        ) from None
    if held is None:
        errors.warn(
            f"Waiting for another process that is building {folder}.",
            stacklevel=4,
        )
        held = owned.lock(path, wait=True)
    assert held is not None  # it was waited for
    with held:
        yield
