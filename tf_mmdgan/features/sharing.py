"""Features found by all workers and devices, each in its share of the images.

Every worker gets the features of all, so that scores, which are functions of
them, are those of one process.
"""

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
    images: np.ndarray,
    order: np.ndarray,
) -> extractors.Extracted:
    """What is found in images [n, h, w, c], in an order; all must call it.

    Args:
      cluster: whose workers and devices share the work.
      extractor: what finds it.
      images: uint8, the same on every worker.
      order: the rows that are looked at, at least one for each worker.
    """
    first, last = cluster.share(len(order))
    here = _extract_here(cluster, extractor, images, order[first:last])
    return _gather(cluster, here)


def of_drawn(
    cluster: Cluster,
    extractor: extractors.FeatureExtractor,
    draw: Callable[[int, int], np.ndarray],
    count: int,
) -> extractors.Extracted:
    """What is found in images that each worker draws its share of.

    Args:
      cluster: whose workers and devices share the work; all must call it.
      extractor: what finds it.
      draw: images uint8 [last - first, h, w, c] of numbers first .. last - 1.
      count: of all images, at least one for each worker.
    """
    first, last = cluster.share(count)
    images, order = draw(first, last), np.arange(last - first)
    return _gather(cluster, _extract_here(cluster, extractor, images, order))


def _extract_here(
    cluster: Cluster,
    extractor: extractors.FeatureExtractor,
    images: np.ndarray,
    order: np.ndarray,
) -> extractors.Extracted:
    """What the devices of this process find, each in its share."""

    def on(device: str | None, rows: np.ndarray) -> extractors.Extracted:
        batches = np.array_split(rows, -(-len(rows) // _BATCH))
        with tf.device(device):
            return extractors.extract(
                extractor, (images[part] for part in batches)
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
