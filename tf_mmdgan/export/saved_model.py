"""Generators written as SavedModels, and read back."""

import contextlib
import dataclasses
import json
import os
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors, files, images, published, switches
from tf_mmdgan.conditions import Condition
from tf_mmdgan.config import fields
from tf_mmdgan.config.data import at_home
from tf_mmdgan.export import card, configs, formats, versions, warmup
from tf_mmdgan.export.signatures import MAX_SAMPLES, Servable
from tf_mmdgan.export.style_signatures import servable_of
from tf_mmdgan.latents import Latents

METADATA = "assets.extra/tf_mmdgan.json"
_FORMAT = "tf_mmdgan generator"
# Of what is read of the metadata again.
_KINDS: dict[str, Any] = {
    "image_shape": list[int], "num_classes": int | None,
    "table": dict[str, Any] | None,
}  # fmt: skip
_REMEDY = "tf-mmdgan export --run_dir=... --export_dir=... writes one."
_SHOWN = 64  # images of the grid, and its least pixels an image, about
# What reading a truncated file of a SavedModel raises.
_DAMAGE = (OSError, ValueError, LookupError, TypeError, tf.errors.OpError)


@dataclasses.dataclass(frozen=True)
class LoadedGenerator:
    """An exported generator.

    Attributes:
      path: the folder of the version.
      metadata: what `export_generator` was given, with the keys "format",
        "latents" (size, distribution) and "image_shape" ([h, w, c], or [d] of
        rows) beside it.
      module: the loaded SavedModel; it keeps the weights alive.
    """

    path: pathlib.Path
    metadata: Mapping[str, Any]
    module: Any

    @property
    def signatures(self) -> Mapping[str, Any]:
        """The signatures by name; each takes tensors by keyword."""
        return self.module.signatures


def export_generator(
    generator: keras.Model,
    latents: Latents,
    export_dir: str | os.PathLike[str],
    metadata: Mapping[str, Any] | None = None,
    condition: Condition | None = None,
    *,
    value_range: tuple[float, float] | None = None,
    max_samples: int = MAX_SAMPLES,
    model_name: str = "generator",
    other_formats: Sequence[str] = (),
    documents: Mapping[str, Mapping[str, Any]] | None = None,
    with_warmup: bool = False,
) -> pathlib.Path:
    """Writes the generator as the next version in `export_dir`.

    Its hidden folder is renamed when complete: a server that polls `export_dir`
    never sees half of one. A model card, assets.extra/README.md, goes with it.

        >>> options = tm.GeneratorOptions(8, width=4)
        >>> generator = tm.ARCHITECTURES["mlp"].generator((4, 4, 1), options)
        >>> latents = tm.Latents(8, "normal")
        >>> path = tm.export_generator(generator, latents, "export")
        >>> (path / "saved_model.pb").is_file()
        True

    Args:
      generator: latents [n, z] -> images [n, h, w, c] in [-1, 1], or [n, d].
      latents: what the sampling signatures draw.
      export_dir: the model's folder; made if it does not exist.
      metadata: anything that JSON holds, for `assets.extra/tf_mmdgan.json`.
      condition: of a generator that takes [latents, labels], as `Servable`
        takes it; the metadata have names of classes too.
      value_range: the same.
      max_samples: the most images that one request may ask for.
      model_name: what the warm-up records call the model.
      other_formats: of `formats.FORMATS`, beside the SavedModel.
      documents: further JSON files of `assets.extra`, by name. As in the
        metadata, of absolute paths the last part alone is kept.
      with_warmup: whether to add warm-up records, by the extra `serving`.

    Returns:
      The folder of the new version.

    Raises:
      UsageError: for a generator, metadata, a format or an extra that does not
        fit.
      DataError: if `export_dir` cannot be made, or holds something else.
    """
    formats.check(other_formats)
    switches.check(with_warmup=with_warmup)
    servable = servable_of(
        generator, latents, condition, max_samples, value_range
    )
    written = _records(servable, metadata or {}, documents or {})
    warmed = model_name if with_warmup else None
    folder = versions.make_folder(export_dir)
    return _publish(servable, folder, written, other_formats, warmed)


def _records(
    servable: Servable,
    metadata: Mapping[str, Any],
    documents: Mapping[str, Mapping[str, Any]],
) -> dict[str, Mapping[str, Any]]:
    """The JSON files of an export by name."""
    errors.check_type("metadata", metadata, Mapping)
    record = {**metadata, **_described(servable)}
    for name in documents:
        if pathlib.PurePath(name).name != name:
            raise errors.UsageError(
                f"documents: '{name}' is the name of no file."
            )
    try:
        # Fails now rather than after the slow part.
        json.dumps([record, *documents.values()], allow_nan=False)
    except (TypeError, ValueError) as error:
        raise errors.UsageError(
            "metadata, documents: need what JSON holds "
            f"({errors.excerpt(error, 80)})."
        ) from None
    return {pathlib.Path(METADATA).name: record, **documents}


def _publish(
    servable: Servable,
    folder: pathlib.Path,
    documents: Mapping[str, Mapping[str, Any]],
    other_formats: Sequence[str],
    warmed: str | None,
) -> pathlib.Path:
    """Writes the next version, with warm-up records if they have a name."""
    _check_owner(folder)
    with versions.unpublished(folder) as hidden:
        signatures = _write(servable, hidden, documents)
        extra = (hidden / METADATA).parent
        formats.write(servable.generator, extra, other_formats)
        if warmed is not None:
            requests = warmup.example_requests(servable.latents, signatures)
            warmup.write(hidden, requests, warmed)
        return versions.publish(hidden)


def _described(servable: Servable) -> dict[str, Any]:
    errors.check_type("latents", servable.latents, Latents)
    condition = servable.condition
    return {
        "format": _FORMAT,
        "latents": dataclasses.asdict(servable.latents),
        "image_shape": list(_image_shape(servable)),
        "num_classes": condition and condition.num_classes,
        "class_names": servable.class_names,
        "label_width": condition and condition.width,
        "value_range": servable.value_range,
        "max_samples": servable.max_samples,
    }


def _write(
    servable: Servable,
    folder: pathlib.Path,
    documents: Mapping[str, Mapping[str, Any]],
) -> Mapping[str, Any]:
    """Writes SavedModel, JSON files by name, card; returns the signatures."""
    signatures = servable.signatures()
    tf.saved_model.save(
        servable.weights(), os.fspath(folder), signatures=signatures
    )
    extra = (folder / METADATA).parent
    for name, content in documents.items():
        files.write_json(extra / name, published.without_places(content))
    _write_card(extra, published.without_places(documents), signatures)
    return signatures


def _write_card(
    folder: pathlib.Path,
    documents: Mapping[str, Mapping[str, Any]],
    signatures: Mapping[str, Any],
) -> None:
    """Writes the model card, and the grid of images that it shows."""
    record = documents[pathlib.Path(METADATA).name]
    text = card.render(record, documents)
    files.write_bytes(folder / card.NAME, text.encode())
    if len(record["image_shape"]) == 1:
        return
    drawn = signatures["sample"](
        num_samples=tf.constant(min(_SHOWN, record["max_samples"])),
        seed=tf.constant(0, tf.int64),
    )
    shown = drawn["images"].numpy()
    scale = max(1, _SHOWN // shown.shape[1])
    images.write_grid(folder / card.PICTURE, shown, scale=scale)


def load_generator(path: str | os.PathLike[str]) -> LoadedGenerator:
    """Loads `<export_dir>` (its newest version) or `<export_dir>/<version>`.

    A SavedModel is a program: load those that you trust.

        >>> options = tm.GeneratorOptions(8, width=4)
        >>> generator = tm.ARCHITECTURES["mlp"].generator((4, 4, 1), options)
        >>> latents = tm.Latents(8, "normal")
        >>> path = tm.export_generator(generator, latents, "export")
        >>> tm.load_generator(path).metadata["image_shape"]
        [4, 4, 1]

    Raises:
      DataError: if there is no such folder, or none that `export_generator`
        wrote, or if a part of it is damaged.
    """
    path = _version(path)
    with _undamaged(path):
        metadata = _metadata(path)
        module = tf.saved_model.load(os.fspath(path))
    return LoadedGenerator(path, metadata, module)


def image_shape(path: str | os.PathLike[str]) -> tuple[int, ...]:
    """What a generator says that it makes, [h, w, c], or [d] of rows.

    Args:
      path: as of `load_generator`.

    Raises:
      DataError: as `load_generator`; nothing of the generator is run.
    """
    path = _version(path)
    with _undamaged(path):
        return tuple(_metadata(path)["image_shape"])


def _version(path: str | os.PathLike[str]) -> pathlib.Path:
    """The folder of the version that is meant; DataError if there is none."""
    path = at_home(path)
    if not path.is_dir():
        raise errors.DataError(f"There is no folder {path}; {_REMEDY}")
    if not (path / "saved_model.pb").exists():
        path = versions.newest_version(path) or path
    program, record = path / "saved_model.pb", path / METADATA
    if not program.is_file() or not record.is_file():
        raise errors.DataError(
            f"{path} is not a generator exported by tf_mmdgan; {_REMEDY}"
        )
    files.check_plain(path)
    return path


def _metadata(path: pathlib.Path) -> dict[str, Any]:
    """What a version says of itself.

    Raises:
      KeyError: for what is none of this package.
    """
    found = files.read_json(path / METADATA)
    if found["format"] != _FORMAT:
        raise KeyError("format")
    for name, kind in _KINDS.items():
        if not fields.fits(found.get(name), kind):
            raise KeyError(name)
    return found


@contextlib.contextmanager
def _undamaged(path: pathlib.Path) -> Iterator[None]:
    """In a `with` block: what fails to be read is told as damage."""
    try:
        yield
    except _DAMAGE as error:
        raise errors.DataError(
            f"The exported generator {path} is damaged "
            f"({errors.excerpt(error)}); load "
            f"another version, or export it again: {_REMEDY}"
        ) from error


def _check_owner(folder: pathlib.Path) -> None:
    """Refuses a folder with something else in it than exported generators."""
    for entry in folder.iterdir():
        ours = entry.name.startswith(".") or entry.name in configs.NAMES
        if entry.name.isdecimal() and entry.is_dir():
            ours = (entry / METADATA).is_file() or not any(entry.iterdir())
        if not ours:
            raise errors.DataError(
                f"{entry} is no generator exported by tf_mmdgan: name another "
                "export_dir, new or with such generators only."
            )


def _and_labels(condition: Condition | None) -> str:
    if condition is None:
        return ""
    return f" and labels {['n', *condition.shape]}".replace("'", "")


def _image_shape(servable: Servable) -> tuple[int, ...]:
    """The [h, w, c] that the generator makes, or the [d] of rows."""
    generator, condition = servable.generator, servable.condition
    inputs = [tf.zeros([1, servable.latents.size])]
    if condition is not None:
        inputs.append(tf.zeros([1, *condition.shape], condition.dtype))
    try:
        # Keras drops inputs that a network does not take.
        if len(getattr(generator, "inputs", inputs)) != len(inputs):
            raise ValueError
        generated = generator(
            inputs if condition else inputs[0], training=False
        )
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        raise errors.UsageError(
            f"The generator does not take latents [n, {servable.latents.size}]"
            f"{_and_labels(condition)}: it expects "
            f"{getattr(generator, 'input_shape', 'another shape')}."
        ) from error
    shape = tuple(generated.shape[1:])
    if len(shape) not in (1, 3):
        raise errors.UsageError(
            f"The generator makes arrays of shape {list(shape)}; images "
            "[h, w, c], and rows, can be exported."
        )
    return shape
