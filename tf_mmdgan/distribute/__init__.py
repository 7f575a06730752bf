"""Devices, workers, and what one update knows of the others."""
