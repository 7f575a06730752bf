"""Finding, reading and making builds of TensorFlow Datasets (TFDS).

A build is a folder DATA_DIR/NAME[/CONFIG]/VERSION. It is found without TFDS,
whose import takes seconds, and read without the code that made it. Images are
read as encoded bytes, which Pillow decodes later.
"""

import contextlib
import os
import pathlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tf_mmdgan import archives, errors, fetching, files
from tf_mmdgan.config.data import at_home
from tf_mmdgan.data.readers import folder_scan

_VERSION = re.compile(r"\d+\.\d+\.\d+")
_INFO, _FEATURES = "dataset_info.json", "features.json"
_METADATA = (_INFO, _FEATURES)
_SHARDS = ("shardLengths", "shard_lengths")  # names of the same
_CLASS_NAMES = ("pythonClassName", "python_class_name", "type")
_OWN_CLASSES = "tensorflow_datasets.core.features."
_LEAST_BYTES = 16  # of an example, by the format of its file alone
_RECORDS = ".tfrecord"  # in the names of files of records


def data_folder(data_dir: str | os.PathLike[str] | None) -> pathlib.Path:
    """The folder of TFDS' builds: `data_dir`, or the default of TFDS."""
    default = os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return at_home(data_dir or default)


def find(
    name: str, data_dir: str | os.PathLike[str] | None
) -> pathlib.Path | None:
    """The newest build of NAME or NAME/CONFIG; None where there is none.

    Raises:
      DataError: for a build without the files that describe it.
    """
    parent = data_folder(data_dir) / name
    versions = [
        path
        for path in parent.glob("*")
        if path.is_dir() and _VERSION.fullmatch(path.name)
    ]
    if not versions:
        return None
    folder = max(
        versions, key=lambda path: list(map(int, path.name.split(".")))
    )
    for file in _METADATA:
        if not (folder / file).is_file():
            raise _damaged(folder, f"has no {file}")
    return folder


def unfinished(
    name: str, data_dir: str | os.PathLike[str] | None
) -> list[pathlib.Path]:
    """Folders of interrupted builds of NAME or NAME/CONFIG, sorted."""
    parent = data_folder(data_dir) / name
    return sorted(
        path for path in parent.glob("*") if "incomplete" in path.name
    )


def fingerprint(folder: pathlib.Path) -> list[list[Any]]:
    """What tells the content of each file in a folder, by name, sorted."""
    found = []
    for path in sorted(folder.iterdir()):
        status = path.stat()
        found.append([path.name, status.st_size, *folder_scan.stamp(status)])
    return found


class Split:
    """A split of a build.

    Attributes:
      features: TFDS' descriptions of the parts of an example, by name.
      count: number of examples.
    """

    def __init__(self, folder: pathlib.Path, name: str):
        """Opens the split `name` of the build in `folder`.

        Raises:
          DataError: for a build without that split, or with missing files.
        """
        files.check_plain(folder)
        _check_classes(folder)
        import tensorflow_datasets as tfds

        try:
            _check_shards(folder)
            builder = tfds.builder_from_directory(folder)
            splits = dict(builder.info.splits)
        except Exception as error:
            # The parsers of two JSON files raise errors without a common class.
            fault = f"cannot be opened: {errors.excerpt(error)}"
            raise _damaged(folder, fault) from None
        if name not in splits:
            raise _damaged(
                folder, f"has no split '{name}' but {', '.join(splits)}"
            )
        size, self._paths = 0, list(map(pathlib.Path, splits[name].filepaths))
        for path in self._paths:
            if path.parent.resolve() != folder.resolve():
                raise _damaged(folder, f"takes {path}, which is elsewhere")
            if not path.is_file():
                raise _damaged(folder, f"lacks {path.name}")
            size += path.stat().st_size
        claimed = splits[name].num_examples
        if claimed * _LEAST_BYTES > size:
            raise _damaged(
                folder, f"claims {claimed:,} examples in {size:,} bytes"
            )
        self._folder, self._builder, self._name = folder, builder, name
        self.features = builder.info.features
        self.count = splits[name].num_examples

    def examples(
        self, numbers: range, names: Iterable[str]
    ) -> Iterator[Mapping[str, Any]]:
        """The examples of some numbers, in order.

        Args:
          numbers: which examples, without gaps.
          names: the features to read.

        Yields:
          A value for each name; of "image" the encoded bytes.

        Raises:
          DataError: for files that are damaged or end too early.
        """
        import tensorflow as tf
        import tensorflow_datasets as tfds

        self._check_records()
        dataset = self._builder.as_dataset(
            split=tfds.core.ReadInstruction(
                self._name, from_=numbers.start, to=numbers.stop, unit="abs"
            ),
            shuffle_files=False,
            decoders=tfds.decode.PartialDecoding(
                dict.fromkeys(names, True),
                decoders={"image": tfds.decode.SkipDecoding()},
            ),
            read_config=tfds.ReadConfig(
                interleave_cycle_length=1,  # one file after the other
                try_autocache=False,
            ),
        )
        try:
            yield from dataset.as_numpy_iterator()
        except tf.errors.OpError as error:
            reason = error.message.split("\n")[0]
            raise self.damaged(f"cannot be read: {reason}") from None

    def _check_records(self) -> None:
        """Refuses files with records that are no whole ones."""
        for path in self._paths:
            if _RECORDS not in path.name:
                continue
            try:
                with files.open_plain(path) as file:
                    for _ in archives.records(file):
                        pass
            except ValueError as error:
                raise self.damaged(
                    f"is cut short in {path.name}: {error}"
                ) from None

    def damaged(self, fault: str) -> errors.DataError:
        """An error that names this build, its fault and the remedy."""
        return _damaged(self._folder, fault)


def _check_classes(folder: pathlib.Path) -> None:
    """Refuses features of classes that are not TFDS' own.

    TFDS would import the module that they name.

    Raises:
      DataError: for such a class, or a damaged file.
    """
    waiting: list[Any] = [files.read_json(folder / _FEATURES)]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            waiting.extend(part.values())
            for name in map(str, (part.get(key, "") for key in _CLASS_NAMES)):
                if "." in name and not name.startswith(_OWN_CLASSES):
                    raise _damaged(folder, f"has features of the class {name}")


def _check_shards(folder: pathlib.Path) -> None:
    """Refuses more splits, or files of a split, than the folder has files.

    TFDS would make an object of each of them.

    Raises:
      ValueError: for such a build, or a damaged file.
    """
    there = sum(1 for _ in folder.iterdir())
    splits = files.read_json(folder / _INFO).get("splits")
    splits = splits if isinstance(splits, list) else []
    shards = (
        split.get(name)
        for split in splits[: there + 1]
        if isinstance(split, dict)
        for name in _SHARDS
    )
    for claims in (splits, *shards):
        if isinstance(claims, list) and len(claims) > there:
            raise ValueError(f"claims {len(claims):,} files of {there:,}")


def build(name: str, url: str, data_dir: str | os.PathLike[str] | None) -> None:
    """Downloads a data set and builds it, as TFDS does.

    Args:
      name: NAME or NAME/CONFIG.
      url: URL of its source, whose host must answer first.
      data_dir: folder that gets the build and the downloaded files.

    Raises:
      DataError: without a network, and if TFDS fails for any reason.
    """
    fetching.check(url)
    import tensorflow_datasets as tfds

    if errors.unwatched():
        tfds.disable_progress_bar()
    try:
        # TFDS prints what it does; stdout is for results.
        with contextlib.redirect_stdout(sys.stderr):
            builder = tfds.builder(name, data_dir=data_folder(data_dir))
            builder.download_and_prepare()
    except Exception as error:
        # Its downloaders and extractors raise errors of many kinds.
        raise errors.DataError(
            f"TFDS could not build {name}: {error} If it is the download that "
            "fails, fetch the files by hand from the set's page, and train on "
            "them with --dataset=folder."
        ) from error


def _damaged(folder: pathlib.Path, fault: str) -> errors.DataError:
    return errors.DataError(
        f"The TFDS build in {folder} is damaged, it {fault}. Delete that "
        "folder and build it again."
    )
