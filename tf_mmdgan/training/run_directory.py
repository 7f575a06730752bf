"""The folder of a run: whose it is, and what made it."""

import contextlib
import contextvars
import dataclasses
import importlib.metadata
import json
import os
import pathlib
import subprocess
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import tf_mmdgan
from tf_mmdgan import errors, files, owned, switches
from tf_mmdgan.class_names import MOST_CLASSES
from tf_mmdgan.conditions import MOST_NUMBERS, Classes, Condition, Numbers
from tf_mmdgan.config import TrainConfig, fields, spelling
from tf_mmdgan.config.data import OF_MACHINE

CONFIG_FILE = "config.json"
LOCK_FILE = ".lock"
# Labels of numbers that a run draws from.
LABELS_FILE = "labels.npy"
_OF_FIRST_MOMENTS = (
    LOCK_FILE, f".{CONFIG_FILE}", LABELS_FILE, f".{LABELS_FILE}",
)  # fmt: skip
_MOST_PIXELS = 2**14  # of a side, in a record
_LONGEST_REASON = 1000  # in characters; a record can have names of any length
METRICS_FILE = "metrics.jsonl"
REPORT_FILE = "report.json"
# Folders of what is saved: of the newest steps, and of the lowest KID.
CHECKPOINTS = {"last": "checkpoints", "best": "best"}
# The averaged generator of each step that was scored, where that is asked for.
EVALUATED = "evaluated"


def check(config: TrainConfig) -> None:
    """Refuses a folder with another run, or with something else, in it.

    Raises:
      UsageError: naming the settings that differ.
    """
    run_dir = pathlib.Path(config.run_dir)
    if not run_dir.exists():
        return
    if not (run_dir / CONFIG_FILE).exists():
        # A run killed in its first moments leaves no more than this.
        if run_dir.is_dir() and all(
            path.name.startswith(_OF_FIRST_MOMENTS)
            for path in run_dir.iterdir()
        ):
            return
        _refuse_held(run_dir)
        raise errors.UsageError(
            f"--run_dir={run_dir} is not a run: it has no {CONFIG_FILE}, and "
            "it is not empty. Name a new folder."
        )
    found, *_ = read_config(run_dir, config.trust_run)
    there, here = _fixed(found), _fixed(config)
    differences = [
        f"{name} is {there[name]!r} there, {here[name]!r} here"
        for name in here
        if there[name] != here[name]
    ]
    if differences:
        raise errors.UsageError(
            f"--run_dir={run_dir} holds another run: {'; '.join(differences)}."
            " Name a new folder, or give the same settings."
        )


def _refuse_held(folder: pathlib.Path) -> None:
    """Raises UsageError if another process is in a folder, or just begins."""
    if (folder / LOCK_FILE).exists():
        lock = owned.lock(folder / LOCK_FILE)
        if lock is None:
            raise _held(folder)
        lock.close()


def _held(folder: pathlib.Path) -> errors.UsageError:
    return errors.UsageError(
        f"--run_dir={folder}: another process is training there."
    )


def fingerprint(config: TrainConfig) -> int:
    """A number for the settings that must not change in a run."""
    settings = json.dumps(_fixed(config), sort_keys=True)
    return zlib.crc32(settings.encode())


def _fixed(config: TrainConfig) -> dict[str, Any]:
    """The settings that must not change in a run, as they are recorded."""
    recorded = fields.record(config)
    return {
        field.name: recorded[field.name]
        for field in dataclasses.fields(config)
        if not field.metadata["may_change"]
    }


def scratch() -> pathlib.Path:
    """A folder that is removed when this process ends."""
    folder = tempfile.TemporaryDirectory(prefix="tf_mmdgan_")
    _claims.append(folder)
    return pathlib.Path(folder.name)


# What is held until the process ends, and in this context until a block does.
_claims: list[Any] = []
_block = contextvars.ContextVar[contextlib.ExitStack | None]("_block")


@contextlib.contextmanager
def free_at_end() -> Iterator[None]:
    """Folders that are claimed in a `with` block are free again behind it."""
    with contextlib.ExitStack() as held:
        held.callback(_block.reset, _block.set(held))
        yield


def claim(run_dir: pathlib.Path) -> None:
    """Keeps others out of the folder while this process lives, or trains.

    Raises:
      UsageError: if another one is in it, or links that lead out of it.
      DataError: if the file that says so cannot be made.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    lock = owned.lock(run_dir / LOCK_FILE)
    if lock is None:
        raise _held(run_dir)
    if block := _block.get(None):
        block.enter_context(lock)
    else:
        _claims.append(lock)
    for path in owned.links_out(run_dir):
        # Those of files in the run's own folder are not written through.
        if path.parent != run_dir or not path.is_file():
            raise errors.UsageError(
                f"--run_dir={run_dir}: {path.relative_to(run_dir)} is a link, "
                "and what is written there would land elsewhere. Remove it, or "
                "name another folder."
            )


def write_config(
    config: TrainConfig,
    in_force: Mapping[str, Any],
    image_shape: tuple[int, ...],
    condition: Condition | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Records what makes the run; of one that goes on, what may have changed.

    Args:
      config: the settings as they were given.
      in_force: every setting as it is in force.
      image_shape: of the data.
      condition: what the labels of the data are; None: they have none.
      data: what tells them from others, `run_data.record`.
    """
    path = pathlib.Path(config.run_dir) / CONFIG_FILE
    if path.exists():
        _write_changes(path, config)
        return
    numbers = condition is not None and condition.width is not None
    law = None if condition is None else condition.law
    if numbers and law is not None:
        files.write_npy(path.parent / LABELS_FILE, law)
    packages = ("tensorflow", "keras", "numpy", "tensorflow-gan")
    files.write_json(
        path,
        {
            "config": fields.record(config),
            "in_force": dict(in_force),
            "image_shape": list(image_shape),
            "num_classes": condition and condition.num_classes,
            "class_shares": (None if law is None or numbers else law.tolist()),
            "label_width": condition and condition.width,
            "data": dict(data or {}),
            "versions": {
                "tf_mmdgan": tf_mmdgan.__version__,
                **{p: importlib.metadata.version(p) for p in packages},
            },
            "commit": commit(),
        },
    )


def _write_changes(path: pathlib.Path, config: TrainConfig) -> None:
    """Records settings that another start of the run has changed."""
    content = files.read_json(path)
    values = fields.record(config)
    changed = {
        field.name: values[field.name]
        for field in dataclasses.fields(config)
        if field.metadata["may_change"]
        and content["config"].get(field.name) != values[field.name]
    }
    if changed:
        content["config"] |= changed
        content["in_force"] = content.get("in_force", {}) | changed
        files.write_json(path, content)


def recorded_in_force(
    run_dir: str | os.PathLike[str], trust_run: bool = False
) -> dict[str, Any]:
    """What a run's record says was in force; nothing of a new run.

    Args:
      run_dir: the run's folder.
      trust_run: as of `read_config`.

    Raises:
      DataError: for values of other types than settings have.
    """
    path = pathlib.Path(run_dir) / CONFIG_FILE
    found = recorded(path).get("in_force", {})
    try:
        return _settings(found, trust_run)
    except errors.DataError as error:
        raise errors.DataError(
            f"{path} cannot be read by this version: {error}"
        ) from None


def _settings(values: Any, trust_run: bool) -> dict[str, Any]:
    """Settings of a record, of which nobody knows who wrote it."""
    if not isinstance(values, dict):
        raise errors.DataError("it has no settings")
    fields.check_record(TrainConfig, values)
    if trust_run:
        return values
    fields.check_bounds(TrainConfig, values)
    return {
        name: spelling.Recorded(value) if isinstance(value, str) else value
        for name, value in values.items()
        if name not in (*OF_MACHINE, "trust_run")
    }


def commit() -> str | None:
    """The commit of the checkout this file is in; None outside of one."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        return subprocess.run(
            command,
            cwd=pathlib.Path(__file__).parent,
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
    return None


def read_config(
    run_dir: str | os.PathLike[str], trust_run: bool = False
) -> tuple[TrainConfig, tuple[int, ...], Condition | None]:
    """Configuration, image shape and what the labels of a run's data are.

    The law of the labels is `class_records.with_law`'s to read.

    Args:
      run_dir: the run's folder.
      trust_run: whether what the configuration names may be read and run. Else
        its texts are `Recorded`, and it has no settings of a machine.

    Raises:
      DataError: for no run, one of another version, and values out of range.
      UsageError: for a `trust_run` that is neither True nor False.
    """
    switches.check(trust_run=trust_run)
    path = pathlib.Path(run_dir) / CONFIG_FILE
    try:
        content = files.read_json(path)
    except FileNotFoundError:
        raise errors.DataError(
            f"{run_dir} is not a run: it has no {CONFIG_FILE}. Name a folder "
            "that tf-mmdgan train has made."
        ) from None
    try:
        config = TrainConfig(**_settings(content["config"], trust_run))
        shape = _shape(content["image_shape"])
        return config, shape, _condition(content)
    except (ValueError, KeyError, TypeError) as error:
        raise errors.DataError(
            f"{path} cannot be read by this version, {tf_mmdgan.__version__}"
            f"{_maker(content)}: {errors.excerpt(error, _LONGEST_REASON)}"
        ) from None


def _maker(content: Mapping[str, Any]) -> str:
    """Words for the version that has written a record, if it is another."""
    versions = content.get("versions")
    made = versions.get("tf_mmdgan") if isinstance(versions, dict) else None
    if made in (None, tf_mmdgan.__version__):
        return ""
    return f", but was made by version {errors.excerpt(made, 20)}"


def export_folder(run_dir: str | os.PathLike[str]) -> pathlib.Path:
    """Where a run is exported to, unless another place is named.

    Raises:
      UsageError: for a link, by which whoever made the run could have a version
        published in another folder of the user.
    """
    folder = pathlib.Path(run_dir, "export")
    if folder.is_symlink():
        raise errors.UsageError(
            f"{folder} is a link: name the folder that it leads to, "
            "--export_dir=..., if that is what you want."
        )
    return folder


def _shape(found: Any) -> tuple[int, ...]:
    """(h, w, c) of images, or (n,) for points."""
    valid = isinstance(found, list) and len(found) in (1, 3)
    if not valid or not all(
        type(side) is int and 0 < side <= _MOST_PIXELS for side in found
    ):
        shown = errors.excerpt(repr(found))
        raise errors.DataError(f"its image_shape is {shown}")
    return tuple(found)


def _condition(content: Mapping[str, Any]) -> Condition | None:
    """What labels are by a record, which may claim anything."""
    classes = _count(content, "num_classes", MOST_CLASSES)
    width = _count(content, "label_width", MOST_NUMBERS)
    if width is not None:
        return Numbers(width)
    return None if classes is None else Classes(classes)


def _count(content: Mapping[str, Any], name: str, most: int) -> int | None:
    found = content.get(name)
    if found is None or (type(found) is int and 0 < found <= most):
        return found
    raise errors.DataError(f"its {name} is {errors.excerpt(repr(found))}")


def recorded_step(path: pathlib.Path) -> int | None:
    """The step that a report or an export says it was made at."""
    return recorded(path).get("step")


def recorded(path: pathlib.Path) -> dict[str, Any]:
    """What a report or an export says; nothing if it cannot be read."""
    try:
        return files.read_json(path)
    except (OSError, errors.DataError):
        return {}
