"""Answers of servers compared with what was asked, before they are believed.

Nothing of the size that an answer claims is made until that size is the one
that was asked for.
"""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan.serving.predictor import Signature


def signatures(definitions: Mapping[str, Any]) -> dict[str, Signature]:
    """What the `SignatureDef` messages of a model say, by name.

    Raises:
      ValueError: for unknown types, or shapes that no tensor has.
    """
    try:
        return {
            name: Signature(
                frozenset(definition.inputs),
                {
                    output: tf.TensorSpec(
                        tf.TensorShape(info.tensor_shape), info.dtype
                    )
                    for output, info in definition.outputs.items()
                    if info.dtype  # else an operation, not a tensor
                },
            )
            for name, definition in definitions.items()
        }
    except TypeError as error:
        raise ValueError(str(error)) from error


def of_proto(proto: Any, wanted: tf.TensorSpec) -> np.ndarray:
    """The array in a `TensorProto`.

    Raises:
      ValueError: for another type or shape than `wanted`, or values that do
        not fill it.
    """
    claimed = [dimension.size for dimension in proto.tensor_shape.dim]
    if proto.dtype != wanted.dtype.as_datatype_enum:
        raise ValueError(
            f"type {proto.dtype} instead of {wanted.dtype.as_datatype_enum}, "
            f"{wanted.dtype.name}"
        )
    _check_shape(claimed, wanted)
    try:
        return checked(tf.make_ndarray(proto), wanted)
    except (OverflowError, TypeError) as error:
        raise ValueError(str(error)) from error


def of_json(values: Any, wanted: tf.TensorSpec) -> np.ndarray:
    """The array in nested lists of numbers.

    Raises:
      ValueError: for another shape than `wanted`, or values that its type does
        not have.
    """
    try:
        # Wide enough for all of an image or a label; nothing wraps or is cut.
        found = np.array(_flat(values, wanted), np.float64)
    except OverflowError as error:
        raise ValueError(str(error)) from error
    found = found.reshape(wanted.shape.as_list())
    if wanted.dtype.is_integer:
        low, high = wanted.dtype.limits
        inside = (found >= low) & (found <= high)
        if not (inside & (np.floor(found) == found)).all():
            raise ValueError(f"values that {wanted.dtype.name} does not have")
    return checked(found.astype(wanted.dtype.as_numpy_dtype), wanted)


def _flat(values: Any, wanted: tf.TensorSpec) -> list[float]:
    """The numbers in nested lists of the wanted shape, in a row.

    NumPy would make each entry of an array as long as the longest text in it.

    Raises:
      ValueError: for another shape, and for what is no number.
    """
    level = [values]
    for depth, side in enumerate(wanted.shape.as_list()):
        if set(map(type, level)) - {list} or set(map(len, level)) - {side}:
            raise ValueError(
                f"another shape than {wanted.shape.as_list()}, at its depth "
                f"{depth}"
            )
        level = list(itertools.chain.from_iterable(level))
    if set(map(type, level)) - {int, float}:
        raise ValueError("values that are no numbers")
    return level


def checked(array: np.ndarray, wanted: tf.TensorSpec) -> np.ndarray:
    """`array` if it is what was asked for.

    Raises:
      ValueError: for another type or shape, and for NaN or infinities.
    """
    if array.dtype != wanted.dtype.as_numpy_dtype:
        raise ValueError(f"{array.dtype} instead of {wanted.dtype.name}")
    _check_shape(array.shape, wanted)
    if wanted.dtype.is_floating and not np.isfinite(array).all():
        raise ValueError("values that are not finite")
    return array


def _check_shape(found: Any, wanted: tf.TensorSpec) -> None:
    if list(found) != wanted.shape.as_list():
        raise ValueError(
            f"shape {list(found)} instead of {wanted.shape.as_list()}"
        )
