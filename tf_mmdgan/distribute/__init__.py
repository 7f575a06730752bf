"""Devices, workers, and what one update knows of the others."""

from tf_mmdgan.distribute.update import Purpose, Update, gather

__all__ = ["Purpose", "Update", "gather"]
