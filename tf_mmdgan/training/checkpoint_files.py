"""Whether the files of checkpoints are whole, and what they claim."""

import contextlib
import math
import os
import pathlib

import tensorflow as tf

from tf_mmdgan import errors, files

# What TensorFlow writes when a checkpoint is complete, to name it.
_RECORD = "checkpoint"
_RECORD_BYTES = 2**20


def is_unfinished(folder: pathlib.Path) -> bool:
    """Whether a folder has one checkpoint, which was never saved to its end."""
    saved = list(folder.glob("step-*.index"))
    return len(saved) == 1 and not (folder / _RECORD).exists()


def is_whole(path: str) -> bool:
    """Whether each tensor of a checkpoint has the checksum that it should."""
    try:
        check_claims(path)
        reader = tf.train.load_checkpoint(path)
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)
    except Exception:  # TensorFlow raises many kinds.
        return False
    return True


def check_claims(path: str) -> None:
    """Refuses a checkpoint whose tensors claim more than its files hold.

    Raises:
      ValueError: for such a checkpoint.
    """
    reader = tf.train.load_checkpoint(path)
    types = reader.get_variable_to_dtype_map()
    # A text has the byte of its length, at least.
    claimed = sum(
        math.prod(shape) * (1 if types[name] == tf.string else types[name].size)
        for name, shape in reader.get_variable_to_shape_map().items()
    )
    folder, name = os.path.split(path)
    parts = pathlib.Path(folder).glob(f"{name}.data-*-of-*")
    held = sum(part.stat().st_size for part in parts)
    if claimed > held:
        raise ValueError(f"claims {claimed:,} bytes and holds {held:,}")


def _check_text(record: pathlib.Path) -> None:
    """Refuses a record of which TensorFlow would show a line as it is."""
    with contextlib.suppress(FileNotFoundError):
        lines = files.read_text(record, _RECORD_BYTES).splitlines()
        if not all(map(str.isprintable, lines)):
            raise ValueError("it is no text")


def check_record(folder: pathlib.Path) -> None:
    """Refuses a record by which TensorFlow would delete files elsewhere."""
    record = folder / _RECORD
    try:
        _check_text(record)
        state = tf.train.get_checkpoint_state(str(folder))
    except UnicodeEncodeError:
        raise errors.UsageError(
            f"{folder} is no text in UTF-8, which TensorFlow needs of a path: "
            "name another folder, or set the environment variable PYTHONUTF8=1."
        ) from None
    except (ValueError, tf.errors.OpError) as error:
        raise errors.DataError(
            f"{record} is damaged ({errors.excerpt(error)}): remove it."
        ) from error
    for path in state.all_model_checkpoint_paths if state else ():
        if os.path.dirname(os.path.normpath(path)) != os.path.normpath(folder):
            raise errors.DataError(
                f"{record} names a checkpoint elsewhere, {path}: remove that "
                "file."
            )
