"""A split in numbers, and what is wrong with it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.data.image_set import ImageSet

_CHUNK = 1024  # images at a time, because a set may be larger than memory
_CONSTANT_SHARE = 1e-3  # of the images; more of one level are a fault


def summary(image_set: ImageSet) -> dict[str, Any]:
    """Counts and levels of the images of a split, ready for JSON.

    Returns:
      count, image_shape [h, w, c], minimum, maximum and mean of the levels,
      constant_images (the number of those whose pixels are all equal), and
      class_counts, [num_classes] or None.
    """
    images = image_set.images
    lows, highs, total = [], [], 0
    for start in range(0, len(images), _CHUNK):
        chunk = images[start : start + _CHUNK].reshape(-1, images[0].size)
        lows.append(chunk.min(axis=1))
        highs.append(chunk.max(axis=1))
        total += int(chunk.sum(dtype=np.int64))
    low, high = np.concatenate(lows), np.concatenate(highs)
    class_counts = None
    if image_set.labels is not None and image_set.num_classes is not None:
        class_counts = np.bincount(
            image_set.labels, minlength=image_set.num_classes
        ).tolist()
    return {
        "count": len(images),
        "image_shape": list(image_set.image_shape),
        "minimum": int(low.min()),
        "maximum": int(high.max()),
        "mean": round(total / images.size, 3),
        "constant_images": int((low == high).sum()),
        "class_counts": class_counts,
    }


def faults(found: Mapping[str, Any], count: int | None = None) -> list[str]:
    """What is wrong with a split, in words; empty where nothing is.

    Args:
      found: the `summary` of the split.
      count: published number of images; None where it is not known.
    """
    wrong = []
    if count is not None and found["count"] != count:
        wrong.append(f"{found['count']:,} images instead of {count:,}")
    if found["maximum"] - found["minimum"] < 128:
        wrong.append(
            f"levels from {found['minimum']} to {found['maximum']} only, of 0 "
            "to 255"
        )
    if found["constant_images"] > _CONSTANT_SHARE * found["count"]:
        wrong.append(f"{found['constant_images']:,} images of one level")
    empty = [
        str(number)
        for number, images in enumerate(found["class_counts"] or [])
        if not images
    ]
    if empty:
        wrong.append(f"no image of class {', '.join(empty)}")
    return wrong
