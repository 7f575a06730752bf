"""Feature extractors from ONNX files, as all frameworks write them.

They run by onnxruntime where it is installed, else by the reference of the
package onnx, which is slow.
"""

import importlib.util
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, files
from tf_mmdgan.features import image_inputs, weight_files
from tf_mmdgan.features.network import Network, variant_of

if TYPE_CHECKING:
    import onnx

# Images as the file takes them -> its outputs, in the order of their names.
Session = Callable[[np.ndarray], list[np.ndarray]]

_MOST_IMAGES = 4096  # that a model takes at a time


class _Input(NamedTuple):
    """The only input of a model.

    Attributes:
      name: in the model.
      batch: number of images that it takes at a time; None for any.
      size: height and width; None for any.
      channels: number of channels.
      first: whether channels stand before height and width.
      dtype: of the pixels.
    """

    name: str
    batch: int | None
    size: tuple[int | None, int | None]
    channels: int
    first: bool
    dtype: np.dtype


def onnx_model(
    path: str | os.PathLike[str] | None = None,
    output: str | None = None,
    logits: str | None = None,
    size: int | None = None,
    resize: str = "antialias",
    range: str | None = None,
) -> Network:
    """Any ONNX model of images, [n, c, h, w] or [n, h, w, c].

    Args:
      path: of the file, which holds its weights itself.
      output: which output are the features; not needed where there is one.
      logits: which output are logits of classes, if there is one.
      size: height and width that it takes; by default what the file says.
      resize: in `resizes.RESIZES`.
      range: as `Network` takes it.

    Raises:
      UsageError: without a path or the package onnx, and for an output that
        there is not, or a size that the model does not take.
      DataError: if there is no such file, something else is in it, or the
        model takes something else than images.
    """
    path = weight_files.required(path, "onnx")
    model = _load(path)
    taken = _input(path, model)
    # Names may be numbers.
    output, logits = (x if x is None else str(x) for x in (output, logits))
    names = [entry.name for entry in model.graph.output]
    chosen = output or (names[0] if len(names) == 1 else "")
    fetched = [chosen] + ([] if logits is None else [logits])
    for name in fetched:
        errors.pick(dict.fromkeys(names), name, f"output of {path}")
    session = _session(path, model, taken.name, fetched)

    def run(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        found = tf.numpy_function(
            lambda batch: _in_batches(session, batch, taken),
            [images],
            [tf.float32] * len(fetched),
        )
        return found[0], found[1] if logits is not None else None

    return Network(
        f"onnx-{path.stem}",
        weight_files.digest(path),
        run,
        (*image_inputs.chosen_size(path, size, taken.size), taken.channels),
        dtype=tf.as_dtype(taken.dtype),
        resize=resize,
        value_range=range,
        classifies=logits is not None,
        variant=variant_of(output=output, logits=logits, size=size),
    )


def _load(path: pathlib.Path) -> "onnx.ModelProto":
    """A sound model with finite weights."""
    if not importlib.util.find_spec("onnx"):
        raise errors.UsageError(
            "The extractor onnx needs the package onnx: pip install "
            "'tf_mmdgan[onnx]'."
        )
    import onnx
    import onnx.numpy_helper

    if not path.is_file():
        raise errors.DataError(f"There is no file {path}.")
    files.check_plain(path)
    try:
        model = onnx.load(path, load_external_data=False)
        tensors = list(_tensors(model))
        if any(t.data_location == onnx.TensorProto.EXTERNAL for t in tensors):
            raise errors.DataError(
                f"{path} keeps its weights in other files: save the model as "
                "one file, by onnx.save."
            )
        onnx.checker.check_model(model)
        arrays = ((t.name, onnx.numpy_helper.to_array(t)) for t in tensors)
        # Single infinities are bounds and masks.
        weight_files.check_finite(path, (a for a in arrays if a[1].size > 1))
    except errors.DataError:
        raise
    except Exception as error:  # protobuf's own are of no common class.
        raise weight_files.damaged(path, error, "ONNX model") from error
    return model


def _tensors(message: Any) -> Iterator["onnx.TensorProto"]:
    """All arrays of a model: weights, and constants of nodes at any depth."""
    for field, value in message.ListFields():
        if field.message_type is None:  # numbers and texts
            continue
        for part in value if isinstance(value, Sequence) else (value,):
            if field.message_type.name == "TensorProto":
                yield part
            else:
                yield from _tensors(part)


def _input(path: pathlib.Path, model: "onnx.ModelProto") -> _Input:
    """What images a model takes."""
    import onnx

    weights = {weight.name for weight in model.graph.initializer}
    inputs = [i for i in model.graph.input if i.name not in weights]
    if len(inputs) != 1:
        raise errors.DataError(
            f"{path} takes {len(inputs)} inputs: need a network whose only "
            "input is images, [n, c, h, w] or [n, h, w, c]."
        )
    kind = inputs[0].type.tensor_type
    shape = [dim.dim_value or None for dim in kind.shape.dim]
    dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
    if len(shape) != 4 or {shape[1], shape[3]}.isdisjoint({1, 3}):
        raise errors.DataError(
            f"{path} takes inputs of shape {shape}: need a network of images "
            "of 1 or 3 channels, [n, c, h, w] or [n, h, w, c]."
        )
    if dtype.kind not in "fiu":
        raise errors.DataError(
            f"{path} takes inputs of type {dtype}: need a network of pixels."
        )
    batch, *rest = shape
    if batch is not None and not 1 <= batch <= _MOST_IMAGES:
        raise errors.DataError(
            f"{path} takes {batch:,} images at a time: need 1 to "
            f"{_MOST_IMAGES:,}, or any number."
        )
    first = rest[0] in (1, 3)
    channels = rest[0] if first else rest[2]
    height, width = rest[1:] if first else rest[:2]
    return _Input(
        inputs[0].name, batch, (height, width), channels or 3, first, dtype
    )


def _session(
    path: pathlib.Path,
    model: "onnx.ModelProto",
    name: str,
    fetched: Sequence[str],
) -> Session:
    """What runs a model.

    Raises:
      DataError: for operations that nobody knows.
    """
    try:
        session = _runner(model)
    except Exception as error:  # onnxruntime's own are of no common class.
        raise weight_files.damaged(
            path, error, "ONNX model that can be run"
        ) from error
    return lambda images: session.run(list(fetched), {name: images})


def _runner(model: "onnx.ModelProto") -> Any:
    """The session of onnxruntime, or what stands in for it."""
    if importlib.util.find_spec("onnxruntime"):
        import onnxruntime

        return onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
    import onnx.reference

    errors.warn(
        "onnxruntime is not installed: the model runs by the reference of "
        "ONNX, which is slow; pip install onnxruntime.",
        stacklevel=5,
    )
    return onnx.reference.ReferenceEvaluator(model)


def _in_batches(
    session: Session, images: np.ndarray, taken: _Input
) -> list[np.ndarray]:
    """Outputs [n, ...] for images [n, h, w, c], by the batches of a model."""
    count = len(images)
    if taken.first:
        images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    size = taken.batch or count
    missing = -count % size
    if missing:
        images = np.concatenate([images, images[-1:].repeat(missing, axis=0)])
    parts = [
        session(images[start : start + size])
        for start in range(0, len(images), size)
    ]
    for rows in parts[0]:
        if np.ndim(rows) == 0 or rows.dtype.kind not in "fiub":
            raise TypeError(
                f"an output of the model has the type {np.asarray(rows).dtype} "
                f"and the shape {np.shape(rows)}: need rows of real numbers"
            )
    return [
        np.concatenate(rows)[:count].astype(np.float32, copy=False)
        for rows in zip(*parts, strict=True)
    ]
