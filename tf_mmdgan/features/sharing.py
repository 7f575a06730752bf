"""Features found by all workers and devices, each in its share of the images.

Every worker gets the features of all, so that scores, which are functions of
them, are those of one process.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from concurrent import futures

import numpy as np
import tensorflow as tf

from tf_mmdgan.distribute import Cluster
from tf_mmdgan.features import extractors

# Images of one copy out of those that may not fit in memory.
_BATCH = 500


def of_images(
    cluster: Cluster,
    extractor: extractors.FeatureExtractor,
    images: extractors.Images,
    order: np.ndarray,
    batch_size: int | None = None,
) -> extractors.Extracted:
    """What is found in n images, in an order; all must call it.

    Args:
      cluster: whose workers and devices share the work.
      extractor: what finds it.
      images: the same on every worker.
      order: the rows that are looked at, at least one for each worker.
      batch_size: as `extract` takes it.
    """
    first, last = cluster.share(len(order))
    here = _extract_here(
        cluster, extractor, images, order[first:last], batch_size
    )
    return _gather(cluster, here)


def of_drawn(
    cluster: Cluster,
    extractor: extractors.FeatureExtractor,
    draw: Callable[[int, int], np.ndarray],
    count: int,
    batch_size: int | None = None,
) -> extractors.Extracted:
    """What is found in images that each worker draws its share of.

    Args:
      cluster: whose workers and devices share the work; all must call it.
      extractor: what finds it.
      draw: images uint8 [last - first, h, w, c] of numbers first .. last - 1.
      count: of all images, at least one for each worker.
      batch_size: as `extract` takes it.
    """
    first, last = cluster.share(count)
    images, order = draw(first, last), np.arange(last - first)
    here = _extract_here(cluster, extractor, images, order, batch_size)
    return _gather(cluster, here)


def _extract_here(
    cluster: Cluster,
    extractor: extractors.FeatureExtractor,
    images: extractors.Images,
    order: np.ndarray,
    batch_size: int | None,
) -> extractors.Extracted:
    """What the devices of this process find, each in its share."""

    def on(device: str | None, rows: np.ndarray) -> extractors.Extracted:
        parts = np.array_split(rows, -(-len(rows) // _BATCH))
        batches = (extractors.in_batches(images[part]) for part in parts)
        with tf.device(device):
            return extractors.extract(
                extractor,
                itertools.chain.from_iterable(batches),
                batch_size,
                len(rows),
            )

    devices = cluster.local_devices()[: len(order)]
    shares = np.array_split(order, len(devices))
    with futures.ThreadPoolExecutor(len(devices)) as pool:
        return _merge(pool.map(on, devices, shares), np.concatenate)


def _gather(
    cluster: Cluster, found: extractors.Extracted
) -> extractors.Extracted:
    return _merge([found], lambda rows: cluster.gather(rows[0]))


def _merge(
    parts: Iterable[extractors.Extracted],
    merge: Callable[[Sequence[np.ndarray]], np.ndarray],
) -> extractors.Extracted:
    """Merges the features of all parts, and probabilities where there are."""
    features, probabilities = zip(*parts, strict=True)
    return extractors.Extracted(
        merge(features),
        None if probabilities[0] is None else merge(probabilities),
    )
