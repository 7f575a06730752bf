"""Building a cache of decoded pixels, in shards, so that it can be continued.

The build is in a folder NAME-DIGEST.partial. Each shard (some hundred images)
that is on the disk has a line in the progress file there, and a build that
goes on after a kill skips these. When all is done, the folder gets its final
name in one step.
"""

import collections
import concurrent.futures
import contextlib
import dataclasses
import errno
import json
import math
import os
import pathlib
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import tqdm

from tf_mmdgan import errors, files, owned
from tf_mmdgan.data.cache import row_file

ABOUT, PIXELS, LABELS = "about.json", "pixels.npy", "labels.npy"

_PROGRESS = "progress.jsonl"
# All that is ever in the folder of a cache, or of its build.
FILES = (ABOUT, PIXELS, LABELS, _PROGRESS, f".{ABOUT}.*")
# Records of runs hold a hash of the checksums of shards: with others of these,
# runs would no longer know their data.
_SHARD_IMAGES = 256
_SHARD_BYTES = 32 * 2**20

# Images uint8 [n, h, w, c] and their labels, integers [n] or None.
Filled = tuple[np.ndarray, np.ndarray | None]
_Pending = tuple[int, int, concurrent.futures.Future[Filled]]


@dataclasses.dataclass(frozen=True)
class Plan:
    """Which images are to be decoded, and how.

    Attributes:
      count: number of images, >= 1.
      image_shape: height, width and channels.
      num_classes: number of classes; None without labels.
      fill: fill(start, stop) decodes the images start .. stop - 1. It returns
        the images, uint8 [n, h, w, c], and their labels, integers [n] or None;
        n < stop - start leaves some images out. Later calls have larger
        numbers; those of shards that are on the disk already are passed over.
      finish: called when all images are decoded, before the cache is
        published; may refuse it by raising DataError.
      workers: threads that call `fill`; with one, calls are in order.
    """

    count: int
    image_shape: tuple[int, int, int]
    num_classes: int | None
    fill: Callable[[int, int], Filled]
    finish: Callable[[], None] = lambda: None
    workers: int = 1

    @property
    def shard_size(self) -> int:
        """The most images that one call of `fill` decodes."""
        fit = _SHARD_BYTES // math.prod(self.image_shape)
        return min(_SHARD_IMAGES, max(1, fit))


def checksum(pixels: np.ndarray, labels: np.ndarray | None) -> int:
    """CRC-32 of the images of a shard, then of their labels, int64."""
    value = zlib.crc32(np.ascontiguousarray(pixels).data)
    if labels is None:
        return value
    return zlib.crc32(np.ascontiguousarray(labels, np.int64).data, value)


def build(folder: pathlib.Path, plan: Plan, about: Mapping[str, Any]) -> None:
    """Makes a folder with the decoded images of a plan.

    Args:
      folder: the folder, which does not exist, and appears when it is complete.
      plan: which images, and how they are decoded.
      about: what else is recorded in about.json.

    Raises:
      DataError: for too little room on the disk, images other than planned,
        or a build that somebody else has begun; and as the plan raises.
    """
    partial = folder.with_name(folder.name + ".partial")
    owned.make_folder(partial)
    _check_room(partial, plan)
    try:
        with contextlib.closing(_Shards(partial, plan)) as shards:
            _fill(shards, plan, folder)
            plan.finish()
            kept = shards.close_gaps()
        count = sum(number for number, _ in kept)
        content = {
            **about,
            "count": count,
            "image_shape": list(plan.image_shape),
            "num_classes": plan.num_classes,
            "shards": kept,
        }
        files.write_json(partial / ABOUT, content)
    except errors.DataError:
        # The user will change what is refused here, so nothing is kept of it.
        with contextlib.suppress(errors.DataError):
            owned.remove_folder(partial, FILES)
        raise
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _no_room(partial, plan) from None
    (partial / _PROGRESS).unlink()
    os.replace(partial, folder)


def _check_room(partial: pathlib.Path, plan: Plan) -> None:
    present = sum(512 * p.stat().st_blocks for p in partial.iterdir())
    needed = plan.count * math.prod(plan.image_shape) - present
    if needed > shutil.disk_usage(partial).free:
        raise _no_room(partial, plan)


def _no_room(partial: pathlib.Path, plan: Plan) -> errors.DataError:
    size = plan.count * math.prod(plan.image_shape)
    free = shutil.disk_usage(partial).free
    return errors.DataError(
        f"{plan.count:,} decoded images take {size / 1e9:.2f} GB; the disk of "
        f"{partial.parent} has {free / 1e9:.2f} GB left. Make room, name a "
        "folder on another disk with --cache_dir, or ask for a smaller "
        "--image_size."
    )


def _fill(shards: "_Shards", plan: Plan, folder: pathlib.Path) -> None:
    missing = shards.missing()
    if not missing:
        return
    waiting = sum(stop - start for start, stop in missing)
    errors.tell(f"Decoding {waiting:,} of {plan.count:,} images into {folder}")
    executor = concurrent.futures.ThreadPoolExecutor(plan.workers)
    bar = tqdm.tqdm(
        total=plan.count,
        initial=plan.count - waiting,
        unit="image",
        disable=errors.unwatched(),
        dynamic_ncols=True,
    )
    try:
        for start, stop, filled in _in_order(executor, plan, missing):
            shards.write(start, stop, *filled)
            bar.update(stop - start)
    finally:
        bar.close()
        executor.shutdown(cancel_futures=True)


def _in_order(
    executor: concurrent.futures.Executor,
    plan: Plan,
    missing: list[tuple[int, int]],
) -> Iterator[tuple[int, int, Filled]]:
    """Decoded shards, in order: (start, stop, what `fill` returned).

    One shard more than there are workers is in memory at a time.
    """
    pending: collections.deque[_Pending] = collections.deque()
    for start, stop in missing:
        future = executor.submit(plan.fill, start, stop)
        pending.append((start, stop, future))
        if len(pending) > plan.workers:
            first, last, future = pending.popleft()
            yield first, last, future.result()
    for start, stop, future in pending:
        yield start, stop, future.result()


class _Shards:
    """The files of a build, and the record of what is in them."""

    def __init__(self, folder: pathlib.Path, plan: Plan):
        self._plan = plan
        self._bounds = [
            (start, min(start + plan.shard_size, plan.count))
            for start in range(0, plan.count, plan.shard_size)
        ]
        self._pixels = row_file.RowFile(
            folder / PIXELS, plan.image_shape, np.uint8
        )
        self._labels = None
        if plan.num_classes is not None:
            self._labels = row_file.RowFile(folder / LABELS, (), np.int64)
        self._done: dict[tuple[int, int], tuple[int, int]] = {}
        progress = folder / _PROGRESS
        # First, because a link is refused by it.
        self._progress = owned.append_to(progress)
        self._resume(progress.read_text(encoding="utf-8").splitlines())

    def _resume(self, lines: list[str]) -> None:
        """Counts the shards of the record that are on the disk unchanged."""
        known = set(self._bounds)
        for line in lines:
            # The last line may have been cut short.
            with contextlib.suppress(ValueError, TypeError):
                start, stop, count, expected = json.loads(line)
                if (start, stop) not in known:
                    continue  # of a version with shards of another size
                if count != stop - start:
                    continue  # `fill` warns anew of what it leaves out
                pixels = self._pixels.read(start, count)
                labels = None
                if self._labels is not None:
                    labels = self._labels.read(start, count)
                if checksum(pixels, labels) == expected:
                    self._done[start, stop] = (count, expected)

    def missing(self) -> list[tuple[int, int]]:
        """(start, stop) of the shards that are still to be decoded."""
        return [bounds for bounds in self._bounds if bounds not in self._done]

    def write(
        self,
        start: int,
        stop: int,
        pixels: np.ndarray,
        labels: np.ndarray | None,
    ) -> None:
        """Writes the shard start .. stop - 1, and records that it is there."""
        self._check(stop - start, pixels, labels)
        self._pixels.write(start, pixels)
        if self._labels is not None and labels is not None:
            self._labels.write(start, labels)
        self._done[start, stop] = (len(pixels), checksum(pixels, labels))
        line = json.dumps([start, stop, *self._done[start, stop]])
        self._progress.write("\n" + line)
        self._progress.flush()

    def _check(
        self, limit: int, pixels: np.ndarray, labels: np.ndarray | None
    ) -> None:
        shape = self._plan.image_shape
        if pixels.dtype != np.uint8 or pixels.shape[1:] != shape:
            raise errors.DataError(
                f"Decoded images are {pixels.dtype} of shape "
                f"{pixels.shape[1:]} instead of uint8 of {shape}."
            )
        if len(pixels) > limit or (labels is None) != (self._labels is None):
            raise errors.DataError(
                f"Decoded {len(pixels)} images instead of {limit}, or labels "
                "where there are none."
            )

    def close_gaps(self) -> list[tuple[int, int]]:
        """Completes the files; images that were left out leave no gap.

        Returns:
          Number of images and checksum of each shard, in order.
        """
        done = sorted(self._done.items())
        runs = [(start, count) for (start, _), (count, _) in done]
        self._pixels.close_gaps(runs)
        if self._labels is not None:
            self._labels.close_gaps(runs)
        return [kept for _, kept in done]

    def close(self) -> None:
        """Closes the files."""
        for file in (self._pixels, self._labels, self._progress):
            if file is not None:
                file.close()
