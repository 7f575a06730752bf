"""KID of a model while it trains: what `fit` logs for its validation data."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, images
from tf_mmdgan.conditions import Condition
from tf_mmdgan.features import FeatureExtractor, extract
from tf_mmdgan.kernels.rows import check_unmasked
from tf_mmdgan.metrics import kid
from tf_mmdgan.models import image_batches

# Of Keras' `evaluate`, beside what is taken.
_IDLE = ("batch_size", "verbose", "callbacks", "_use_cached_eval_dataset")
_TAKEN = ("x", "y", "steps", "return_dict")
_RANK_OF_POINTS, _RANK_OF_IMAGES = 2, 4
# Rows that are scored before training, to see whether all can be.
_SOME = 8
# Batches that are scored, by their rank.
_RANKS = {_RANK_OF_POINTS: "[b, d]", _RANK_OF_IMAGES: "[b, h, w, c]"}


def check_arguments(given: Mapping[str, Any]) -> None:
    """Refuses arguments that have no meaning for `evaluate`.

    Args:
      given: by name, those that the model does not take itself.

    Raises:
      UsageError: for unknown ones, and for weights of examples.
    """
    if given.get("sample_weight") is not None:
        raise errors.UsageError(
            "sample_weight: scores are of whole sets, not of single examples."
        )
    for name in given.keys() - {*_IDLE, "sample_weight"}:
        raise errors.UsageError(
            f"evaluate has no argument '{name}'."
            + errors.hint((*_TAKEN, *_IDLE), name)
        )


def parts_of(data: Any) -> tuple[Any, Any]:
    """Images and labels, or None, of `validation_data`, as Keras takes it.

    Raises:
      UsageError: for more parts, and for what is gone after one epoch.
    """
    parts = tuple(data) if isinstance(data, tuple | list) else (data,)
    if not 1 <= len(parts) <= 2 or isinstance(parts[0], Iterator):
        raise errors.UsageError(
            "validation_data: give images, as an array or as a tf.data.Dataset "
            "of batches, or (images, labels)."
        )
    x, y = (*parts, None)[:2]
    return x, y


def check(
    real: Any, labels: Any, steps: int | None, points: bool = False
) -> None:
    """Refuses what cannot be scored, before anything is made.

    Args:
      real: an array or an iterable of batches.
      labels: of an array, or None.
      steps: how many batches to take of an iterable; None: all.
      points: whether points [n, d] are scored, not images.

    Raises:
      UsageError: for what is no data, for an array of another rank or without
        rows, for data without end and without `steps`, and for labels that are
        none.
      DataError: for masked arrays with masked entries.
    """
    for given in (real, labels):
        check_unmasked(given)
    if steps is not None:
        errors.check_positive(steps=steps)
    batches = isinstance(real, Iterable) and not isinstance(real, str | Mapping)
    if not _is_array(real) and not batches:
        raise errors.UsageError(
            f"evaluate cannot score a {type(real).__name__}: give an array "
            "[n, ...], or batches of such."
        )
    rank = _RANK_OF_POINTS if points else _RANK_OF_IMAGES
    shape = _shape(real) if _is_array(real) else ()
    if _is_array(real) and (len(shape) != rank or not shape[0]):
        raise errors.UsageError(
            f"evaluate cannot score an array {list(shape)}: need "
            f"{_RANKS[rank]}, with b of 1 or more."
        )
    labelled = _is_array(real) and len(_shape(labels)) in (1, 2)
    if labels is not None and not labelled:
        raise errors.UsageError(
            "y: need labels, one for each row of an array x; data sets and "
            "lists have batches of (images, labels)."
        )
    endless = isinstance(real, tf.data.Dataset) and (
        int(real.cardinality()) == tf.data.INFINITE_CARDINALITY
    )
    if endless and steps is None:
        raise errors.UsageError(
            "The data to score have no end: say how many batches are taken, by "
            "steps, or validation_steps in fit."
        )


def check_labels(real: Any, labels: Any, condition: Condition | None) -> None:
    """Refuses labels that a generator does not take, and needed ones left out.

    Args:
      real: an array or an iterable of batches.
      labels: of an array, or None.
      condition: of the generator, or None.

    Raises:
      UsageError: for labels of another form, and for an array without labels
        where the condition has none to draw.
    """
    if condition is None:
        return
    if labels is not None:
        condition.check(np.asarray(labels))
    elif _is_array(real):
        _ = condition.law


def some_rows(real: Any, labels: Any) -> Any:
    """A few rows like those of what `check` has passed, as a batch.

    Data sets are not begun, for some begin once alone: of them there are zeros.

    Args:
      real: an array, of which rows with its lowest and its highest value, and
        with what is no number, are among them; or batches.
      labels: of an array, or None.

    Returns:
      None where nothing can be told of the rows, or there are few.

    Raises:
      DataError: for more or fewer labels than rows.
    """
    given: Any = ()
    if _is_array(real):
        given = (real,) if labels is None else (real, labels)
    elif isinstance(real, tf.data.Dataset):
        given = _zeros(real.element_spec)
    elif isinstance(real, list | tuple) and real:
        given = real[0] if isinstance(real[0], tuple) else (real[0],)
    if not given or not all(map(_shape, given)):
        return None
    parts = [np.asarray(part) for part in given]
    _check_count(len(parts[-1]), len(parts[0]))
    if not _is_array(real) and len(parts[0]) < _SOME:
        return None
    rows = _telling(parts[0])
    chosen = tuple(part[rows] for part in parts)
    return chosen if len(chosen) > 1 else chosen[0]


def _zeros(spec: Any) -> tuple[np.ndarray, ...]:
    """Rows of zeros of the form of a data set's batches; none if it is open."""
    parts = spec if isinstance(spec, tuple) else (spec,)
    if not all(
        isinstance(part, tf.TensorSpec)
        and part.shape.rank
        and part.shape[1:].is_fully_defined()
        for part in parts
    ):
        return ()
    return tuple(
        np.zeros([_SOME, *part.shape[1:]], part.dtype.as_numpy_dtype)
        for part in parts
    )


def _telling(array: np.ndarray) -> list[int]:
    """Numbers of the first rows, and of those with the extremes of all."""
    rows = set(range(min(_SOME, len(array))))
    if array.size and array.dtype.kind in "biufV":
        width = array.size // len(array)
        rows |= {int(end(array)) // width for end in (np.argmin, np.argmax)}
    return sorted(rows)


def _check_count(labels: int, images: int) -> None:
    if labels != images:
        raise errors.DataError(f"{labels} labels for {images} images.")


def _is_array(data: Any) -> bool:
    return hasattr(data, "__array__")


def kid_of_generated(
    extractor: FeatureExtractor,
    real: Any,
    steps: int | None,
    generate: Callable[..., np.ndarray],
    condition: Condition | None = None,
) -> dict[str, float]:
    """KID, and its standard error, of as many generated images as real ones.

    The exact estimate over all pairs, not multiplied by anything: see
    `metrics.kid.kid`.

    Args:
      extractor: finds the features that are compared.
      real: images in [-1, 1], or uint8, [n, h, w, c]: an array or an iterable
        of batches, which may be (images, labels).
      steps: how many batches to take of an iterable; by default all.
      generate: makes so many images, uint8, of labels by a `condition`.
      condition: of a generator that takes labels: they are drawn as those of
        the real images are, if these have any.

    Raises:
      DataError: for images that cannot be scored.
    """
    labels: list[np.ndarray] = []
    batches = _without_labels(real, steps, labels, _RANK_OF_IMAGES)
    in_8_bits = map(_as_uint8, batches)
    found = extract(extractor, in_8_bits).features
    condition = _law(labels, len(found), condition)
    made = generate(len(found), condition=condition)
    fake = extract(extractor, made).features
    value = kid.kid(found, fake, "exact")
    return {"kid": value.mean, "kid_standard_error": value.standard_error}


def scores_of_points(
    real: Any,
    steps: int | None,
    generate: Callable[..., np.ndarray],
    condition: Condition | None = None,
) -> dict[str, float]:
    """KID and the energy distance of as many generated points as real ones.

    Exact estimates over all pairs of rows; KID of their columns as they are,
    on whose unit it depends. The energy distance is 2 E||x - y|| - E||x - x'||
    - E||y - y'||.

    Args:
      real: points [n, d]: an array or an iterable of batches, which may be
        (points, labels).
      steps: how many batches to take of an iterable; by default all.
      generate: makes so many points, of labels by a `condition`.
      condition: as of `kid_of_generated`.

    Raises:
      DataError: for points that cannot be scored.
    """
    labels: list[np.ndarray] = []
    batches = _without_labels(real, steps, labels, _RANK_OF_POINTS)
    taken = [np.asarray(batch) for batch in batches]
    if not taken:
        raise errors.DataError("There are no points to score.")
    found = np.concatenate(taken)
    condition = _law(labels, len(found), condition)
    fake = generate(len(found), condition=condition)
    value = kid.kid(found, fake, "exact")
    energy = kid.kid(found, fake, "exact", kernel="energy")
    return {
        "kid": value.mean,
        "kid_standard_error": value.standard_error,
        "energy_distance": energy.mean,
    }


def _without_labels(
    real: Any, steps: int | None, labels: list[np.ndarray], rank: int
) -> Iterator[Any]:
    """The images, or points, of batches; labels beside them go to a list.

    Raises:
      DataError: for batches of another rank, or of more parts.
    """
    batches = [real] if _is_array(real) else real
    for batch in itertools.islice(batches, steps):
        parts = batch if isinstance(batch, tuple) else (batch,)
        shapes = [_shape(part) for part in parts]
        if len(shapes[0]) != rank or len(parts) > 2:
            found = ", ".join(
                str(list(shape)) if shape else type(part).__name__
                for shape, part in zip(shapes, parts, strict=True)
            )
            raise errors.DataError(
                f"A batch is of {found}: need an array {_RANKS[rank]}, or a "
                "tuple of it and its labels."
            )
        first, *beside = parts
        labels.extend(np.asarray(own) for own in beside)
        yield first


def _shape(part: Any) -> tuple[int, ...]:
    try:
        return np.shape(part)
    except ValueError:  # of lists of unequal lengths
        return ()


def _law(
    labels: Sequence[np.ndarray], count: int, condition: Condition | None
) -> Condition | None:
    """A condition with the law of given labels, if there are any.

    Raises:
      UsageError: for labels of another form.
      DataError: for others, and for more or fewer labels than `count`.
    """
    if condition is None or not labels:
        return condition
    every = np.concatenate(labels)
    found = condition.like(every)
    _check_count(len(every), count)
    return found


def _as_uint8(batch: Any) -> np.ndarray:
    batch = np.asarray(batch)
    if batch.dtype.kind not in "fV" and batch.dtype != np.uint8:
        raise errors.UsageError(
            f"The images are {batch.dtype}: give uint8, or floats in [-1, 1]."
        )
    of_bits = batch.dtype == np.uint8
    image_batches.check_values(batch if of_bits else batch.astype(np.float32))
    return batch if of_bits else images.to_uint8(batch).numpy()
