"""The rows that kernels compare: checked, of one type, and their distances."""

import contextlib
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors

_EPSILON = {tf.float32: 2.0**-23, tf.float64: 2.0**-52}


def as_matrices(*features: tf.Tensor) -> list[tf.Tensor]:
    """Casts matrices [n, d] of one width to float64 or float32.

    They become float64 if any of them is, or holds integers of 64 bits.

    Raises:
      ValueError: if one is not a matrix, if the widths differ, or for what
        holds no real numbers, or nothing.
      DataError: as `check_columns`.
    """
    check_columns(*features)
    tensors = [as_tensor(matrix) for matrix in features]
    first = tensors[0].shape
    for shape in (tensor.shape for tensor in tensors):
        if not shape.is_compatible_with([None, None]):
            remedy = " Flatten images." if shape.rank == 4 else ""
            raise ValueError(f"Features must be [n, d], not {shape}.{remedy}")
        if not shape[1:].is_compatible_with(first[1:]):
            raise ValueError(f"Features have unequal widths: {first}, {shape}.")
    return in_one_type(tensors)


def as_points(*given: tf.Tensor) -> list[tf.Tensor]:
    """Casts points [..., n, d] of one width as `as_matrices` does.

    Raises:
      ValueError: for others, and for what holds no real numbers, or nothing.
      DataError: as `check_columns`.
    """
    check_columns(*given)
    points = in_one_type([as_tensor(rows) for rows in given])
    shapes = [rows.shape for rows in points]
    flat = any(shape.rank in (0, 1) for shape in shapes)
    if flat or not all(
        s[-1:].is_compatible_with(shapes[0][-1:]) for s in shapes
    ):
        raise ValueError(
            f"Points are {', '.join(map(str, shapes))}: need [..., n, d], of "
            "one width d."
        )
    return points


def as_tensor(values: Any) -> tf.Tensor:
    """Arrays, lists and frames as they are; raises as `as_matrices`."""
    check_unmasked(values)
    try:
        return tf.convert_to_tensor(values)
    except (ValueError, TypeError) as error:
        if hasattr(values, "__array__"):
            with contextlib.suppress(ValueError, TypeError):
                array = without_objects(np.asarray(values))
                if array.dtype.kind in "fiu":
                    return tf.constant(array)
        kind = type(values).__name__
        raise ValueError(
            f"Features are a {kind}, not an array of numbers."
        ) from error


def without_objects(array: np.ndarray) -> np.ndarray:
    """Numbers that are objects to NumPy, in float64; other arrays as they are.

    Columns of several types, as in a frame, are such objects.
    """
    if array.dtype != object or not array.ndim:
        return array
    real = all(isinstance(value, numbers.Real) for value in array.flat)
    return array.astype(np.float64) if real else array


def check_unmasked(values: Any) -> None:
    """Refuses arrays of which NumPy would give what their masks hide.

    Raises:
      DataError: for a masked array with masked entries.
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise errors.DataError(
            f"A masked array {list(values.shape)} hides "
            f"{np.ma.count_masked(values):,} of its numbers: leave their rows "
            "out, as numpy.ma.compress_rows does."
        )


def check_columns(*tables: Any) -> None:
    """Refuses tables with the same columns in different places.

    Of frames NumPy takes the numbers alone, so that columns of different names
    would be compared.

    Raises:
      DataError: naming such a column.
    """
    places: dict[Any, int] = {}
    for table in tables:
        names = getattr(table, "columns", ())
        names = list(names) if isinstance(names, Iterable) else []
        if len(set(names)) < len(names):
            continue
        for place, name in enumerate(names):
            if places.setdefault(name, place) != place:
                raise errors.DataError(
                    f"The column {errors.excerpt(name, 40)} is number "
                    f"{places[name]} of one table and {place} of another: "
                    "bring their columns into one order, as y[x.columns] does."
                )


def in_one_type(tensors: list[tf.Tensor]) -> list[tf.Tensor]:
    """All as float64 or float32; raises as `as_matrices`."""
    for tensor in tensors:
        if 0 in (tensor.shape.as_list() if tensor.shape.rank else ()):
            raise ValueError(f"Features of shape {tensor.shape} are empty.")
        if not (tensor.dtype.is_floating or tensor.dtype.is_integer):
            raise ValueError(
                f"Features are {tensor.dtype.name}: need real numbers."
            )
    wide = {tf.float64, tf.int64, tf.uint64}
    double = any(tensor.dtype in wide for tensor in tensors)
    dtype = tf.float64 if double else tf.float32
    return [tf.cast(tensor, dtype) for tensor in tensors]


def squared_distances(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Squared Euclidean distances of all pairs, at least zero.

    ||x_i||**2 + ||y_j||**2 - 2 <x_i, y_j>,  x [n, d], y [m, d] -> [n, m]

    Points that coincide up to rounding have distance zero, and so up to
    rounding have their gradients; second derivatives are right everywhere.
    Raises ValueError as `as_matrices` does.
    """
    return pairwise_squares(*as_matrices(x, y))


def pairwise_squares(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """`squared_distances` of matrices that are checked and of one type."""
    squares, *norms = _expanded(x, y)
    error = _residue(squares, *norms)
    if x.dtype == tf.float32:
        # Derivatives, 2 (x - y) and +-2 I, are not computed anew: they lose no
        # more than the points themselves do where they are rounded. Without
        # gradients the branches can be vectorised.
        fixed = [tf.stop_gradient(t) for t in (squares, *norms, x, y, error)]
        error = tf.cond(
            _cancel(*fixed[:3]),
            lambda: fixed[0] - _in_double(*fixed[3:5]),
            lambda: fixed[5],
        )
    return squares - tf.stop_gradient(error)


def _expanded(
    x: tf.Tensor, y: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """||x_i||^2 + ||y_j||^2 - 2 <x_i, y_j>, and the norms [n, 1] and [1, m]."""
    # Distances do not depend on the origin, but the rounding error of their
    # expansion does: it is that of the norms.
    centre = tf.stop_gradient(tf.reduce_mean(x, axis=-2, keepdims=True))
    x, y = x - centre, y - centre
    x_norms, y_norms = squared_norms(x)[..., None], squared_norms(y)
    y_norms = y_norms[..., None, :]
    products = tf.matmul(x, y, transpose_b=True)
    return x_norms + y_norms - 2.0 * products, x_norms, y_norms


def _residue(
    squares: tf.Tensor, x_norms: tf.Tensor, y_norms: tf.Tensor
) -> tf.Tensor:
    """What is left of squares that are no more than rounding; 0 elsewhere.

    Coinciding points leave a residue of up to 6 roundings of the norms
    (measured, widths 1 to 2048), which a root would magnify.
    """
    limit = 8.0 * _EPSILON[squares.dtype] * (x_norms + y_norms)
    return tf.where(squares <= limit, squares, 0.0)


def _cancel(
    squares: tf.Tensor, x_norms: tf.Tensor, y_norms: tf.Tensor
) -> tf.Tensor:
    """Whether rounding spoils the squares of near points, a scalar.

    The error of a square is about one rounding of its norms. It is not small
    if squares below 30 roundings of the largest norms are more than a few: of
    points on a line, which have most of them, it is half a percent. Equal rows,
    whose norms are equal, do not count.
    """
    largest = tf.reduce_max(x_norms) + tf.reduce_max(y_norms)
    limit = 30.0 * _EPSILON[squares.dtype] * largest
    near = (squares < limit) & (x_norms != y_norms)
    return tf.reduce_mean(tf.cast(near, squares.dtype)) > 1.0 / 128.0


def _in_double(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The squares, computed in float64."""
    squares, *norms = _expanded(*(tf.cast(r, tf.float64) for r in (x, y)))
    return tf.cast(squares - _residue(squares, *norms), x.dtype)


def squared_norms(x: tf.Tensor) -> tf.Tensor:
    """Squared Euclidean norms of rows [..., n, d]: [..., n]."""
    return tf.reduce_sum(tf.square(x), axis=-1)
