"""Devices and workers as one value, and what one update knows of the others."""

from tf_mmdgan.distribute.cluster import Cluster, make_cluster
from tf_mmdgan.distribute.update import Purpose, Update
from tf_mmdgan.distribute.workers import lost_workers

__all__ = ["Cluster", "Purpose", "Update", "lost_workers", "make_cluster"]
