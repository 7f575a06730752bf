"""A trained generator as a SavedModel in TensorFlow Serving's layout.

<export_dir>/<version>/, versions 1, 2, ...; batch size free. Signatures:

  serving_default  latents float32 [n, z]      -> images float32 [n, h, w, c]
                   (and labels int32 [n], of a generator with classes)
  sample           num_samples int32, seed int64
                                               -> images uint8 [n, h, w, c],
                                                  latents float32 [n, z]
  sample_png       num_samples, seed           -> png strings [n]
  sample_range     num_samples, seed, start int64
                                               -> the outputs of `sample`
  sample_class     num_samples, seed, start, label int32
                                               -> the outputs of `sample`

Float images are in [-1, 1]. A seed stands for one endless sequence of latents:
`sample` and `sample_png` take its first rows, `sample_range` those from `start`
on. It is a signature of its own because inputs of a signature are never
optional. Of a generator with classes, all but `serving_default` return labels
int32 [n] too: `sample_class`, which is there for such a generator only, those
asked for, and the others those drawn, each class as often.
"""

import dataclasses
import json
import os
import pathlib
import secrets
import shutil
import time
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, files, images
from tf_mmdgan.latents import (
    Latents,
    check_label,
    draw_labels,
    sampling_seed,
)

METADATA = "assets.extra/tf_mmdgan.json"
_FORMAT = "tf_mmdgan generator"
_HIDDEN = ".export-"
# A hidden folder this old belongs to no export that still runs.
_LEFTOVER_SECONDS = 3600.0
_PNG_CHANNELS = (1, 3)
# What reading a truncated file of a SavedModel raises.
_DAMAGE = (OSError, ValueError, LookupError, TypeError, tf.errors.OpError)

_COUNT = tf.TensorSpec([], tf.int32, name="num_samples")
_SEED = tf.TensorSpec([], tf.int64, name="seed")
_START = tf.TensorSpec([], tf.int64, name="start")
_LABEL = tf.TensorSpec([], tf.int32, name="label")


@dataclasses.dataclass(frozen=True)
class LoadedGenerator:
    """An exported generator.

    Attributes:
      path: the folder of the version.
      metadata: what `export_generator` was given, with the keys "format",
        "latents" (size, distribution) and "image_shape" ([h, w, c]) beside it.
      module: the loaded SavedModel; it keeps the weights alive.
    """

    path: pathlib.Path
    metadata: Mapping[str, Any]
    module: Any

    @property
    def signatures(self) -> Mapping[str, Any]:
        """The signatures by name; each takes tensors by keyword."""
        return self.module.signatures


class _Servable(tf.Module):
    """The generator in inference mode, behind the signatures' functions."""

    def __init__(
        self,
        generator: keras.Model,
        latents: Latents,
        num_classes: int | None,
    ):
        super().__init__()
        self.generator = generator
        self._latents = latents
        self._num_classes = num_classes

    def serve(
        self, latents: tf.Tensor, labels: tf.Tensor | None = None
    ) -> dict[str, tf.Tensor]:
        inputs = latents if labels is None else [latents, labels]
        generated = self.generator(inputs, training=False)
        # Under a mixed policy the generator may return 16-bit floats.
        return {"images": tf.cast(generated, tf.float32)}

    def sample(
        self, num_samples: tf.Tensor, seed: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        return self.sample_range(num_samples, seed, tf.constant(0, tf.int64))

    def sample_png(
        self, num_samples: tf.Tensor, seed: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        drawn = self.sample(num_samples, seed)
        pngs = tf.map_fn(
            tf.io.encode_png,
            drawn["images"],
            fn_output_signature=tf.TensorSpec([], tf.string),
        )
        named = {"labels": drawn["labels"]} if "labels" in drawn else {}
        return {"png": pngs, **named}

    def sample_range(
        self,
        num_samples: tf.Tensor,
        seed: tf.Tensor,
        start: tf.Tensor,
        label: tf.Tensor | None = None,
    ) -> dict[str, tf.Tensor]:
        checks = [
            tf.debugging.assert_non_negative(
                value, message=f"{name} must be 0 or more"
            )
            for name, value in (("num_samples", num_samples), ("start", start))
        ]
        pair = sampling_seed(seed)
        # Else a draw may fail first, with a message about dimensions.
        with tf.control_dependencies(checks):
            drawn = {"latents": self._latents.sample(pair, num_samples, start)}
            if label is not None:
                drawn["labels"] = tf.fill([num_samples], label)
            elif self._num_classes:
                drawn["labels"] = draw_labels(
                    pair, num_samples, start, self._num_classes
                )
        generated = self.serve(**drawn)["images"]
        return {"images": images.to_uint8(generated), **drawn}

    def sample_class(
        self,
        num_samples: tf.Tensor,
        seed: tf.Tensor,
        start: tf.Tensor,
        label: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        check = tf.debugging.assert_equal(
            tf.logical_and(label >= 0, label < self._num_classes),
            True,
            message=f"label must be 0 to {self._num_classes - 1}",
        )
        with tf.control_dependencies([check]):
            label = tf.identity(label)
        return self.sample_range(num_samples, seed, start, label)

    def signatures(self) -> dict[str, Any]:
        latents = tf.TensorSpec(
            [None, self._latents.size], tf.float32, name="latents"
        )
        arguments = {
            "serving_default": (self.serve, latents),
            "sample": (self.sample, _COUNT, _SEED),
            "sample_png": (self.sample_png, _COUNT, _SEED),
            "sample_range": (self.sample_range, _COUNT, _SEED, _START),
        }
        if self._num_classes:
            labels = tf.TensorSpec([None], tf.int32, name="labels")
            arguments["serving_default"] += (labels,)
            arguments["sample_class"] = (
                self.sample_class, _COUNT, _SEED, _START, _LABEL,
            )  # fmt: skip
        return {
            name: tf.function(function).get_concrete_function(*specs)
            for name, (function, *specs) in arguments.items()
        }


def export_generator(
    generator: keras.Model,
    latents: Latents,
    export_dir: str | os.PathLike,
    metadata: Mapping[str, Any] | None = None,
    num_classes: int | None = None,
) -> pathlib.Path:
    """Writes the generator as the next version in `export_dir`.

    The version is written into a hidden folder and renamed when complete, so
    a server that polls `export_dir` never sees half of one.

    Args:
      generator: latents [n, z] -> images [n, h, w, c] in [-1, 1].
      latents: what the sampling signatures draw.
      export_dir: the model's folder; made if it does not exist.
      metadata: anything that JSON holds (objective, step, scores, ...); kept
        in `assets.extra/tf_mmdgan.json`, a place which servers ignore.
      num_classes: of a generator that takes [latents, labels].

    Returns:
      The folder of the new version.

    Raises:
      UsageError: for a generator that does not turn such latents into images.
      DataError: if `export_dir` cannot be made.
    """
    shape = _image_shape(generator, latents, num_classes)
    record = {
        **(metadata or {}),
        "format": _FORMAT,
        "latents": dataclasses.asdict(latents),
        "image_shape": list(shape),
        "num_classes": num_classes,
    }
    json.dumps(record)  # Fails now rather than after the slow part.
    folder = _make_folder(export_dir)
    _remove_leftovers(folder)
    hidden = folder / f"{_HIDDEN}{secrets.token_hex(4)}"
    servable = _Servable(generator, latents, num_classes)
    try:
        tf.saved_model.save(
            servable, os.fspath(hidden), signatures=servable.signatures()
        )
        files.write_json(hidden / METADATA, record)
        return _publish(hidden, folder)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def load_generator(path: str | os.PathLike) -> LoadedGenerator:
    """Loads `<export_dir>` (its newest version) or `<export_dir>/<version>`.

    A SavedModel is a program: load those that you trust.

    Raises:
      DataError: if there is no such folder, or none that `export_generator`
        wrote, or if a part of it is damaged.
    """
    path = pathlib.Path(path)
    remedy = "tools/export.py --run_dir=... --export_dir=... writes one."
    if not path.is_dir():
        raise errors.DataError(f"There is no folder {path}; {remedy}")
    if not (path / "saved_model.pb").exists():
        path = newest_version(path) or path
    record = path / METADATA
    if not (path / "saved_model.pb").is_file() or not record.is_file():
        raise errors.DataError(
            f"{path} is not a generator exported by tf_mmdgan; {remedy}"
        )
    try:
        metadata = json.loads(record.read_bytes())
        if metadata["format"] != _FORMAT:
            raise KeyError("format")
        module = tf.saved_model.load(os.fspath(path))
    except _DAMAGE as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise errors.DataError(
            f"The exported generator {path} is damaged ({reason}); load "
            f"another version, or export it again: {remedy}"
        ) from error
    return LoadedGenerator(path, metadata, module)


def newest_version(export_dir: str | os.PathLike) -> pathlib.Path | None:
    """The folder of the newest version in `export_dir`; None without any."""
    folder = pathlib.Path(export_dir)
    versions = _versions(folder) if folder.is_dir() else {}
    return folder / versions[max(versions)] if versions else None


def sample(
    loaded: LoadedGenerator,
    num_samples: int,
    seed: int,
    batch_size: int = 256,
    label: int | None = None,
) -> np.ndarray:
    """Draws the first images of a seed, `batch_size` at a time.

    The latents are those of the signature `sample` with the same seed, bit for
    bit. The images may differ by one level between batch sizes, because
    convolutions sum in another order. With a label, all are of that class.

    Returns:
      uint8 [num_samples, h, w, c].

    Raises:
      UsageError: for a negative number, an empty batch, a seed that does not
        fit into 64 bits or a class that the generator does not have.
    """
    if num_samples < 0 or batch_size < 1:
        raise errors.UsageError(
            f"num_samples={num_samples}, batch_size={batch_size}: the first "
            "must be 0 or more, the second 1 or more."
        )
    if not -(2**63) <= seed < 2**63:
        raise errors.UsageError(f"seed={seed} does not fit into 64 bits.")
    check_label(label, loaded.metadata.get("num_classes"))
    chosen = {} if label is None else {"label": tf.constant(label, tf.int32)}
    draw = loaded.signatures["sample_class" if chosen else "sample_range"]
    drawn = np.empty([num_samples, *loaded.metadata["image_shape"]], np.uint8)
    for start in range(0, num_samples, batch_size):
        chunk = drawn[start : start + batch_size]
        chunk[...] = draw(
            num_samples=tf.constant(len(chunk), tf.int32),
            seed=tf.constant(seed, tf.int64),
            start=tf.constant(start, tf.int64),
            **chosen,
        )["images"]
    return drawn


def _image_shape(
    generator: keras.Model, latents: Latents, num_classes: int | None
) -> tuple[int, int, int]:
    """The [h, w, c] that the generator makes."""
    inputs = [tf.zeros([1, latents.size])]
    if num_classes:
        inputs.append(tf.zeros([1], tf.int32))
    try:
        # Keras drops inputs that a network does not take.
        if len(getattr(generator, "inputs", inputs)) != len(inputs):
            raise ValueError
        generated = generator(
            inputs if num_classes else inputs[0], training=False
        )
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        raise errors.UsageError(
            f"The generator does not take latents [n, {latents.size}]"
            f"{' and labels [n]' if num_classes else ''}: it expects "
            f"{getattr(generator, 'input_shape', 'another shape')}."
        ) from error
    shape = tuple(generated.shape[1:])
    if len(shape) != 3 or shape[-1] not in _PNG_CHANNELS:
        raise errors.UsageError(
            f"The generator makes arrays of shape {list(shape)}; images "
            "[h, w, c] with 1 or 3 channels can be exported."
        )
    return shape


def _make_folder(export_dir: str | os.PathLike) -> pathlib.Path:
    folder = pathlib.Path(export_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.DataError(
            f"Cannot make the folder {folder} ({error.strerror}); name another "
            "export_dir."
        ) from error
    return folder


def _versions(folder: pathlib.Path) -> dict[int, str]:
    """The versions in a folder, as TensorFlow Serving reads their names."""
    names = (entry.name for entry in folder.iterdir())
    return {int(name): name for name in names if name.isdecimal()}


def _publish(hidden: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """Renames to the next free version, whoever else exports meanwhile."""
    while True:
        target = folder / str(max(_versions(folder), default=0) + 1)
        try:
            # Replaces nothing but an empty folder.
            os.replace(hidden, target)
        except OSError:
            if not target.exists():
                raise
        else:
            return target


def _remove_leftovers(folder: pathlib.Path) -> None:
    """Deletes what exports that were killed have left behind."""
    for entry in folder.glob(f"{_HIDDEN}*"):
        if time.time() - entry.stat().st_mtime > _LEFTOVER_SECONDS:
            shutil.rmtree(entry, ignore_errors=True)
