"""Decoded pixels that are kept: in memory, or in a file."""
