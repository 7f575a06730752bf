"""The images that are scored, which may have to be generated first."""

import contextlib
import math

import numpy as np

from tf_mmdgan import errors, export
from tf_mmdgan.config import EvaluateConfig
from tf_mmdgan.evaluation.comparable import compared, in_force
from tf_mmdgan.evaluation.images import is_generator, load_images, resized
from tf_mmdgan.evaluation.loaded import Loaded
from tf_mmdgan.features import FeatureExtractor

_MOST_PIXELS = 2**24  # of an image of a generator that is looked at beforehand


def load_fake(
    config: EvaluateConfig,
    source: str,
    real: Loaded,
    named: FeatureExtractor | None,
    num_real: int | None = None,
) -> Loaded:
    """All images of a set, or of a generator so many as there are real ones.

    Args:
      config: how many, if it says so, and how they are read.
      source: where they come from.
      real: what they are compared with: a generator whose images do not
        compare draws none.
      named: the extractor, if one is named.
      num_real: of real images, if that is known.

    Raises:
      UsageError: as `load_images` and `compared`.
      DataError: as `load_images` and `compared`.
    """
    count = config.num_samples
    if is_generator(source):
        count = num_real if count is None else count
        expected = _expected(config, source)
        if expected is not None:
            compared(in_force(named, real, expected), [real, expected])
    return load_images(source, config, config.image_size, count, config.seed)


def _expected(config: EvaluateConfig, source: str) -> Loaded | None:
    """An image of the shape that a generator says that it makes.

    None of one that makes rows, or images of which each takes gigabytes, and
    of what is no generator, for whoever loads it says why.
    """
    shape: tuple[int, ...] = ()
    with contextlib.suppress(errors.DataError):
        shape = export.image_shape(source)
    if len(shape) != 3 or not 0 < math.prod(shape) <= _MOST_PIXELS:
        return None
    alike = Loaded(np.zeros((1, *shape), np.uint8), source)
    return resized(alike, config, config.image_size)
