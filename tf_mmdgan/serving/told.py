"""What the signatures of a model tell of what it draws."""

import tensorflow as tf

from tf_mmdgan import class_names, errors
from tf_mmdgan.serving.predictor import Signature


def output(signature: Signature) -> tuple[str, tf.TensorSpec]:
    """Name and form of what a signature draws: images, or rows.

    Raises:
      UsageError: if it is neither, or its size is not told.
    """
    if "rows" in signature.outputs:
        rows = signature.outputs["rows"]
        if rows.dtype == tf.float32 and rows.shape.rank == 2 and rows.shape[1]:
            return "rows", rows
    images = signature.outputs.get("images", tf.TensorSpec(None, tf.uint8))
    sides = images.shape.as_list()[1:] if images.shape.rank == 4 else [0]
    told = all(side is not None and side > 0 for side in sides)
    if images.dtype != tf.uint8 or not told:
        raise errors.UsageError(
            "The model was not exported by tf_mmdgan: it draws "
            f"{images.dtype.name} of {errors.excerpt(images.shape)}, not "
            "images, uint8 [n, h, w, c], of a size that it tells."
        )
    return "images", images


def width_of_names(signature: Signature | None) -> int | None:
    """Bytes of the longest name of a class; None where names are not told."""
    if signature is None or "name" not in signature.outputs:
        return None
    shape = signature.outputs["name"].shape
    width = shape[1] if shape.rank == 2 else None
    return width if width and width <= class_names.MOST_BYTES else None
