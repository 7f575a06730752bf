"""Whether the samples of a run are copies of its training images."""

import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tf_mmdgan.features import FeatureExtractor, cached
from tf_mmdgan.metrics import LEAST_SAMPLES, shuffled_order
from tf_mmdgan.metrics.copies import Nearest, copies

# Numbers of features that are held at a time, and the least images they are of.
_NUMBERS = 2**25
_LEAST_IMAGES = 500
# Training images of which slow extractors find features; more are drawn from.
_MOST_IMAGES = 50_000
# Samples whose neighbours are shown, and how many of each.
_SHOWN = 8
_NEIGHBOURS = 7


def look_for_copies(
    extractor: FeatureExtractor,
    training: np.ndarray,
    held_out: np.ndarray,
    fake: np.ndarray,
    cache_dir: pathlib.Path | None = None,
    batch_size: int | None = None,
) -> dict[str, Any] | None:
    """Compares samples with the training images, a part of these at a time.

    Args:
      extractor: of all features.
      training: images uint8 [N, h, w, c].
      held_out: features [n, d].
      fake: features of the samples, [m, d].
      cache_dir: where features of slow extractors are kept; None: nowhere.
      batch_size: as `extract` takes it.

    Returns:
      What `metrics.copies.Copies` has; "copies", whether it is a finding;
      "num_training", the images that were looked at; and "nearest", of the
      first samples each the numbers of the training images that are nearest,
      the nearest first. None where there are too few samples for a test.
    """
    if min(len(held_out), len(fake), len(training)) < LEAST_SAMPLES:
        return None
    numbers = np.arange(len(training))
    if extractor.slow and len(training) > _MOST_IMAGES:
        numbers = np.sort(shuffled_order(len(training))[:_MOST_IMAGES])
    shown = Nearest(fake[:_SHOWN], min(_NEIGHBOURS, len(numbers)))
    rows = max(_LEAST_IMAGES, _NUMBERS // held_out.shape[1])
    folder = cache_dir if extractor.slow else None

    def parts() -> Iterator[np.ndarray]:
        for first in range(0, len(numbers), rows):
            images = training[numbers[first : first + rows]]
            found = cached(extractor, images, folder, batch_size).features
            shown.add(found, first)
            yield found

    found, _ = copies(parts(), held_out, fake)
    return {
        **found._asdict(),
        "copies": found.found(),
        "num_training": len(numbers),
        "nearest": numbers[shown.rows].tolist(),
    }


def warning(found: Mapping[str, Any] | None) -> str | None:
    """What is to be told of samples that are copies; None of others."""
    if not found or not found["copies"]:
        return None
    return (
        "Samples are copies of training images: "
        f"{found['hits_in_training']:,} of the {found['hits']:,} real images "
        "nearest to them were trained on "
        f"(p = {found['hits_p_value']:.1g}), and they are nearer to those than "
        f"held-out images are (C_T = {found['c_t']:.1f}, p = "
        f"{found['c_t_p_value']:.1g})."
    )
