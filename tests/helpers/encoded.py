"""Pictures, and PNG files made by hand."""

import struct
import subprocess
import sys
import zlib

import numpy as np
import PIL.Image


def make(mode, size=(6, 4), **info):
    """An image whose pixels all differ."""
    rng = np.random.default_rng(1)
    shape = size[::-1]
    if mode == "I;16":
        levels = rng.integers(0, 65536, shape, dtype=np.uint16)
        return PIL.Image.fromarray(levels)
    bands = len(PIL.Image.new(mode, (1, 1)).getbands())
    levels = rng.integers(0, 256, (*shape, bands), dtype=np.uint8)
    if mode == "P":
        image = PIL.Image.fromarray(levels[..., 0])
        image.putpalette(rng.integers(0, 256, 768, dtype=np.uint8).tobytes())
        return image
    image = PIL.Image.frombytes(mode, size, levels.tobytes())
    return image


def png(width, height, depth, content):
    """An RGB file of that size by its header, whatever its content."""

    def chunk(kind, body):
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(content))
        + chunk(b"IEND", b"")
    )


def write_black(path, mode, side, **settings):
    """A black picture of `side` pixels a side, however large.

    Written in a process of its own, which gives all of its memory back.
    """
    code = (
        f"import PIL.Image; PIL.Image.new({mode!r}, ({side}, {side}))"
        f".save({str(path)!r}, **{settings!r})"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
